import { writeFile } from 'node:fs/promises';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { limits } from '../../src/core/limits.ts';
import type { RegistryHealth } from '../../src/core/schema-types.ts';
import { secretKeys } from '../support/access.ts';
import { behaviours, startBadRegistry, type BadRegistry } from '../support/bad-registry.ts';
import { makeCertificate } from '../support/certificates.ts';
import { describeWithPeer, startMongoPeer, type MongoPeer } from '../support/peers.ts';
import { call, newRecord, type Reply } from '../support/requests.ts';
import { spawnService, temporaryFolder, type SpawnedService } from '../support/service.ts';
import { until } from '../support/until.ts';

/** Each in turn: a suite has processes of its own, over a database of its own, and leaves none behind. */
describeWithPeer('mongo-java-server', 'processes over one MongoDB', () => {
  let mongo: MongoPeer;
  let folder: string;
  let running: SpawnedService[];
  let registries: BadRegistry[];
  let database: string;
  let suites = 0;

  beforeAll(async () => {
    mongo = await startMongoPeer();
    folder = await temporaryFolder();
  }, 40_000);
  afterAll(async () => {
    await mongo.stop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    running = [];
    registries = [];
    database = `replicas-${++suites}`;
  });
  afterEach(async () => {
    await Promise.all(running.filter(({ child }) => child.exitCode === null && child.signalCode === null).map((service) => service.kill()));
    await Promise.all(registries.map((registry) => registry.close()));
  });

  const spawn = async (variables: Record<string, string>): Promise<SpawnedService> => {
    const service = await spawnService({ MONGO_URL: mongo.url, MONGO_DATABASE: database, RATE_LIMIT_PER_MINUTE: '0', ...variables });
    running.push(service);
    return service;
  };
  const registry = async (options: Partial<Parameters<typeof startBadRegistry>[0]> = {}): Promise<BadRegistry> => {
    const started = await startBadRegistry({ behaviour: behaviours.works, ...options });
    registries.push(started);
    return started;
  };
  const add = async (api: SpawnedService, id: string, url: string, health: Record<string, unknown> = {}): Promise<void> => {
    const body = newRecord(id, { container_registry_public_url: url, container_registry_config: { health } });
    expect((await call(api.url, 'POST', '/container_registry', { body })).status).toBe(201);
  };
  const detail = async (api: SpawnedService, id: string): Promise<RegistryHealth> => (await call(api.url, 'GET', `/container_registry/${id}/health`)).body.data as RegistryHealth;
  const overview = async (api: SpawnedService): Promise<RegistryHealth[]> => (await call(api.url, 'GET', '/container_registries/health')).body.data as RegistryHealth[];

  it('started at once on an empty database make one set of indexes, and all serve', async () => {
    const indexesIn = async (name: string): Promise<string[]> => {
      const client = new MongoClient(mongo.url);
      try {
        const collections = await client.db(name).collections();
        const indexes = await Promise.all(collections.map(async (collection) => (await collection.indexes()).map((index) => `${collection.collectionName} ${JSON.stringify(index)}`)));
        return indexes.flat().sort();
      } finally {
        await client.close();
      }
    };
    const ready = async ({ url }: SpawnedService): Promise<boolean> => (await call(url, 'GET', '/ready')).status === 200;
    const replicas = await Promise.all(Array.from({ length: 4 }, () => spawn({ SECRET_KEY: secretKeys[0] })));
    const checked = ({ output }: SpawnedService): boolean => output().includes('were checked');
    await until(async () => (await Promise.all(replicas.map(ready))).every(Boolean) && replicas.every(checked), 20_000);
    await Promise.all(replicas.map((replica, n) => add(replica, `of-${n}`, 'http://127.0.0.1:9', { enabled: false })));
    const together = await indexesIn(database);
    const alone = await spawn({ MONGO_DATABASE: `${database}-alone` });
    await until(async () => (await ready(alone)) && checked(alone), 20_000);
    await add(alone, 'of-0', 'http://127.0.0.1:9', { enabled: false });
    await until(async () => JSON.stringify(await indexesIn(`${database}-alone`)) === JSON.stringify(together), 5_000);
    expect(together.length).toBeGreaterThan(10);
    for (const replica of replicas) {
      expect(replica.output()).not.toMatch(/"level":"(?:warn|error)"/);
      expect((await call(replica.url, 'GET', '/container_registries?count=true&limit=1')).headers.get('x-total-count')).toBe('4');
      expect(await replica.terminate()).toBe(0);
    }
  }, 60_000);

  it('split by ROLES share the work: what one records, the other probes at once, and both tell of it', async () => {
    const works = await registry();
    const [api, prober] = await Promise.all([spawn({ ROLES: 'api' }), spawn({ ROLES: 'prober' })]);
    await add(api, 'early', works.url);
    await until(async () => (await detail(api, 'early')).status === 'up', 3_000);
    // Changed as well as new ones.
    const refusing = await registry();
    await refusing.close();
    await call(api.url, 'PUT', '/container_registry/early', { body: { container_registry_public_url: refusing.url } });
    await until(async () => (await detail(api, 'early')).status === 'down', 5_000);
    expect((await call(api.url, 'GET', '/container_registry/early/health/events')).body.data.map(({ to }: { to: string }) => to)).toEqual(['down', 'up']);
    // Only the one that probes has probed; what is known of registries, each tells.
    const [ofApi, ofProber] = await Promise.all([api, prober].map(async ({ url }) => (await call(url, 'GET', '/metrics')).text));
    expect(ofApi).not.toMatch(/^portolan_probes_total\{/m);
    expect(ofProber).toMatch(/^portolan_probes_total\{cause="ok"\} [1-9]/m);
    for (const text of [ofApi, ofProber]) expect(text).toContain(`portolan_registry_up{id="early",name="registry early",url="${refusing.url}",type="unknown",vantage="default"} 0\n`);
    expect(await api.terminate()).toBe(0);
    expect(await prober.terminate()).toBe(0);
  }, 60_000);

  it('of ROLES=prober tell of themselves and not of the catalog; those of ROLES=api check on demand', async () => {
    const works = await registry();
    const [api, prober] = await Promise.all([spawn({ ROLES: 'api' }), spawn({ ROLES: 'prober' })]);
    const statusOf = async (method: string, path: string, body?: unknown): Promise<[string, number]> => [path, (await call(prober.url, method, path, body === undefined ? {} : { body })).status];
    for (const path of ['/', '/health', '/ready', '/metrics', '/openapi.json', '/docs']) expect(await statusOf('GET', path)).toEqual([path, 200]);
    for (const path of ['/container_registries', '/container_registry/x', '/container_registries/health', '/container_registry/x/health', '/check_container_health/x']) {
      expect(await statusOf('GET', path)).toEqual([path, 404]);
    }
    expect(await statusOf('POST', '/container_registry', newRecord('x'))).toEqual(['/container_registry', 404]);
    expect(await statusOf('POST', '/api/v1/probe', { url: works.url })).toEqual(['/api/v1/probe', 404]);
    const described = (await call(prober.url, 'GET', '/openapi.json')).body.paths as object;
    expect(Object.keys(described)).not.toContain('/container_registries');
    await add(api, 'a', works.url);
    expect((await call(api.url, 'GET', '/check_container_health/a')).body.data).toMatchObject({ cause: 'ok', vantage: 'default' });
  }, 60_000);

  it('take over the share of one that was killed, and make hardly a probe twice before', async () => {
    const works = await registry();
    const ids = Array.from({ length: 40 }, (_unused, n) => `r${String(n).padStart(2, '0')}`);
    const [api, first, second] = await Promise.all([spawn({ ROLES: 'api' }), spawn({ ROLES: 'prober' }), spawn({ ROLES: 'prober' })]);
    // Each under a path of its own, by which the registry's requests can be told apart.
    await Promise.all(ids.map((id) => add(api, id, `${works.url}/${id}`, { interval_s: 5 })));
    await until(async () => (await overview(api)).every(({ status }) => status === 'up'), 10_000);
    await delay(6_000);
    const probes = await Promise.all([first, second].map(async ({ url }) => /^portolan_probes_total\{cause="ok"\} (\d+)/m.exec((await call(url, 'GET', '/metrics')).text)?.[1]));
    expect(probes.map((count) => Number(count) > 0)).toEqual([true, true]);
    // One round when they were new and one or two since, not twice as many.
    expect(works.requests.length).toBeGreaterThanOrEqual(2 * ids.length - 4);
    expect(works.requests.length).toBeLessThanOrEqual(3.2 * ids.length);

    await first.kill();
    const killed = works.requests.length;
    const probedSince = (id: string): boolean => works.requests.slice(killed).some((head) => head.startsWith(`GET /${id}/v2/`));
    await until(() => ids.every(probedSince), limits.leaseMs + 5_000 + 5_000);
    await until(async () => (await overview(api)).every(({ status }) => status === 'up'), 5_000);
  }, 90_000);

  it('of two vantages tell apart who sees a registry and who does not', async () => {
    // Only one of them trusts the authority that issued the registry's certificate.
    const authority = makeCertificate({ commonName: 'Harbour Authority', isAuthority: true });
    const certificate = makeCertificate({ commonName: 'registry.test', names: ['127.0.0.1'], issuer: authority });
    const caFile = join(folder, 'authority.pem');
    await writeFile(caFile, authority.certPem);
    const secure = await registry({ certificate });
    const plain = await registry();
    const [a] = await Promise.all([spawn({ VANTAGE: 'a', EXTRA_CA_FILE: caFile }), spawn({ VANTAGE: 'b', ROLES: 'prober' })]);
    await delay(500);
    await Promise.all([add(a, 'secure', secure.url, { interval_s: 5 }), add(a, 'plain', plain.url, { interval_s: 5 })]);
    await until(async () => (await overview(a)).every(({ vantages }) => Object.values(vantages).length === 2 && Object.values(vantages).every(({ status }) => status !== 'unknown')), 10_000);

    const { vantages, ...told } = await detail(a, 'secure');
    expect(told).toMatchObject({ status: 'degraded', cause: 'vantages_differ' });
    expect(vantages).toMatchObject({ a: { status: 'up', cause: 'ok', uptime: { '24h': 1 } }, b: { status: 'down', cause: 'tls_untrusted', uptime: { '24h': 0 } } });
    expect(await detail(a, 'plain')).toMatchObject({ status: 'up', cause: 'ok', vantages: { a: { status: 'up' }, b: { status: 'up' } } });
    const record = (await call(a.url, 'GET', '/container_registry/secure?include=health')).body.data.health;
    expect(record).toMatchObject({ status: 'degraded', cause: 'vantages_differ', vantages: { a: { status: 'up', cause: 'ok' }, b: { status: 'down', cause: 'tls_untrusted' } } });

    const idsOf = ({ body }: Reply): string[] => body.data.map(({ id }: { id: string }) => id);
    expect(idsOf(await call(a.url, 'GET', '/container_registries/health?vantage=b&status=down'))).toEqual(['secure']);
    expect(idsOf(await call(a.url, 'GET', '/container_registries/health?vantage=a&status=up'))).toEqual(['plain', 'secure']);
    const fromB = (await call(a.url, 'GET', '/container_registries/health?vantage=b&status=down')).body.data as RegistryHealth[];
    expect(Object.keys(fromB[0]?.vantages ?? {})).toEqual(['b']);
    const found = await call(a.url, 'POST', '/container_registries', { body: { 'health.vantages.b.status': 'down' } });
    expect(found.body.data.map((each: { container_registry_id: string }) => each.container_registry_id)).toEqual(['secure']);
    const histories = await Promise.all(['', '?vantage=b'].map(async (query) => (await call(a.url, 'GET', `/container_registry/secure/health/history${query}`)).body.data));
    expect(histories).toMatchObject([{ vantage: 'a', availability: 1 }, { vantage: 'b', availability: 0 }]);
    const events = (await call(a.url, 'GET', '/container_registry/secure/health/events')).body.data as { vantage: string; to: string }[];
    expect(events.map(({ vantage, to }) => `${vantage} ${to}`).toSorted()).toEqual(['a up', 'b down']);
    const { text } = await call(a.url, 'GET', '/metrics');
    expect(text).toMatch(/^portolan_registry_up\{id="secure",.*vantage="a"\} 1$/m);
    expect(text).toMatch(/^portolan_registry_up\{id="secure",.*vantage="b"\} 0$/m);
    // The one that cannot see it sees it as soon as the record names the authority.
    await call(a.url, 'PUT', '/container_registry/secure', { body: { $set: { 'container_registry_config.health.ca': authority.certPem } } });
    await until(async () => (await detail(a, 'secure')).status === 'up', 5_000);
  }, 60_000);
});
