import { answersIn, countIn, type Marks } from './marks.ts';

/** How long a registry usually takes: the moving average of its good results, and how many of them it is made of. */
export interface Baseline {
  readonly ms: number;
  /** Counts no further than `RESULTS_MAX`. */
  readonly results: number;
}

/** Each result weighs a fiftieth once there are so many: the average follows a registry over hours, not minutes. */
const RESULTS_MAX = 50;
/** Fewer say nothing: the first probes find cold caches. */
const RESULTS_MIN = 10;
/** A registry that stays slow is, after an hour or two, one that takes so long. */
const WEIGHT_OF_SLOW = 0.001;
const SLOW_FACTOR = 4;
/** Four times very little is still little. */
const SLOW_MARGIN_MS = 250;

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

/** @param slowMs the record's own limit, or null: then a result is slow against the registry's own past */
export function isSlowResult(totalMs: number, baseline: Baseline | null, slowMs: number | null): boolean {
  if (slowMs !== null) return totalMs > slowMs;
  if (baseline === null || baseline.results < RESULTS_MIN) return false;
  return totalMs > slowBeyondMs(baseline);
}

const slowBeyondMs = ({ ms }: Baseline): number => Math.max(ms * SLOW_FACTOR, ms + SLOW_MARGIN_MS);

/** The baseline after one more good result. */
export function baselineAfter(baseline: Baseline | null, totalMs: number): Baseline {
  if (baseline === null) return { ms: rounded(totalMs), results: 1 };
  const results = Math.min(baseline.results + 1, RESULTS_MAX);
  const weight = isSlowResult(totalMs, baseline, null) ? WEIGHT_OF_SLOW : 1 / results;
  return { ms: rounded(baseline.ms + (totalMs - baseline.ms) * weight), results };
}

/** Three of the last five answers make a registry slow; it stays so until at most one of them is. */
export function isSlowAfter(wasSlow: boolean, marks: Marks): boolean {
  return countIn(answersIn(marks).slice(-5), 's') >= (wasSlow ? 2 : 3);
}
