/** Holds the SQLite store to the plain in-memory store: the same random calls on both, the same answers from both. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scope } from '../../src/core/access.ts';
import type { Json, JsonObject } from '../../src/core/json.ts';
import type { HealthSummary } from '../../src/core/health-summary.ts';
import { RECORD_FIELDS, type RecordFields } from '../../src/core/record.ts';
import { parseFilter } from '../../src/query/filter.ts';
import { positionOf, type SortKey, type SortPosition } from '../../src/query/sort.ts';
import type { FindQuery, NewRecord, RecordMeta, RecordStore, StoredRecord } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { viewOf } from '../../src/store/stored-record.ts';
import { randomFilter, randomRecordView, randomScope, randomSort } from '../support/random-documents.ts';
import { randomSource, seedOfRun, type RandomSource } from '../support/random.ts';
import { createMemoryStore } from './memory-store.ts';
import { allText, count, neverAborted } from './store-fixture.ts';

const DURATION_MS = 6_000;
const QUERIES_MIN = 60;
const MATCHES_MIN = 60;
const quiet = { info: () => undefined, warn: () => undefined };

/** Slices so small that most queries take several, on both threads. */
const smallSlices = {
  mainSlice: { rowsMax: 40, elapsedMsMax: 1_000, textLengthMax: 200_000 },
  scanSlice: { rowsMax: 90, elapsedMsMax: 1_000, textLengthMax: 200_000 },
};

/** Both stores, and the ids that are in them or were. */
interface Pair {
  readonly ours: RecordStore;
  readonly oracle: RecordStore;
  readonly ids: string[];
}

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'portolan-differential-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

describe('the SQLite store against the plain one', () => {
  it.each([
    ['with slices as they are', {}],
    ['with the smallest slices', smallSlices],
  ])('gives the same answers, %s', async (_how, queryLimits) => {
    const rng = randomSource(seedOfRun());
    const pair: Pair = { ours: await openSqliteStore({ dataDir, log: quiet, queryLimits }), oracle: createMemoryStore(), ids: [] };
    const rounds = { changes: 0, queries: 0, matches: 0 };
    try {
      for (let n = 0; n < 250; n++) await change(rng, pair, true);
      // However slow the machine is.
      const isEnough = (): boolean => rounds.queries > QUERIES_MIN && rounds.matches > MATCHES_MIN;
      for (const endMs = performance.now() + DURATION_MS; performance.now() < endMs || !isEnough(); ) {
        if (rng.chance(0.3)) await change(rng, pair, false);
        else rounds.matches += await query(rng, pair);
        rounds.queries += 1;
      }
      expect(await allText(pair.ours)).toBe(await allText(pair.oracle));
    } catch (error) {
      throw new Error(`with TEST_SEED=${rng.seed}: ${(error as Error).message}`, { cause: error });
    } finally {
      await pair.ours.close();
    }
  });
});

/** Some lie beyond what the index keeps of a text, and differ only there. */
function longText(rng: RandomSource): string {
  return 'x'.repeat(rng.pick([197, 198, 199, 200, 201])) + rng.pick(['', 'a', 'b', '\ue000', '😀', '😀a', 'é']);
}

function randomRecord(rng: RandomSource): NewRecord {
  const view = randomRecordView(rng);
  if (rng.chance(0.3)) (view['container_registry_metadata'] as JsonObject)['long'] = longText(rng);
  if (rng.chance(0.02)) (view['container_registry_config'] as JsonObject)['list'] = Array.from({ length: 2_100 }, (_unused, index) => index);
  return {
    record: Object.fromEntries(RECORD_FIELDS.map((field) => [field, view[field]])) as unknown as RecordFields,
    meta: view['meta'] as unknown as RecordMeta,
    health: view['health'] as unknown as HealthSummary,
  };
}

/** A change of one record, mostly of one that is there; several at once now and then, so that they share a transaction. */
async function change(rng: RandomSource, pair: Pair, onlyInserts: boolean): Promise<void> {
  const calls: ((store: RecordStore) => Promise<unknown>)[] = [];
  for (let left = rng.chance(0.2) ? 5 : 1; left > 0; left--) calls.push(await randomChange(rng, pair, onlyInserts));
  const ours = Promise.all(calls.map((call) => call(pair.ours)));
  const theirs: unknown[] = [];
  for (const call of calls) theirs.push(await call(pair.oracle));
  expect(await ours).toEqual(theirs);
}

