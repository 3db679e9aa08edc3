/** What is known of watches and their past. */
import type { HealthStore, StoredHealthEvent, Watch, WatchKey } from '../../health-port.ts';
import { READING } from '../call-options.ts';
import type { DayDocument, HealthCollections } from './collections.ts';
import { bytesOf, pastKeyOf, WATCH_PROJECTION, watchOf } from './watch-document.ts';

export async function watchesOf({ watches }: HealthCollections, ids: readonly string[]): Promise<readonly Watch[]> {
  const found = await watches.find({ id: { $in: [...ids] } }, { ...READING, projection: WATCH_PROJECTION, sort: { id: 1, vantage: 1 } }).toArray();
  return found.map(watchOf);
}

/** Told from the index, whatever the number of watches: few intervals are in use. */
export async function probesPerS({ watches }: HealthCollections, vantage: string): Promise<number> {
  const groups = await watches
    .aggregate<{ _id: number; watches: number }>([{ $match: { vantage, due: { $gte: 0 } } }, { $group: { _id: '$interval', watches: { $sum: 1 } } }], READING)
    .toArray();
  return groups.reduce((sum, group) => (group._id > 0 ? sum + (group.watches * 1_000) / group._id : sum), 0);
}

export async function hours(collections: HealthCollections, key: WatchKey, from: number, to: number): ReturnType<HealthStore['hours']> {
  const range = { $gte: pastKeyOf(key, from), $lte: pastKeyOf(key, to) };
  const found = await collections.hours.find({ _id: range }, { ...READING, sort: { _id: 1 } }).toArray();
  return found.map(({ hour, results }) => ({ hour, results: bytesOf(results) }));
}

export async function days(collections: HealthCollections, key: WatchKey, from: number, to: number): ReturnType<HealthStore['days']> {
  const range = { $gte: pastKeyOf(key, from), $lte: pastKeyOf(key, to) };
  const found = await collections.days.find({ _id: range }, { ...READING, sort: { _id: 1 } }).toArray();
  return found.map(({ day, figures }) => ({ day, figures: figuresOf(figures) }));
}

/** The figures of a day's hours, one after the other. */
export function figuresOf(figures: DayDocument['figures']): Uint8Array {
  const inOrder = Object.entries(figures).sort(([a], [b]) => Number(a) - Number(b));
  return new Uint8Array(Buffer.concat(inOrder.map(([, part]) => part.value())));
}

export async function events(
  collections: HealthCollections,
  id: string,
  { beforeMs, limit }: Parameters<HealthStore['events']>[1],
): Promise<readonly StoredHealthEvent[]> {
  if (limit <= 0) return [];
  const found = await collections.events.find({ id, at: { $lt: beforeMs } }, { ...READING, sort: { at: -1, vantage: -1 }, limit }).toArray();
  return found.map(({ vantage, at, from, to, cause, evidence }) => ({ id, vantage, atMs: at, from, to, cause, evidence }));
}
