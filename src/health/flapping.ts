import { isRefuted, type Condition } from './confirm.ts';
import type { Marks } from './marks.ts';

/** So many turns within the window are flapping: two whole outages, or four failures that re-probes could not confirm. */
export const TURNS_KEPT = 4;
const WINDOW_INTERVALS = 10;
const WINDOW_MS_MIN = 600_000;

/** Times of the last turns, the latest at the end; no more than tell whether a registry flaps. */
export type Turns = readonly number[];

/**
 * Adds a turn when the condition changed between good and failed. A failure that re-probes refute counts as one, too: where
 * every third request fails, no two of three ever do, and yet clients suffer.
 */
export function turnsAfter(turns: Turns, before: Condition, after: Condition, marks: Marks, atMs: number): Turns {
  const turned = before !== after && before !== 'none';
  return turned || isRefuted(before, marks) ? [...turns, atMs].slice(-TURNS_KEPT) : turns;
}

/** Either way, because a clock that is set back must not leave turns in a far future. */
export function isFlapping(turns: Turns, atMs: number, intervalMs: number): boolean {
  const first = turns.at(-TURNS_KEPT);
  return first !== undefined && Math.abs(atMs - first) <= Math.max(WINDOW_INTERVALS * intervalMs, WINDOW_MS_MIN);
}
