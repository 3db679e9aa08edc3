import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../support/network.ts';
import { describeWithPeer, startMongoPeer, type MongoPeer } from '../support/peers.ts';
import { call, newRecord, type Reply } from '../support/requests.ts';
import { spawnService, temporaryFolder, type SpawnedService } from '../support/service.ts';

/** Design: within two seconds. The rest is for a machine that does other things, too. */
const answerMsMax = 5_000;

async function timed(request: Promise<Reply>): Promise<Reply> {
  const startedMs = performance.now();
  const reply = await request;
  expect(performance.now() - startedMs).toBeLessThan(answerMsMax);
  return reply;
}

async function expectOutage(url: string): Promise<void> {
  const replies = await Promise.all([
    timed(call(url, 'GET', '/container_registry/kept')),
    timed(call(url, 'GET', '/container_registry/kept?include=meta')),
    timed(call(url, 'POST', '/container_registry', { body: newRecord('lost') })),
    timed(call(url, 'PUT', '/container_registry/kept', { body: { container_registry_name: 'x' } })),
    timed(call(url, 'DELETE', '/container_registry/kept')),
    timed(call(url, 'GET', '/container_registries')),
    timed(call(url, 'POST', '/container_registries?limit=5&count=true', { body: {} })),
    timed(call(url, 'GET', '/check_container_health/kept')),
  ]);
  for (const { status, body, headers } of replies) {
    expect([status, body.code]).toEqual([503, 'STORE_UNAVAILABLE']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
  const ready = await timed(call(url, 'GET', '/ready'));
  expect([ready.status, ready.body.code, ready.body.details.map(({ path }: { path: string }) => path)]).toEqual([503, 'NOT_READY', ['store']]);
  expect((await timed(call(url, 'GET', '/health'))).status).toBe(200);
}

/** Waits until the service has found its store again by itself. */
async function becomesReady(url: string): Promise<void> {
  for (const deadlineMs = performance.now() + 30_000; performance.now() < deadlineMs; ) {
    if ((await call(url, 'GET', '/ready')).status === 200) return;
    await delay(100);
  }
  throw new Error('The service did not come back by itself.');
}

describeWithPeer('mongo-java-server', 'a MongoDB that comes and goes', () => {
  let folder: string;
  let service: SpawnedService;
  let mongo: MongoPeer | null = null;
  let port: number;
  const startMongoAgain = async (): Promise<void> => {
    mongo = await startMongoPeer({ port, file: join(folder, 'mongo') });
  };

  beforeAll(async () => {
    folder = await temporaryFolder();
    port = await freePort();
    service = await spawnService({ MONGO_URL: `mongodb://127.0.0.1:${port}` });
  });
  afterAll(async () => {
    if (service.child.exitCode === null) await service.kill();
    await mongo?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('abuse 33: absent at the start: the process runs, and every call says so soon', async () => {
    await expectOutage(service.url);
    expect(service.child.exitCode).toBeNull();
  }, 60_000);

  it('abuse 33: the service works by itself once the server is there', async () => {
    await startMongoAgain();
    await becomesReady(service.url);
    expect((await call(service.url, 'POST', '/container_registry', { body: newRecord('kept') })).status).toBe(201);
    expect((await call(service.url, 'GET', '/container_registry/kept')).status).toBe(200);
  }, 60_000);

  it('abuse 33: lost while running: 503, and no write is acknowledged', async () => {
    // The stand-in writes to its disk once a second; a MongoDB acknowledges nothing that it has not kept.
    await delay(1_500);
    mongo?.process.signal('SIGKILL');
    await mongo?.process.ended();
    await expectOutage(service.url);
  }, 60_000);

  it('abuse 33: works again when the server is back, with all that was acknowledged and nothing that was not', async () => {
    await startMongoAgain();
    await becomesReady(service.url);
    const { body } = await call(service.url, 'GET', '/container_registries');
    expect(body.data.map((record: { container_registry_id: string }) => record.container_registry_id)).toEqual(['kept']);
    expect((await call(service.url, 'GET', '/container_registry/kept')).body.data.container_registry_name).toBe('registry kept');
    expect((await call(service.url, 'PUT', '/container_registry/kept', { body: { container_registry_name: 'again' } })).status).toBe(200);
  }, 60_000);

  it('abuse 33: a server that hangs is an outage, too', async () => {
    mongo?.process.signal('SIGSTOP');
    try {
      const reply = await timed(call(service.url, 'GET', '/container_registry/kept'));
      expect([reply.status, reply.body.code]).toEqual([503, 'STORE_UNAVAILABLE']);
      const written = await timed(call(service.url, 'POST', '/container_registry', { body: newRecord('hanging') }));
      expect([written.status, written.body.code]).toEqual([503, 'STORE_UNAVAILABLE']);
    } finally {
      mongo?.process.signal('SIGCONT');
    }
    await becomesReady(service.url);
    expect((await call(service.url, 'GET', '/container_registry/kept')).status).toBe(200);
  }, 60_000);

  it('SIGTERM ends the service although the store is away', async () => {
    mongo?.process.signal('SIGKILL');
    await mongo?.process.ended();
    const startedMs = performance.now();
    expect(await service.terminate()).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  }, 60_000);
});
