import type { HealthSummary } from '../core/health-summary.ts';
import type { RecordFields } from '../core/record.ts';
import type { Filter } from '../query/filter.ts';
import type { SortKey, SortPosition } from '../query/sort.ts';

/** Portolan's own book-keeping about a record; read-only for clients. Times are ISO 8601 in UTC. */
export interface RecordMeta {
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

/** A record that has passed all checks, to be written over the one whose revision is `expectedRevision`. */
export interface Replacement {
  readonly record: RecordFields;
  readonly meta: RecordMeta;
  readonly expectedRevision: number;
}

export interface FindQuery {
  readonly filter: Filter;
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
 * Failures are `AppError`s: `STORE_UNAVAILABLE`, `STORE_FULL`, `STORE_DAMAGED`, `OVERLOADED`, `QUERY_TOO_EXPENSIVE`.
 */
export interface RecordStore {
  /** Adds a record, durably. `exists` when its id is taken; nothing is written then. */
  insert(record: NewRecord): Promise<'inserted' | 'exists'>;
  get(id: string): Promise<StoredRecord | null>;
  /** Matches in order, in batches of a few hundred at most. Ends early and quietly when `signal` aborts. */
  find(query: FindQuery, signal: AbortSignal): AsyncIterable<readonly StoredRecord[]>;
  /** The JSON texts of all records in id order, as UTF-8 chunks whose records are joined by commas; joined chunks need a comma between. */
  readAllText(signal: AbortSignal): AsyncIterable<Uint8Array>;
  count(filter: Filter, signal: AbortSignal): Promise<number>;
  /** Compare-and-swap on the revision, durable. Health stays as it is. `false`: the record is gone or has another revision. */
  replace(replacement: Replacement): Promise<boolean>;
  /** Deletes, durably; when `expectedRevision` is given, only at that revision. */
  delete(id: string, expectedRevision?: number): Promise<'deleted' | 'missing' | 'stale'>;
  /** Resolves when the store can serve now. @throws {AppError} `STORE_UNAVAILABLE` or `STORE_DAMAGED` */
  ping(): Promise<void>;
  close(): Promise<void>;
}
