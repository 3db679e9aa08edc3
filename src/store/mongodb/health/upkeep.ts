/** Making watches and removing them, vantages that come and go, and the end of the past. */
import type { Collection, Filter } from 'mongodb';
import { farFrom, type HealthStore } from '../../health-port.ts';
import { LIMITS, READING, UNORDERED } from '../call-options.ts';
import { isDuplicateKey } from '../errors.ts';
import type { HealthCollections } from './collections.ts';
import { twiceIfRaced } from './pending.ts';
import { forgetVantages } from './summaries.ts';
import { keysOfRecord, newWatch, watchKeyOf, type WatchDocument } from './watch-document.ts';

export async function enrol({ records, watches }: HealthCollections, query: Parameters<HealthStore['enrol']>[0]): Promise<string | null> {
  const { vantage, afterId, limit, dueFromMs, dueUntilMs } = query;
  const after = afterId === null ? { $type: 'string' as const } : { $gt: afterId };
  const found = await records
    .find({ container_registry_id: after }, { ...READING, projection: { _id: 0, container_registry_id: 1 }, sort: { container_registry_id: 1, _id: 1 }, limit })
    .toArray();
  const ids = found.map((document) => String(document['container_registry_id']));
  const keys = new Map([...new Set(ids)].map((id) => [watchKeyOf({ id, vantage }), id]));
  const present = await watches.find({ _id: { $in: [...keys.keys()] } }, { ...READING, projection: { _id: 1 } }).toArray();
  for (const { _id } of present) keys.delete(_id);
  const added = [...keys.values()].map((id) => newWatch({ id, vantage }, dueFromMs + Math.floor(Math.random() * (dueUntilMs - dueFromMs + 1))));
  if (added.length > 0) {
    try {
      await watches.insertMany(added, UNORDERED);
    } catch (error) {
      // Somebody else has made some of them meanwhile; the others are in.
      if (!isDuplicateKey(error)) throw error;
    }
  }
  return ids.length < limit ? null : (ids.at(-1) ?? null);
}

export async function touch({ watches }: HealthCollections, ids: string | readonly string[], vantages: readonly string[]): Promise<void> {
  const keys = [ids].flat().flatMap((id) => vantages.map((vantage) => ({ id, vantage })));
  if (keys.length === 0) return;
  const updates = keys.map((key) => {
    const { _id, ...made } = newWatch(key, 0);
    const changed = { due: 0, touched: true };
    const others = Object.entries(made).filter(([field]) => !Object.hasOwn(changed, field));
    return { updateOne: { filter: { _id }, update: { $set: changed, $setOnInsert: Object.fromEntries(others) }, upsert: true } };
  });
  await twiceIfRaced(() => watches.bulkWrite(updates, UNORDERED));
}

/** Intervals are few, so the far away ones of each are asked for by themselves, which an index can answer. */
export async function mend({ watches }: HealthCollections, vantage: string, nowMs: number, limit: number): Promise<boolean> {
  const intervals = await watches.distinct('interval', { vantage, due: { $gt: farFrom(nowMs, 0) } }, READING);
  for (const interval of intervals) {
    const far: Filter<WatchDocument> = { vantage, interval, due: { $gt: farFrom(nowMs, interval) }, lease: { $lte: nowMs } };
    const found = await watches.find(far, { ...READING, projection: { _id: 1 }, limit }).toArray();
    if (found.length === 0) continue;
    const updates = found.map(({ _id }) => ({ updateOne: { filter: { ...far, _id }, update: { $set: { due: nowMs + Math.floor(Math.random() * interval) } } } }));
    await watches.bulkWrite(updates, UNORDERED);
    return true;
  }
  return false;
}

export async function forget({ watches, events, hours, days }: HealthCollections, id: string): Promise<void> {
  // First the watches: nothing can be completed any more then. What is being delivered at this moment may come after, and is pruned in time.
  await watches.deleteMany({ id }, LIMITS);
  await Promise.all([
    events.deleteMany({ id }, LIMITS),
    hours.deleteMany({ _id: keysOfRecord(id) }, LIMITS),
    days.deleteMany({ _id: keysOfRecord(id) }, LIMITS),
  ]);
}

export async function announce({ vantages }: HealthCollections, vantage: string, nowMs: number): Promise<void> {
  await twiceIfRaced(() => vantages.updateOne({ _id: vantage }, { $set: { seen: nowMs } }, { ...LIMITS, upsert: true }));
}

export async function vantagesSince({ vantages }: HealthCollections, sinceMs: number): Promise<readonly string[]> {
  const found = await vantages.find({ seen: { $gte: sinceMs } }, { ...READING, sort: { _id: 1 } }).toArray();
  return found.map(({ _id }) => _id);
}

export async function dropVantages(collections: HealthCollections, beforeMs: number, nowMs: number, limit: number): Promise<boolean> {
  const { watches, vantages } = collections;
  const alive = await vantagesSince(collections, beforeMs);
  const query = { vantage: { $nin: [...alive] } };
  const found = await watches.find(query, { ...READING, projection: { id: 1, vantage: 1 }, limit: limit + 1 }).toArray();
  const dropped = found.slice(0, limit);
  if (dropped.length > 0) {
    // The records first: of a watch that is still there, they are mended when this is tried again.
    await forgetVantages(collections, dropped, new Date(nowMs).toISOString());
    await watches.deleteMany({ _id: { $in: dropped.map(({ _id }) => _id) } }, LIMITS);
  }
  if (found.length > limit) return true;
  await vantages.deleteMany({ seen: { $lt: beforeMs } }, LIMITS);
  return false;
}

export async function prune({ events, hours, days }: HealthCollections, before: Parameters<HealthStore['prune']>[0], limit: number): Promise<boolean> {
  const areMoreLeft = await Promise.all([
    removeSome(hours, { hour: { $lt: before.hour } }, limit),
    removeSome(days, { day: { $lt: before.day } }, limit),
    removeSome(events, { at: { $lt: before.eventMs } }, limit),
  ]);
  return areMoreLeft.includes(true);
}

/** @returns whether there were more than `limit` */
async function removeSome<T extends { readonly _id: string }>(collection: Collection<T>, query: Filter<T>, limit: number): Promise<boolean> {
  const found = await collection.find<{ _id: string }>(query, { ...READING, projection: { _id: 1 }, limit: limit + 1 }).toArray();
  const ids = found.slice(0, limit).map(({ _id }) => _id);
  if (ids.length > 0) await collection.deleteMany({ _id: { $in: ids } } as Filter<T>, LIMITS);
  return found.length > limit;
}
