import { limits } from '../core/limits.ts';

/** A failure is looked at again after so long, and so is the first success after an outage. */
const CONFIRM_AFTER_MS = 1_000;
/** Further re-probes come apart, so that registries that failed together do not keep step. */
const CONFIRM_SPREAD_MS = 1_000;
/** Share of an interval by which it may be shorter or longer. */
const JITTER = 0.05;
/** Failures in a row after which the interval doubles, again and again. */
const FAILURES_PER_DOUBLING = 10;

export interface Pace {
  /** What the record asks for. */
  readonly intervalMs: number;
  readonly failuresInRow: number;
  /** How long a registry that limits requests asks to be left alone. */
  readonly retryAfterMs: number | null;
}

const longestMs = ({ intervalMs }: Pace): number => intervalMs * limits.backOffIntervalsMax;
const askedForMs = (pace: Pace): number => Math.min(pace.retryAfterMs ?? 0, longestMs(pace));

/** Milliseconds from one probe to the next as they now stand: longer for the long-down and for those that ask for it. */
export function intervalInForceMs(pace: Pace): number {
  const doublings = Math.max(0, Math.ceil(pace.failuresInRow / FAILURES_PER_DOUBLING) - 1);
  return Math.max(Math.min(pace.intervalMs * 2 ** doublings, longestMs(pace)), askedForMs(pace));
}

/** Milliseconds from now to the next regular probe. @param random from 0 to 1 */
export function regularDelayMs(pace: Pace, random: number): number {
  const jittered = intervalInForceMs(pace) * (1 - JITTER + 2 * JITTER * random);
  return Math.round(Math.min(Math.max(jittered, askedForMs(pace)), longestMs(pace)));
}

/** Milliseconds from now to a probe that is to confirm or refute what the last one found. @param random from 0 to 1 */
export function confirmDelayMs(isFirst: boolean, random: number): number {
  return CONFIRM_AFTER_MS + (isFirst ? 0 : Math.round(CONFIRM_SPREAD_MS * random));
}
