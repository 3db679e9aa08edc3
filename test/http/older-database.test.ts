import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import type { RegistryHealth } from '../../src/core/schema-types.ts';
import { behaviours, startBadRegistry, type BadRegistry } from '../support/bad-registry.ts';
import { takeBackTo } from '../support/older-store.ts';
import { readApi } from '../support/openapi.ts';
import { describeWithMongo, startMongo, type MongoServer } from '../support/peers.ts';
import { call, newRecord, type Reply } from '../support/requests.ts';
import { startService, temporaryFolder, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

let service: TestService;
let works: BadRegistry;
beforeAll(async () => {
  works = await startBadRegistry({ behaviour: behaviours.works });
});
afterAll(() => works.close());
afterEach(() => service.stop());

const get = (path: string): Promise<Reply> => call(service.url, 'GET', path);
const overview = async (query = ''): Promise<RegistryHealth[]> => {
  const reply = await get(`/container_registries/health${query}`);
  expect(reply.status).toBe(200);
  (await readApi(service.url)).expectDescribed(reply, 'GET', '/container_registries/health');
  return reply.body.data as RegistryHealth[];
};
const ids = (found: readonly { id: string }[]): string[] => found.map(({ id }) => id);

describe('a file from before there was health', () => {
  it('has records that were never probed, which are found, told of and probed like new ones', async () => {
    const folder = await temporaryFolder();
    service = await startService({ DATA_DIR: folder });
    for (const id of ['a', 'b']) await call(service.url, 'POST', '/container_registry', { body: newRecord(id, { container_registry_public_url: works.url, container_registry_config: { health: { enabled: false } } }) });
    await service.stop();
    takeBackTo(1, join(folder, 'portolan.db'));

    service = await startService({ DATA_DIR: folder });
    expect(await overview()).toMatchObject([
      { id: 'a', status: 'unknown', cause: 'never_probed', since: null },
      { id: 'b', status: 'unknown', cause: 'never_probed', since: null },
    ]);
    expect((await get('/metrics')).status).toBe(200);
    expect((await get('/container_registry/a/health')).body.data).toMatchObject({ status: 'unknown' });
    expect((await get('/container_registry/a?include=health')).body.data.health).toEqual({ status: 'unknown', cause: 'never_probed', since: null, vantages: {} });
    const found = await call(service.url, 'POST', '/container_registries', { body: { 'health.cause': 'never_probed' } });
    expect(found.body.data).toHaveLength(2);
    await call(service.url, 'PUT', '/container_registry/a', { body: { container_registry_config: {} } });
    await until(async () => (await overview('?status=up')).length === 1);
    expect(ids(await overview('?status=unknown'))).toEqual(['b']);
    expect((await call(service.url, 'POST', '/container_registries', { body: { 'health.cause': 'never_probed', container_registry_id: 'a' } })).body.data).toEqual([]);
  });
});

describeWithMongo('an AIOS database', () => {
  let mongo: MongoServer;
  const database = `portolan-older-${process.pid}`;
  beforeAll(async () => {
    mongo = await startMongo();
  }, 30_000);
  afterAll(() => mongo.stop());

  /** What the reference service keeps, and what may have got into its collection besides. */
  const documents: readonly Record<string, unknown>[] = [
    { ...newRecord('aios'), container_registry_public_url: '' },
    { container_registry_id: 'bare' },
    { ...newRecord('number'), container_registry_public_url: 5, container_registry_name: 7 },
    { ...newRecord('list'), container_registry_public_url: ['http://127.0.0.1'], container_registry_name: null },
    { ...newRecord('object'), container_registry_public_url: { href: 'http://127.0.0.1' }, container_registry_config: 'none', container_registry_storage_info: 'none', container_registry_tags: 'none' },
    { ...newRecord('strange'), container_registry_public_url: '', container_registry_config: { health: { enabled: 'no', interval_s: 1, canary: 5, ca: 'x', maintenance: [{ from: 1 }], slow_ms: null, expected_status: [] } } },
    { ...newRecord('odd id "%/'), container_registry_public_url: '' },
  ];

  it('is watched: what works comes up, and what is no record of ours hides nothing and stops nobody', async () => {
    const client = new MongoClient(mongo.url);
    const records = client.db(database).collection('container_registry');
    await records.insertMany(documents.map((document) => (document['container_registry_public_url'] === '' ? { ...document, container_registry_public_url: works.url } : document)));
    service = await startService({ MONGO_URL: mongo.url, MONGO_DATABASE: database });
    try {
      const all = documents.map(({ container_registry_id: id }) => String(id)).toSorted();
      expect(ids(await overview())).toEqual(all);
      // Until their first probe has come, in its turn, they can be asked for.
      await until(async () => (await overview()).every(({ vantages }) => 'default' in vantages));
      for (const id of all) {
        const reply = await get(`/check_container_health/${encodeURIComponent(id)}`);
        const works = ['aios', 'strange', 'odd id "%/'].includes(id);
        expect([id, reply.status, reply.body.data]).toMatchObject([id, 200, { cause: works ? 'ok' : 'bad_url' }]);
      }
      await until(async () => (await overview('?status=up')).length === 3);
      await until(async () => (await overview('?status=down')).length === 4);
      expect(ids(await overview('?status=down'))).toEqual(['bare', 'list', 'number', 'object']);
      const metrics = await get('/metrics');
      expect(metrics.status).toBe(200);
      expect(metrics.text.match(/^portolan_registry_up\{.*\} 1$/gm)).toHaveLength(3);
      expect((await get('/container_registry/aios?include=meta')).body.data.meta.revision).toBe(0);
    } finally {
      await client.db(database).dropDatabase();
      await client.close();
    }
  });
});
