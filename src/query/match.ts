import type { Json, JsonObject } from '../core/json.ts';
import { isJsonObject } from '../core/json.ts';
import { compareValues, equalValues, typeOf } from './compare.ts';
import type { Condition, Filter, FilterNode } from './filter-tree.ts';
import type { ArrayLeaf, ValueTest } from './path.ts';
import { preparePath, someValueAt } from './path.ts';
import { compilePattern } from './regex.ts';

export type DocumentTest = (document: JsonObject) => boolean;

/**
 * Turns a filter into a function that says whether a record's view (its eight fields, `health` and `meta`) matches. Pure, and
 * the only thing in Portolan that decides what matches. Compile once, call for each record.
 *
 * The function throws `QUERY_TOO_EXPENSIVE` where a large pattern meets an enormous text.
 */
export function compileFilter(filter: Filter): DocumentTest {
  return compileNode(filter.root);
}

export function compileNode(node: FilterNode): DocumentTest {
  if (node.kind === 'field') return compileField(node.path, node.condition);
  const tests = node.of.map(compileNode);
  switch (node.kind) {
    case 'and':
      return allOf(tests);
    case 'or':
      return (document) => tests.some((test) => test(document));
    case 'nor':
      return (document) => !tests.some((test) => test(document));
  }
}

function allOf<T>(tests: readonly ((subject: T) => boolean)[]): (subject: T) => boolean {
  const [only] = tests;
  return tests.length === 1 && only !== undefined ? only : (subject) => tests.every((test) => test(subject));
}

/**
 * A condition on a path holds when one of the values there satisfies it. Negations are negations of that: `$ne` holds when no
 * value is equal. Several operators on one path each look for a value of their own.
 */
function compileField(path: readonly string[], condition: Condition): DocumentTest {
  switch (condition.kind) {
    case 'not': {
      const negated = compileField(path, condition.condition);
      return (document) => !negated(document);
    }
    case 'every':
      return allOf(condition.of.map((part) => compileField(path, part)));
    default: {
      const prepared = preparePath(path);
      const test = compileValueTest(condition);
      const leaf = arrayLeafOf(condition);
      return (document) => someValueAt(document, prepared, leaf, test);
    }
  }
}

/** Conditions about an array as a whole are not asked of its elements. */
function arrayLeafOf(condition: Condition): ArrayLeaf {
  switch (condition.kind) {
    case 'exists':
    case 'size':
    case 'elementDocument':
    case 'elementValue':
      return 'whole';
    default:
      return 'elements-and-whole';
  }
}

/** A condition as a test of one value by itself, without looking into arrays; `undefined` is a missing value. */
export function compileValueTest(condition: Condition): ValueTest {
  switch (condition.kind) {
    case 'eq':
      return equalTo(condition.value);
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return inRange(condition.kind, condition.value);
    case 'in':
      return oneOf(condition.values);
    case 'exists':
      return (value) => value !== undefined;
    case 'type':
      return ofType(condition.types);
    case 'size':
      return (value) => Array.isArray(value) && value.length === condition.size;
    case 'mod':
      return withRemainder(condition.divisor, condition.remainder);
    case 'regex':
      return textMatching(condition);
    case 'elementDocument':
      return someElement(elementDocument(compileNode(condition.node)));
    case 'elementValue':
      return someElement(compileValueTest(condition.condition));
    case 'not': {
      const negated = compileValueTest(condition.condition);
      return (value) => !negated(value);
    }
    case 'every':
      return allOf(condition.of.map(compileValueTest));
    case 'never':
      return () => false;
  }
}

function isScalar(value: Json): value is null | boolean | number | string {
  return typeof value !== 'object' || value === null;
}

function equalTo(wanted: Json): ValueTest {
  if (wanted === null) return (value) => value === null || value === undefined;
  if (isScalar(wanted)) return (value) => value === wanted;
  return (value) => equalValues(value, wanted);
}

function oneOf(wanted: readonly Json[]): ValueTest {
  const scalars = new Set<Json | undefined>(wanted.filter(isScalar));
  if (scalars.has(null)) scalars.add(undefined);
  const others = wanted.filter((value) => !isScalar(value));
  if (others.length === 0) return (value) => scalars.has(value);
  return (value) => scalars.has(value) || others.some((other) => equalValues(value, other));
}

/** Ranges compare within one type only; null and missing are equal to null and neither more nor less. */
function inRange(kind: 'gt' | 'gte' | 'lt' | 'lte', bound: Json): ValueTest {
  const type = typeOf(bound);
  const holds = rangeHolds[kind];
  return (value) => typeOf(value) === type && holds(compareValues(value, bound));
}

const rangeHolds = {
  gt: (order: number) => order > 0,
  gte: (order: number) => order >= 0,
  lt: (order: number) => order < 0,
  lte: (order: number) => order <= 0,
} as const;

const INT32_MAX = 2 ** 31 - 1;
const INT32_MIN = -(2 ** 31);

/**
 * JSON does not tell integers from doubles. Whole numbers count as `int` or `long`, as clients of MongoDB store them, as
 * far as a double holds them exactly.
 */
function ofType(types: ReadonlySet<string>): ValueTest {
  return (value) => {
    if (value === undefined) return false;
    const type = typeOf(value);
    if (type === 'number') return types.has('number') || types.has(numberTypeOf(value as number));
    return types.has(type === 'boolean' ? 'bool' : type);
  };
}

function numberTypeOf(value: number): 'int' | 'long' | 'double' {
  if (!Number.isSafeInteger(value)) return 'double';
  return value >= INT32_MIN && value <= INT32_MAX ? 'int' : 'long';
}

const INT64_LIMIT = 2 ** 63;

/** As in MongoDB, fractions are cut off, a negative number has a negative remainder, and what 64 bits cannot hold never matches. */
function withRemainder(divisor: number, remainder: number): ValueTest {
  return (value) =>
    typeof value === 'number' && value >= -INT64_LIMIT && value < INT64_LIMIT && Math.trunc(value) % divisor === remainder;
}

function textMatching(pattern: { readonly pattern: string; readonly options: string }): ValueTest {
  const test = compilePattern(pattern, '');
  return (value) => typeof value === 'string' && test(value);
}

function someElement(test: ValueTest): ValueTest {
  return (value) => Array.isArray(value) && value.some(test);
}

/** An array within the array is looked at as a document, too, whose keys are its positions, as MongoDB does. */
function elementDocument(test: DocumentTest): ValueTest {
  return (element) => {
    if (Array.isArray(element)) return test(Object.fromEntries(element.map((value, position) => [String(position), value])));
    return isJsonObject(element) && test(element);
  };
}
