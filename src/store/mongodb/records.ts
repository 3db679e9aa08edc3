/** Reading and writing single records. */
import type { Collection, Filter } from 'mongodb';
import type { NewRecord, Replacement, StoredRecord } from '../port.ts';
import { LIMITS, READING, UNORDERED } from './call-options.ts';
import {
  BOOKKEEPING,
  PROJECTION,
  bookkeepingChange,
  changesTo,
  metaFieldsOf,
  newDocumentOf,
  showDocument,
  storedRecordOf,
  type CatalogDocument,
} from './document.ts';
import { duplicatesIn, isDuplicateKey } from './errors.ts';

type Records = Collection<CatalogDocument>;

/** Of several documents with one id, the first by `_id` is the record. */
async function findShown(records: Records, id: string): Promise<CatalogDocument | null> {
  return records.findOne<CatalogDocument>({ container_registry_id: id }, { ...LIMITS, projection: PROJECTION, sort: { _id: 1 } });
}

export async function getRecord(records: Records, id: string): Promise<StoredRecord | null> {
  const document = await findShown(records, id);
  return document === null ? null : storedRecordOf(showDocument(document));
}

/** The id is ours alone by being `_id`; documents of an older database hold theirs in the field only. */
export async function insertRecord(records: Records, record: NewRecord): Promise<'inserted' | 'exists'> {
  const held = await records.findOne({ container_registry_id: record.record.container_registry_id }, { ...LIMITS, projection: { _id: 1 } });
  if (held !== null) return 'exists';
  try {
    await records.insertOne(newDocumentOf(record), LIMITS);
    return 'inserted';
  } catch (error) {
    if (isDuplicateKey(error)) return 'exists';
    throw error;
  }
}

/** Some may be there when this fails: the server takes one document after the other. */
export async function insertRecords(records: Records, all: readonly NewRecord[]): Promise<readonly ('inserted' | 'exists')[]> {
  if (all.length === 0) return [];
  const ids = all.map(({ record }) => record.container_registry_id);
  const held = await records.find({ container_registry_id: { $in: ids } }, { ...READING, projection: { _id: 0, container_registry_id: 1 } }).toArray();
  const taken = new Set(held.map((document): unknown => document['container_registry_id']));
  const isNew = all.map((_record, index) => {
    if (taken.has(ids[index])) return false;
    taken.add(ids[index]);
    return true;
  });
  const tried = all.flatMap((record, index) => (isNew[index] === true ? [{ record, index }] : []));
  const refused = await insertUnordered(records, tried.map(({ record }) => newDocumentOf(record)));
  for (const position of refused) isNew[tried[position]?.index ?? -1] = false;
  return isNew.map((inserted) => (inserted ? 'inserted' : 'exists'));
}

/** @returns positions of those whose `_id` somebody else has taken meanwhile */
async function insertUnordered(records: Records, documents: CatalogDocument[]): Promise<readonly number[]> {
  if (documents.length === 0) return [];
  try {
    await records.insertMany(documents, UNORDERED);
    return [];
  } catch (error) {
    const positions = duplicatesIn(error);
    if (positions === null) throw error;
    return positions;
  }
}

export async function replaceRecord(records: Records, { record, meta, expectedRevision }: Replacement): Promise<boolean> {
  const document = await findShown(records, record.container_registry_id);
  if (document === null) return false;
  const shown = showDocument(document);
  if (shown.meta.revision !== expectedRevision) return false;
  const changes = { ...changesTo(shown, record), ...bookkeepingChange(document, metaFieldsOf(meta)) };
  const outcome = await records.updateOne(atRevision(document, expectedRevision), { $set: changes }, LIMITS);
  return outcome.matchedCount === 1;
}

export async function deleteRecord(records: Records, id: string, expectedRevision: number | undefined): Promise<'deleted' | 'missing' | 'stale'> {
  const document = await findShown(records, id);
  if (document === null) return 'missing';
  if (expectedRevision === undefined) {
    const outcome = await records.deleteOne({ _id: document._id }, LIMITS);
    return outcome.deletedCount === 1 ? 'deleted' : 'missing';
  }
  if (showDocument(document).meta.revision !== expectedRevision) return 'stale';
  const outcome = await records.deleteOne(atRevision(document, expectedRevision), LIMITS);
  if (outcome.deletedCount === 1) return 'deleted';
  return (await findShown(records, id)) === null ? 'missing' : 'stale';
}

/** A document as long as nobody has written it since. Revision 0 is one that nobody has written yet, though it may have health, or have been copied. */
function atRevision(document: CatalogDocument, revision: number): Filter<CatalogDocument> {
  return { _id: document._id, [`${BOOKKEEPING}.revision`]: revision === 0 ? { $not: { $gte: 1 } } : revision };
}
