import type { Json, JsonObject } from '../core/json.ts';
import { isJsonObject } from '../core/json.ts';
import { RECORD_FIELDS } from '../core/record.ts';
import { parseParameterPath } from './parameter-path.ts';

const FIELD_ROOTS: ReadonlySet<string> = new Set(RECORD_FIELDS);

/**
 * Reads `fields=container_registry_name,container_registry_metadata.region` into paths. The id comes along whether it is named or not.
 * @throws {AppError} `INVALID_PARAMETER`
 */
export function parseFields(text: string): string[][] {
  return text.split(',').map((path) => parseParameterPath('fields', path, FIELD_ROOTS));
}

/** What to keep of an object, by key: the whole value, or parts of it. */
type Selection = Map<string, Selection | 'whole'>;

/**
 * Keeps of a record only the id and what the paths lead to, in the record's own order, as an inclusive projection of MongoDB does: a
 * path goes through arrays to the objects in them, drops elements that are not objects, and digits are keys, never positions. A
 * path and a part of it together select the whole. The record is not changed; what is kept is shared with it.
 */
export function projectFields(record: JsonObject, fields: readonly (readonly string[])[]): JsonObject {
  const selection: Selection = new Map([['container_registry_id', 'whole']]);
  for (const path of fields) select(selection, path);
  return projectObject(record, selection);
}

function select(selection: Selection, path: readonly string[]): void {
  const [key, ...rest] = path;
  if (key === undefined || selection.get(key) === 'whole') return;
  if (rest.length === 0) {
    selection.set(key, 'whole');
    return;
  }
  const known = selection.get(key);
  const parts: Selection = known instanceof Map ? known : new Map<string, Selection | 'whole'>();
  selection.set(key, parts);
  select(parts, rest);
}

function projectObject(object: JsonObject, selection: Selection): JsonObject {
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(object)) {
    const part = selection.get(key);
    const keptValue = part === undefined ? undefined : part === 'whole' ? value : projectValue(value, part);
    if (keptValue !== undefined) kept[key] = keptValue;
  }
  return kept;
}

/** `undefined`: a path leads into the value, but it is neither an object nor an array. */
function projectValue(value: Json, selection: Selection): Json | undefined {
  if (Array.isArray(value)) return value.map((element) => projectValue(element, selection)).filter((element) => element !== undefined);
  return isJsonObject(value) ? projectObject(value, selection) : undefined;
}
