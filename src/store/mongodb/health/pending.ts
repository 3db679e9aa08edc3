/**
 * What a result brings besides its watch: an event, hours that are over, a new verdict. It is kept in the watch's own
 * document first, in the very write that completes the watch, and written to its places from there. So a process that dies
 * on the way loses nothing: whoever claims the watch next writes it. Every write may be repeated.
 */
import { Binary } from 'mongodb';
import type { Completion, WatchKey } from '../../health-port.ts';
import { UNORDERED } from '../call-options.ts';
import { isDuplicateKey } from '../errors.ts';
import type { EventDocument, HealthCollections } from './collections.ts';
import { tellVerdicts } from './summaries.ts';
import { pastKeyOf } from './watch-document.ts';

export interface Pending {
  readonly event: EventDocument | null;
  readonly hours: readonly { readonly hour: number; readonly results: Binary; readonly figures: Binary }[];
  /** The verdict in the watch is to be told in the record. */
  readonly isNewVerdict: boolean;
}

/** `null` where a result brings nothing besides, as nearly all of them. */
export function pendingOf({ claim, event, closedHours, verdict }: Completion): Pending | null {
  if (event === null && closedHours.length === 0 && verdict === null) return null;
  return {
    event: event === null ? null : eventDocumentOf(claim, event),
    hours: closedHours.map(({ hour, results, figures }) => ({ hour, results: new Binary(results), figures: new Binary(figures) })),
    isNewVerdict: verdict !== null,
  };
}

function eventDocumentOf({ id, vantage, token }: Completion['claim'], { atMs, from, to, cause, evidence }: NonNullable<Completion['event']>): EventDocument {
  return { _id: token, id, vantage, at: atMs, from, to, cause, evidence };
}

export interface Delivery extends WatchKey {
  readonly pending: Pending;
}

export async function deliver(collections: HealthCollections, deliveries: readonly Delivery[]): Promise<void> {
  await Promise.all([
    writeEvents(collections, deliveries),
    writeHours(collections, deliveries),
    writeFigures(collections, deliveries),
    tellVerdicts(collections, deliveries.filter(({ pending }) => pending.isNewVerdict)),
  ]);
}

async function writeEvents({ events }: HealthCollections, deliveries: readonly Delivery[]): Promise<void> {
  const writes = deliveries.flatMap(({ pending: { event } }) => {
    if (event === null) return [];
    const { _id, ...rest } = event;
    return [{ updateOne: { filter: { _id }, update: { $set: rest }, upsert: true } }];
  });
  if (writes.length > 0) await twiceIfRaced(() => events.bulkWrite(writes, UNORDERED));
}

async function writeHours({ hours }: HealthCollections, deliveries: readonly Delivery[]): Promise<void> {
  const writes = deliveries.flatMap(({ pending, ...key }) =>
    pending.hours.map(({ hour, results }) => ({ updateOne: { filter: { _id: pastKeyOf(key, hour) }, update: { $set: { hour, results } }, upsert: true } })),
  );
  if (writes.length > 0) await twiceIfRaced(() => hours.bulkWrite(writes, UNORDERED));
}

async function writeFigures({ days }: HealthCollections, deliveries: readonly Delivery[]): Promise<void> {
  const writes = deliveries.flatMap(({ pending, ...key }) =>
    pending.hours.map(({ hour, figures }) => {
      const day = Math.floor(hour / 24);
      return { updateOne: { filter: { _id: pastKeyOf(key, day) }, update: { $set: { day, [`figures.${hour % 24}`]: figures } }, upsert: true } };
    }),
  );
  if (writes.length > 0) await twiceIfRaced(() => days.bulkWrite(writes, UNORDERED));
}

/** Of two upserts of one new document at once, one may be refused; it finds the document the second time. */
export async function twiceIfRaced(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    await write();
  }
}
