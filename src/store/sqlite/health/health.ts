import { setImmediate as nextTurn } from 'node:timers/promises';
import { limits } from '../../../core/limits.ts';
import { compareText } from '../../../query/compare.ts';
import type { HealthStore, Watch, WatchKey } from '../../health-port.ts';
import type { Connection } from '../connection.ts';
import type { Records } from '../records.ts';
import { createClaiming } from './claiming.ts';
import { createCompleting } from './completing.ts';
import { createPast } from './past.ts';
import type { Entry, Schedule } from './schedule.ts';
import { createVantages } from './vantages.ts';
import { createWatchLog, loadWatches, type WatchLog } from './watch-log.ts';

interface HealthOptions {
  readonly connection: Connection;
  /** Another connection, for reading much once: its page cache is small, and is gone with it. */
  readonly openReader: () => Connection;
  readonly records: Records;
  /** Told of commits and what is undone by whoever writes. */
  readonly schedule: Schedule;
  /** Runs a read. Fails as the store's port says. */
  readonly read: <T>(work: () => T) => Promise<T>;
  /** Runs a change within a transaction, perhaps twice, and resolves when it is durable. Fails as the store's port says. */
  readonly write: <T>(change: () => T) => Promise<T>;
}

/** Puts watches into the file as they are, in place of what there is of them. */
export interface WatchWriter {
  putWatches(watches: readonly Watch[]): Promise<void>;
}

/** The schedule, the state and the past of health in the store's file. @throws SQLite's own errors */
export function createHealth(given: HealthOptions): HealthStore & WatchWriter {
  const options = afterLoading(given);
  const { connection, schedule, read, write } = options;
  /** Many rows, read as one: each statement on its own would take and give back the locks of the write-ahead log. */
  const readMany = <T>(work: () => T): Promise<T> => read(() => connection.snapshot(work));
  const log = createWatchLog(connection, schedule);
  const past = createPast(connection);
  const vantages = createVantages({ ...options, log });

  return {
    ...createEnrolling(options, log),
    ...createClaiming({ schedule, log, read: readMany, write }),
    complete: createCompleting({ ...options, log, past }),
    forget: (id) =>
      write(() => {
        for (const entry of schedule.of(id)) log.remove(entry);
        past.forget(id);
      }),

    announce: (vantage, nowMs) => write(() => vantages.announce(vantage, nowMs)),
    vantages: (sinceMs) => read(() => vantages.since(sinceMs)),
    async dropVantages(beforeMs, nowMs, limit) {
      const isLeft = (): boolean => vantages.lost(beforeMs).length > 0;
      if (!(await read(isLeft))) return false;
      await write(() => vantages.drop(beforeMs, nowMs, limit));
      return read(isLeft);
    },

    ...createListing({ ...options, read: readMany }, log),
    putWatches: (watches) =>
      write(() => {
        for (const watch of watches) {
          if (schedule.get(watch) === undefined) log.add(watch, 0);
          const entry = schedule.get(watch);
          if (entry !== undefined) log.append(entry, watch);
        }
        log.tidy();
      }),

    hours: (key, from, to) => read(() => past.hours(key, from, to)),
    days: (key, from, to) => read(() => past.days(key, from, to)),
    events: (id, { beforeMs, limit }) => read(() => past.events(id, beforeMs, limit)),
    async prune(before, limit) {
      if (!(await read(() => past.hasOlder(before)))) return false;
      await write(() => past.prune(before, limit));
      return read(() => past.hasOlder(before));
    },
  };
}

/** Whatever comes first waits until all watches are known; the store itself can be used meanwhile. */
function afterLoading(options: HealthOptions): HealthOptions {
  let loading: Promise<void> | null = null;
  const loaded = (): Promise<void> => (loading ??= load(options));
  return {
    ...options,
    async read(work) {
      await loaded();
      return options.read(work);
    },
    async write(change) {
      await loaded();
      return options.write(change);
    },
  };
}

async function load({ openReader, schedule, read }: HealthOptions): Promise<void> {
  const reader = await read(openReader);
  try {
    const steps = loadWatches(reader, schedule);
    while ((await read(() => steps.next())).done !== true) await nextTurn();
  } finally {
    reader.close();
  }
}

const IDS = 'SELECT id FROM records WHERE id > ? ORDER BY id LIMIT ?';

function createEnrolling({ connection, schedule, read, write }: HealthOptions, log: WatchLog): Pick<HealthStore, 'enrol' | 'touch'> {
  return {
    async enrol({ vantage, afterId, limit, dueFromMs, dueUntilMs }) {
      const isWatched = (id: string): boolean => schedule.get({ id, vantage }) !== undefined;
      const ids = await read(() => connection.all(IDS, afterId ?? '', limit).map(([id]) => id as string));
      const missing = ids.filter((id) => !isWatched(id));
      const addAll = (some: readonly string[]): Promise<void> =>
        write(() => {
          for (const id of some) if (!isWatched(id)) log.add({ id, vantage }, Math.floor(dueFromMs + Math.random() * (dueUntilMs - dueFromMs)));
          log.tidy();
        });
      await Promise.all(inParts(missing).map(addAll));
      return ids.length < limit ? null : (ids.at(-1) ?? null);
    },
    async touch(ids, vantages) {
      const keys = [ids].flat().flatMap((id) => vantages.map((vantage) => ({ id, vantage })));
      const touchAll = (some: readonly WatchKey[]): Promise<void> =>
        write(() => {
          for (const key of some) log.touch(key);
          log.tidy();
        });
      await Promise.all(inParts(keys).map(touchAll));
    },
  };
}

/** As many watches as are made in one change. */
function inParts<T>(all: readonly T[]): readonly (readonly T[])[] {
  const size = limits.watchesAddedTogether;
  return Array.from({ length: Math.ceil(all.length / size) }, (_unused, part) => all.slice(part * size, (part + 1) * size));
}

function createListing({ schedule, read, write }: HealthOptions, log: WatchLog): Pick<HealthStore, 'watchesOf' | 'mend' | 'probesPerS'> {
  const watchOf = (entry: Entry): Watch => {
    const { dueAtMs, staleAtMs, intervalMs } = schedule.timesOf(entry);
    return { id: entry.id, vantage: entry.vantage, dueAtMs, staleAtMs, intervalMs, ...log.readState(entry) };
  };
  return {
    watchesOf: (ids) => read(() => ids.flatMap((id) => schedule.of(id).toSorted((a, b) => compareText(a.vantage, b.vantage)).map(watchOf))),
    async mend(vantage, nowMs, limit) {
      const farAway = await read(() => schedule.farAway(vantage, nowMs, limit));
      if (farAway.length === 0) return false;
      await write(() => {
        for (const entry of farAway) if (schedule.numbered(entry.watchId) === entry) log.setDue(entry, Math.floor(nowMs + Math.random() * schedule.timesOf(entry).intervalMs));
        log.tidy();
      });
      return farAway.length === limit;
    },
    probesPerS: (vantage) => read(() => schedule.probesPerS(vantage)),
  };
}
