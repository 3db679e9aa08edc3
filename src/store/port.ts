import type { RecordAccess, Scope, Visibility } from '../core/access.ts';
import type { AuditEntry } from '../core/audit.ts';
import type { HealthSummary, Verdict } from '../core/health-summary.ts';
import type { RecordFields } from '../core/record.ts';
import type { Filter } from '../query/filter.ts';
import type { SortKey, SortPosition } from '../query/sort.ts';

/** Portolan's own book-keeping about a record; read-only for clients. Times are ISO 8601 in UTC. */
export interface RecordMeta extends RecordAccess {
  readonly created_at: string;
  readonly updated_at: string;
  /** Grows by one with each change. 0: a document of an older database that Portolan has not written yet. */
  readonly revision: number;
}

/**
 * One record as a store keeps it. `text` is the JSON text of the eight fields, ready to be sent: hot reads
 * never parse it. `recordOf` in `store/stored-record.ts` does, where a value is needed.
 */
export interface StoredRecord {
  readonly id: string;
  readonly text: string;
  readonly meta: RecordMeta;
  readonly health: HealthSummary;
}

export interface NewRecord {
  readonly record: RecordFields;
  readonly meta: RecordMeta;
  readonly health: HealthSummary;
}

/**
 * New records on their way. What is taken may be encoded at once, so that nobody holds the objects of many records: memory that lives for the
 * time of a batch is garbage that takes long to be found.
 */
export interface RecordBatch {
  /** Takes one more; positions count from 0. */
  add(record: NewRecord, audit?: AuditEntry): void;
  /**
   * Adds those at these positions, durably. To be called once. Tells of each, in that order, as `insert` would; of two with one id the first
   * is taken. When it fails, none is told of, though some may be there where the store has no transactions.
   */
  insert(positions: readonly number[]): Promise<readonly ('inserted' | 'exists')[]>;
}

/** A record that has passed all checks, to be written over the one whose revision is `expectedRevision`. */
export interface Replacement {
  readonly record: RecordFields;
  readonly meta: RecordMeta;
  readonly expectedRevision: number;
}

/** Counts of records. */
export interface RecordSummary {
  readonly total: number;
  /** The most frequent first, those that are as frequent by name; `limits.summaryTagsMax` at most. Stores may take tags that begin with the same 200 characters for one. */
  readonly byTag: readonly TagCount[];
  /** `unknown`: no type is given, or none that there is. */
  readonly byType: Readonly<Record<(typeof SUMMARY_TYPES)[number], number>>;
  readonly byVerdict: Readonly<Record<Verdict, number>>;
  readonly byVisibility: Readonly<Record<Visibility, number>>;
}

export interface TagCount {
  readonly tag: string;
  readonly count: number;
}

export const SUMMARY_TYPES = ['aios', 'external', 'unknown'] as const;

export interface FindQuery {
  readonly filter: Filter;
  /** Only records within it (`isWithin`); null: all. */
  readonly scope: Scope | null;
  /** Empty: by id, in UTF-8 byte order. Otherwise these keys, then the id. */
  readonly sort: readonly SortKey[];
  /** Only records after this position in that order; `null`: from the beginning. */
  readonly after: SortPosition | null;
  /** At most this many; `null`: all. A sort other than by id needs a limit, and ends early with the record that takes its texts beyond `limits.pageTextMax`. */
  readonly limit: number | null;
}

/**
 * What the catalog needs of a store. Every adapter passes the suite in `test/contract/record-store.ts`.
 *
 * Which records match, and in which order, is decided by `query/` alone, in every store alike. An adapter only narrows
 * the candidates by its indexes (`query/narrow.ts`), and must never leave a match out.
 *
 * A write with `audit` tells of itself: the entry joins the audit exactly when the write takes effect, in one transaction where the
 * store has them.
 *
 * Failures are `AppError`s: `STORE_UNAVAILABLE`, `STORE_FULL`, `STORE_DAMAGED`, `OVERLOADED`, `QUERY_TOO_EXPENSIVE`.
 */
export interface RecordStore {
  /** Adds a record, durably. `exists` when its id is taken; nothing is written then. */
  insert(record: NewRecord, audit?: AuditEntry): Promise<'inserted' | 'exists'>;
  /** Begins a batch of records that are to be added at once, some hundred at most. */
  newBatch(): RecordBatch;
  get(id: string): Promise<StoredRecord | null>;
  /** Matches in order, in batches of a few hundred at most. Ends early and quietly when `signal` aborts. */
  find(query: FindQuery, signal: AbortSignal): AsyncIterable<readonly StoredRecord[]>;
  /** The JSON texts of all records within the scope in id order, as UTF-8 chunks whose records are joined by commas; joined chunks need a comma between. */
  readAllText(scope: Scope | null, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** The same as lines, each with its line feed. @param withMeta with `meta` beside the eight fields */
  readAllLines(scope: Scope | null, withMeta: boolean, signal: AbortSignal): AsyncIterable<Uint8Array>;
  count(filter: Filter, scope: Scope | null, signal: AbortSignal): Promise<number>;
  /** How many records a user owns, at the cost of a look-up. */
  countOwned(owner: string): Promise<number>;
  /** What the records within a scope are, at the cost of going over the index. Takes a while in a large catalog, and holds nobody up. */
  summary(scope: Scope | null): Promise<RecordSummary>;
  /** Compare-and-swap on the revision, durable. Health stays as it is. `false`: the record is gone or has another revision. */
  replace(replacement: Replacement, audit?: AuditEntry): Promise<boolean>;
  /** Deletes, durably, with the credentials that belong to the record; when `expectedRevision` is given, only at that revision. */
  delete(id: string, expectedRevision?: number, audit?: AuditEntry): Promise<'deleted' | 'missing' | 'stale'>;
  /** Resolves when the store can serve now. @throws {AppError} `STORE_UNAVAILABLE` or `STORE_DAMAGED` */
  ping(): Promise<void>;
  close(): Promise<void>;
}
