import type { AppError } from '../../../src/core/errors.ts';
import type { Json, JsonObject } from '../../../src/core/json.ts';
import { parseFilter } from '../../../src/query/filter.ts';
import { comparePositions, decodeCursor, encodeCursor, parseSort, positionOf, type SortKey, type SortPosition } from '../../../src/query/sort.ts';
import { randomFilter, randomRecordView, randomSort } from '../../support/random-documents.ts';
import { randomSource, seedOfRun } from '../../support/random.ts';

describe('parseSort', () => {
  it('reads fields, paths and directions', () => {
    expect(parseSort('-meta.created_at,container_registry_name')).toEqual([
      { path: ['meta', 'created_at'], direction: -1 },
      { path: ['container_registry_name'], direction: 1 },
    ]);
    expect(parseSort('container_registry_metadata.a.0.b')).toEqual([{ path: ['container_registry_metadata', 'a', '0', 'b'], direction: 1 }]);
  });

  it.each([
    ['nothing', '', 'is empty'],
    ['an empty field', 'health,,meta', 'is empty'],
    ['a minus alone', '-', 'is empty'],
    ['a comma at the end', 'meta.revision,', 'is empty'],
    ['an unknown field', 'name', 'does not begin with a field of a record'],
    ['abuse 20: a secret field', 'password_hash', 'does not begin with a field'],
    ['a plus', '+health.status', 'does not begin with a field'],
    ['spaces', 'health.status, meta.revision', 'does not begin with a field'],
    ['an empty segment', 'meta..revision', 'empty segment'],
    ['an operator', 'meta.$where', 'begins with `$`'],
    ['abuse 15: prototypes', 'container_registry_metadata.constructor.prototype.x', '`constructor`'],
    ['abuse 15: __proto__', 'meta.__proto__', '`__proto__`'],
    ['a field twice', 'meta.revision,-meta.revision', 'twice'],
  ])('refuses %s', (_what, text, message) => {
    expect(() => parseSort(text)).toThrow(expect.objectContaining({ code: 'INVALID_PARAMETER', details: [{ path: 'sort', message: expect.stringContaining(message) }] }));
  });

  it('has a limit on fields', () => {
    const text = 'meta.a,meta.b,meta.c,meta.d';
    expect(parseSort(text)).toHaveLength(4);
    expect(() => parseSort(`${text},meta.e`)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED', message: expect.stringContaining('sortFieldsMax') }));
  });
});

/** The documents' ids in the order of a sort by `container_registry_metadata.a` or below. */
function orderOf(path: string, direction: 1 | -1, documents: Readonly<Record<string, JsonObject>>): string[] {
  const sort: SortKey[] = [{ path: ['container_registry_metadata', ...path.split('.')], direction }];
  return Object.entries(documents)
    .map(([id, metadata]) => positionOf({ container_registry_metadata: metadata }, id, sort))
    .toSorted((a, b) => comparePositions(sort, a, b))
    .map(({ id }) => id);
}

describe('sorting', () => {
  const documents: Readonly<Record<string, JsonObject>> = {
    empty: { a: [] },
    null: { a: null },
    number: { a: 5 },
    text: { a: 'text' },
    object: { a: { x: 1 } },
    false: { a: false },
    true: { a: true },
    'array 1..9': { a: [9, 1] },
    'array 6..text': { a: [6, 'zzz'] },
    'array of array': { a: [[0]] },
  };

  it('ascending: by the smallest element of arrays; an empty array is before null', () => {
    expect(orderOf('a', 1, documents)).toEqual(['empty', 'null', 'array 1..9', 'number', 'array 6..text', 'text', 'object', 'array of array', 'false', 'true']);
  });

  it('descending: by the largest element of arrays', () => {
    expect(orderOf('a', -1, documents)).toEqual(['true', 'false', 'array of array', 'object', 'array 6..text', 'text', 'array 1..9', 'number', 'null', 'empty']);
  });

  it('missing is null: the id decides, ascending in either direction', () => {
    const same = { b: {}, a: { a: null }, c: { x: 1 } };
    expect(orderOf('a', 1, same)).toEqual(['a', 'b', 'c']);
    expect(orderOf('a', -1, same)).toEqual(['a', 'b', 'c']);
  });

  it('an array that holds null and an empty array', () => {
    expect(orderOf('a', 1, { 1: { a: 0 }, 2: { a: [null, 7] }, 3: { a: [] }, 4: { a: [[]] } })).toEqual(['3', '2', '1', '4']);
  });

  it('through arrays of objects, where what lacks the field counts as null', () => {
    const nested = { low: { a: [{ b: 3 }, { b: 1 }] }, high: { a: [{ b: 2 }, { b: 9 }] }, lacking: { a: [{ b: 8 }, {}] }, scalar: { a: [4] }, none: { a: [] } };
    expect(orderOf('a.b', 1, nested)).toEqual(['lacking', 'none', 'scalar', 'low', 'high']);
    expect(orderOf('a.b', -1, nested)).toEqual(['high', 'lacking', 'low', 'none', 'scalar']);
  });

  it('arrays within arrays of objects are looked into', () => {
    expect(orderOf('a.b', 1, { x: { a: [{ b: [5, 2] }] }, y: { a: [{ b: 3 }] } })).toEqual(['x', 'y']);
  });

  it('by the position of an array', () => {
    expect(orderOf('a.1', 1, { x: { a: [0, 7] }, y: { a: [9, 2] }, short: { a: [1] }, object: { a: { 1: 3 } } })).toEqual(['short', 'y', 'object', 'x']);
    expect(orderOf('a.0.b', 1, { x: { a: [{ b: 7 }, { b: 0 }] }, y: { a: [{ b: 2 }] } })).toEqual(['y', 'x']);
  });

  it('an array at a position is compared as an array', () => {
    expect(orderOf('a.0', 1, { nested: { a: [[1]] }, number: { a: [5] }, object: { a: [{ z: 1 }] } })).toEqual(['number', 'object', 'nested']);
  });

  it('texts in the order of their UTF-8 bytes', () => {
    expect(orderOf('a', 1, { x: { a: '😀' }, y: { a: '\ue000' }, z: { a: 'Z' }, w: { a: 'a' } })).toEqual(['z', 'w', 'y', 'x']);
  });

  it('the second key decides between equals of the first, each in its direction', () => {
    const sort = parseSort('-health.status,meta.revision');
    const at = (id: string, status: string, revision: number): SortPosition => positionOf({ health: { status }, meta: { revision } }, id, sort);
    const positions = [at('a', 'down', 2), at('b', 'up', 9), at('c', 'down', 1), at('d', 'up', 1), at('e', 'up', 1)];
    expect(positions.toSorted((a, b) => comparePositions(sort, a, b)).map(({ id }) => id)).toEqual(['d', 'e', 'b', 'c', 'a']);
  });

  it('without keys: by the id, in UTF-8 order', () => {
    const ids = ['b', 'B', '😀', '\ue000', 'a:1', 'a.1'];
    const positions = ids.map((id) => positionOf({}, id, []));
    expect(positions.toSorted((a, b) => comparePositions([], a, b)).map(({ id }) => id)).toEqual(['B', 'a.1', 'a:1', 'b', '\ue000', '😀']);
  });
});

describe('cursors', () => {
  const filter = parseFilter({ container_registry_tags: 'ai' });
  const sort = parseSort('-container_registry_metadata.a,container_registry_name');
  const position: SortPosition = { values: ['text', 5], id: 'some-id' };
  const invalid = expect.objectContaining({ code: 'INVALID_CURSOR', status: 400 });

  it.each<[string, (Json | undefined)[]]>([
    ['texts and numbers', ['text', 1.5]],
    ['null and an empty array', [null, undefined]],
    ['an array that holds an empty one, and an object', [[[]], { a: [1] }]],
    ['booleans', [true, false]],
    ['characters of all kinds', ['😀"\\\n', '\ue000']],
  ])('bring back %s', (_what, values) => {
    expect(decodeCursor(encodeCursor({ values, id: 'é' }, sort, filter), sort, filter)).toEqual({ values, id: 'é' });
  });

  it('fit into a URL as they are', () => {
    expect(encodeCursor(position, sort, filter)).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  it('are refused by another filter, another sort, and another direction', () => {
    const cursor = encodeCursor(position, sort, filter);
    expect(() => decodeCursor(cursor, sort, parseFilter({ container_registry_tags: 'ci' }))).toThrow(invalid);
    expect(() => decodeCursor(cursor, sort, parseFilter({}))).toThrow(invalid);
    expect(() => decodeCursor(cursor, parseSort('container_registry_metadata.a,container_registry_name'), filter)).toThrow(invalid);
    expect(() => decodeCursor(cursor, parseSort('container_registry_name'), filter)).toThrow(invalid);
    expect(() => decodeCursor(cursor, [], filter)).toThrow(invalid);
    expect(decodeCursor(cursor, [...sort], parseFilter({ container_registry_tags: 'ai' }))).toEqual(position);
  });

  it('are refused when any character is lost or changed', () => {
    const cursor = encodeCursor(position, sort, filter);
    for (let index = 0; index < cursor.length; index++) {
      expect(() => decodeCursor(cursor.slice(0, index) + cursor.slice(index + 1), sort, filter)).toThrow(invalid);
    }
    expect(() => decodeCursor(`${cursor.slice(0, 20)}A${cursor.slice(21)}`, sort, filter)).toThrow(invalid);
  });

  const encoded = (content: unknown): string => Buffer.from(JSON.stringify(content)).toString('base64url');

  it.each([
    ['nothing', ''],
    ['no base64', '!!!'],
    ['no JSON', Buffer.from('{').toString('base64url')],
    ['an array', encoded([])],
    ['null', encoded(null)],
    ['a number', encoded(5)],
    ['no values', encoded({ id: 'x', query: 'x' })],
    ['values that are not wrapped', encoded({ values: ['a', 'b'], id: 'x', query: 'x' })],
    ['too few values', encoded({ values: [['a']], id: 'x', query: 'x' })],
    ['no id', encoded({ values: [['a'], ['b']], query: 'x' })],
    ['an id that is no text', encoded({ values: [['a'], ['b']], id: { $ne: 1 }, query: 'x' })],
    ['no digest', encoded({ values: [['a'], ['b']], id: 'x' })],
    ['a wrong digest', encoded({ values: [['a'], ['b']], id: 'x', query: 'AAAAAAAAAAAAAAAA' })],
    ['deep nesting', encoded({ values: JSON.parse('['.repeat(2_000) + ']'.repeat(2_000)), id: 'x', query: 'x' })],
    ['a megabyte', 'A'.repeat(1_000_000)],
  ])('are refused when they are %s', (_what, cursor) => {
    expect(() => decodeCursor(cursor, sort, filter)).toThrow(invalid);
  });

  it('are not written where a value is too long for a URL', () => {
    expect(() => encodeCursor({ values: ['x'.repeat(10_000), 1], id: 'x' }, sort, filter)).toThrow(
      expect.objectContaining({ code: 'LIMIT_EXCEEDED', message: expect.stringContaining('cursorLengthMax') }),
    );
  });

  it('bring a walk over random records to each of them once, whatever the sort', () => {
    const seed = seedOfRun();
    const rng = randomSource(seed);
    for (let round = 0; round < 30; round++) {
      const randomKeys = randomSort(rng);
      const query = parseFilter(randomFilter(rng));
      const records = Array.from({ length: 30 }, (_, index) => positionOf(randomRecordView(rng), `id-${index}`, randomKeys));
      const seen: string[] = [];
      let after: SortPosition | null = null;
      for (let page = 0; page <= records.length; page++) {
        const rest = records.filter((record) => after === null || comparePositions(randomKeys, record, after) > 0);
        const [next] = rest.toSorted((a, b) => comparePositions(randomKeys, a, b));
        if (next === undefined) break;
        seen.push(next.id);
        after = decodeCursor(encodeCursor(next, randomKeys, query), randomKeys, query);
      }
      expect([seed, seen.toSorted()]).toEqual([seed, records.map(({ id }) => id).toSorted()]);
    }
  });

  it('say what to do', () => {
    try {
      decodeCursor('x', sort, filter);
    } catch (error) {
      expect((error as AppError).details).toEqual([{ path: 'cursor', message: expect.stringContaining('without a cursor') }]);
    }
    expect.assertions(1);
  });
});
