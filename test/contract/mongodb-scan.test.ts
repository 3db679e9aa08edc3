/** Long queries on MongoDB: their limits, their end, and what they do to others. */
import { AppError } from '../../src/core/errors.ts';
import { parseFilter } from '../../src/query/filter.ts';
import type { FindQuery } from '../../src/store/port.ts';
import { openConnection, type Connection } from '../../src/store/mongodb/connection.ts';
import { openFixture, rememberingLog, type MongoFixture } from '../support/mongo/stores.ts';
import { describeWithMongo, startMongo, type MongoServer } from '../support/peers.ts';
import { codeOf } from './store-fixture.ts';

const DOCUMENTS = Array.from({ length: 700 }, (_, number) => ({
  container_registry_id: `r-${String(number).padStart(4, '0')}`,
  container_registry_name: `registry ${number}`,
  container_registry_public_url: 'http://127.0.0.1:5000',
}));

const all: FindQuery = { filter: parseFilter({}), scope: null, sort: [], after: null, limit: null };

describeWithMongo('a long query on MongoDB', () => {
  let server: MongoServer;
  let fixture: MongoFixture;
  let connection: Connection | null = null;

  beforeAll(async () => {
    server = await startMongo();
  }, 30_000);
  afterAll(() => server.stop());
  afterEach(async () => {
    await connection?.close();
    connection = null;
    await fixture.close();
  });

  const idsOf = async (query: FindQuery, signal: AbortSignal): Promise<string[]> => {
    const ids: string[] = [];
    for await (const batch of fixture.store.find(query, signal)) ids.push(...batch.map(({ id }) => id));
    return ids;
  };

  it('comes in batches of a few hundred at most', async () => {
    fixture = await openFixture(server.url, DOCUMENTS);
    const sizes: number[] = [];
    for await (const batch of fixture.store.find(all, AbortSignal.timeout(20_000))) sizes.push(batch.length);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(DOCUMENTS.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256);
  });

  it('is refused once it has taken longer than a query may', async () => {
    let nowMs = 0;
    fixture = await openFixture(server.url, DOCUMENTS, { nowMs: () => Date.now(), monotonicMs: () => (nowMs += 100) });
    await fixture.checked();
    const search = { ...all, filter: parseFilter({ container_registry_name: { $regex: 'nothing' } }) };
    expect(await codeOf(idsOf(search, AbortSignal.timeout(20_000)))).toBe('QUERY_TOO_EXPENSIVE');
  });

  it('ends early and quietly when its caller goes away', async () => {
    fixture = await openFixture(server.url, DOCUMENTS);
    const caller = new AbortController();
    const stream = fixture.store.find(all, caller.signal)[Symbol.asyncIterator]();
    expect((await stream.next()).done).toBe(false);
    caller.abort();
    expect((await stream.next()).done).toBe(true);
    expect(await idsOf(all, AbortSignal.abort())).toEqual([]);
  });

  it('goes on when a document is added or deleted on its way, and misses nothing else', async () => {
    fixture = await openFixture(server.url, DOCUMENTS);
    const ids: string[] = [];
    for await (const batch of fixture.store.find(all, AbortSignal.timeout(20_000))) {
      if (ids.length === 0) await fixture.store.delete('r-0500');
      ids.push(...batch.map(({ id }) => id));
    }
    const untouched = DOCUMENTS.map((document) => document.container_registry_id).filter((id) => id !== 'r-0500');
    expect(ids.filter((id) => id !== 'r-0500')).toEqual(untouched);
  });

  it('is waited for as long as the server is alive', async () => {
    fixture = await openFixture(server.url);
    const open = openConnection({ url: server.url, database: fixture.database, collection: 'c', log: rememberingLog(), prepare: async () => undefined });
    connection = open;
    const slow = new Promise((resolve) => setTimeout(() => resolve('late, and right'), 2_500));
    expect(await open.whileAlive(slow)).toBe('late, and right');
    expect(await open.whileAlive(Promise.reject(new AppError('OVERLOADED'))).catch((error: unknown) => error)).toBeInstanceOf(AppError);
  });
});
