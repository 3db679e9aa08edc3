import { isJsonObject } from '../../core/json.ts';
import type { Json } from '../../core/json.ts';
import { compareValues, typeOf } from '../compare.ts';
import { arrayPosition, ownValue } from '../path.ts';
import type { SortKey } from '../sort.ts';
import { invalidUpdate, quote } from './refusal.ts';
import type { AddToSetOperation, PopOperation, PullOperation, PushOperation } from './update.ts';

type ArrayOperation = AddToSetOperation | PopOperation | PullOperation | PushOperation;

/**
 * The array that an array operator works on; a missing one counts as empty.
 * @throws {AppError} `INVALID_UPDATE` for any other value, null among them
 */
export function arrayAt(current: Json | undefined, operation: ArrayOperation): readonly Json[] {
  if (current === undefined) {
    return [];
  }
  if (!Array.isArray(current)) {
    throw invalidUpdate(
      operation.place,
      `Cannot apply ${operation.operator} to a non-array value: the field ${quote(operation.path.join('.'))} is of type ${typeOf(current)}.`,
    );
  }
  return current;
}

/** `$push`: inserts, then sorts, then slices, whatever the order of the modifiers in the request. */
export function pushed(array: readonly Json[], operation: PushOperation): Json[] {
  const { each, position, sort, slice } = operation;
  const inserted = [...array];
  inserted.splice(position ?? inserted.length, 0, ...each);
  const sorted = sort === null ? inserted : sortedBy(inserted, sort);
  return slice === null ? sorted : sliced(sorted, slice);
}

function sliced(array: Json[], count: number): Json[] {
  if (count === 0) {
    return [];
  }
  return count > 0 ? array.slice(0, count) : array.slice(count);
}

function sortedBy(array: readonly Json[], keys: readonly SortKey[]): Json[] {
  const rows = array.map((element) => ({ element, values: keys.map((key) => sortValueOf(element, key.path)) }));
  rows.sort((left, right) => {
    for (const [index, key] of keys.entries()) {
      const order = compareValues(left.values[index], right.values[index]);
      if (order !== 0) {
        return order * key.direction;
      }
    }
    return 0;
  });
  return rows.map((row) => row.element);
}

/** What an element is sorted by: itself for the empty path; a field that it lacks counts as null. */
function sortValueOf(element: Json, path: readonly string[]): Json | undefined {
  let value: Json | undefined = element;
  for (const segment of path) {
    if (Array.isArray(value)) {
      value = value[arrayPosition(segment)];
    } else {
      value = isJsonObject(value) ? ownValue(value, segment) : undefined;
    }
  }
  return value;
}

/**
 * `$addToSet`: adds what is not there yet, each value once; duplicates that were there before stay.
 * JSON texts are equal exactly when MongoDB counts the values as equal (key order matters, 1.0 is 1, -0 is 0), and
 * looking them up keeps a large array times many new elements linear.
 */
export function withAdded(array: readonly Json[], each: readonly Json[]): Json[] {
  const present = new Set(array.map((element) => JSON.stringify(element)));
  const added = each.filter((element) => {
    const text = JSON.stringify(element);
    const isNew = !present.has(text);
    present.add(text);
    return isNew;
  });
  return [...array, ...added];
}

/** `$pop`: without the first or the last element; an empty array stays empty. */
export function popped(array: readonly Json[], end: PopOperation['end']): Json[] {
  return end === 'first' ? array.slice(1) : array.slice(0, -1);
}
