import type { Json, JsonObject } from '../../../src/core/json.ts';
import { arrayPosition, isNumericSegment, ownValue, pathFault, preparePath, someValueAt, type ArrayLeaf } from '../../../src/query/path.ts';

function valuesAt(document: JsonObject, path: string, leaf: ArrayLeaf): Json[] {
  const values: Json[] = [];
  someValueAt(document, preparePath(path.split('.')), leaf, (value) => {
    values.push(value ?? (value === null ? null : 'missing'));
    return false;
  });
  return values;
}

describe('someValueAt', () => {
  it.each<[rule: string, document: JsonObject, path: string, values: Json[]]>([
    ['a field', { a: 5 }, 'a', [5]],
    ['a field that is not there', {}, 'a', ['missing']],
    ['null is a value', { a: null }, 'a', [null]],
    ['an array: its elements, then itself', { a: [5, 6] }, 'a', [5, 6, [5, 6]]],
    ['an empty array: itself', { a: { b: [] } }, 'a.b', [[]]],
    ['an array in an array is an element', { a: [[1]] }, 'a', [[1], [[1]]]],
    ['below an array: each object, and what it lacks; scalars not', { a: [{ b: 5 }, 3, {}, { b: [9, 11] }, { b: 7 }] }, 'a.b', [5, 'missing', 9, 11, [9, 11], 7]],
    ['below a scalar: missing', { a: 4 }, 'a.b', ['missing']],
    ['below null: missing', { a: null }, 'a.b', ['missing']],
    ['below an array of scalars: nothing', { a: [4] }, 'a.b', []],
    ['below an empty array: nothing', { a: [] }, 'a.b', []],
    ['below an array in an array: nothing', { a: [[{ b: 1 }]] }, 'a.b', []],
    ['a position', { a: [5, 7, 3] }, 'a.1', [7]],
    ['a position that holds an array: only that', { a: [5, [2, 4], 3] }, 'a.1', [[2, 4]]],
    ['a position that holds an object with such a key: both', { a: [5, { 1: 4 }, 3] }, 'a.1', [4, { 1: 4 }]],
    ['a position and a field', { a: [5, { b: 4 }, 3] }, 'a.1.b', ['missing', 4]],
    ['a position, an array, and a field', { a: [5, [{ b: 4 }], 3] }, 'a.1.b', [4]],
    ['a position of a position', { a: [[1, 2]] }, 'a.0.1', [2]],
    ['a position beyond the end: nothing', { a: [1] }, 'a.1', []],
  ])('%s', (_rule, document, path, values) => {
    expect(valuesAt(document, path, 'elements-and-whole')).toEqual(values);
  });

  it('shows whole arrays only, where that is asked for', () => {
    expect(valuesAt({ a: [{ b: 5 }, {}, { b: [9, 11] }] }, 'a.b', 'whole')).toEqual([5, 'missing', [9, 11]]);
  });

  it('stops at the first value that passes the test', () => {
    const seen: (Json | undefined)[] = [];
    const found = someValueAt({ a: [1, 2, 3] }, preparePath(['a']), 'elements-and-whole', (value) => {
      seen.push(value);
      return value === 2;
    });
    expect([found, seen]).toEqual([true, [1, 2]]);
  });
});

describe('segments', () => {
  it.each([
    ['0', 0], ['7', 7], ['10', 10], ['00', -1], ['01', -1], ['-1', -1], ['1.5', -1], ['', -1], ['x', -1], ['1e3', -1], [' 1', -1], ['99999999999999999999', -1], ['١', -1],
  ])('%j names the array position %d', (segment, position) => {
    expect(arrayPosition(segment)).toBe(position);
  });

  it.each([['0', true], ['01', true], ['99999999999999999999', true], ['', false], ['1a', false], ['-1', false], ['١', false]])('%j is numeric: %s', (segment, expected) => {
    expect(isNumericSegment(segment)).toBe(expected);
  });

  it('finds only what is the object’s own', () => {
    expect(ownValue({}, 'toString')).toBeUndefined();
    expect(ownValue({}, '__proto__')).toBeUndefined();
    expect(ownValue(JSON.parse('{"__proto__":1}'), '__proto__')).toBe(1);
    expect(ownValue({ a: null }, 'a')).toBeNull();
  });
});

describe('pathFault', () => {
  it.each(['a', 'a.b', 'a.0.b', 'a.$', '', '.', 'a.', '.a', 'a..b', 'a.$b', '$a', 'a.__proto__', 'constructor', 'a.prototype.b', 'x.'.repeat(31) + 'x', 'x.'.repeat(32) + 'x'])(
    '%j',
    (path) => {
      const isSound = path.split('.').every((segment) => segment !== '' && !segment.startsWith('$') && !['__proto__', 'constructor', 'prototype'].includes(segment)) && path.split('.').length <= 32;
      expect(pathFault(path) === null).toBe(isSound);
    },
  );

  it('does not take long over a path of a million dots', () => {
    expect(pathFault('.'.repeat(1_000_000))).toContain('limit pathSegmentsMax');
  });
});
