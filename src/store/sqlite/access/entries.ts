/** Users, tokens, sessions, keys and credentials in the store's file. */
import type { AuditEntry } from '../../../core/audit.ts';
import type { Entry, EntryKind, EntryStore, EntryWrite } from '../../access-port.ts';
import type { Connection, Row } from '../connection.ts';
import type { Audited } from './audit.ts';

interface EntriesOptions {
  readonly connection: Connection;
  readonly audited: Audited;
  /** Runs a read. Fails as the store's port says. */
  readonly read: <T>(work: () => T) => Promise<T>;
  /** Runs a change within a transaction, perhaps twice, and resolves when it is durable. Fails as the store's port says. */
  readonly write: <T>(change: () => T) => Promise<T>;
}

const COLUMNS = 'kind, key, owner, expires_at_ms, revision, text';
const GET = `SELECT ${COLUMNS} FROM entries WHERE kind = ? AND key = ?`;
const OF_OWNERS = `SELECT ${COLUMNS} FROM entries WHERE kind = ? AND owner IN (SELECT value FROM json_each(?)) ORDER BY owner, key`;
const INSERT = `INSERT INTO entries (${COLUMNS}) VALUES (?, ?, ?, ?, 1, ?) ON CONFLICT (kind, key) DO NOTHING`;
const UPDATE = 'UPDATE entries SET owner = ?, expires_at_ms = ?, revision = revision + 1, text = ? WHERE kind = ? AND key = ? AND revision = ?';
const DELETE = 'DELETE FROM entries WHERE kind = ? AND key = ?';
const DELETE_OWNED = 'DELETE FROM entries WHERE kind = ?1 AND key IN (SELECT key FROM entries WHERE kind = ?1 AND owner = ?2)';
const EXPIRED = 'SELECT EXISTS (SELECT 1 FROM entries WHERE expires_at_ms < ?)';
const PRUNE = 'DELETE FROM entries WHERE (kind, key) IN (SELECT kind, key FROM entries WHERE expires_at_ms < ? ORDER BY expires_at_ms LIMIT ?)';

export function createEntries({ connection, audited, read, write }: EntriesOptions): EntryStore {
  const writeAudited = <T>(change: () => T, hasEffect: (outcome: T) => boolean, audit: AuditEntry | undefined): Promise<T> => write(audited(change, hasEffect, audit));
  return {
    get: (kind, key) =>
      read(() => {
        const row = connection.first(GET, kind, key);
        return row === undefined ? null : entryOf(row);
      }),
    list: (kind, { owner, afterKey, limit }) =>
      read(() => {
        const owned = owner === undefined ? { sql: '', parameters: [] } : { sql: 'AND owner = ?', parameters: [owner] };
        const sql = `SELECT ${COLUMNS} FROM entries WHERE kind = ? ${owned.sql} AND key ${afterKey === null ? '>=' : '>'} ? ORDER BY key LIMIT ?`;
        return connection.all(sql, kind, ...owned.parameters, afterKey ?? '', limit).map(entryOf);
      }),
    ofOwners: (kind, owners) => read(() => connection.all(OF_OWNERS, kind, JSON.stringify(owners)).map(entryOf)),
    put: (entry, audit) => writeAudited(() => put(connection, entry), (isWritten) => isWritten, audit),
    delete: (kind, key, audit) => writeAudited(() => connection.run(DELETE, kind, key) === 1, (isDeleted) => isDeleted, audit),
    deleteOwned: (kind, owner, audit) => writeAudited(() => deleteOwned(connection, kind, owner), (deleted) => deleted > 0, audit),
    async prune(nowMs, limit) {
      const isLeft = (): boolean => connection.first(EXPIRED, nowMs)?.[0] === 1;
      if (!(await read(isLeft))) return false;
      await write(() => connection.run(PRUNE, nowMs, limit));
      return read(isLeft);
    },
  };
}

/** Only within a write. */
export function deleteOwned(connection: Connection, kind: EntryKind, owner: string): number {
  return connection.run(DELETE_OWNED, kind, owner);
}

function put(connection: Connection, { kind, key, owner, expiresAtMs, text, expectedRevision }: EntryWrite): boolean {
  const written =
    expectedRevision === 0 ? connection.run(INSERT, kind, key, owner, expiresAtMs, text) : connection.run(UPDATE, owner, expiresAtMs, text, kind, key, expectedRevision);
  return written === 1;
}

function entryOf(columns: Row): Entry {
  const [kind, key, owner, expiresAtMs, revision, text] = columns as [EntryKind, string, string | null, number | null, number, string];
  return { kind, key, owner, expiresAtMs, revision, text };
}