async function randomChange(rng: RandomSource, { oracle, ids }: Pair, onlyInserts: boolean): Promise<(store: RecordStore) => Promise<unknown>> {
  const record = randomRecord(rng);
  if (onlyInserts || ids.length === 0 || rng.chance(0.3)) {
    ids.push(record.record.container_registry_id);
    return (store) => store.insert(record);
  }
  const id = rng.pick(ids);
  const stored = await oracle.get(id);
  const expectedRevision = stored === null || rng.chance(0.2) ? rng.int(5) : stored.meta.revision;
  if (rng.chance(0.6)) return (store) => store.replace({ record: { ...record.record, container_registry_id: id }, meta: record.meta, expectedRevision });
  return rng.chance(0.5) ? (store) => store.delete(id) : (store) => store.delete(id, expectedRevision);
}

async function query(rng: RandomSource, pair: Pair): Promise<number> {
  const filter = anyFilter(rng, pair);
  const sort = rng.chance(0.4) ? randomSort(rng) : [];
  const scope = randomScope(rng);
  try {
    if (rng.chance(0.15)) return await total(rng, pair, filter, scope);
    if (sort.length === 0 && rng.chance(0.3)) return (await page(pair, { filter: parseFilter(filter), scope, sort, after: null, limit: null })).length;
    return await walk(rng, pair, filter, scope, sort);
  } catch (error) {
    throw new Error(`filter ${JSON.stringify(filter)}, scope ${JSON.stringify(scope)}, sort ${JSON.stringify(sort)}: ${(error as Error).message}`, { cause: error });
  }
}

/** What can be counted, and now and then what is read without being looked at. */
async function total(rng: RandomSource, { ours, oracle }: Pair, filter: JsonObject, scope: Scope | null): Promise<number> {
  const found = await count(ours, filter, scope);
  expect(found).toBe(await count(oracle, filter, scope));
  expect(await count(ours, {}, scope)).toBe(await count(oracle, {}, scope));
  expect(await ours.countOwned('ann')).toBe(await oracle.countOwned('ann'));
  if (rng.chance(0.2)) expect(await allText(ours, scope)).toBe(await allText(oracle, scope));
  return found;
}

function anyFilter(rng: RandomSource, { ids }: Pair): JsonObject {
  const path = 'container_registry_metadata.long';
  switch (rng.int(8)) {
    case 0:
      return { [path]: { [rng.pick(['$eq', '$gt', '$gte', '$lt', '$lte', '$ne'])]: longText(rng) } };
    case 1:
      return { [path]: { $in: [longText(rng), longText(rng)] }, ...randomFilter(rng) };
    case 2:
      return { container_registry_id: { $in: [rng.pick(ids), rng.pick(ids), 'nobody', 3] } };
    case 3:
      return { container_registry_id: { [rng.pick(['$gt', '$gte'])]: rng.pick(ids), [rng.pick(['$lt', '$lte'])]: rng.pick(ids) }, ...(rng.chance(0.5) ? randomFilter(rng) : {}) };
    default:
      return randomFilter(rng);
  }
}

/** Some pages, each from the end of the one before, with changes in between. */
async function walk(rng: RandomSource, pair: Pair, filter: JsonObject, scope: Scope | null, sort: readonly SortKey[]): Promise<number> {
  const limit = rng.pick([1, 3, 10, 60, 300]);
  let after: SortPosition | null = null;
  let matches = 0;
  for (let pages = 1 + rng.int(4); pages > 0; pages--) {
    const records: readonly StoredRecord[] = await page(pair, { filter: parseFilter(filter), scope, sort, after, limit });
    matches += records.length;
    const last = records.at(-1);
    if (last === undefined || records.length < limit) break;
    after = positionOf(viewOf(last), last.id, sort);
    if (rng.chance(0.3)) await change(rng, pair, false);
  }
  return matches;
}

async function page({ ours, oracle }: Pair, query: FindQuery): Promise<readonly StoredRecord[]> {
  const found = async (store: RecordStore): Promise<StoredRecord[]> => {
    const records: StoredRecord[] = [];
    for await (const batch of store.find(query, neverAborted)) records.push(...batch);
    return records;
  };
  const [our, their] = [await found(ours), await found(oracle)];
  // Ids first: they make the shorter message.
  expect(our.map(({ id }): Json => id)).toEqual(their.map(({ id }) => id));
  expect(our).toEqual(their);
  return our;
}
