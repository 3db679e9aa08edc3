import type { AuditEntry, StoredAuditEntry } from '../core/audit.ts';

/** What is kept beside the records, each kind with keys of its own. */
export type EntryKind = 'user' | 'token' | 'session' | 'signing_key' | 'secret_check' | 'credential' | 'copy';

/** One small document. The store hands `text` back as it came and never looks into it. */
export interface Entry {
  readonly kind: EntryKind;
  readonly key: string;
  /** What it belongs to: the user of a token or a session, the record of a credential; null where it stands alone. */
  readonly owner: string | null;
  /** When it may be removed by itself; null: never. */
  readonly expiresAtMs: number | null;
  /** Grows by one with each write, from 1. */
  readonly revision: number;
  /** JSON. */
  readonly text: string;
}

/** An entry to be written if its revision still is `expectedRevision`; 0: if there is none. */
export interface EntryWrite extends Omit<Entry, 'revision'> {
  readonly expectedRevision: number;
}

/**
 * Users, tokens, sessions, keys and credentials. Every adapter passes `test/contract/entry-store.ts`. Failures are `AppError`s, as those
 * of `RecordStore`. Expired entries are given out like others until they are pruned: whoever reads them looks at the time.
 *
 * A write with `audit` tells of itself: the entry joins the audit exactly when the write takes effect, in one transaction where the
 * store has them.
 */
export interface EntryStore {
  get(kind: EntryKind, key: string): Promise<Entry | null>;
  /** In the order of keys by UTF-8 bytes, after `afterKey`; only those of `owner` where it is given. */
  list(kind: EntryKind, query: { readonly owner?: string; readonly afterKey: string | null; readonly limit: number }): Promise<readonly Entry[]>;
  /** All entries of several owners, in order of owners and keys. */
  ofOwners(kind: EntryKind, owners: readonly string[]): Promise<readonly Entry[]>;
  /** @returns whether it was written; otherwise the revision is another, or there is one already */
  put(write: EntryWrite, audit?: AuditEntry): Promise<boolean>;
  /** @returns whether there was one */
  delete(kind: EntryKind, key: string, audit?: AuditEntry): Promise<boolean>;
  /** Deletes all of one kind that belong to `owner`. @returns how many */
  deleteOwned(kind: EntryKind, owner: string, audit?: AuditEntry): Promise<number>;
  /** Removes what expired before `nowMs`, `limit` at most. @returns whether more are left */
  prune(nowMs: number, limit: number): Promise<boolean>;
}

/** Each given condition must hold. */
export interface AuditQuery {
  readonly user?: string | undefined;
  readonly record?: string | undefined;
  /** A whole action, or all of one kind: `record:update`, `record`. */
  readonly action?: string | undefined;
  /** From this time on, … */
  readonly fromMs?: number | undefined;
  /** … and before this one. */
  readonly toMs?: number | undefined;
  /** By `seq`. Times of entries may run against it a little, where clocks differ. */
  readonly order: 'latest_first' | 'oldest_first';
  /** Only what follows this entry in that order. */
  readonly afterSeq: number | null;
  readonly limit: number;
}

/**
 * The audit: append-only, numbered without gaps, each entry sealed by the hash of the one before (`core/audit.ts`), also where several
 * processes append at once. Every adapter passes `test/contract/audit-store.ts`.
 */
export interface AuditStore {
  /** Appends, durably, in the order given. What fails because the store is away may still join the audit when it is back. */
  append(entries: readonly AuditEntry[]): Promise<void>;
  read(query: AuditQuery): Promise<readonly StoredAuditEntry[]>;
  /**
   * Removes the oldest entries up to and with this one, `limit` at most; never the last of all, which the next one is chained to. What is
   * removed must be hours old: another process may be about to append behind what it saw a moment ago. Whoever prunes attests to it first
   * (`audit:prune`), so that a chain that was cut in between is still trusted. @returns whether more are left
   */
  prune(throughSeq: number, limit: number): Promise<boolean>;
}
