import type { Json, JsonObject } from '../core/json.ts';

/** The types of JSON values, in MongoDB's comparison order. A missing value sorts as null. */
const typeRanks = { null: 5, number: 10, string: 15, object: 20, array: 25, boolean: 40 } as const;

export type TypeName = keyof typeof typeRanks;

/** The type of a value in MongoDB's words; a missing value (`undefined`) counts as null, as in comparisons. */
export function typeOf(value: Json | undefined): TypeName {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  return Array.isArray(value) ? 'array' : 'object';
}

/**
 * Orders two texts by their UTF-8 bytes, as MongoDB and SQLite do. JavaScript's `<` compares UTF-16 units and puts
 * characters beyond U+FFFF, which are pairs of surrogates, before U+E000 to U+FFFF.
 */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const unitA = a.charCodeAt(index);
    const unitB = b.charCodeAt(index);
    if (unitA !== unitB) return byteOrderOf(unitA) - byteOrderOf(unitB);
  }
  return a.length - b.length;
}

/** Moves surrogates (0xD800 to 0xDFFF) above all other units, where the characters that they spell belong. */
function byteOrderOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/**
 * MongoDB's comparison order: null and missing < numbers < strings < objects < arrays < false < true. Negative when `a`
 * comes first, 0 when equal. Depth is bounded by the shallower of both values.
 *
 * Objects are compared key by key in the order that they stand in: the types of the values, then the names of the keys,
 * then the values; the one that ends first is less. JavaScript keeps keys that look like array positions (`"7"`)
 * before all others, so among those the order that a client wrote is not seen.
 *
 * @see https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
 */
export function compareValues(a: Json | undefined, b: Json | undefined): number {
  const type = typeOf(a);
  const rankOrder = typeRanks[type] - typeRanks[typeOf(b)];
  return rankOrder !== 0 ? rankOrder : compareWithinType(type, a, b);
}

function compareWithinType(type: TypeName, a: Json | undefined, b: Json | undefined): number {
  switch (type) {
    case 'null':
      return 0;
    case 'number':
      return compareNumbers(a as number, b as number);
    case 'string':
      return compareText(a as string, b as string);
    case 'object':
      return compareObjects(a as JsonObject, b as JsonObject);
    case 'array':
      return compareArrays(a as Json[], b as Json[]);
    case 'boolean':
      return Number(a) - Number(b);
  }
}

/** Not the difference: that of two infinities is not a number, and that of two tiny numbers may be 0. */
function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

function compareArrays(a: readonly Json[], b: readonly Json[]): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const order = compareValues(a[index], b[index]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareObjects(a: JsonObject, b: JsonObject): number {
  const entriesA = Object.entries(a);
  const entriesB = Object.entries(b);
  for (const [index, [keyA, valueA]] of entriesA.entries()) {
    const entryB = entriesB[index];
    if (entryB === undefined) return 1;
    const [keyB, valueB] = entryB;
    const type = typeOf(valueA);
    const order =
      typeRanks[type] - typeRanks[typeOf(valueB)] || compareText(keyA, keyB) || compareWithinType(type, valueA, valueB);
    if (order !== 0) return order;
  }
  return entriesA.length - entriesB.length;
}

/** Equality as MongoDB sees it: the order of an object's keys matters, -0 equals 0, missing equals null. */
export function equalValues(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || compareValues(a, b) === 0;
}
