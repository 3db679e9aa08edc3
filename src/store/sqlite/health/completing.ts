import { withVantage } from '../../../core/health-summary.ts';
import { limits } from '../../../core/limits.ts';
import type { Completion } from '../../health-port.ts';
import type { Records } from '../records.ts';
import { claimedEntry } from './claiming.ts';
import type { Past } from './past.ts';
import type { Claim, Entry, Schedule } from './schedule.ts';
import type { WatchLog } from './watch-log.ts';

interface CompletingOptions {
  readonly records: Records;
  readonly schedule: Schedule;
  readonly log: WatchLog;
  readonly past: Past;
  readonly write: <T>(change: () => T) => Promise<T>;
}

/** A completion whose claim still held when it came in. */
interface Held {
  readonly completion: Completion;
  readonly entry: Entry;
  readonly claim: Claim;
}

/** @returns what `HealthStore.complete` does */
export function createCompleting(options: CompletingOptions): (completions: readonly Completion[]) => Promise<readonly boolean[]> {
  const { schedule, log, write } = options;

  const writeAll = async (all: readonly (Held | null)[]): Promise<readonly boolean[]> => {
    try {
      const written = await write(() => {
        const outcomes = all.map((held) => held !== null && writeOne(options, held));
        log.tidy();
        return outcomes;
      });
      for (const held of all) if (held !== null && held.entry.claim === held.claim) schedule.free(held.entry);
      return written;
    } catch (error) {
      for (const held of all) if (held !== null) held.claim.isCompleting = false;
      throw error;
    }
  };

  return async (completions) => {
    const held = completions.map((completion) => hold(schedule, completion));
    const chunks: Promise<readonly boolean[]>[] = [];
    for (let start = 0; start < held.length; start += limits.healthResultsTogether) chunks.push(writeAll(held.slice(start, start + limits.healthResultsTogether)));
    return (await Promise.all(chunks)).flat();
  };
}

/** A claim is completed once, even while its first completion waits to be written. */
function hold(schedule: Schedule, completion: Completion): Held | null {
  const entry = claimedEntry(schedule, completion.claim);
  const claim = entry?.claim ?? null;
  if (entry === undefined || claim === null || claim.isCompleting) return null;
  claim.isCompleting = true;
  return { completion, entry, claim };
}

function writeOne({ records, schedule, log, past }: CompletingOptions, { completion, entry, claim }: Held): boolean {
  const { next, verdict, event, closedHours } = completion;
  if (entry.claim !== claim || schedule.numbered(entry.watchId) !== entry) return false;
  if (entry.isOrphan || (verdict !== null && !records.changeHealth(entry.id, (before) => withVantage(before, entry.vantage, verdict)))) {
    // Who has the id by now has a watch that is due at once, and this result is not about that one.
    if (!records.has(entry.id)) log.remove(entry);
    return false;
  }
  log.append(entry, claim.isTouched ? { ...next, dueAtMs: 0 } : next);
  for (const hour of closedHours) past.keepHour(entry, hour);
  if (event !== null) past.keepEvent(entry, event);
  return true;
}
