/** How records stand in MongoDB, and how any document of the collection is shown as a record. Pure. */
import { Binary, Decimal128, Double, Int32, Long, ObjectId, Timestamp, type Document } from 'mongodb';
import { openAccess, SHARE_RIGHTS, type RecordAccess, type Share, type Visibility } from '../../core/access.ts';
import { neverProbed, viewOfHealth, type HealthSummary } from '../../core/health-summary.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { isJsonObject } from '../../core/json.ts';
import { RECORD_FIELDS, type RecordFields } from '../../core/record.ts';
import type { NewRecord, RecordMeta, StoredRecord } from '../port.ts';
import { viewOfMeta } from '../stored-record.ts';

/** The one field of ours in a document: everything else is as the reference service keeps it. */
export const BOOKKEEPING = '_portolan';

/**
 * A document as the driver gives it. Ours have the record's id as `_id`, which makes ids unique without a unique index;
 * those of an older database have an ObjectId and no book-keeping until they are first written.
 */
export interface CatalogDocument extends Document {
  _id: ObjectId | string;
}

/** Only what makes up a record is read; an older database may hold more, which stays where it is. */
export const PROJECTION: Readonly<Record<string, 1>> = Object.fromEntries([...RECORD_FIELDS, BOOKKEEPING].map((field) => [field, 1]));

/** What an optional field is shown as where a document lacks it, or is text that is missing. */
const DEFAULTS: Readonly<Record<keyof RecordFields, Json>> = {
  container_registry_id: '',
  container_registry_name: '',
  container_registry_metadata: {},
  container_registry_tags: [],
  container_registry_public_url: '',
  container_registry_image_prefix: '',
  container_registry_config: {},
  container_registry_storage_info: {},
};

/** Fields that are shown as empty texts where they are missing. */
export const TEXT_FIELDS: ReadonlySet<string> = new Set(RECORD_FIELDS.filter((field) => DEFAULTS[field] === ''));

/** A document as filters, sorts and clients see it. */
export interface ShownDocument {
  readonly id: string;
  readonly record: JsonObject;
  readonly meta: RecordMeta;
  readonly health: HealthSummary;
}

export function showDocument(document: CatalogDocument): ShownDocument {
  const record: JsonObject = {};
  for (const field of RECORD_FIELDS) record[field] = document[field] === undefined ? DEFAULTS[field] : jsonOf(document[field]);
  return { id: textOf(record['container_registry_id']), record, meta: metaOf(document), health: showHealth(document) };
}

export function storedRecordOf({ id, record, meta, health }: ShownDocument): StoredRecord {
  return { id, text: JSON.stringify(record), meta, health };
}

export function viewOfShown({ record, meta, health }: ShownDocument): JsonObject {
  return { ...record, health: viewOfHealth(health), meta: viewOfMeta(meta) };
}

function metaOf(document: CatalogDocument): RecordMeta {
  const bookkeeping: unknown = document[BOOKKEEPING];
  const access = isJsonObject(bookkeeping) ? accessOf(bookkeeping) : openAccess;
  if (isJsonObject(bookkeeping) && typeof bookkeeping['revision'] === 'number') {
    const { created_at: createdAt, updated_at: updatedAt, revision } = bookkeeping;
    return { created_at: textOf(createdAt), updated_at: textOf(updatedAt), revision, ...access };
  }
  const createdMs = document._id instanceof ObjectId ? document._id.getTimestamp().getTime() : 0;
  const createdAt = new Date(createdMs).toISOString();
  return { created_at: createdAt, updated_at: createdAt, revision: 0, ...access };
}

/** What says nothing is open. Whatever is not understood (a newer Portolan may know more) lets nobody in. */
function accessOf({ owner, visibility, shared_with: shares }: JsonObject): RecordAccess {
  return {
    owner: typeof owner === 'string' ? owner : null,
    visibility: (visibility === undefined ? openAccess.visibility : textOf(visibility)) as Visibility,
    shared_with: Array.isArray(shares) ? shares.filter(isShare).map(({ with: member, may }) => ({ with: member, may })) : [],
  };
}

