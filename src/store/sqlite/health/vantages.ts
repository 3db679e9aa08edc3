import { withoutVantage } from '../../../core/health-summary.ts';
import type { Connection } from '../connection.ts';
import type { Records } from '../records.ts';
import type { Schedule } from './schedule.ts';
import type { WatchLog } from './watch-log.ts';

export interface Vantages {
  /** Those that announced themselves at or after a time, in order. */
  since(sinceMs: number): readonly string[];
  /** Those that have watches, or did announce themselves, but not since. */
  lost(beforeMs: number): readonly string[];

  /** These are for within a write. */
  announce(vantage: string, nowMs: number): void;
  /** Removes so many watches of vantages that are lost, and the vantages of which none is left. */
  drop(beforeMs: number, nowMs: number, limit: number): void;
}

interface VantagesOptions {
  readonly connection: Connection;
  readonly records: Records;
  readonly schedule: Schedule;
  readonly log: WatchLog;
}

const ANNOUNCE = 'INSERT INTO vantages (vantage, seen_at_ms) VALUES (?, ?) ON CONFLICT (vantage) DO UPDATE SET seen_at_ms = excluded.seen_at_ms';
const SINCE = 'SELECT vantage FROM vantages WHERE seen_at_ms >= ? ORDER BY vantage';
const DROP = 'DELETE FROM vantages WHERE vantage = ?';

export function createVantages({ connection, records, schedule, log }: VantagesOptions): Vantages {
  const since = (sinceMs: number): readonly string[] => connection.all(SINCE, sinceMs).map(([vantage]) => vantage as string);
  const lost = (beforeMs: number): readonly string[] => {
    const known = new Set(since(-Infinity));
    for (const { vantage } of schedule.all()) known.add(vantage);
    for (const vantage of since(beforeMs)) known.delete(vantage);
    return [...known];
  };
  return {
    since,
    lost,
    announce: (vantage, nowMs) => void connection.run(ANNOUNCE, vantage, nowMs),
    drop(beforeMs, nowMs, limit) {
      const vantages = new Set(lost(beforeMs));
      const nowIso = new Date(nowMs).toISOString();
      const dropped = schedule.all().filter(({ vantage }) => vantages.has(vantage)).slice(0, limit);
      for (const entry of dropped) {
        const { id, vantage } = entry;
        log.remove(entry);
        records.changeHealth(id, (before) => (Object.hasOwn(before.vantages, vantage) ? withoutVantage(before, vantage, nowIso) : before));
      }
      if (dropped.length < limit) for (const vantage of vantages) connection.run(DROP, vantage);
    },
  };
}
