import type { JsonObject } from '../../../src/core/json.ts';
import { metadataMatches } from '../../support/metadata-filter.ts';

/** Documents that differ in how `a` and `a.b` are null, missing or inside arrays. */
const documents: Readonly<Record<string, JsonObject>> = {
  'no a': {},
  'a null': { a: null },
  'a number': { a: 4 },
  'a empty object': { a: {} },
  'a.b null': { a: { b: null } },
  'a.b text': { a: { b: 'hi' } },
  'a empty array': { a: [] },
  'a array of empty array': { a: [[]] },
  'a scalars': { a: [1, 'text', 4] },
  'a scalars and null': { a: [1, null, 4] },
  'a objects, b all null or missing': { a: [{ b: null }, {}] },
  'a objects, b some null': { a: [{ b: null }, { b: 3 }] },
  'a objects, b some missing': { a: [{ b: 3 }, {}] },
  'a objects, b all set': { a: [{ b: 1 }, { b: 'text' }] },
  'a scalars and an object': { a: [1, { b: 2 }] },
  'a.b empty array': { a: { b: [] } },
  'a.b array with null': { a: { b: [null, 1] } },
};

/**
 * Which of the documents match. Equality with null takes what is null or missing; an array is asked for its elements; below an
 * array, objects without the field count as missing, and other elements do not count at all.
 * https://www.mongodb.com/docs/manual/tutorial/query-for-null-fields/
 */
const cases: readonly (readonly [filter: JsonObject, matches: readonly string[]])[] = [
  [{ a: null }, ['no a', 'a null', 'a scalars and null']],
  [{ a: { $eq: null } }, ['no a', 'a null', 'a scalars and null']],
  [{ a: { $in: [null, 4] } }, ['no a', 'a null', 'a number', 'a scalars', 'a scalars and null']],
  [{ a: { $gte: null } }, ['no a', 'a null', 'a scalars and null']],
  [{ a: { $exists: false } }, ['no a']],
  [{ a: { $type: 'null' } }, ['a null', 'a scalars and null']],
  [{ a: { $not: { $exists: true } } }, ['no a']],
  [{ $nor: [{ a: { $ne: null } }] }, ['no a', 'a null', 'a scalars and null']],
  [
    { a: { $ne: null } },
    [
      'a number', 'a empty object', 'a.b null', 'a.b text', 'a empty array', 'a array of empty array', 'a scalars',
      'a objects, b all null or missing', 'a objects, b some null', 'a objects, b some missing', 'a objects, b all set',
      'a scalars and an object', 'a.b empty array', 'a.b array with null',
    ],
  ],
  [
    { a: { $nin: [null, 4] } },
    [
      'a empty object', 'a.b null', 'a.b text', 'a empty array', 'a array of empty array',
      'a objects, b all null or missing', 'a objects, b some null', 'a objects, b some missing', 'a objects, b all set',
      'a scalars and an object', 'a.b empty array', 'a.b array with null',
    ],
  ],
  [
    { 'a.b': null },
    [
      'no a', 'a null', 'a number', 'a empty object', 'a.b null', 'a objects, b all null or missing', 'a objects, b some null',
      'a objects, b some missing', 'a.b array with null',
    ],
  ],
  [
    { 'a.b': { $in: [null, 75] } },
    [
      'no a', 'a null', 'a number', 'a empty object', 'a.b null', 'a objects, b all null or missing', 'a objects, b some null',
      'a objects, b some missing', 'a.b array with null',
    ],
  ],
  [
    { 'a.b': { $ne: null } },
    ['a.b text', 'a empty array', 'a array of empty array', 'a scalars', 'a scalars and null', 'a objects, b all set', 'a scalars and an object', 'a.b empty array'],
  ],
  [
    { 'a.b': { $exists: false } },
    ['no a', 'a null', 'a number', 'a empty object', 'a empty array', 'a array of empty array', 'a scalars', 'a scalars and null'],
  ],
  [
    { 'a.b': { $exists: true } },
    [
      'a.b null', 'a.b text', 'a objects, b all null or missing', 'a objects, b some null', 'a objects, b some missing', 'a objects, b all set',
      'a scalars and an object', 'a.b empty array', 'a.b array with null',
    ],
  ],
  [{ 'a.b': { $type: 'null' } }, ['a.b null', 'a objects, b all null or missing', 'a objects, b some null', 'a.b array with null']],
  [{ a: { $elemMatch: { $eq: null } } }, ['a scalars and null']],
  [
    { a: { $elemMatch: { $ne: null } } },
    [
      'a array of empty array', 'a scalars', 'a scalars and null', 'a objects, b all null or missing', 'a objects, b some null',
      'a objects, b some missing', 'a objects, b all set', 'a scalars and an object',
    ],
  ],
  [
    { a: { $elemMatch: { b: null } } },
    ['a array of empty array', 'a objects, b all null or missing', 'a objects, b some null', 'a objects, b some missing'],
  ],
  [
    { a: { $elemMatch: { b: { $ne: null } } } },
    ['a objects, b some null', 'a objects, b some missing', 'a objects, b all set', 'a scalars and an object'],
  ],
  [{ 'a.b': { $elemMatch: { $eq: null } } }, ['a.b array with null']],
  [{ a: { $all: [null] } }, ['no a', 'a null', 'a scalars and null']],
  [{ a: { $size: 0 } }, ['a empty array']],
  [{ 'a.b': { $size: 0 } }, ['a.b empty array']],
  [{ 'a.b': { $not: { $gt: 1 } } }, Object.keys(documents).filter((name) => !['a objects, b some null', 'a objects, b some missing', 'a scalars and an object'].includes(name))],
];

describe('null and missing', () => {
  it.each(cases)('%j takes exactly the documents %j', (filter, expected) => {
    const matches = Object.keys(documents).filter((name) => metadataMatches(filter, documents[name]!));
    expect(matches.toSorted()).toEqual([...expected].toSorted());
  });
});
