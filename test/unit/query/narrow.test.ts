import type { JsonObject } from '../../../src/core/json.ts';
import { parseFilter } from '../../../src/query/filter.ts';
import { indexLeaves } from '../../../src/query/leaves.ts';
import { compileFilter } from '../../../src/query/match.ts';
import { narrowingOf, type Narrowing } from '../../../src/query/narrow.ts';
import { narrowingHolds } from '../../support/narrowing-holds.ts';
import { randomFilter, randomRecordView } from '../../support/random-documents.ts';
import { randomSource, seedOfRun } from '../../support/random.ts';

const TAGS = 'container_registry_tags';
const METADATA = 'container_registry_metadata';
const inTags = (...values: string[]): Narrowing => ({ kind: 'in', path: [TAGS], values });
const above = (value: number): Narrowing => ({ kind: 'range', path: [METADATA, 'a'], type: 'number', above: { value, inclusive: false } });
const below = (value: number): Narrowing => ({ kind: 'range', path: [METADATA, 'a'], type: 'number', below: { value, inclusive: false } });

describe('narrowingOf', () => {
  it.each<[rule: string, filter: JsonObject, narrowing: Narrowing | null]>([
    ['equality', { [TAGS]: 'ai' }, inTags('ai')],
    ['$eq', { [TAGS]: { $eq: 'ai' } }, inTags('ai')],
    ['equality with a boolean', { [`${METADATA}.a`]: false }, { kind: 'in', path: [METADATA, 'a'], values: [false] }],
    ['equality with -0 is that with 0', { [`${METADATA}.a`]: -0 }, { kind: 'in', path: [METADATA, 'a'], values: [0] }],
    ['$in', { [TAGS]: { $in: ['ai', 'ci', 'ai'] } }, inTags('ai', 'ci')],
    ['$in of nothing: no record', { [TAGS]: { $in: [] } }, inTags()],
    ['$all', { [TAGS]: { $all: ['ai', 'ci'] } }, { kind: 'and', of: [inTags('ai'), inTags('ci')] }],
    ['$all of nothing: no record', { [TAGS]: { $all: [] } }, inTags()],
    ['$gt of a number', { [`${METADATA}.a`]: { $gt: 1 } }, above(1)],
    ['$lte of a text', { [TAGS]: { $lte: 'x' } }, { kind: 'range', path: [TAGS], type: 'string', below: { value: 'x', inclusive: true } }],
    ['$gte false is either boolean', { [`${METADATA}.a`]: { $gte: false } }, { kind: 'in', path: [METADATA, 'a'], values: [false, true] }],
    ['$gt false is true', { [`${METADATA}.a`]: { $gt: false } }, { kind: 'in', path: [METADATA, 'a'], values: [true] }],
    ['$lt false is nothing', { [`${METADATA}.a`]: { $lt: false } }, { kind: 'in', path: [METADATA, 'a'], values: [] }],
    ['$lte true is either boolean', { [`${METADATA}.a`]: { $lte: true } }, { kind: 'in', path: [METADATA, 'a'], values: [true, false] }],
    ['two bounds stay apart: different elements may meet one each', { [`${METADATA}.a`]: { $gt: 1, $lt: 9 } }, { kind: 'and', of: [above(1), below(9)] }],
    ['two bounds of one element are one interval', { [`${METADATA}.a`]: { $elemMatch: { $gt: 1, $lt: 9 } } }, { kind: 'range', path: [METADATA, 'a'], type: 'number', above: { value: 1, inclusive: false }, below: { value: 9, inclusive: false } }],
    ['two bounds of one side stay apart', { [`${METADATA}.a`]: { $elemMatch: { $gt: 1, $gte: 3 } } }, { kind: 'and', of: [above(1), { kind: 'range', path: [METADATA, 'a'], type: 'number', above: { value: 3, inclusive: true } }] }],
    ['two bounds of different types stay apart', { [`${METADATA}.a`]: { $elemMatch: { $gt: 1, $lt: 'x' } } }, { kind: 'and', of: [above(1), { kind: 'range', path: [METADATA, 'a'], type: 'string', below: { value: 'x', inclusive: false } }] }],
    ['two bounds of documents in an array stay apart', { [METADATA]: { $elemMatch: { a: { $gt: 1, $lt: 9 } } } }, { kind: 'and', of: [above(1), below(9)] }],
    ['$elemMatch of documents prefixes their paths', { [METADATA]: { $elemMatch: { 'a.b': 1, c: 2 } } }, { kind: 'and', of: [{ kind: 'in', path: [METADATA, 'a', 'b'], values: [1] }, { kind: 'in', path: [METADATA, 'c'], values: [2] }] }],
    ['$all of $elemMatch', { [`${METADATA}.a`]: { $all: [{ $elemMatch: { $gt: 1, $lt: 9 } }] } }, { kind: 'range', path: [METADATA, 'a'], type: 'number', above: { value: 1, inclusive: false }, below: { value: 9, inclusive: false } }],
    ['numeric segments are left out', { [`${METADATA}.0.a.01.7`]: { $gt: 1 } }, above(1)],
    ['several fields', { [TAGS]: 'ai', [`${METADATA}.a`]: { $gt: 1 } }, { kind: 'and', of: [inTags('ai'), above(1)] }],
    ['what does not narrow is left to the matcher', { [TAGS]: 'ai', [`${METADATA}.a`]: { $exists: true, $ne: 1 } }, inTags('ai')],
    ['$and', { $and: [{ [TAGS]: 'ai' }, { [TAGS]: 'ci' }] }, { kind: 'and', of: [inTags('ai'), inTags('ci')] }],
    ['$or', { $or: [{ [TAGS]: 'ai' }, { [`${METADATA}.a`]: { $gt: 1 } }] }, { kind: 'or', of: [inTags('ai'), above(1)] }],
    ['$or, where one arm does not narrow', { $or: [{ [TAGS]: 'ai' }, { [TAGS]: { $size: 1 } }] }, null],
    ['$or with an empty arm', { $or: [{ [TAGS]: 'ai' }, {}] }, null],
    ['$or beside a field', { [TAGS]: 'ai', $or: [{ [TAGS]: { $exists: true } }] }, inTags('ai')],
    ['the empty filter', {}, null],
    ['null, which also takes missing', { [`${METADATA}.a`]: null }, null],
    ['$in with null', { [`${METADATA}.a`]: { $in: [1, null] } }, null],
    ['$in with an array', { [TAGS]: { $in: ['ai', ['ci']] } }, null],
    ['$gte null', { [`${METADATA}.a`]: { $gte: null } }, null],
    ['ranges of arrays and objects', { [`${METADATA}.a`]: { $gt: [1], $lt: { b: 1 } } }, null],
    ['equality with an array', { [TAGS]: ['ai'] }, null],
    ['equality with an object', { [METADATA]: { a: 1 } }, null],
    ['$ne, $nin, $not', { [TAGS]: { $ne: 'a', $nin: ['b'], $not: { $eq: 'c' } } }, null],
    ['$nor', { $nor: [{ [TAGS]: 'ai' }] }, null],
    ['$exists, $type, $size, $mod, $regex', { [TAGS]: { $exists: true, $type: 'string', $size: 1, $mod: [2, 0], $regex: '^a' } }, null],
    ['$not within $elemMatch', { [TAGS]: { $elemMatch: { $not: { $eq: 'a' } } } }, null],
  ])('%s', (_rule, filter, narrowing) => {
    expect(narrowingOf(parseFilter(filter))).toEqual(narrowing);
  });

  it('never leaves out a match: random filters on random records', () => {
    const seed = seedOfRun();
    const rng = randomSource(seed);
    const views = Array.from({ length: 500 }, () => randomRecordView(rng));
    let [matches, narrowed, spared] = [0, 0, 0];
    for (let round = 0; round < 2_000; round++) {
      const source = randomFilter(rng);
      const filter = parseFilter(source);
      const narrowing = narrowingOf(filter);
      if (narrowing === null) continue;
      narrowed++;
      const isMatch = compileFilter(filter);
      for (let records = 0; records < 15; records++) {
        const view = rng.pick(views);
        const isCandidate = narrowingHolds(narrowing, indexLeaves(view));
        if (!isCandidate) spared++;
        if (!isMatch(view)) continue;
        matches++;
        if (!isCandidate) throw new Error(`TEST_SEED=${seed}: ${JSON.stringify(source)} takes ${JSON.stringify(view)}, but ${JSON.stringify(narrowing)} leaves it out.`);
      }
    }
    // Otherwise the test would have shown nothing.
    expect(narrowed).toBeGreaterThan(300);
    expect(matches).toBeGreaterThan(300);
    expect(spared).toBeGreaterThan(1_000);
  });
});

