import type { Clock } from '../../src/core/clock.ts';

/** A clock that stands still until it is told to go on. */
export interface ManualClock extends Clock {
  pass(ms: number): void;
}

export function manualClock(startMs = Date.parse('2026-11-21T12:00:00Z')): ManualClock {
  let ms = startMs;
  return { nowMs: () => ms, monotonicMs: () => ms, pass: (by) => void (ms += by) };
}
