import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { SchemaValidateFunction } from 'ajv/dist/types/index.js';
import { v4 as uuidV4 } from 'uuid';
import { AppError, type ErrorDetail } from '../core/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { RECORD_FIELDS, type RecordFields } from '../core/record.ts';
import { describeHealthMistake, HEALTH_CONFIG_PATH, healthFormats, windowsTurnedRound } from './health-config.ts';
import { checkRegistryUrl, imagePrefixOf } from './registry-url.ts';

const schemaUrl = new URL('../../schemas/container-registry.schema.json', import.meta.url);
const schema = JSON.parse(readFileSync(schemaUrl, 'utf8')) as { properties: Record<string, { default?: Json }> };

/** What an optional field is when nobody has said anything. The image prefix is derived from the URL only at creation. */
const defaults: Readonly<Record<string, Json | undefined>> = {
  ...Object.fromEntries(Object.entries(schema.properties).map(([field, { default: value }]) => [field, value])),
  container_registry_image_prefix: '',
};

// `verbose` puts the wrong value beside each error, so that the message can say what is wrong with a URL.
const ajv = new Ajv2020({ allErrors: true, verbose: true, strict: true, strictTypes: false, validateFormats: true });
ajv.addFormat('registry-url', { type: 'string', validate: (text: string) => checkRegistryUrl(text) === null });
for (const [name, validate] of Object.entries(healthFormats)) ajv.addFormat(name, { type: 'string', validate });
// Ajv's own looks texts up in a plain object, which takes `__proto__` twice for once.
ajv.removeKeyword('uniqueItems').addKeyword({ keyword: 'uniqueItems', type: 'array', schemaType: 'boolean', errors: 'full', validate: findRepeated });
const validateSchema = ajv.compile(schema);

/** The elements are texts; what is none is refused by another rule. */
function findRepeated(isDemanded: boolean, items: readonly Json[]): boolean {
  const places = new Map<Json, number>();
  for (const [i, item] of items.entries()) {
    const j = places.get(item);
    if (isDemanded && j !== undefined) {
      (findRepeated as SchemaValidateFunction).errors = [{ keyword: 'uniqueItems', params: { i, j } }];
      return false;
    }
    places.set(item, i);
  }
  return true;
}

/** Keys that reach into JavaScript's prototypes wherever a record is copied by somebody careless, and the one that MongoDB's drivers take for a type. */
const UNSTORABLE_KEYS = new Set(['__proto__', 'constructor', 'prototype', '_bsontype']);

/**
 * Checks a new record and fills in what it leaves out: the id, empty collections, the image prefix.
 * @throws {AppError} `INVALID_RECORD` with every mistake found; `RECORD_TOO_LARGE`
 */
export function completeNewRecord(input: Json, newId: () => string = uuidV4): RecordFields {
  if (!isJsonObject(input)) throw new AppError('INVALID_RECORD', 'A record is a JSON object.');
  const given: JsonObject = { ...input };
  if (given['container_registry_id'] === undefined) given['container_registry_id'] = newId();
  if (given['container_registry_image_prefix'] === undefined) {
    given['container_registry_image_prefix'] = imagePrefixOf(given['container_registry_public_url']);
  }
  const record = fillDefaults(given);
  refuse(complaintsAbout(record));
  return checkSize(record);
}

/**
 * Checks a record after an update. What was already wrong before, in a place that the update left alone, is let pass:
 * documents of older databases must stay editable.
 * @throws {AppError} `INVALID_RECORD`, `RECORD_TOO_LARGE`
 */
export function completeUpdatedRecord(before: RecordFields, after: JsonObject): RecordFields {
  const record = fillDefaults(after);
  const complaints = complaintsAbout(record);
  if (complaints.length > 0) {
    const tolerated = new Set(complaintsAbout(before).map(keyOf));
    refuse(complaints.filter((found) => !tolerated.has(keyOf(found)) || !sameAt(found.subject, before, record)));
  }
  return checkSize(record);
}

/** Something wrong with a record. `subject` leads to the very value that is wrong; its keys may hold dots. */
interface Complaint extends ErrorDetail {
  readonly subject: readonly string[];
}

/** The eight fields in their order; optional ones that are missing get their defaults. */
function fillDefaults(given: JsonObject): RecordFields {
  const record: JsonObject = {};
  for (const field of RECORD_FIELDS) {
    const value = given[field] === undefined ? structuredClone(defaults[field]) : given[field];
    if (value !== undefined) record[field] = value;
  }
  for (const field of Object.keys(given)) if (!Object.hasOwn(record, field)) setOwn(record, field, given[field] ?? null);
  return record as unknown as RecordFields;
}

/** Assignment would call the setter of `__proto__`; unknown fields must survive until validation names them. */
function setOwn(target: JsonObject, key: string, value: Json): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function complaintsAbout(record: RecordFields): Complaint[] {
  // The schema looks only so deep as it has rules, so that it may see what is nested too deeply, too.
  const broken = validateSchema(record) ? [] : (validateSchema.errors ?? []).map(complaintOf);
  return [...unsafeContent(record as unknown as JsonObject), ...onceEach(broken), ...turnedWindows(record)];
}

function complaintOf(error: ErrorObject): Complaint {
  const params = error.params as Record<string, unknown>;
  const own = params['missingProperty'] ?? params['additionalProperty'];
  // A JSON pointer: https://www.rfc-editor.org/rfc/rfc6901#section-4
  const place = error.instancePath.split('/').slice(1).map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  const subject = typeof own === 'string' ? [...place, own] : place;
  return { path: shorten(subject.join('.')), message: describe(subject, error), subject };
}

