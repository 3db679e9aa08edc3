/** Replicas behind a balancer are restarted one after the other while clients read and write: none of them may notice. */
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { secretKeys } from '../support/access.ts';
import { ADMIN_PASSWORD, logIn } from '../support/callers.ts';
import { startProcess, type RunningProcess } from '../support/child-process.ts';
import { freePort } from '../support/network.ts';
import { describeWithPeer, requirePeer, startMongoPeer, type MongoPeer } from '../support/peers.ts';
import { blocksOf } from '../support/readme.ts';
import { call, newRecord } from '../support/requests.ts';
import { spawnService, temporaryFolder, type SpawnedService } from '../support/service.ts';
import { until } from '../support/until.ts';

const blocks = blocksOf(readFileSync(resolve(import.meta.dirname, '../../docs/operations.md'), 'utf8'));
const balancerBlock = blocks.find(({ language }) => language === 'haproxy')?.text ?? '';
const settings = new Map(blocks.filter(({ language }) => language === 'env').flatMap(({ text }) => text.split('\n').map((line) => line.split('=', 2) as [string, string])));

/** HAProxy with the configuration of docs/operations.md, but for its ports. */
async function startBalancer(folder: string, ports: ReadonlyMap<number, number>): Promise<RunningProcess> {
  const peer = requirePeer('haproxy');
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, `${balancerBlock.replace(/127\.0\.0\.1:(\d+)/g, (_all, port: string) => `127.0.0.1:${ports.get(Number(port)) ?? '?'}`)}\n`);
  const libraries = join(peer, 'usr/lib', process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu');
  return startProcess({ program: join(peer, 'usr/sbin/haproxy'), args: ['-W', '-db', '-f', file], env: { LD_LIBRARY_PATH: libraries }, ready: /Loading success/ });
}

describeWithPeer(['mongo-java-server', 'haproxy'], 'SIGTERM behind a balancer', () => {
  const replicas = new Map<number, SpawnedService>();
  const ports = new Map<number, number>();
  let folder: string;
  let mongo: MongoPeer;
  let balancer: RunningProcess;
  let url: string;

  const startReplica = async (port: number): Promise<void> => {
    const secrets = { ADMIN_PASSWORD, SECRET_KEY: secretKeys[0] };
    const documented = Object.fromEntries(['AUTH', 'TRUST_PROXY', 'DRAIN_DELAY_S'].map((name) => [name, settings.get(name) ?? '']));
    replicas.set(port, await spawnService({ PORT: String(ports.get(port)), MONGO_URL: mongo.url, RATE_LIMIT_PER_MINUTE: '0', ...secrets, ...documented }));
    await until(async () => (await call(replicas.get(port)?.url ?? '', 'GET', '/ready')).status === 200, 10_000);
  };

  beforeAll(async () => {
    [folder, mongo] = await Promise.all([temporaryFolder(), startMongoPeer()]);
    for (const port of [8000, 8001, 8002, 8003]) ports.set(port, await freePort());
    await Promise.all([8001, 8002, 8003].map(startReplica));
    balancer = await startBalancer(folder, ports);
    url = `http://127.0.0.1:${ports.get(8000)}`;
  }, 60_000);
  afterAll(async () => {
    await balancer.stop();
    await Promise.all([...replicas.values()].map((service) => service.kill()));
    await mongo.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('fails no request, of readers and writers, while every replica is restarted', async () => {
    const failures: string[] = [];
    const created: string[] = [];
    let increments = 0;
    let answers = 0;
    let running = true;
    const admin = await logIn(url, 'admin', ADMIN_PASSWORD);
    const send = async (method: string, path: string, expected: number, body?: unknown): Promise<boolean> => {
      answers++;
      const outcome = await admin.call(method, path, { body }).then(({ status, text }) => (status === expected ? '' : `${status} ${text}`), (error: unknown) => String((error as Error).cause ?? error));
      if (outcome !== '') failures.push(`${method} ${path}: ${outcome}`);
      return outcome === '';
    };
    await send('POST', '/container_registry', 201, newRecord('counter', { container_registry_metadata: { n: 0 } }));
    const client = async (number: number): Promise<void> => {
      for (let n = 0; running; n++) {
        const id = `r${number}-${n}`;
        if (await send('POST', '/container_registry', 201, newRecord(id))) created.push(id);
        await send('GET', `/container_registry/${id}`, 200);
        if (await send('PUT', '/container_registry/counter', 200, { $inc: { 'container_registry_metadata.n': 1 } })) increments++;
        if (n % 20 === 0) await send('GET', '/container_registries/export', 200);
      }
    };
    const clients = [0, 1, 2, 3].map(client);
    await delay(3_000);
    for (const port of [8001, 8002, 8003]) {
      expect(await replicas.get(port)?.terminate()).toBe(0);
      await startReplica(port);
      // The balancer asks twice before it sends requests here again.
      await delay(3_000);
    }
    running = false;
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(answers).toBeGreaterThan(300);
    // Each has answered since its restart, so that the balancer did not simply go without them.
    for (const { output } of replicas.values()) expect(output()).toMatch(/"route":"\/container_registry"/);
    const stored = (await admin.call('GET', '/container_registries')).body.data as { container_registry_id: string; container_registry_metadata: { n: number } }[];
    const ids = new Set(stored.map(({ container_registry_id: id }) => id));
    expect(created.filter((id) => !ids.has(id))).toEqual([]);
    expect(stored.find(({ container_registry_id: id }) => id === 'counter')?.container_registry_metadata.n).toBe(increments);
  }, 120_000);
});
