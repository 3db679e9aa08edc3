/** Users, tokens, sessions, keys and credentials in MongoDB: every write is one operation on one document. */
import type { Collection } from 'mongodb';
import type { Entry, EntryKind, EntryStore, EntryWrite } from '../../access-port.ts';
import { LIMITS, READING } from '../call-options.ts';
import type { Connection } from '../connection.ts';
import { isDuplicateKey } from '../errors.ts';
import type { AuditedRun } from './audit-appender.ts';
import { accessCollectionsOf, type EntryDocument } from './collections.ts';

type Entries = Collection<EntryDocument>;

export function createMongoEntries(connection: Connection, runAudited: AuditedRun): EntryStore {
  const run = <T>(work: (entries: Entries) => Promise<T>): Promise<T> => connection.run((records) => work(accessCollectionsOf(records).entries));
  return {
    get: (kind, key) => run((entries) => get(entries, kind, key)),
    list: (kind, query) => run((entries) => list(entries, kind, query)),
    ofOwners: (kind, owners) => run((entries) => ofOwners(entries, kind, owners)),
    put: (entry, audit) => runAudited((records) => put(accessCollectionsOf(records).entries, entry), (isWritten) => isWritten, audit),
    delete: (kind, key, audit) => runAudited((records) => remove(accessCollectionsOf(records).entries, kind, key), (isDeleted) => isDeleted, audit),
    deleteOwned: (kind, owner, audit) => runAudited((records) => removeOwned(accessCollectionsOf(records).entries, kind, owner), (removed) => removed > 0, audit),
    prune: (nowMs, limit) => run((entries) => prune(entries, nowMs, limit)),
  };
}

/** No kind has a colon, so this is the key of nothing else. */
export function entryIdOf(kind: EntryKind, key: string): string {
  return `${kind}:${key}`;
}

/** All keys of a kind; `;` follows `:`. */
function keysOfKind(kind: EntryKind, afterKey: string | null = null): Record<string, string> {
  return { [afterKey === null ? '$gte' : '$gt']: entryIdOf(kind, afterKey ?? ''), $lt: `${kind};` };
}

export function entryOf({ _id, owner, expires, revision, text }: EntryDocument): Entry {
  const colon = _id.indexOf(':');
  return { kind: _id.slice(0, colon) as EntryKind, key: _id.slice(colon + 1), owner, expiresAtMs: expires, revision, text };
}

async function get(entries: Entries, kind: EntryKind, key: string): Promise<Entry | null> {
  const document = await entries.findOne({ _id: entryIdOf(kind, key) }, LIMITS);
  return document === null ? null : entryOf(document);
}

async function list(entries: Entries, kind: EntryKind, { owner, afterKey, limit }: Parameters<EntryStore['list']>[1]): Promise<readonly Entry[]> {
  const query = { _id: keysOfKind(kind, afterKey), ...(owner === undefined ? {} : { owner }) };
  return (await entries.find(query, { ...READING, sort: { _id: 1 }, limit }).toArray()).map(entryOf);
}

async function ofOwners(entries: Entries, kind: EntryKind, owners: readonly string[]): Promise<readonly Entry[]> {
  const query = { owner: { $in: [...new Set(owners)] }, _id: keysOfKind(kind) };
  return (await entries.find(query, { ...READING, sort: { owner: 1, _id: 1 } }).toArray()).map(entryOf);
}

async function put(entries: Entries, { kind, key, owner, expiresAtMs, text, expectedRevision }: EntryWrite): Promise<boolean> {
  const _id = entryIdOf(kind, key);
  const next = { owner, expires: expiresAtMs, revision: expectedRevision + 1, text };
  if (expectedRevision > 0) return (await entries.updateOne({ _id, revision: expectedRevision }, { $set: next }, LIMITS)).matchedCount === 1;
  try {
    await entries.insertOne({ _id, ...next }, LIMITS);
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

async function remove(entries: Entries, kind: EntryKind, key: string): Promise<boolean> {
  return (await entries.deleteOne({ _id: entryIdOf(kind, key) }, LIMITS)).deletedCount === 1;
}

export async function removeOwned(entries: Entries, kind: EntryKind, owner: string): Promise<number> {
  return (await entries.deleteMany({ owner, _id: keysOfKind(kind) }, LIMITS)).deletedCount;
}

async function prune(entries: Entries, nowMs: number, limit: number): Promise<boolean> {
  const isExpired = { expires: { $lt: nowMs } };
  const found = await entries.find(isExpired, { ...READING, projection: { _id: 1 }, limit: limit + 1 }).toArray();
  const ids = found.slice(0, limit).map(({ _id }) => _id);
  // Asked for again, because some may have been given another time in between.
  if (ids.length > 0) await entries.deleteMany({ ...isExpired, _id: { $in: ids } }, LIMITS);
  return found.length > limit;
}
