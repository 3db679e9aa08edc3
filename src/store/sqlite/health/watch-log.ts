import { limits } from '../../../core/limits.ts';
import type { ClaimedWatch, Completion, Watch, WatchKey } from '../../health-port.ts';
import type { Connection, Row } from '../connection.ts';
import { storeDamaged } from '../faults.ts';
import type { Entry, Schedule, Standing } from './schedule.ts';

type Next = Completion['next'];

/** What a watch is besides its standing. */
export type WatchState = Pick<Watch, 'state' | 'tail' | 'totals'>;

/**
 * The watches in the file. `watch_states` is a log: what a result changes is added at its end, so that the results of many registries
 * lie side by side and cost a page for some of them, not one for each. When the log has become long, rows are taken from its
 * beginning; mostly they have been superseded, and those that have not are copied to the end.
 */
export interface WatchLog {
  /** The state of a watch, with its record; `null` where the record is gone. */
  readClaimed(entry: Entry): WatchState & { readonly record: ClaimedWatch['record'] | null };
  readState(entry: Entry): WatchState;

  /** These are for within a write; the schedule follows. */
  add(key: WatchKey, dueAtMs: number): void;
  append(entry: Entry, next: Next): void;
  /** Makes a watch due at once, and makes it if there is none. */
  touch(key: WatchKey): void;
  setDue(entry: Entry, dueAtMs: number): void;
  remove(entry: Entry): void;
  /** Takes old rows away, in proportion to what was added since. To be called at the end of a change that adds rows. */
  tidy(): void;
}

const LOAD_WATCHES = 'SELECT watch_id, id, vantage FROM watches WHERE watch_id > ? ORDER BY watch_id LIMIT ?';
const LOAD_STATES = 'SELECT version, watch_id, due_at_ms, stale_at_ms, interval_ms FROM watch_states WHERE version > ? ORDER BY version LIMIT ?';
const READ_CLAIMED = 'SELECT s.state, s.tail, s.totals, r.doc, r.revision, r.created_at FROM watch_states AS s LEFT JOIN records AS r ON r.id = ? WHERE s.version = ?';
const READ_STATE = 'SELECT state, tail, totals FROM watch_states WHERE version = ?';
const ADD = 'INSERT INTO watches (id, vantage) VALUES (?, ?)';
const APPEND = 'INSERT INTO watch_states (watch_id, due_at_ms, stale_at_ms, interval_ms, state, tail, totals) VALUES (?, ?, ?, ?, ?, ?, ?)';
const COPY = `INSERT INTO watch_states (watch_id, due_at_ms, stale_at_ms, interval_ms, state, tail, totals)
  SELECT watch_id, ?, stale_at_ms, interval_ms, state, tail, totals FROM watch_states WHERE version = ?`;
const REMOVE = 'DELETE FROM watches WHERE watch_id = ?';
const OLDEST = 'SELECT version, watch_id FROM watch_states ORDER BY version LIMIT ?';
const REMOVE_OLDEST = 'DELETE FROM watch_states WHERE version <= ?';

const LOG_ENDS = 'SELECT (SELECT min(version) FROM watch_states), (SELECT max(version) FROM watch_states)';
const EMPTY = new Uint8Array();

