/** Hours, days and events: written at their ends, read by ranges, pruned from their beginnings. */
import type { ClosedHour, HealthEvent, StoredHealthEvent, WatchKey } from '../../health-port.ts';
import type { Connection, Row } from '../connection.ts';

interface Before {
  readonly hour: number;
  readonly day: number;
  readonly eventMs: number;
}

export interface Past {
  hours(key: WatchKey, from: number, to: number): readonly { readonly hour: number; readonly results: Uint8Array }[];
  days(key: WatchKey, from: number, to: number): readonly { readonly day: number; readonly figures: Uint8Array }[];
  events(id: string, beforeMs: number, limit: number): readonly StoredHealthEvent[];
  hasOlder(before: Before): boolean;

  /** These are for within a write. */
  keepHour(key: WatchKey, hour: ClosedHour): void;
  keepEvent(key: WatchKey, event: HealthEvent): void;
  prune(before: Before, limit: number): void;
  forget(id: string): void;
}

const HOURS_A_DAY = 24;

/** The numbers that a table has between two others, by one look-up for each: a range may span far more that it does not have. */
function numbersThere(table: 'hours' | 'days', column: 'hour' | 'day'): string {
  return `WITH RECURSIVE there (number) AS (
    SELECT min(${column}) FROM ${table} WHERE ${column} >= ?1
    UNION ALL
    SELECT (SELECT min(${column}) FROM ${table} WHERE ${column} > there.number) FROM there WHERE there.number < ?2
  )`;
}

const HOURS_THERE = numbersThere('hours', 'hour');
const DAYS_THERE = numbersThere('days', 'day');
const HOURS = `${HOURS_THERE} SELECT hour, results FROM there CROSS JOIN hours ON hour = number WHERE number <= ?2 AND id = ?3 AND vantage = ?4 ORDER BY number`;
const DAYS = `${DAYS_THERE} SELECT day, figures FROM there CROSS JOIN days ON day = number WHERE number <= ?2 AND id = ?3 AND vantage = ?4 ORDER BY number`;
const EVENTS = 'SELECT id, vantage, at_ms, from_verdict, to_verdict, cause, evidence FROM events WHERE id = ? AND at_ms < ? ORDER BY at_ms DESC, vantage DESC LIMIT ?';
const KEEP_HOUR = 'INSERT OR REPLACE INTO hours (hour, id, vantage, results) VALUES (?, ?, ?, ?)';
/** `||` makes a text of two blobs, byte for byte. */
const KEEP_FIGURES = `INSERT INTO days (day, id, vantage, figures) VALUES (?, ?, ?, ?)
  ON CONFLICT (day, id, vantage) DO UPDATE SET figures = CAST(figures || excluded.figures AS BLOB)`;
const KEEP_EVENT = 'INSERT OR REPLACE INTO events (id, at_ms, vantage, from_verdict, to_verdict, cause, evidence) VALUES (?, ?, ?, ?, ?, ?, ?)';
const PRUNE_HOURS = 'DELETE FROM hours WHERE (hour, id, vantage) IN (SELECT hour, id, vantage FROM hours WHERE hour < ? ORDER BY hour, id, vantage LIMIT ?)';
const PRUNE_DAYS = 'DELETE FROM days WHERE (day, id, vantage) IN (SELECT day, id, vantage FROM days WHERE day < ? ORDER BY day, id, vantage LIMIT ?)';
const PRUNE_EVENTS = 'DELETE FROM events WHERE (id, at_ms, vantage) IN (SELECT id, at_ms, vantage FROM events WHERE at_ms < ? ORDER BY at_ms LIMIT ?)';
const OLDER = 'SELECT EXISTS (SELECT 1 FROM hours WHERE hour < ?) OR EXISTS (SELECT 1 FROM days WHERE day < ?) OR EXISTS (SELECT 1 FROM events WHERE at_ms < ?)';
const FORGET_HOURS = `${HOURS_THERE} DELETE FROM hours WHERE hour IN (SELECT number FROM there) AND id = ?3`;
const FORGET_DAYS = `${DAYS_THERE} DELETE FROM days WHERE day IN (SELECT number FROM there) AND id = ?3`;
const FORGET_EVENTS = 'DELETE FROM events WHERE id = ?';

/** All that there are. */
const FIRST = Number.MIN_SAFE_INTEGER;
const LAST = Number.MAX_SAFE_INTEGER;

export function createPast(connection: Connection): Past {
  return {
    hours: ({ id, vantage }, from, to) => connection.all(HOURS, from, to, id, vantage).map(([hour, results]) => ({ hour: hour as number, results: results as Uint8Array })),
    days: ({ id, vantage }, from, to) => connection.all(DAYS, from, to, id, vantage).map(([day, figures]) => ({ day: day as number, figures: figures as Uint8Array })),
    events: (id, beforeMs, limit) => connection.all(EVENTS, id, beforeMs, limit).map(eventOf),
    hasOlder: ({ hour, day, eventMs }) => connection.first(OLDER, hour, day, eventMs)?.[0] === 1,

    keepHour({ id, vantage }, { hour, results, figures }) {
      connection.run(KEEP_HOUR, hour, id, vantage, results);
      connection.run(KEEP_FIGURES, Math.floor(hour / HOURS_A_DAY), id, vantage, figures);
    },
    keepEvent({ id, vantage }, { atMs, from, to, cause, evidence }) {
      connection.run(KEEP_EVENT, id, atMs, vantage, from, to, cause, evidence);
    },
    prune({ hour, day, eventMs }, limit) {
      connection.run(PRUNE_HOURS, hour, limit);
      connection.run(PRUNE_DAYS, day, limit);
      connection.run(PRUNE_EVENTS, eventMs, limit);
    },
    forget(id) {
      connection.run(FORGET_HOURS, FIRST, LAST, id);
      connection.run(FORGET_DAYS, FIRST, LAST, id);
      connection.run(FORGET_EVENTS, id);
    },
  };
}

function eventOf(columns: Row): StoredHealthEvent {
  const [id, vantage, atMs, from, to, cause, evidence] = columns as [string, string, number, HealthEvent['from'], HealthEvent['to'], string, string];
  return { id, vantage, atMs, from, to, cause, evidence };
}
