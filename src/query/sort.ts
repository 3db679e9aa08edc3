import { AppError } from '../core/errors.ts';
import type { Json, JsonObject } from '../core/json.ts';
import { isJsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { compareText, compareValues } from './compare.ts';
import { parseParameterPath } from './parameter-path.ts';
import { arrayPosition, ownValue } from './path.ts';
import { QUERY_ROOTS } from '../core/record.ts';

export { decodeCursor, encodeCursor } from './cursor.ts';

/** One key of a sort: `-meta.created_at` is `{ path: ['meta', 'created_at'], direction: -1 }`. */
export interface SortKey {
  readonly path: readonly string[];
  readonly direction: 1 | -1;
}

/** A value that records are sorted by. `undefined` is an empty array, which comes before everything; null is also a missing field. */
export type SortValue = Json | undefined;

/** A place in a sorted walk: the values of the sort keys, then the id that decides between equals. */
export interface SortPosition {
  readonly values: readonly SortValue[];
  readonly id: string;
}

/**
 * Reads `sort=-meta.created_at,container_registry_name`: dotted paths joined by commas, each descending if it begins with a minus.
 * @throws {AppError} `INVALID_PARAMETER`, `LIMIT_EXCEEDED`
 */
export function parseSort(text: string): SortKey[] {
  const parts = text.split(',', limits.sortFieldsMax + 1);
  if (parts.length > limits.sortFieldsMax) {
    const message = `A sort has at most ${limits.sortFieldsMax} fields (limit sortFieldsMax).`;
    throw new AppError('LIMIT_EXCEEDED', message, { details: [{ path: 'sort', message }] });
  }
  const seen = new Set<string>();
  return parts.map((part) => {
    const descending = part.startsWith('-');
    const path = parseParameterPath('sort', descending ? part.slice(1) : part, QUERY_ROOTS);
    const name = path.join('.');
    if (seen.has(name)) {
      const message = `The parameter sort names \`${name}\` twice; name each field once.`;
      throw new AppError('INVALID_PARAMETER', message, { details: [{ path: 'sort', message }] });
    }
    seen.add(name);
    return { path, direction: descending ? -1 : 1 };
  });
}

/**
 * Where a record stands in a sorted walk. Of an array, the smallest element counts when ascending and the largest when
 * descending; each sort key chooses for itself. @see https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/#arrays
 */
export function positionOf(view: JsonObject, id: string, sort: readonly SortKey[]): SortPosition {
  return { values: sort.map((key) => sortValueOf(view, key)), id };
}

/** Orders two positions of one sort; records that are equal by all keys are in the order of their ids, ascending. */
export function comparePositions(sort: readonly SortKey[], a: SortPosition, b: SortPosition): number {
  for (const [index, { direction }] of sort.entries()) {
    const order = compareSortValues(a.values[index], b.values[index]);
    if (order !== 0) return direction === 1 ? order : -order;
  }
  return compareText(a.id, b.id);
}

function compareSortValues(a: SortValue, b: SortValue): number {
  if (a === undefined || b === undefined) return Number(b === undefined) - Number(a === undefined);
  return compareValues(a, b);
}

function sortValueOf(view: JsonObject, { path, direction }: SortKey): SortValue {
  let chosen: SortValue = null;
  let isFirst = true;
  collect(view, path, 0, (value) => {
    if (isFirst || compareSortValues(value, chosen) * direction < 0) chosen = value;
    isFirst = false;
  });
  return chosen;
}

/**
 * Shows every value that a record could be sorted by, at least one. Unlike in filters, an array position that exists is only that, and
 * an array element that is not an object counts as null where the path goes on.
 */
function collect(value: Json | undefined, path: readonly string[], from: number, emit: (value: SortValue) => void): void {
  if (Array.isArray(value)) collectFromArray(value, path, from, emit);
  else if (from === path.length) emit(value ?? null);
  else if (isJsonObject(value)) collect(ownValue(value, path[from] ?? ''), path, from + 1, emit);
  else emit(null);
}

function collectFromArray(array: readonly Json[], path: readonly string[], from: number, emit: (value: SortValue) => void): void {
  const segment = path[from];
  if (segment === undefined) {
    if (array.length === 0) emit(undefined);
    array.forEach(emit);
    return;
  }
  const element = array[arrayPosition(segment)];
  if (element !== undefined) {
    const isWhole = from + 1 === path.length && Array.isArray(element) && element.length > 0;
    if (isWhole) emit(element);
    else collect(element, path, from + 1, emit);
    return;
  }
  if (array.length === 0) emit(null);
  for (const member of array) {
    if (isJsonObject(member)) collect(member, path, from, emit);
    else emit(null);
  }
}