function describe(subject: readonly string[], error: ErrorObject): string {
  if (HEALTH_CONFIG_PATH.every((segment, depth) => subject[depth] === segment)) {
    return describeHealthMistake(subject.slice(HEALTH_CONFIG_PATH.length), error);
  }
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return 'is required';
    case 'additionalProperties':
      return `is not a field of a record; the fields are ${RECORD_FIELDS.join(', ')}`;
    case 'enum':
      return `must be one of ${(params['allowedValues'] as string[]).join(', ')}`;
    case 'format':
      return checkRegistryUrl(valueOf(error)) ?? 'is not valid';
    case 'pattern':
      return 'must have 1 to 128 characters of A-Z a-z 0-9 . _ : - and begin with a letter or digit';
    case 'uniqueItems':
      return `must not repeat a value (positions ${String(params['j'])} and ${String(params['i'])} are equal)`;
    default:
      return error.message ?? 'is not valid';
  }
}

/** A text that breaks several rules of one setting is one mistake to whoever made it. */
function onceEach(complaints: readonly Complaint[]): Complaint[] {
  return [...new Map(complaints.map((found) => [keyOf(found), found])).values()];
}

function turnedWindows({ container_registry_config: config }: RecordFields): Complaint[] {
  return windowsTurnedRound(config as Json).map((position) => {
    const subject = [...HEALTH_CONFIG_PATH, 'maintenance', String(position)];
    return { path: `${subject.join('.')}.to`, message: 'must be later than from', subject };
  });
}

const valueOf = (error: ErrorObject): string => (typeof error.data === 'string' ? error.data : '');

/** A value still to be looked at, with the way back to the root. */
interface Visit {
  readonly value: Json;
  readonly key: string;
  readonly parent: Visit | null;
  readonly depth: number;
}

/**
 * What no schema can say: prototype names and `$` keys, depth, counts, text that is not Unicode, numbers that JSON cannot hold.
 * Walks without recursion, so that no depth of input can exhaust the stack.
 */
function unsafeContent(root: JsonObject): Complaint[] {
  const complaints: Complaint[] = [];
  const waiting: Visit[] = [{ value: root, key: '', parent: null, depth: 0 }];
  let nodes = 0;
  for (let visit = waiting.pop(); visit !== undefined; visit = waiting.pop()) {
    if (++nodes > limits.documentNodesMax) return [{ path: '', subject: [], message: `must not have more than ${limits.documentNodesMax} values in all` }];
    complaints.push(...complaintsAboutValue(visit));
    const { value, depth } = visit;
    if (typeof value !== 'object' || value === null || depth > limits.documentDepthMax) continue;
    for (const [key, child] of Object.entries(value)) waiting.push({ value: child, key, parent: visit, depth: depth + 1 });
  }
  return complaints;
}

/** What is wrong with a value by itself, whatever lies in it. */
function complaintsAboutValue(visit: Visit): Complaint[] {
  const { value, depth } = visit;
  if (depth > limits.documentDepthMax) return [complaint(visit, `must not be nested deeper than ${limits.documentDepthMax} levels`)];
  if (typeof value === 'string') return value.isWellFormed() ? [] : [complaint(visit, 'is not well-formed Unicode (half of a surrogate pair stands alone)')];
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [complaint(visit, 'is a number beyond what can be stored')];
  if (!isJsonObject(value)) return [];
  const keys = Object.keys(value);
  if (keys.length > limits.objectKeysMax) return [complaint(visit, `must not have more than ${limits.objectKeysMax} keys`)];
  return keys
    .filter((key) => !isStorableKey(key))
    .map((key) => complaint(visit, `has the key ${JSON.stringify(key.slice(0, 64))}, which cannot be stored (keys must not be empty, begin with $, hold NUL, or be __proto__, constructor, prototype or _bsontype)`, key));
}

/** `key` is the one of the value's own that is wrong, when it is not the whole value. */
function complaint(visit: Visit, message: string, key?: string): Complaint {
  const place: string[] = [];
  for (let step = visit; step.parent !== null; step = step.parent) place.push(step.key);
  place.reverse();
  return { path: shorten(place.join('.')), message, subject: key === undefined ? place : [...place, key] };
}

const isStorableKey = (key: string): boolean =>
  !(UNSTORABLE_KEYS.has(key) || key.startsWith('$') || key.includes('\0') || key === '' || !key.isWellFormed());

const shorten = (path: string): string => (path.length > 200 ? `${path.slice(0, 200)}…` : path);

function refuse(complaints: readonly Complaint[]): void {
  const [first] = complaints;
  if (first === undefined) return;
  const more = complaints.length > 1 ? ` (and ${complaints.length - 1} more)` : '';
  throw new AppError('INVALID_RECORD', `The record is not valid: ${first.path === '' ? 'it' : first.path} ${first.message}${more}.`, {
    details: complaints.slice(0, 50).map(({ path, message }) => ({ path, message })),
  });
}

const keyOf = ({ subject, message }: Complaint): string => JSON.stringify([subject, message]);

function sameAt(subject: readonly string[], before: RecordFields, after: RecordFields): boolean {
  return isDeepStrictEqual(valueAt(before, subject), valueAt(after, subject));
}

function valueAt(record: RecordFields, subject: readonly string[]): unknown {
  let value: unknown = record;
  for (const segment of subject) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string, unknown>)[segment];
  }
  return value;
}

function checkSize(record: RecordFields): RecordFields {
  const bytes = Buffer.byteLength(JSON.stringify(record));
  if (bytes <= limits.recordBytesMax) return record;
  throw new AppError('RECORD_TOO_LARGE', `The record would take ${bytes} bytes; ${limits.recordBytesMax} are allowed. Keep large things elsewhere and note where they are.`);
}
