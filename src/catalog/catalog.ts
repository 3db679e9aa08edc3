import type { Visibility } from '../core/access.ts';
import type { Clock } from '../core/clock.ts';
import type { AppError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { Action, Actor } from '../core/principal.ts';
import type { RecordFields } from '../core/record.ts';
import type { FindQuery, RecordMeta, RecordStore, RecordSummary, StoredRecord } from '../store/port.ts';
import { createOwnerQuota } from './owner-quota.ts';
import { PrincipalRecords } from './principal-records.ts';

/** What a writer knows of the revision that it means to change: any, or one of these. */
export type Precondition = { readonly kind: 'none' } | { readonly kind: 'revision'; readonly matches: (meta: RecordMeta) => boolean };

export interface Written {
  readonly id: string;
  readonly meta: RecordMeta;
}

/** `dryRun`: does everything but write, and tells what would have come of it. */
export interface Trial {
  readonly dryRun?: boolean | undefined;
}

export interface Updated extends Written {
  /** Whether anything had to be written. */
  readonly isChanged: boolean;
}

/** What somebody may say of a new record's access; each is checked as `setAccess` does. */
export interface GivenAccess {
  /** Taken only from those who may do everything; anybody else's records are their own. */
  readonly owner?: Json | undefined;
  readonly visibility?: Json | undefined;
  readonly shared_with?: Json | undefined;
}

/** Many records that are to be created at once, some hundred at most, with as much respect for policy, quota and audit as one by one. */
export interface CreationBatch {
  /**
   * Checks one more record and takes it; positions count from 0. Nothing is written yet.
   * @returns its id
   * @throws {AppError} `INVALID_RECORD`, `RECORD_TOO_LARGE`, `INVALID_REQUEST` for its access, `FORBIDDEN`; it has no position then
   */
  add(input: Json, access?: GivenAccess): string;
  /** Creates those at these positions. To be called once. @returns for each why it was not created; null: it was */
  create(positions: readonly number[]): Promise<readonly (AppError | null)[]>;
}

/** Which records, in which order and how many. Whoever asks does not say what may be seen. */
export type Search = Omit<FindQuery, 'scope'>;

export interface Creation {
  /** Default: `internal` */
  readonly visibility?: Visibility | undefined;
  /** Asked before the record is stored; throws where it must not be. */
  readonly admit?: ((record: RecordFields) => Promise<void>) | undefined;
}

/**
 * The catalog as one principal has it: what it may not see is not there (`RECORD_NOT_FOUND`), what it sees but may not do is
 * `FORBIDDEN`, and every write is told to the audit.
 */
export interface PrincipalCatalog {
  /** The record belongs to whoever creates it. @throws {AppError} `INVALID_RECORD`, `RECORD_TOO_LARGE`, `QUOTA_REACHED`, `ID_EXISTS`, or whatever `admit` throws */
  create(input: Json, creation?: Creation): Promise<Written>;
  /** @throws {AppError} `RECORD_NOT_FOUND` */
  get(id: string): Promise<StoredRecord>;
  /** A record that something is to be done to. @throws {AppError} `RECORD_NOT_FOUND`, `FORBIDDEN` */
  getFor(id: string, action: Action): Promise<StoredRecord>;
  /** @throws {AppError} `INVALID_UPDATE`, `INVALID_RECORD`, `RECORD_NOT_FOUND`, `FORBIDDEN`, `REVISION_STALE` … */
  update(id: string, input: Json, precondition: Precondition, trial?: Trial): Promise<Updated>;
  /** @throws {AppError} `RECORD_NOT_FOUND`, `FORBIDDEN`, `REVISION_STALE` */
  delete(id: string, precondition: Precondition, trial?: Trial): Promise<void>;
  newBatch(trial?: Trial): CreationBatch;
  /**
   * Changes who may do what with a record: owner, visibility, shares, each as a whole.
   * @throws {AppError} `INVALID_REQUEST`, `RECORD_NOT_FOUND`, `FORBIDDEN`, `QUOTA_REACHED` of the new owner, `REVISION_STALE`
   */
  setAccess(id: string, input: Json, precondition: Precondition): Promise<Written>;
  find(search: Search, signal: AbortSignal): AsyncIterable<readonly StoredRecord[]>;
  count(filter: Search['filter'], signal: AbortSignal): Promise<number>;
  readAllText(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** The same as lines, each with its line feed. @param withMeta with `meta` beside the eight fields */
  readAllLines(withMeta: boolean, signal: AbortSignal): AsyncIterable<Uint8Array>;
  summary(): Promise<RecordSummary>;
}

/** All records, as the service itself needs them for what it watches and measures; and the way to what a principal has of them. */
export interface Catalog {
  find(search: Search, signal: AbortSignal): AsyncIterable<readonly StoredRecord[]>;
  count(filter: Search['filter'], signal: AbortSignal): Promise<number>;
  as(actor: Actor): PrincipalCatalog;
}

/** Hears of every change that was written to the eight fields. */
export interface CatalogListener {
  onWritten(...ids: readonly string[]): void;
  onDeleted(id: string): void;
}

export interface CatalogOptions {
  readonly store: RecordStore;
  readonly clock: Clock;
  readonly listener?: CatalogListener;
  readonly recordsPerOwnerMax: number;
  /** Whether there is a user of this name to whom a record could be handed over. */
  readonly userExists: (name: string) => Promise<boolean>;
}

export function createCatalog(options: CatalogOptions): Catalog {
  const { store } = options;
  const parts = { ...options, quota: createOwnerQuota(store, options.recordsPerOwnerMax) };
  return {
    find: (search, signal) => store.find({ ...search, scope: null }, signal),
    count: (filter, signal) => store.count(filter, null, signal),
    as: (actor) => new PrincipalRecords(parts, actor),
  };
}