/** @param schedule to be filled by `loadWatches` before anything else */
export function createWatchLog(connection: Connection, schedule: Schedule): WatchLog {
  let added = 0;

  const append = (entry: Entry, { dueAtMs, staleAtMs, intervalMs, state, tail, totals }: Next): void => {
    const version = connection.insert(APPEND, entry.watchId, dueAtMs, staleAtMs, intervalMs, state, tail, totals);
    schedule.move(entry, { version, dueAtMs, staleAtMs, intervalMs });
    added += 1;
  };
  const copy = (entry: Entry, dueAtMs: number | null): void => {
    const version = connection.insert(COPY, dueAtMs, entry.version);
    schedule.move(entry, { ...schedule.timesOf(entry), version, dueAtMs });
  };
  const setDue = (entry: Entry, dueAtMs: number): void => {
    copy(entry, dueAtMs);
    added += 1;
  };
  const add = ({ id, vantage }: WatchKey, dueAtMs: number): void => {
    const watchId = connection.insert(ADD, id, vantage);
    const entry = schedule.add({ id, vantage }, watchId, NOT_WRITTEN);
    append(entry, { dueAtMs, staleAtMs: null, intervalMs: 0, state: '', tail: EMPTY, totals: EMPTY });
  };

  return {
    readClaimed({ id, version }) {
      const row = there(connection.first(READ_CLAIMED, id, version)) as [string, Uint8Array, Uint8Array, string | null, number, string];
      const [state, tail, totals, text, revision, createdAt] = row;
      return { state, tail, totals, record: text === null ? null : { text, revision, createdAt } };
    },
    readState({ version }) {
      const [state, tail, totals] = there(connection.first(READ_STATE, version)) as [string, Uint8Array, Uint8Array];
      return { state, tail, totals };
    },
    add,
    append,
    touch(key) {
      const entry = schedule.get(key);
      if (entry === undefined) {
        add(key, 0);
        return;
      }
      if (entry.claim !== null) entry.claim.isTouched = true;
      if (schedule.timesOf(entry).dueAtMs === 0) return;
      setDue(entry, 0);
    },
    setDue,
    remove(entry) {
      connection.run(REMOVE, entry.watchId);
      schedule.remove(entry);
    },
    tidy() {
      const rows = rowsOf(connection.first(LOG_ENDS));
      const tooMany = rows - schedule.all().length * limits.watchStatesKeptEach;
      const oldest = connection.all(OLDEST, Math.max(0, Math.min(tooMany, added * TIDIED_FOR_ADDED)));
      added = 0;
      for (const [version, watchId] of oldest) {
        const entry = schedule.numbered(watchId as number);
        if (entry !== undefined && entry.version === version) copy(entry, schedule.timesOf(entry).dueAtMs);
      }
      if (oldest.length > 0) connection.run(REMOVE_OLDEST, oldest.at(-1)?.[0] ?? 0);
    },
  };
}

/** Rows taken away for each that was added: copies add some, too, and the log must become shorter all the same. */
const TIDIED_FOR_ADDED = 2;

/** Of a watch whose first state is about to be written. */
const NOT_WRITTEN: Standing = { version: 0, dueAtMs: null, staleAtMs: null, intervalMs: 0 };

/**
 * Fills the schedule with what the file has, in steps, because a hundred thousand watches take half a second; until the end of
 * it nothing else may be done with them.
 */
export function* loadWatches(connection: Connection, schedule: Schedule): Generator<undefined, void> {
  // All watches of a vantage share its name, rather than hold one each.
  const vantages = new Map<string, string>();
  for (let after = 0; ; ) {
    const rows = connection.all(LOAD_WATCHES, after, limits.watchesLoadedTogether) as readonly [number, string, string][];
    for (const [watchId, id, vantage] of rows) {
      const shared = vantages.get(vantage) ?? vantage;
      vantages.set(vantage, shared);
      schedule.add({ id, vantage: shared }, watchId, NOT_WRITTEN);
    }
    // Before anybody else has a turn who might undo his own changes.
    schedule.committed();
    yield;
    const last = rows.at(-1);
    if (last === undefined) break;
    [after] = last;
  }
  for (let after = 0; ; ) {
    const rows = connection.all(LOAD_STATES, after, limits.watchesLoadedTogether) as readonly [number, number, number | null, number | null, number][];
    for (const [version, watchId, dueAtMs, staleAtMs, intervalMs] of rows) {
      const entry = schedule.numbered(watchId);
      if (entry !== undefined) schedule.move(entry, { version, dueAtMs, staleAtMs, intervalMs });
    }
    schedule.committed();
    yield;
    const last = rows.at(-1);
    if (last === undefined) return;
    [after] = last;
  }
}

/** Numbers of the log's rows have no gaps: each is one more than the last, and they go from the beginning only. */
function rowsOf(ends: Row | undefined): number {
  const [first, last] = (ends ?? [null, null]) as [number | null, number | null];
  return first === null || last === null ? 0 : last - first + 1;
}

function there(columns: Row | undefined): Row {
  if (columns === undefined) throw storeDamaged(new Error('The state of a watch is missing.'));
  return columns;
}
