import type { Verdict } from '../../core/health-summary.ts';
import type { HourReader } from './packed-hour.ts';

/** Time by what was known of it, in any unit. Time of maintenance counts as that alone; what is missing from a span is unknown. */
export interface Coverage {
  up: number;
  degraded: number;
  authFailed: number;
  down: number;
  maintenance: number;
}

export const nothingCovered = (): Coverage => ({ up: 0, degraded: 0, authFailed: 0, down: 0, maintenance: 0 });

/** The part of `Coverage` that a verdict's time belongs to; null: to none, it is unknown. */
export function partOf(verdict: Verdict, maintenance: boolean): keyof Coverage | null {
  if (verdict === 'unknown') return null;
  if (maintenance) return 'maintenance';
  return verdict === 'auth_failed' ? 'authFailed' : verdict;
}

/** Time in which the registry could be used. */
export const usableTime = ({ up, degraded, authFailed }: Coverage): number => up + degraded + authFailed;

/** Time that counts: somebody watched, and no maintenance was announced. */
export const countedTime = (coverage: Coverage): number => usableTime(coverage) + coverage.down;

/** The share of the time that counts in which the registry could be used, 0 to 1; null when no time counts. */
export function availabilityOf(coverage: Coverage): number | null {
  const counted = countedTime(coverage);
  return counted === 0 ? null : usableTime(coverage) / counted;
}

/**
 * Goes through an hour span by span, equal ones joined. Each mark's span lasts until the next one, or as long as the mark speaks.
 * Time that no span covers is unknown.
 * @param endTick where the last mark's span ends at the latest
 * @param onMark called at each mark, in order
 */
export function eachSpan(
  reader: HourReader,
  endTick: number,
  onSpan: (fromTick: number, toTick: number, part: keyof Coverage) => void,
  onMark?: (reader: HourReader) => void,
): void {
  let joined: keyof Coverage | null = null;
  let fromTick = 0;
  let toTick = 0;
  for (let hasMark = true; hasMark;) {
    const { tick, verdict, maintenance, untilTick } = reader;
    hasMark = reader.next();
    const part = partOf(verdict, maintenance);
    if (part !== joined || tick > toTick) {
      if (joined !== null && toTick > fromTick) onSpan(fromTick, toTick, joined);
      joined = part;
      fromTick = tick;
    }
    toTick = Math.max(tick, Math.min(untilTick, hasMark ? reader.tick : endTick));
    if (hasMark) onMark?.(reader);
  }
  if (joined !== null && toTick > fromTick) onSpan(fromTick, toTick, joined);
}
