/**
 * Holds the MongoDB store to a plain oracle: the matcher over everything in memory. What the store asks MongoDB for must
 * never leave a match out, and order and paging must be ours.
 */
import { isWithin, type RecordAccess, type Scope } from '../../src/core/access.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { HealthSummary } from '../../src/core/health-summary.ts';
import type { RecordFields } from '../../src/core/record.ts';
import { compareText } from '../../src/query/compare.ts';
import { parseFilter } from '../../src/query/filter.ts';
import { compileFilter } from '../../src/query/match.ts';
import { comparePositions, positionOf, type SortKey, type SortPosition } from '../../src/query/sort.ts';
import type { NewRecord, RecordMeta, StoredRecord } from '../../src/store/port.ts';
import { viewOf } from '../../src/store/stored-record.ts';
import { openFixture, type MongoFixture } from '../support/mongo/stores.ts';
import { describeWithMongo, startMongo, type MongoServer } from '../support/peers.ts';
import { randomFilter, randomRecordView, randomScope, randomSort } from '../support/random-documents.ts';
import { randomSource, seedOfRun } from '../support/random.ts';
import { allText, count } from './store-fixture.ts';

const RECORDS = 120;
const QUERIES = 400;

const idOf = (view: JsonObject): string => view['container_registry_id'] as string;

function newRecordOf(view: JsonObject): NewRecord {
  const { health, meta, ...record } = view;
  return { record: record as unknown as RecordFields, health: health as unknown as HealthSummary, meta: meta as unknown as RecordMeta };
}

describeWithMongo('queries on MongoDB against the matcher alone', () => {
  const seed = seedOfRun();
  const rng = randomSource(seed);
  let server: MongoServer;
  let fixture: MongoFixture;
  let views: JsonObject[];

  beforeAll(async () => {
    server = await startMongo();
    fixture = await openFixture(server.url);
    await fixture.checked();
    const byId = new Map(Array.from({ length: RECORDS }, () => randomRecordView(rng)).map((view) => [idOf(view), view]));
    for (const view of byId.values()) await fixture.store.insert(newRecordOf(view));
    views = [...byId.values()].sort((a, b) => compareText(idOf(a), idOf(b)));
  }, 60_000);
  afterAll(async () => {
    await fixture.close();
    await server.stop();
  });

  const find = async (filter: JsonObject, scope: Scope | null, sort: readonly SortKey[], after: SortPosition | null, limit: number | null): Promise<StoredRecord[]> => {
    const found: StoredRecord[] = [];
    const query = { filter: parseFilter(filter), scope, sort, after, limit };
    for await (const batch of fixture.store.find(query, AbortSignal.timeout(20_000))) found.push(...batch);
    return found;
  };

  /** What is within the scope and matches. */
  const matchesOf = (filter: JsonObject, scope: Scope | null): JsonObject[] => {
    const matches = compileFilter(parseFilter(filter));
    return views.filter((view) => isWithin(scope, view['meta'] as unknown as RecordAccess) && matches(view));
  };

  it(`gives back what was stored (seed ${seed})`, async () => {
    const found = await find({}, null, [], null, null);
    expect(found.map(viewOf)).toEqual(views);
  });

  it(`finds exactly the matches, in order, with the right count (seed ${seed})`, async () => {
    let hits = 0;
    for (let query = 0; query < QUERIES; query++) {
      const filter = randomFilter(rng);
      const scope = randomScope(rng);
      const expected = matchesOf(filter, scope).map(idOf);
      const found = (await find(filter, scope, [], null, null)).map(({ id }) => id);
      expect({ filter, scope, ids: found }).toEqual({ filter, scope, ids: expected });
      expect(await fixture.store.count(parseFilter(filter), scope, AbortSignal.timeout(20_000))).toBe(expected.length);
      hits += expected.length;
    }
    expect(hits).toBeGreaterThan(QUERIES);
  }, 120_000);

  it(`counts and reads everything within a scope (seed ${seed})`, async () => {
    for (let query = 0; query < 40; query++) {
      const scope = randomScope(rng);
      const expected = matchesOf({}, scope);
      expect(await count(fixture.store, {}, scope)).toBe(expected.length);
      expect((JSON.parse(`[${await allText(fixture.store, scope)}]`) as JsonObject[]).map(idOf)).toEqual(expected.map(idOf));
    }
    expect(await fixture.store.countOwned('ann')).toBe(matchesOf({ 'meta.owner': 'ann' }, null).length);
  }, 60_000);

  it(`walks in pages through any order (seed ${seed})`, async () => {
    for (let query = 0; query < 40; query++) {
      const filter = rng.chance(0.5) ? {} : randomFilter(rng);
      const sort = randomSort(rng);
      const scope = randomScope(rng);
      const positions = matchesOf(filter, scope).map((view) => positionOf(view, idOf(view), sort));
      const expected = positions.sort((a, b) => comparePositions(sort, a, b)).map(({ id }) => id);
      const walked: string[] = [];
      let after: SortPosition | null = null;
      for (;;) {
        const page = await find(filter, scope, sort, after, 1 + rng.int(40));
        const last = page.at(-1);
        if (last === undefined) break;
        walked.push(...page.map(({ id }) => id));
        after = positionOf(viewOf(last), last.id, sort);
      }
      expect({ filter, scope, sort, ids: walked }).toEqual({ filter, scope, sort, ids: expected });
    }
  }, 120_000);
});
