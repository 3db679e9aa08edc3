import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';
import type { HealthStore } from '../../store/health-port.ts';
import { firstHourWithResults } from '../history/timeline.ts';
import { completionOfExpiry } from './completion.ts';
import { createLoop, type Loop } from './loop.ts';
import type { Pace } from './pace.ts';

interface UpkeepOptions {
  readonly store: HealthStore;
  readonly clock: Clock;
  readonly log: { warn(message: string, fields?: object): void };
}

interface ProberUpkeepOptions extends UpkeepOptions {
  readonly vantage: string;
  readonly pace: Pick<Pace, 'setNeed'>;
}

const DAY_MS = 24 * 3_600_000;

/** What a process does that probes, so that every record is watched from its vantage and at the pace that this takes. */
export function proberUpkeep({ store, clock, log, vantage, pace }: ProberUpkeepOptions): readonly Loop[] {
  async function announce(): Promise<void> {
    await store.announce(vantage, clock.nowMs());
    while (await store.mend(vantage, clock.nowMs(), limits.staleEndedTogether)) await pause(limits.upkeepPauseMs);
    pace.setNeed(await store.probesPerS(vantage));
  }

  /** Records that were there before this vantage was, or were written by another program. */
  async function enrol(signal: AbortSignal): Promise<void> {
    // First, because watches of a vantage that nobody announced would be removed.
    await store.announce(vantage, clock.nowMs());
    for (let afterId: string | null = null; ; ) {
      const nowMs = clock.nowMs();
      afterId = await store.enrol({ vantage, afterId, limit: limits.recordsEnrolledTogether, dueFromMs: nowMs, dueUntilMs: nowMs + limits.watchIntervalMsDefault });
      if (afterId === null || signal.aborted) return;
      await pause(limits.upkeepPauseMs);
    }
  }

  return [
    createLoop({ name: 'announcing the vantage', everyMs: limits.announceEveryMs, log, turn: announce }),
    createLoop({ name: 'looking for records that are not watched', everyMs: limits.enrolEveryMs, log, turn: enrol }),
  ];
}

/** What any process does: verdicts that nobody renews end, and what is too old goes, in small steps. */
export function sharedUpkeep({ store, clock, log }: UpkeepOptions): readonly Loop[] {
  async function endStaleVerdicts(signal: AbortSignal): Promise<void> {
    for (;;) {
      const nowMs = clock.nowMs();
      const claims = await store.claimStale({ nowMs, leaseMs: limits.leaseMs, limit: limits.staleEndedTogether });
      if (claims.length > 0) await store.complete(claims.map((claim) => completionOfExpiry(claim, nowMs)));
      if (claims.length < limits.staleEndedTogether || signal.aborted) return;
      await pause(limits.upkeepPauseMs);
    }
  }

  return [
    createLoop({ name: 'ending verdicts that nobody renews', everyMs: limits.staleEveryMs, log, turn: endStaleVerdicts }),
    createLoop({ name: 'removing old results', everyMs: limits.pruneEveryMs, log, turn: createRemoval({ store, clock }) }),
  ];
}

/** Takes away, each time it is called, what is too old by then. */
export function createRemoval({ store, clock }: Pick<UpkeepOptions, 'store' | 'clock'>): (signal: AbortSignal) => Promise<void> {
  let removedAtMs = -Infinity;

  return async (signal) => {
    const nowMs = clock.nowMs();
    // Where nobody was awake to announce a vantage, its silence says nothing: after a start, and after the machine slept.
    const couldAnnounce = nowMs - removedAtMs < 2 * limits.pruneEveryMs;
    removedAtMs = nowMs;
    const before = {
      hour: firstHourWithResults(nowMs),
      day: Math.floor(nowMs / DAY_MS) - limits.figuresKeptDays,
      eventMs: nowMs - limits.figuresKeptDays * DAY_MS,
    };
    while (await store.prune(before, limits.rowsPrunedTogether)) {
      if (signal.aborted) return;
      await pause(limits.upkeepPauseMs);
    }
    while (couldAnnounce && (await store.dropVantages(nowMs - limits.vantageKeptMs, nowMs, limits.staleEndedTogether))) {
      if (signal.aborted) return;
      await pause(limits.upkeepPauseMs);
    }
  };
}