function isShare(value: Json): value is JsonObject & Share {
  return isJsonObject(value) && typeof value['with'] === 'string' && SHARE_RIGHTS.some((right) => right === value['may']);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The health as it is stored; documents that nobody has probed may have none. */
export function rawHealthOf(document: CatalogDocument): unknown {
  const bookkeeping: unknown = document[BOOKKEEPING];
  return isJsonObject(bookkeeping) ? bookkeeping['health'] : undefined;
}

export function showHealth(document: CatalogDocument): HealthSummary {
  const health = rawHealthOf(document);
  return isHealthSummary(health) ? health : neverProbed(null);
}

function isHealthSummary(value: unknown): value is HealthSummary {
  return isJsonObject(value) && typeof value['status'] === 'string' && isJsonObject(value['vantages']);
}

/** The update of some of our book-keeping; where a foreign document has something else under its name, all of it is replaced. */
export function bookkeepingChange(document: CatalogDocument, fields: Document): Document {
  const bookkeeping: unknown = document[BOOKKEEPING];
  if (bookkeeping !== undefined && !isJsonObject(bookkeeping)) return { [BOOKKEEPING]: fields };
  return Object.fromEntries(Object.entries(fields).map(([field, value]) => [`${BOOKKEEPING}.${field}`, value]));
}

/**
 * A BSON value as JSON: dates as ISO 8601, ObjectIds in hexadecimal, decimals as text (they are more exact than JSON's
 * readers), bytes in base64, and null for what JSON has no likeness of. Classes decide, not the key `_bsontype`, which a
 * record may well contain.
 */
export function jsonOf(value: unknown): Json {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return finiteOrNull(value);
  if (typeof value !== 'object' || value === null) return null;
  if (Array.isArray(value)) return value.map(jsonOf);
  return isPlainObject(value) ? jsonObjectOf(value) : jsonOfBsonClass(value);
}

function jsonObjectOf(object: object): JsonObject {
  // Unlike assignment, this makes an own property of any key, `__proto__` included.
  return Object.fromEntries(Object.entries(object).map(([key, member]) => [key, jsonOf(member)]));
}

function jsonOfBsonClass(value: object): Json {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof ObjectId) return value.toHexString();
  if (value instanceof Decimal128) return value.toString();
  if (value instanceof Binary) return Buffer.from(value.value()).toString('base64');
  // A kind of Long that numbers the operations of a replica set and means nothing to people.
  if (value instanceof Timestamp) return null;
  if (value instanceof Long) return value.toNumber();
  if (value instanceof Double || value instanceof Int32) return finiteOrNull(value.valueOf());
  return null;
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * JSON as the driver shall write it. Objects become maps: the driver would take an object with the key `_bsontype` for one
 * of its own classes.
 */
export function bsonOf(value: Json): unknown {
  if (Array.isArray(value)) return value.map(bsonOf);
  if (isJsonObject(value)) return new Map(Object.entries(value).map(([key, member]) => [key, bsonOf(member)]));
  return value;
}

export function newDocumentOf({ record, meta, health }: NewRecord): CatalogDocument {
  const document: CatalogDocument = { _id: record.container_registry_id };
  for (const field of RECORD_FIELDS) document[field] = bsonOf(record[field] as Json);
  document[BOOKKEEPING] = { ...metaFieldsOf(meta), health: { ...health } };
  return document;
}

/** What the book-keeping says of a record's changes, and of who may do what with it. Its health is beside it and changes at other times. */
export function metaFieldsOf({ revision, created_at, updated_at, owner, visibility, shared_with: shares }: RecordMeta): Document {
  return { revision, created_at, updated_at, owner, visibility, shared_with: shares.map((share) => ({ ...share })) };
}

/** The update that makes `shown` into `record`: only top-level fields that differ, so that types JSON cannot hold survive in the others. */
export function changesTo(shown: ShownDocument, record: RecordFields): Document {
  const changed = RECORD_FIELDS.filter((field) => JSON.stringify(record[field]) !== JSON.stringify(shown.record[field]));
  return Object.fromEntries(changed.map((field) => [field, bsonOf(record[field] as Json)]));
}
