import { Binary, type AnyBulkWriteOperation, type Collection, type Document, type Filter } from 'mongodb';
import type { AuditEntry } from '../../../core/audit.ts';
import type { HealthSummary } from '../../../core/health-summary.ts';
import { accessCollectionsOf, type AuditDocument } from '../access/collections.ts';
import { entryIdOf, entryOf } from '../access/entries.ts';
import { chained, auditRowOf } from '../../audit-chain.ts';
import type { CopyPage, CopyPart, CopyRow, StoreCopy } from '../../copy-port.ts';
import {
  auditCopyRow,
  auditEntryOfRow,
  entryOfRow,
  entryRow,
  eventOfRow,
  eventRow,
  pastOfRow,
  pastRow,
  recordOfRow,
  recordRow,
  vantageRow,
  watchOfRow,
  watchRow,
} from '../../copy-rows.ts';
import { LIMITS, READING, UNORDERED } from '../call-options.ts';
import type { Connection } from '../connection.ts';
import { BOOKKEEPING, newDocumentOf, PROJECTION, showDocument, showHealth, storedRecordOf, type CatalogDocument } from '../document.ts';
import { healthCollectionsOf, type HealthCollections } from '../health/collections.ts';
import { figuresOf } from '../health/reading.ts';
import { bytesOf, fieldsOf, keyPartsOf, newWatch, pastKeyOf, watchKeyOf, watchOf } from '../health/watch-document.ts';

type Records = Collection<CatalogDocument>;

/** A collection that is read in the order of its `_id` and written document by document. */
interface Part {
  read(records: Records, after: string | null, limit: number): Promise<CopyPage>;
  write(records: Records, rows: readonly CopyRow[]): Promise<void>;
}

export function createMongoCopy(connection: Connection): StoreCopy {
  return {
    read: (part, after, limit) => connection.run((records) => parts[part].read(records, after, limit)),
    write: async (part, rows) => {
      if (rows.length > 0) await connection.run((records) => parts[part].write(records, rows));
    },
    isEmpty: () => connection.run(isEmpty),
    // Without transactions there is no moment that all collections share.
    snapshotTo: null,
  };
}

async function isEmpty(records: Records): Promise<boolean> {
  const { watches, events, hours, days, vantages } = healthCollectionsOf(records);
  const { entries, audit } = accessCollectionsOf(records);
  const all: readonly Pick<Collection, 'findOne'>[] = [records, entries, audit, watches, events, hours, days, vantages] as unknown as readonly Collection[];
  const found = await Promise.all(all.map((collection) => collection.findOne({}, { ...LIMITS, projection: { _id: 1 } })));
  return found.every((document) => document === null);
}

const health = (records: Records): HealthCollections => healthCollectionsOf(records);

const parts: Readonly<Record<CopyPart, Part>> = {
  records: { read: readRecords, write: (records, rows) => putAll(records, rows.map((row) => newDocumentOf(recordOfRow(row)))) },
  entries: byId({
    collection: (records) => accessCollectionsOf(records).entries,
    row: (document) => entryRow(entryOf(document)),
    document(row) {
      const { kind, key, owner, expiresAtMs, revision, text } = entryOfRow(row);
      return { _id: entryIdOf(kind, key), owner, expires: expiresAtMs, revision, text };
    },
  }),
  audit: { read: readAudit, write: writeAudit },
  vantages: byId({
    collection: (records) => health(records).vantages,
    row: ({ _id, seen }) => vantageRow(_id, seen),
    document: ({ key, value }) => ({ _id: String(key[0]), seen: Number(value['seen_at_ms']) }),
  }),
  watches: { read: readWatches, write: writeWatches },
  hours: byId({
    collection: (records) => health(records).hours,
    row: ({ _id, hour, results }) => pastRow({ number: hour, ...keyPartsOf(_id), bytes: bytesOf(results) }),
    document(row) {
      const { number, bytes, ...key } = pastOfRow(row);
      return { _id: pastKeyOf(key, number), hour: number, results: new Binary(bytes) };
    },
  }),
  days: byId({
    collection: (records) => health(records).days,
    row: ({ _id, day, figures }) => pastRow({ number: day, ...keyPartsOf(_id), bytes: figuresOf(figures) }),
    document(row) {
      const { number, bytes, ...key } = pastOfRow(row);
      return { _id: pastKeyOf(key, number), day: number, figures: { [BEFORE_HOURS]: new Binary(bytes) } };
    },
  }),
  events: byId({
    collection: (records) => health(records).events,
    row: ({ id, vantage, at, from, to, cause, evidence }) => eventRow({ id, vantage, atMs: at, from, to, cause, evidence }),
    document(row) {
      const { atMs, ...event } = eventOfRow(row);
      return { _id: `copied/${watchKeyOf(event)}/${atMs}`, at: atMs, ...event };
    },
  }),
};

