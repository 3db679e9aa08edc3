/** Claiming watches and giving them back. */
import { randomUUID } from 'node:crypto';
import type { Filter, Sort } from 'mongodb';
import type { ClaimedWatch, ClaimQuery, WatchKey } from '../../health-port.ts';
import { LIMITS, READING, UNORDERED } from '../call-options.ts';
import { PROJECTION, showDocument, storedRecordOf, type CatalogDocument } from '../document.ts';
import type { HealthCollections } from './collections.ts';
import { deliver } from './pending.ts';
import { shownDocuments } from './record-lookup.ts';
import { watchKeyOf, watchOf, type WatchDocument } from './watch-document.ts';

/** Claims the most overdue watches of a vantage. */
export function claimDue(collections: HealthCollections, { vantage, ...query }: ClaimQuery): Promise<readonly ClaimedWatch[]> {
  return claimWhere(collections, query, { vantage, due: { $lte: query.nowMs } }, { due: 1 });
}

/** Claims the stalest watches of any vantage. */
export function claimStale(collections: HealthCollections, query: Omit<ClaimQuery, 'vantage'>): Promise<readonly ClaimedWatch[]> {
  return claimWhere(collections, query, { stale: { $lte: query.nowMs } }, { stale: 1 });
}

/** Lost races before a claimer leaves the field to the others; each race has a winner. */
const CLAIM_ATTEMPTS = 10;
/** After a lost race, watches are picked at random among so many times the number wanted. */
const SPREAD = 4;

async function claimWhere(
  collections: HealthCollections,
  { nowMs, leaseMs, limit }: Omit<ClaimQuery, 'vantage'>,
  wanted: Filter<WatchDocument>,
  sort: Sort,
): Promise<readonly ClaimedWatch[]> {
  if (limit <= 0) return [];
  const free: Filter<WatchDocument> = { ...wanted, lease: { $lte: nowMs } };
  const { watches } = collections;
  for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
    const span = attempt === 0 ? limit : limit * SPREAD;
    const found = await watches.find(free, { ...READING, sort, limit: span, projection: { id: 1, vantage: 1 } }).toArray();
    if (found.length === 0) return [];
    const picked = attempt === 0 ? found : anyOf(found, limit);
    const token = randomUUID();
    // Each update checks the whole condition again: what somebody else has claimed, or completed, meanwhile is not taken.
    const claim = { $set: { token, lease: nowMs + leaseMs, touched: false } };
    const { modifiedCount } = await watches.updateMany({ ...free, _id: { $in: picked.map(({ _id }) => _id) } }, claim, LIMITS);
    if (modifiedCount > 0) return handOver(collections, picked, token);
  }
  return [];
}

/** A random choice, in the order of the whole. */
function anyOf<T>(all: readonly T[], count: number): readonly T[] {
  const drawn = all.map((item, index) => ({ item, index, lot: Math.random() })).sort((a, b) => a.lot - b.lot);
  return drawn.slice(0, count).sort((a, b) => a.index - b.index).map(({ item }) => item);
}

export async function claimOne(collections: HealthCollections, key: WatchKey, nowMs: number, leaseMs: number): Promise<ClaimedWatch | null> {
  const token = randomUUID();
  const watch = { ...key, _id: watchKeyOf(key) };
  const claim = { $set: { token, lease: nowMs + leaseMs, touched: false } };
  const { modifiedCount } = await collections.watches.updateOne({ _id: watch._id, lease: { $lte: nowMs } }, claim, LIMITS);
  return modifiedCount === 0 ? null : ((await handOver(collections, [watch], token))[0] ?? null);
}

/** Reads what was claimed among these watches, in their order. The records are read after the claim, so that a later change finds it. */
async function handOver(collections: HealthCollections, keys: readonly (WatchKey & { readonly _id: string })[], token: string): Promise<readonly ClaimedWatch[]> {
  const { watches, records } = collections;
  const [claimed, documents] = await Promise.all([
    watches.find({ _id: { $in: keys.map(({ _id }) => _id) }, token }, READING).toArray(),
    shownDocuments(records, keys.map(({ id }) => id), PROJECTION),
  ]);
  const byKey = new Map(claimed.map((watch) => [watch._id, watch]));
  const inOrder = keys.map(({ _id }) => byKey.get(_id)).filter((watch) => watch !== undefined);
  await Promise.all([
    removeOrphans(collections, inOrder.filter(({ id }) => !documents.has(id)), token),
    finishPending(collections, inOrder.filter(({ id }) => documents.has(id)), token),
  ]);
  return inOrder.flatMap((watch) => claimedWatchOf(watch, token, documents.get(watch.id)));
}

function claimedWatchOf(watch: WatchDocument, token: string, document: CatalogDocument | undefined): ClaimedWatch[] {
  if (document === undefined) return [];
  const { text, meta } = storedRecordOf(showDocument(document));
  return [{ ...watchOf(watch), token: `${token}/${watch._id}`, record: { text, revision: meta.revision, createdAt: meta.created_at } }];
}

async function removeOrphans({ watches }: HealthCollections, orphans: readonly WatchDocument[], token: string): Promise<void> {
  if (orphans.length > 0) await watches.deleteMany({ _id: { $in: orphans.map(({ _id }) => _id) }, token }, LIMITS);
}

/** Somebody died, or was cut off, between completing these watches and writing what their results brought besides. */
async function finishPending(collections: HealthCollections, claimed: readonly WatchDocument[], token: string): Promise<void> {
  const left = claimed.flatMap(({ id, vantage, pending }) => (pending === null ? [] : [{ id, vantage, pending }]));
  if (left.length === 0) return;
  await deliver(collections, left);
  await collections.watches.updateMany({ _id: { $in: left.map(watchKeyOf) }, token }, { $set: { pending: null } }, LIMITS);
}

/** What a watch that is claimed with this token has in its document; a text that no claim has where the token belongs to another watch. */
export function storedTokenOf(claim: WatchKey & { readonly token: string }): string {
  const end = `/${watchKeyOf(claim)}`;
  return claim.token.endsWith(end) ? claim.token.slice(0, -end.length) : '';
}

export async function release({ watches }: HealthCollections, claims: readonly (WatchKey & { readonly token: string })[]): Promise<void> {
  if (claims.length === 0) return;
  const updates = claims.map((claim) => ({
    updateOne: { filter: { _id: watchKeyOf(claim), token: storedTokenOf(claim) }, update: { $set: { token: null, lease: 0 } } },
  }));
  await watches.bulkWrite(updates, UNORDERED);
}
