import type { Json, JsonObject } from '../../../src/core/json.ts';
import { parseFilter } from '../../../src/query/filter.ts';
import { compileFilter } from '../../../src/query/match.ts';
import { randomFilter, randomRecordView, randomScalar, randomValue } from '../../support/random-documents.ts';
import { randomSource, seedOfRun, type RandomSource } from '../../support/random.ts';

const TAGS = 'container_registry_tags';
const PATHS = ['a', 'b', 'a.b', 'a.0', 'a.0.b', 'a.b.c', 'region'].map((path) => `container_registry_metadata.${path}`);

/** Pairs of filters that MongoDB's documentation calls equivalent. */
const laws: readonly (readonly [rule: string, (rng: RandomSource) => readonly [JsonObject, JsonObject]])[] = [
  ['$ne is the opposite of $eq', (rng) => { const [path, value] = [rng.pick(PATHS), randomValue(rng, 2)]; return [{ [path]: { $ne: value } }, { $nor: [{ [path]: { $eq: value } }] }]; }],
  ['$nin is the opposite of $in', (rng) => { const [path, values] = [rng.pick(PATHS), threeValues(rng)]; return [{ [path]: { $nin: values } }, { $nor: [{ [path]: { $in: values } }] }]; }],
  ['$in is an $or of equalities', (rng) => { const [path, values] = [rng.pick(PATHS), threeValues(rng)]; return [{ [path]: { $in: values } }, { $or: values.map((value) => ({ [path]: value })) }]; }],
  ['$all is an $and of equalities', (rng) => { const [path, values] = [rng.pick([...PATHS, TAGS, TAGS]), [randomScalar(rng), rng.pick(['ai', 'ci', 'edge'])].slice(rng.int(2))]; return [{ [path]: { $all: values } }, { $and: values.map((value) => ({ [path]: value })) }]; }],
  ['$gte is $gt or $eq', (rng) => { const [path, value] = [rng.pick(PATHS), randomScalar(rng)]; return [{ [path]: { $gte: value } }, { $or: [{ [path]: { $gt: value } }, { [path]: value }] }]; }],
  ['$lte is $lt or $eq', (rng) => { const [path, value] = [rng.pick(PATHS), randomValue(rng, 2)]; return [{ [path]: { $lte: value } }, { $or: [{ [path]: { $lt: value } }, { [path]: value }] }]; }],
  ['several operators on a path are an $and', (rng) => { const [path, value] = [rng.pick(PATHS), randomScalar(rng)]; return [{ [path]: { $gt: value, $exists: true } }, { $and: [{ [path]: { $exists: true } }, { [path]: { $gt: value } }] }]; }],
  ['$exists false is the opposite of $exists true', (rng) => { const path = rng.pick(PATHS); return [{ [path]: { $exists: false } }, { [path]: { $not: { $exists: true } } }]; }],
  ['$not twice is nothing', (rng) => { const [path, value] = [rng.pick(PATHS), randomScalar(rng)]; return [{ [path]: { $not: { $not: { $gt: value } } } }, { [path]: { $gt: value } }]; }],
  ['number is int, long or double', (rng) => { const path = rng.pick(PATHS); return [{ [path]: { $type: 'number' } }, { [path]: { $type: ['int', 'long', 'double'] } }]; }],
  ['null is missing or of type null', (rng) => { const path = rng.pick(['container_registry_metadata.a', 'container_registry_metadata.region']); return [{ [path]: null }, { $or: [{ [path]: { $exists: false } }, { [path]: { $type: 'null' } }] }]; }],
  ['$nor of any filter is its opposite', (rng) => { const filter = randomFilter(rng); return [{ $nor: [{ $nor: [filter] }] }, filter]; }],
  ['$and of a filter with itself is the filter', (rng) => { const filter = randomFilter(rng); return [{ $and: [filter, filter] }, { $or: [filter] }]; }],
];

function threeValues(rng: RandomSource): Json[] {
  return [randomScalar(rng), randomValue(rng, 2), randomScalar(rng)];
}

describe('laws of filters, on random records', () => {
  const seed = seedOfRun();

  it.each(laws)('%s', (_rule, pairOf) => {
    const rng = randomSource(seed);
    const views = Array.from({ length: 200 }, () => randomRecordView(rng));
    const counts = { true: 0, false: 0 };
    for (let round = 0; round < 400; round++) {
      const [one, other] = pairOf(rng);
      const [isOne, isOther] = [compileFilter(parseFilter(one)), compileFilter(parseFilter(other))];
      for (let records = 0; records < 5; records++) {
        const view = rng.pick(views);
        const result = isOne(view);
        counts[`${result}`]++;
        if (isOther(view) !== result) throw new Error(`TEST_SEED=${seed}: ${JSON.stringify(one)} and ${JSON.stringify(other)} differ on ${JSON.stringify(view)}.`);
      }
    }
    // Both outcomes came up, so that the law was put to the test.
    expect(Math.min(counts.true, counts.false)).toBeGreaterThan(0);
  });

  it('a view is not changed by being matched', () => {
    const rng = randomSource(seed);
    for (let round = 0; round < 300; round++) {
      const view = randomRecordView(rng);
      const text = JSON.stringify(view);
      compileFilter(parseFilter(randomFilter(rng)))(view);
      expect(JSON.stringify(view)).toBe(text);
    }
  });
});