/** The figures of a day that were copied, all in one; hours that are still to come are sorted behind. */
const BEFORE_HOURS = '-1';

interface ById<T extends { readonly _id: string }> {
  readonly collection: (records: Records) => Collection<T>;
  readonly row: (document: T) => CopyRow;
  readonly document: (row: CopyRow) => T;
}

function byId<T extends { readonly _id: string }>({ collection, row, document }: ById<T>): Part {
  return {
    async read(records, after, limit) {
      const query = (after === null ? {} : { _id: { $gt: after } }) as Filter<T>;
      const found = (await collection(records).find(query, { ...READING, sort: { _id: 1 }, limit }).toArray()) as T[];
      return { rows: found.map(row), next: nextOf(found, limit) };
    },
    write: (records, rows) => putAll(collection(records), rows.map(document)),
  };
}

function nextOf(found: readonly { readonly _id: string }[], limit: number): string | null {
  return found.length < limit ? null : (found.at(-1)?._id ?? null);
}

/** Each document in place of the one that has its key. */
async function putAll<T extends Document>(collection: Collection<T>, documents: readonly (T & { readonly _id: unknown })[]): Promise<void> {
  const operations = documents.map((document) => ({ replaceOne: { filter: { _id: document._id }, replacement: document, upsert: true } }));
  await collection.bulkWrite(operations as unknown as AnyBulkWriteOperation<T>[], UNORDERED);
}

/** In the order of ids, each once: of several documents with one id, the first by `_id` is the record. */
async function readRecords(records: Records, after: string | null, limit: number): Promise<CopyPage> {
  const query = { container_registry_id: { $gt: after ?? '' } };
  const found = await records.find<CatalogDocument>(query, { ...READING, projection: PROJECTION, sort: { container_registry_id: 1, _id: 1 }, limit }).toArray();
  const shown = found.map(showDocument);
  const each = shown.filter(({ id }, index) => id !== shown[index - 1]?.id);
  return { rows: each.map((one) => recordRow(storedRecordOf(one))), next: found.length < limit ? null : (shown.at(-1)?.id ?? null) };
}

async function readAudit(records: Records, after: string | null, limit: number): Promise<CopyPage> {
  const found = await accessCollectionsOf(records).audit.find({ _id: { $gt: Number(after ?? 0) } }, { ...READING, sort: { _id: 1 }, limit }).toArray();
  const rows = found.map(({ _id, previous, hash, text }) => auditCopyRow({ seq: _id, previous, hash, text }));
  return { rows, next: found.length < limit ? null : String(found.at(-1)?._id) };
}

/** What entries are found by follows from their texts and from the entry before. */
async function writeAudit(records: Records, rows: readonly CopyRow[]): Promise<void> {
  const { audit } = accessCollectionsOf(records);
  const first = Number(rows[0]?.key[0]);
  const before = await audit.findOne({ _id: { $lt: first } }, { ...LIMITS, sort: { _id: -1 }, projection: { latest: 1 } });
  let latestBefore = before?.latest ?? 0;
  const documents = rows.map((row): AuditDocument => {
    const { seq, previous, hash, text } = auditEntryOfRow(row);
    const { atMs, latestMs, lateMs, user, record, action } = chained({ seq: seq - 1, hash: previous, latestMs: latestBefore }, auditRowOf(JSON.parse(text) as AuditEntry));
    latestBefore = latestMs;
    return { _id: seq, previous, hash, text, at: atMs, latest: latestMs, late: lateMs, user, record, action, by: 'copy' };
  });
  await putAll(audit, documents);
}

async function readWatches(records: Records, after: string | null, limit: number): Promise<CopyPage> {
  const found = await health(records).watches.find(after === null ? {} : { _id: { $gt: after } }, { ...READING, sort: { _id: 1 }, limit }).toArray();
  return { rows: found.map((document) => watchRow(watchOf(document))), next: nextOf(found, limit) };
}

/** What a record tells of a vantage is written from the watch, so the watch must know it. */
async function writeWatches(records: Records, rows: readonly CopyRow[]): Promise<void> {
  const found = rows.map(watchOfRow);
  // Records that were copied have their ids as keys.
  const keys = { _id: { $in: [...new Set(found.map(({ id }) => id))] } };
  const copied = await records.find<CatalogDocument>(keys, { ...READING, projection: { [`${BOOKKEEPING}.health`]: 1 } }).toArray();
  const recordsById = new Map(copied.map((document) => [document._id as string, document]));
  const documents = found.map((watch) => {
    const document = recordsById.get(watch.id);
    const told: HealthSummary['vantages'] = document === undefined ? {} : showHealth(document).vantages;
    return { ...newWatch(watch, 0), ...fieldsOf(watch), verdict: told[watch.vantage] ?? null };
  });
  await putAll(health(records).watches, documents);
}
