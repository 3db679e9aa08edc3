import type { Json, JsonObject } from '../core/json.ts';
import { isJsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';

/** Names that reach into JavaScript's own machinery; no path may contain them and no record has them as keys. */
export const PROTOTYPE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Says what is wrong with a dotted path, as the end of a sentence that begins with the path; `null` when nothing is.
 * The roots that a path may begin with are the caller's business.
 */
export function pathFault(path: string): string | null {
  const segments = path.split('.', limits.pathSegmentsMax + 1);
  if (segments.length > limits.pathSegmentsMax) {
    return `has more than ${limits.pathSegmentsMax} segments (limit pathSegmentsMax)`;
  }
  for (const segment of segments) {
    if (segment === '') return 'has an empty segment; segments are joined by single dots';
    if (segment.startsWith('$')) return 'has a segment that begins with `$`, which no field does';
    if (PROTOTYPE_NAMES.has(segment)) return `has the segment \`${segment}\`, which no field is named`;
  }
  return null;
}

/** Whether a segment can stand for an array position. `01` counts, though it never names one: see `leaves.ts`. */
export function isNumericSegment(segment: string): boolean {
  return /^[0-9]+$/.test(segment);
}

/** The array position that a segment names, or -1: `3` names one; `03`, `-1` and `x` name none. */
export function arrayPosition(segment: string): number {
  return /^(?:0|[1-9][0-9]{0,14})$/.test(segment) ? Number(segment) : -1;
}

/** The object's own value under `key`; `undefined` when there is none, whatever the prototype has to offer. */
export function ownValue(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A path made ready for many look-ups. */
export interface PreparedPath {
  readonly segments: readonly string[];
  /** For each segment the array position that it names, or -1. */
  readonly positions: readonly number[];
}

export function preparePath(segments: readonly string[]): PreparedPath {
  return { segments, positions: segments.map(arrayPosition) };
}

/** What a test is shown where the path ends at an array: only the array itself, or its elements and then the array. */
export type ArrayLeaf = 'whole' | 'elements-and-whole';

/** `undefined` stands for a missing value. */
export type ValueTest = (value: Json | undefined) => boolean;

/**
 * Whether `test` holds for one of the values that a dotted path leads to in `document`, resolved as MongoDB's matcher does:
 * - a segment names an object's own key, or a position of an array, or both when an array holds objects with numeric keys;
 * - an array in the middle of the path is passed through to its objects, one level deep: arrays in arrays are entered by
 *   position only;
 * - a path that ends in an object without the key, or at a scalar with segments left, leads to a missing value
 *   (`test(undefined)`); array elements that are not objects lead to nothing at all;
 * - an array reached by its position (`a.0`) is shown as it is, not element by element.
 */
export function someValueAt(document: JsonObject, path: PreparedPath, leaf: ArrayLeaf, test: ValueTest): boolean {
  return someBelowObject(document, path, 0, leaf, test);
}

function someBelowObject(start: JsonObject, path: PreparedPath, from: number, leaf: ArrayLeaf, test: ValueTest): boolean {
  const { segments } = path;
  const last = segments.length - 1;
  let object = start;
  for (let index = from; index <= last; index++) {
    const value = ownValue(object, segments[index] ?? '');
    if (Array.isArray(value)) {
      return index === last ? someOfLeafArray(value, leaf, test) : someBelowArray(value, path, index + 1, leaf, test);
    }
    if (index === last) return test(value);
    if (!isJsonObject(value)) return test(undefined);
    object = value;
  }
  return false;
}

function someBelowArray(array: readonly Json[], path: PreparedPath, from: number, leaf: ArrayLeaf, test: ValueTest): boolean {
  const position = path.positions[from] ?? -1;
  const isLast = from === path.segments.length - 1;
  for (const [index, element] of array.entries()) {
    if (isJsonObject(element) && someBelowObject(element, path, from, leaf, test)) return true;
    if (index !== position) continue;
    if (isLast) {
      if (test(element)) return true;
    } else if (isJsonObject(element)) {
      if (someBelowObject(element, path, from + 1, leaf, test)) return true;
    } else if (Array.isArray(element) && someBelowArray(element, path, from + 1, leaf, test)) {
      return true;
    }
  }
  return false;
}

function someOfLeafArray(array: Json[], leaf: ArrayLeaf, test: ValueTest): boolean {
  if (leaf === 'elements-and-whole') {
    for (const element of array) {
      if (test(element)) return true;
    }
  }
  return test(array);
}