describe('indexLeaves', () => {
  it('lists scalars under their paths, without positions and without keys of digits, each once', () => {
    const view: JsonObject = {
      a: { b: 1, c: null, d: [1, 1, '1', true, { e: 'x' }, [2, [{ e: 'x' }]]] },
      n: { 0: { x: 1 }, x: 1, 1: { x: 2 } },
      t: '',
      f: false,
    };
    expect(indexLeaves(view)).toEqual([
      { path: 'a.b', value: 1 },
      { path: 'a.d', value: 1 },
      { path: 'a.d', value: '1' },
      { path: 'a.d', value: true },
      { path: 'a.d.e', value: 'x' },
      { path: 'a.d', value: 2 },
      { path: 'n.x', value: 1 },
      { path: 'n.x', value: 2 },
      { path: 't', value: '' },
      { path: 'f', value: false },
    ]);
  });

  it('leaves out what no path can address', () => {
    const view = JSON.parse('{"a.b":1,"":2,"$x":3,"a":{"b.c":4,"":{"d":5},"__proto__":6,"constructor":7,"ok":8}}') as JsonObject;
    expect(indexLeaves(view)).toEqual([{ path: 'a.ok', value: 8 }]);
  });

  it('makes 0 of -0', () => {
    const [leaf] = indexLeaves({ a: -0 });
    expect(Object.is(leaf?.value, 0)).toBe(true);
  });

  it('has no leaves for empty and null values', () => {
    expect(indexLeaves({ a: null, b: {}, c: [], d: [null, [], {}] })).toEqual([]);
  });
});
