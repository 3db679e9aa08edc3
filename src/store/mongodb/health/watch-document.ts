/** How watches stand in MongoDB, and under which keys they and their past are found. Pure. */
import { Binary } from 'mongodb';
import type { VantageHealth } from '../../../core/health-summary.ts';
import type { Watch, WatchKey } from '../../health-port.ts';
import type { Pending } from './pending.ts';

/** One registry as seen from one vantage. Times are milliseconds since the epoch. */
export interface WatchDocument {
  /** `watchKeyOf` */
  readonly _id: string;
  readonly id: string;
  readonly vantage: string;
  readonly due: number | null;
  readonly stale: number | null;
  readonly interval: number;
  readonly state: string;
  readonly tail: Binary;
  readonly totals: Binary;
  /** The verdict that the record tells of this vantage, or is about to: whoever writes the record's health takes it from here. */
  readonly verdict: VantageHealth | null;
  /** What the last result brought besides and may not have been written everywhere yet. A watch is never handed out with it. */
  readonly pending: Pending | null;
  /** Common to all watches that were claimed in one call. */
  readonly token: string | null;
  /** When the claim ends by itself; 0 where nobody has one. */
  readonly lease: number;
  /** The record was changed after the watch was claimed last. */
  readonly touched: boolean;
  /** The call that completed the watch last: tells which writes of a batch took effect. */
  readonly done: string | null;
}

/** Spells a part of a key, so that the slashes between parts stay the only ones. */
function partOf(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('/', '%2F');
}

export function watchKeyOf({ id, vantage }: WatchKey): string {
  return `${partOf(id)}/${partOf(vantage)}`;
}

/** The character after the slash: ends a range of all keys that begin with a part. */
const AFTER_SLASH = '0';

/** Keys of all hours, or days, of a record, whatever the vantage. */
export function keysOfRecord(id: string): { $gt: string; $lt: string } {
  return { $gt: `${partOf(id)}/`, $lt: `${partOf(id)}${AFTER_SLASH}` };
}

/** Hours and days since the epoch with as many digits have the same order as texts; there are enough of them for ten thousand years. */
const NUMBER_DIGITS = 8;
const NUMBER_MAX = 10 ** NUMBER_DIGITS - 1;

/** The key of an hour or a day of a watch. */
export function pastKeyOf(key: WatchKey, number: number): string {
  const inRange = Math.min(Math.max(number, 0), NUMBER_MAX);
  return `${watchKeyOf(key)}/${String(inRange).padStart(NUMBER_DIGITS, '0')}`;
}

/** Whose watch, hour or day a key is. */
export function keyPartsOf(key: string): WatchKey {
  const [id = '', vantage = ''] = key.split('/').map((part) => part.replaceAll('%2F', '/').replaceAll('%25', '%'));
  return { id, vantage };
}

export function newWatch(key: WatchKey, dueAtMs: number): WatchDocument {
  return {
    _id: watchKeyOf(key),
    id: key.id,
    vantage: key.vantage,
    due: dueAtMs,
    stale: null,
    interval: 0,
    state: '',
    tail: new Binary(),
    totals: new Binary(),
    verdict: null,
    pending: null,
    token: null,
    lease: 0,
    touched: false,
    done: null,
  };
}

export type WatchFields = Pick<WatchDocument, 'due' | 'stale' | 'interval' | 'state' | 'tail' | 'totals'>;

export function fieldsOf(next: Omit<Watch, 'id' | 'vantage'>): WatchFields {
  return {
    due: next.dueAtMs,
    stale: next.staleAtMs,
    interval: next.intervalMs,
    state: next.state,
    tail: new Binary(next.tail),
    totals: new Binary(next.totals),
  };
}

/** What `watchOf` needs of a document. */
export const WATCH_PROJECTION = { id: 1, vantage: 1, due: 1, stale: 1, interval: 1, state: 1, tail: 1, totals: 1 } as const;

export function watchOf(document: Pick<WatchDocument, 'id' | 'vantage'> & WatchFields): Watch {
  return {
    id: document.id,
    vantage: document.vantage,
    dueAtMs: document.due,
    staleAtMs: document.stale,
    intervalMs: document.interval,
    state: document.state,
    tail: bytesOf(document.tail),
    totals: bytesOf(document.totals),
  };
}

/** A copy: the driver's own is a window on the whole answer, which would stay in memory with it. */
export function bytesOf(binary: Binary): Uint8Array {
  return new Uint8Array(binary.value());
}
