import type { Json } from '../core/json.ts';
import type { Condition, Filter, FilterNode } from './filter-tree.ts';
import { isNumericSegment } from './path.ts';

/** A value that indexes hold. Null is none: it also matches what is missing, which no index lists. */
export type Scalar = string | number | boolean;

export interface Bound<T> {
  readonly value: T;
  readonly inclusive: boolean;
}

/** Values of one type between two bounds. At least one bound is there. */
export type RangeNarrowing = { readonly kind: 'range'; readonly path: readonly string[] } & (
  | { readonly type: 'number'; readonly above?: Bound<number>; readonly below?: Bound<number> }
  | { readonly type: 'string'; readonly above?: Bound<string>; readonly below?: Bound<string> }
);

/**
 * What a store may ask its indexes for in order to look at fewer records. `in` and `range` say that one leaf of a record (see
 * `leaves.ts`) at `path` is one of the values, or lies within the bounds; an `in` of no values says that nothing matches.
 */
export type Narrowing =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Narrowing[] }
  | { readonly kind: 'in'; readonly path: readonly string[]; readonly values: readonly Scalar[] }
  | RangeNarrowing;

/**
 * Derives from a filter what its matches have in common that indexes can serve; `null` when that is nothing.
 *
 * For every filter f and document d: if f matches d and `narrowingOf(f)` is not null, then `indexLeaves(d)` satisfies the
 * narrowing. The reverse does not hold; the matcher decides.
 *
 * Each condition narrows by itself. Two bounds on one path do not make one interval, because different elements of an array
 * may satisfy one each, except inside `$elemMatch` of values, where one element satisfies both.
 */
export function narrowingOf(filter: Filter): Narrowing | null {
  return narrowNode(filter.root, []);
}

function narrowNode(node: FilterNode, prefix: readonly string[]): Narrowing | null {
  switch (node.kind) {
    case 'field':
      return narrowCondition(node.condition, [...prefix, ...node.path.filter((segment) => !isNumericSegment(segment))]);
    case 'and':
      return both(node.of.map((part) => narrowNode(part, prefix)));
    case 'or':
      return either(node.of.map((part) => narrowNode(part, prefix)));
    case 'nor':
      return null;
  }
}

function narrowCondition(condition: Condition, path: readonly string[]): Narrowing | null {
  switch (condition.kind) {
    case 'eq':
      return isIndexed(condition.value) ? valuesAt(path, [condition.value]) : null;
    case 'in':
      return condition.values.every(isIndexed) ? valuesAt(path, condition.values) : null;
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return narrowRange(condition.kind, condition.value, path);
    case 'every':
      return both(condition.of.map((part) => narrowCondition(part, path)));
    case 'elementDocument':
      return narrowNode(condition.node, path);
    case 'elementValue':
      return narrowElement(condition.condition, path);
    case 'never':
      return valuesAt(path, []);
    // A negation is satisfied by what lacks the value; the others say nothing about a value that an index could look up.
    case 'not':
    case 'exists':
    case 'type':
    case 'size':
    case 'mod':
    case 'regex':
      return null;
  }
}

/** All of these hold, so those that narrow may be used and the rest left to the matcher. */
export function both(parts: readonly (Narrowing | null)[]): Narrowing | null {
  const of = parts.filter((part) => part !== null);
  const [first] = of;
  return of.length > 1 || first === undefined ? (first === undefined ? null : { kind: 'and', of }) : first;
}

/** One of these holds, and nobody knows which: a single one that does not narrow leaves everything possible. */
function either(parts: readonly (Narrowing | null)[]): Narrowing | null {
  const of = parts.filter((part) => part !== null);
  if (of.length < parts.length) return null;
  const [first] = of;
  return of.length === 1 && first !== undefined ? first : { kind: 'or', of };
}

function isIndexed(value: Json): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function valuesAt(path: readonly string[], values: readonly Scalar[]): Narrowing {
  return { kind: 'in', path, values: [...new Set(values.map(indexedScalar))] };
}

/** -0 equals 0, but an index might tell them apart. */
export function indexedScalar(value: Scalar): Scalar {
  return value === 0 ? 0 : value;
}

function narrowRange(kind: 'gt' | 'gte' | 'lt' | 'lte', value: Json, path: readonly string[]): Narrowing | null {
  const inclusive = kind === 'gte' || kind === 'lte';
  const side = kind === 'gt' || kind === 'gte' ? 'above' : 'below';
  if (typeof value === 'number') return { kind: 'range', path, type: 'number', [side]: { value, inclusive } };
  if (typeof value === 'string') return { kind: 'range', path, type: 'string', [side]: { value, inclusive } };
  if (typeof value !== 'boolean') return null;
  const candidates = side === 'above' ? [true] : [false];
  return valuesAt(path, inclusive ? [value, ...candidates] : candidates.filter((candidate) => candidate !== value));
}

/** One element satisfies all of these, so an upper and a lower bound of one type make one interval. */
function narrowElement(condition: Condition, path: readonly string[]): Narrowing | null {
  const parts = condition.kind === 'every' ? condition.of : [condition];
  const narrowings = parts.map((part) => (part.kind === 'every' ? narrowElement(part, path) : narrowCondition(part, path)));
  return both(joinBounds(narrowings));
}

function joinBounds(parts: readonly (Narrowing | null)[]): (Narrowing | null)[] {
  const joined: (Narrowing | null)[] = [];
  for (const part of parts) {
    const partner = joined.findIndex((other) => other !== null && part !== null && canJoin(other, part));
    if (partner === -1) joined.push(part);
    else joined[partner] = { ...joined[partner], ...part } as Narrowing;
  }
  return joined;
}

function canJoin(a: Narrowing, b: Narrowing): boolean {
  if (a.kind !== 'range' || b.kind !== 'range' || a.type !== b.type) return false;
  return (a.above === undefined) !== (b.above === undefined) && (a.below === undefined) !== (b.below === undefined);
}
