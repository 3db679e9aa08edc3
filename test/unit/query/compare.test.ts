import type { Json } from '../../../src/core/json.ts';
import { compareText, compareValues, equalValues, typeOf } from '../../../src/query/compare.ts';
import { randomSource, seedOfRun } from '../../support/random.ts';
import { randomValue } from '../../support/random-documents.ts';

describe('compareText', () => {
  const texts = ['', ' ', '0', '00', '1', 'A', 'Z', 'a', 'aa', 'ab', 'b', '~', '\u007f', 'é', 'ÿ', 'Ā', '中', '\ud7ff', '\ue000', '\ufffd', '\uffff', '𐀀', '😀', '😀a', '😁', '\u{10ffff}'];

  it('orders by UTF-8 bytes, as Buffer.compare does', () => {
    for (const a of texts) {
      for (const b of texts) {
        expect([a, b, Math.sign(compareText(a, b))]).toEqual([a, b, Buffer.compare(Buffer.from(a), Buffer.from(b))]);
      }
    }
  });

  it('differs from the order of UTF-16 units, which JavaScript compares by', () => {
    const texts = ['\ue000', '😀'];
    expect(texts.toSorted()).toEqual(['😀', '\ue000']);
    expect(texts.toSorted(compareText)).toEqual(['\ue000', '😀']);
  });
});

/** Each is less than all after it. https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/ */
const ascending: readonly Json[] = [
  null,
  -1e300, -1, -0.5, 0, Number.MIN_VALUE, 0.1, 1, 1.5, 2 ** 53, 1e300,
  '', 'A', 'a', 'aa', 'b', '\ue000', '😀',
  {},
  { a: null }, { b: null },
  { a: 1 }, { a: 1, b: 0 }, { a: 2 }, { b: 1 }, { b: 1, a: 0 },
  { a: 'text' }, { a: {} }, { a: { x: 1 } }, { a: [] }, { a: false },
  [], [null], [1], [1, null], [1, 1], [2], ['a'], [{}], [[]], [[], 1], [[1]], [false],
  false, true,
];

describe('compareValues', () => {
  it('orders values of all types as MongoDB documents it', () => {
    for (const [indexA, a] of ascending.entries()) {
      for (const [indexB, b] of ascending.entries()) {
        expect([a, b, Math.sign(compareValues(a, b))]).toEqual([a, b, Math.sign(indexA - indexB)]);
      }
    }
  });

  it.each<[Json | undefined, Json | undefined]>([
    [null, undefined],
    [undefined, undefined],
    [0, -0],
    [[0], [-0]],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
  ])('%j and %j are equal', (a, b) => {
    expect(compareValues(a, b)).toBe(0);
    expect(equalValues(a, b)).toBe(true);
  });

  it.each<[Json, Json]>([
    [{ a: 1, b: 2 }, { b: 2, a: 1 }],
    [1, '1'],
    [1, true],
    [[], {}],
    [[1], 1],
    [{ a: null }, {}],
    ['é', 'e\u0301'],
  ])('%j and %j are not equal', (a, b) => {
    expect(equalValues(a, b)).toBe(false);
    expect(compareValues(a, b)).not.toBe(0);
  });

  it('is a total order: antisymmetric and transitive on random values', () => {
    const seed = seedOfRun();
    const rng = randomSource(seed);
    for (let round = 0; round < 3_000; round++) {
      const [a, b, c] = [randomValue(rng), randomValue(rng), randomValue(rng)] as const;
      const context = JSON.stringify({ seed, a, b, c });
      expect([context, Math.sign(compareValues(a, b))]).toEqual([context, -Math.sign(compareValues(b, a)) + 0]);
      if (compareValues(a, b) <= 0 && compareValues(b, c) <= 0) expect([context, compareValues(a, c) <= 0]).toEqual([context, true]);
      expect([context, equalValues(a, b)]).toEqual([context, JSON.stringify(a) === JSON.stringify(b)]);
    }
  });
});

describe('typeOf', () => {
  it.each<[Json | undefined, string]>([
    [null, 'null'],
    [undefined, 'null'],
    [0, 'number'],
    ['', 'string'],
    [{}, 'object'],
    [[], 'array'],
    [false, 'boolean'],
  ])('%j is %s', (value, type) => {
    expect(typeOf(value)).toBe(type);
  });
});
