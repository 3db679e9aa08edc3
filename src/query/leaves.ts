import type { Json, JsonObject } from '../core/json.ts';
import type { Scalar } from './narrow.ts';
import { indexedScalar } from './narrow.ts';
import { isNumericSegment, PROTOTYPE_NAMES } from './path.ts';

/** One entry of a record in an index. */
export interface Leaf {
  /** The keys on the way to the value, joined by dots, without array positions and without keys of digits alone. */
  readonly path: string;
  readonly value: Scalar;
}

/**
 * Lists every text, number and boolean of a record's view, each path and value once, for indexes that serve `Narrowing`s.
 *
 * A filter's `a.0.b` may mean a position of an array or a key named `0`, and leaves out positions that it passes through
 * (`a.b`), so digits are left out of paths on both sides. Values below keys that no filter can address (empty ones, ones with dots,
 * ones that begin with `$`) are not listed, and neither is null, which also matches what is missing.
 *
 * For every filter f and document d: if f matches d and `narrowingOf(f)` is not null, then these leaves satisfy the narrowing.
 */
export function indexLeaves(view: JsonObject): Leaf[] {
  const leaves: Leaf[] = [];
  const seen = new Map<string, Set<Scalar>>();
  // Only below arrays and beside keys of digits can a path come up twice; elsewhere looking it up would be wasted.
  const visit = (value: Json, path: string, mayRepeat: boolean): void => {
    if (value === null) return;
    if (Array.isArray(value)) {
      for (const element of value) visit(element, path, true);
    } else if (typeof value === 'object') {
      const keys = Object.keys(value);
      const membersMayRepeat = mayRepeat || keys.some(isNumericSegment);
      for (const key of keys) {
        if (isAddressable(key)) visit(value[key] ?? null, pathBelow(path, key), membersMayRepeat);
      }
    } else {
      const scalar = indexedScalar(value);
      if (!mayRepeat || isNew(seen, path, scalar)) leaves.push({ path, value: scalar });
    }
  };
  visit(view, '', false);
  return leaves;
}

function isAddressable(key: string): boolean {
  return key !== '' && !key.includes('.') && !key.startsWith('$') && !PROTOTYPE_NAMES.has(key);
}

function pathBelow(path: string, key: string): string {
  if (isNumericSegment(key)) return path;
  return path === '' ? key : `${path}.${key}`;
}

function isNew(seen: Map<string, Set<Scalar>>, path: string, value: Scalar): boolean {
  const values = seen.get(path);
  if (values === undefined) seen.set(path, new Set([value]));
  else if (values.has(value)) return false;
  else values.add(value);
  return true;
}
