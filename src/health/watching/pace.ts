import type { Clock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';

/**
 * Lets so many probes start each second and no more, so that whatever made many due at once (a machine that slept, a clock that jumped, an
 * outage of the store) is caught up with evenly.
 */
export interface Pace {
  /** How many may start now. */
  allowance(): number;
  spend(probes: number): void;
  /** What the schedule needs when nothing is late; twice as much may be done, to catch up. */
  setNeed(probesPerS: number): void;
}

export function createPace(clock: Clock): Pace {
  let perS: number = limits.probesStartedPerSMin;
  let saved = perS;
  let lastMs = clock.monotonicMs();

  function refill(): void {
    const nowMs = clock.monotonicMs();
    saved = Math.min(perS, saved + ((nowMs - lastMs) / 1000) * perS);
    lastMs = nowMs;
  }

  return {
    allowance() {
      refill();
      return Math.floor(saved);
    },
    spend(probes) {
      refill();
      saved -= probes;
    },
    setNeed(probesPerS) {
      refill();
      perS = Math.max(limits.probesStartedPerSMin, 2 * probesPerS);
    },
  };
}
