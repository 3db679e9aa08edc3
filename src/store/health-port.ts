import type { VantageHealth, Verdict } from '../core/health-summary.ts';
import type { AuditStore, EntryStore } from './access-port.ts';
import type { StoreCopy } from './copy-port.ts';
import type { RecordStore } from './port.ts';

/** One registry as seen from one vantage. */
export interface WatchKey {
  readonly id: string;
  readonly vantage: string;
}

/**
 * All that is kept of a watched registry besides its past: one row or document for each registry and vantage, written once
 * for each result. The store hands `state`, `tail` and `totals` back as they came and never looks into them.
 */
export interface Watch extends WatchKey {
  /** When the next probe is due; 0: as soon as possible, before everything else; null: not until the record changes. */
  readonly dueAtMs: number | null;
  /** When the verdict becomes `unknown`, should no result come; null while it is `unknown`. */
  readonly staleAtMs: number | null;
  /** Milliseconds from one probe to the next as they now stand: tells how many probes a second are needed. 0 before the first result. */
  readonly intervalMs: number;
  /** JSON text of the verdict's state; empty before the first result. */
  readonly state: string;
  /** Packed results of the hour that is not over yet. */
  readonly tail: Uint8Array;
  /** Packed sums of the past days, from which the uptime is told. */
  readonly totals: Uint8Array;
}

/** A watch that nobody else may write until the lease ends. */
export interface ClaimedWatch extends Watch {
  /** Proves the claim when it is completed. */
  readonly token: string;
  /** The record as it was when it was claimed: JSON text of its eight fields, its revision, and when it was made (ISO 8601 in UTC). */
  readonly record: { readonly text: string; readonly revision: number; readonly createdAt: string };
}

export interface ClaimQuery {
  readonly vantage: string;
  readonly nowMs: number;
  /** How long the claims hold; a claimer that dies loses them then. */
  readonly leaseMs: number;
  readonly limit: number;
}

/** A change of verdict, with what led to it. */
export interface HealthEvent {
  readonly atMs: number;
  readonly from: Verdict;
  readonly to: Verdict;
  readonly cause: string;
  /** JSON text of the results that led to it. */
  readonly evidence: string;
}

export interface StoredHealthEvent extends HealthEvent, WatchKey {}

/** An hour that is over: its packed results, and the figures that outlive them. Hours are counted since the epoch. */
export interface ClosedHour {
  readonly hour: number;
  readonly results: Uint8Array;
  /** Appended to the figures of its day (hour / 24, rounded down). */
  readonly figures: Uint8Array;
}

/** What a result changes. All of it is written, or nothing. */
export interface Completion {
  readonly claim: WatchKey & { readonly token: string };
  readonly next: Omit<Watch, 'id' | 'vantage'>;
  /** The new verdict of this vantage, to be told in the record's `health` (`withVantage`); null when neither verdict nor cause changed. */
  readonly verdict: VantageHealth | null;
  readonly event: HealthEvent | null;
  readonly closedHours: readonly ClosedHour[];
}

/** Nothing is put off by more than an interval; twice as much, and a minute for watches without one, cannot be right. */
export function farFrom(nowMs: number, intervalMs: number): number {
  return nowMs + Math.max(2 * intervalMs, 60_000);
}

/**
 * The schedule, the state and the past of health, beside the records. Every adapter passes `test/contract/health-store.ts`.
 *
 * Calls that go over many rows take a `limit` and are to be repeated, so that none blocks for long. Failures are
 * `AppError`s, as those of `RecordStore`.
 */
export interface HealthStore {
  /** Makes watches for records that have none in this vantage, in id order after `afterId`, looking at `limit` records; each due at a random time within the span. @returns the last id looked at, null at the end */
  enrol(query: { vantage: string; afterId: string | null; limit: number; dueFromMs: number; dueUntilMs: number }): Promise<string | null>;
  /** A record, or each of several, is new or was changed: its watches, made where they lack, are due at once, in each of these vantages. A claimed one becomes due again when it is completed. */
  touch(ids: string | readonly string[], vantages: readonly string[]): Promise<void>;
  /** Removes watches, events, hours and figures of a record that was deleted. */
  forget(id: string): Promise<void>;

  /** Claims watches that are due, the most overdue first. Watches whose record is gone are removed instead. */
  claim(query: ClaimQuery): Promise<readonly ClaimedWatch[]>;
  /** Claims one watch whether due or not; null when somebody else holds it, or there is none. */
  claimOne(key: WatchKey, nowMs: number, leaseMs: number): Promise<ClaimedWatch | null>;
  /** Claims watches of any vantage whose verdict is stale and that nobody holds, the stalest first. */
  claimStale(query: Omit<ClaimQuery, 'vantage'>): Promise<readonly ClaimedWatch[]>;
  /** Writes what results change and gives the claims back. @returns for each whether its claim still held; where it did not, nothing was written */
  complete(completions: readonly Completion[]): Promise<readonly boolean[]>;
  /** Gives claims back as they were, so that somebody else may take them at once. */
  release(claims: readonly (WatchKey & { readonly token: string })[]): Promise<void>;

  /** Says that somebody probes from this vantage. */
  announce(vantage: string, nowMs: number): Promise<void>;
  /** Vantages that announced themselves at or after this time, in order of names. */
  vantages(sinceMs: number): Promise<readonly string[]>;
  /** Removes the watches of vantages that have not announced themselves since, or never; records no longer speak of them (`withoutVantage`). @returns whether more are left */
  dropVantages(beforeMs: number, nowMs: number, limit: number): Promise<boolean>;

  /** All watches of some records, those of each in order of vantages. */
  watchesOf(ids: readonly string[]): Promise<readonly Watch[]>;
  /** Brings forward watches of a vantage that are due later than they can have been put off (`farFrom`), which only a clock that was set back brings about. @returns whether more may be left */
  mend(vantage: string, nowMs: number, limit: number): Promise<boolean>;
  /** Probes a second that the watches of a vantage need at the intervals that they have now. */
  probesPerS(vantage: string): Promise<number>;

  /** Packed results of hours `from` to `to`, both included, in order. */
  hours(key: WatchKey, from: number, to: number): Promise<readonly { readonly hour: number; readonly results: Uint8Array }[]>;
  /** Figures of days `from` to `to`, both included, in order: those of each hour of a day one after the other. Days are counted since the epoch. */
  days(key: WatchKey, from: number, to: number): Promise<readonly { readonly day: number; readonly figures: Uint8Array }[]>;
  /** Changes of verdict from any vantage, the latest first. */
  events(id: string, query: { beforeMs: number; limit: number }): Promise<readonly StoredHealthEvent[]>;
  /** Removes what is older: hours and days before these numbers, events before this time; `limit` rows of each kind at most. @returns whether more are left */
  prune(before: { hour: number; day: number; eventMs: number }, limit: number): Promise<boolean>;
}

/** What an adapter opens: the records, and all that is kept beside them, in one place. Closing it closes all. */
export interface Store extends RecordStore {
  readonly health: HealthStore;
  readonly entries: EntryStore;
  readonly audit: AuditStore;
  readonly copy: StoreCopy;
}
