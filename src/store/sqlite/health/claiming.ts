import { randomUUID } from 'node:crypto';
import type { ClaimedWatch, HealthStore, WatchKey } from '../../health-port.ts';
import type { Entry, Schedule } from './schedule.ts';
import type { WatchLog } from './watch-log.ts';

type Proof = WatchKey & { readonly token: string };

/** A claim that a token proves; `undefined` when it is lost, or of another watch. */
export function claimedEntry(schedule: Schedule, proof: Proof): Entry | undefined {
  const entry = schedule.get(proof);
  return entry?.claim?.token === proof.token ? entry : undefined;
}

interface ClaimingOptions {
  readonly schedule: Schedule;
  readonly log: WatchLog;
  readonly read: <T>(work: () => T) => Promise<T>;
  readonly write: <T>(change: () => T) => Promise<T>;
}

export function createClaiming({ schedule, log, read, write }: ClaimingOptions): Pick<HealthStore, 'claim' | 'claimOne' | 'claimStale' | 'release'> {
  // Tokens of a store that was closed prove nothing to the next one.
  const tokenPrefix = randomUUID();
  let tokens = 0;

  const take = (entries: readonly Entry[], untilMs: number): { taken: readonly ClaimedWatch[]; orphans: readonly Entry[] } => {
    const taken: ClaimedWatch[] = [];
    const orphans: Entry[] = [];
    for (const entry of entries) {
      const { record, ...state } = log.readClaimed(entry);
      if (record === null) {
        orphans.push(entry);
        continue;
      }
      entry.isOrphan = false;
      tokens += 1;
      const token = `${tokenPrefix}-${tokens}`;
      schedule.claim(entry, { token, untilMs, isTouched: false, isCompleting: false });
      const { dueAtMs, staleAtMs, intervalMs } = schedule.timesOf(entry);
      taken.push({ id: entry.id, vantage: entry.vantage, dueAtMs, staleAtMs, intervalMs, ...state, token, record });
    }
    return { taken, orphans };
  };
  const claimAll = async (choose: () => readonly Entry[], untilMs: number): Promise<readonly ClaimedWatch[]> => {
    const { taken, orphans } = await read(() => take(choose(), untilMs));
    if (orphans.length > 0) await write(() => removeThose(schedule, log, orphans));
    return taken;
  };

  return {
    claim: ({ vantage, nowMs, leaseMs, limit }) => claimAll(() => schedule.mostOverdue(vantage, nowMs, limit), nowMs + leaseMs),
    claimStale: ({ nowMs, leaseMs, limit }) => claimAll(() => schedule.stalest(nowMs, limit), nowMs + leaseMs),
    async claimOne(key, nowMs, leaseMs) {
      const choose = (): readonly Entry[] => schedule.of(key.id).filter((entry) => entry.vantage === key.vantage && schedule.isFree(entry, nowMs));
      const [claim] = await claimAll(choose, nowMs + leaseMs);
      return claim ?? null;
    },
    release: (released) =>
      read(() => {
        for (const proof of released) {
          const entry = claimedEntry(schedule, proof);
          if (entry !== undefined) schedule.free(entry);
        }
      }),
  };
}

/** Watches that somebody else removed meanwhile are passed over. */
function removeThose(schedule: Schedule, log: WatchLog, entries: readonly Entry[]): void {
  for (const entry of entries) if (schedule.numbered(entry.watchId) === entry) log.remove(entry);
}
