import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { settings } from '../../src/config/settings.ts';
import { limits } from '../../src/core/limits.ts';
import { dechunk, openConnection, readToEnd } from '../support/network.ts';
import { call, newRecord } from '../support/requests.ts';
import { runToExit, spawnService, temporaryFolder, type SpawnedService } from '../support/service.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };

let folder: string;
let service: SpawnedService | null = null;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  if (service !== null && service.child.exitCode === null && service.child.signalCode === null) await service.kill();
  service = null;
  await rm(folder, { recursive: true, force: true });
});

async function start(variables: Record<string, string> = {}): Promise<SpawnedService> {
  service = await spawnService({ DATA_DIR: folder, RATE_LIMIT_PER_MINUTE: '0', ...variables });
  return service;
}

const jsonLines = (text: string): Record<string, unknown>[] => text.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

/** Fills the catalog with about `megabytes` of records. */
async function fill(url: string, megabytes: number): Promise<number> {
  const text = 'x'.repeat(50_000);
  const count = megabytes * 20;
  for (let n = 0; n < count; n += 10) {
    const ids = Array.from({ length: 10 }, (_unused, offset) => `big-${n + offset}`);
    const replies = await Promise.all(ids.map((id) => call(url, 'POST', '/container_registry', { body: newRecord(id, { container_registry_metadata: { text } }) })));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]));
  }
  return count;
}

describe('kill -9', () => {
  it('abuse 32: twenty times during acknowledged writes loses none of them', async () => {
    const acknowledged = new Set<string>();
    let increments = { sent: 0, acknowledged: 0 };
    await start();
    expect((await call(service!.url, 'POST', '/container_registry', { body: newRecord('counter', { container_registry_metadata: { n: 0 } }) })).status).toBe(201);

    for (let round = 0; round < 20; round++) {
      const { url, kill } = service!;
      let running = true;
      const create = async (client: number): Promise<void> => {
        for (let n = 0; running; n++) {
          const id = `r${round}-c${client}-${n}`;
          const reply = await call(url, 'POST', '/container_registry', { body: newRecord(id) });
          if (reply.status === 201) acknowledged.add(id);
        }
      };
      const increment = async (): Promise<void> => {
        while (running) {
          increments.sent++;
          const reply = await call(url, 'PUT', '/container_registry/counter', { body: { $inc: { 'container_registry_metadata.n': 1 } } });
          if (reply.status === 200) increments.acknowledged++;
        }
      };
      // The kill breaks off whatever is under way; that was never acknowledged.
      const clients = [create(0), create(1), create(2), increment()].map((work) => work.catch(() => undefined));
      await delay(200 + Math.random() * 200);
      await kill();
      running = false;
      await Promise.all(clients);

      await start();
      const stored = (await call(service!.url, 'GET', '/container_registries')).body.data as { container_registry_id: string; container_registry_metadata: { n: number } }[];
      const ids = new Set(stored.map(({ container_registry_id: id }) => id));
      expect([...acknowledged].filter((id) => !ids.has(id))).toEqual([]);
      expect(ids.size).toBe(stored.length);
      const { n } = stored.find(({ container_registry_id: id }) => id === 'counter')!.container_registry_metadata;
      expect(n).toBeGreaterThanOrEqual(increments.acknowledged);
      expect(n).toBeLessThanOrEqual(increments.sent);
      // What was under way when the process died may or may not be there; from here on it is what it is.
      increments = { sent: n, acknowledged: n };
    }
    expect(acknowledged.size).toBeGreaterThan(200);
  }, 180_000);
});

describe('the end', () => {
  it('SIGTERM lets a slow reader have its whole answer, takes nobody new, and exits with 0', async () => {
    const { url, terminate, output } = await start();
    const count = await fill(url, 16);
    const socket = await openConnection(url);
    socket.write('GET /container_registries HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await delay(300);
    const ended = terminate();
    await delay(300);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    const body = JSON.parse(dechunk(await readToEnd(socket))) as { data: unknown[] };
    expect(body.data).toHaveLength(count);
    expect(await ended).toBe(0);
    expect(jsonLines(output()).map(({ message }) => message)).toEqual(expect.arrayContaining(['stopping', 'stopped']));
  }, 60_000);

  it('cuts off a reader that does not finish in time, never with a well-formed half', async () => {
    const { url, terminate } = await start({ DRAIN_TIMEOUT_S: '1' });
    await fill(url, 16);
    const socket = await openConnection(url);
    socket.write('GET /container_registries HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await delay(300);
    expect(await terminate()).toBe(0);
    const received = await readToEnd(socket);
    expect(received.toString('latin1', 0, 15)).toBe('HTTP/1.1 200 OK');
    expect(() => dechunk(received)).toThrow('breaks off');
  }, 60_000);

  it('a second signal ends it at once', async () => {
    const { url, child, exited } = await start();
    await fill(url, 16);
    const socket = await openConnection(url);
    socket.write('GET /container_registries HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await delay(300);
    child.kill('SIGTERM');
    await delay(200);
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    expect(await exited).toBe(130);
    socket.destroy();
  }, 60_000);

  it('SIGINT ends it in order, too', async () => {
    const { child, exited } = await start();
    child.kill('SIGINT');
    expect(await exited).toBe(0);
  });

  it('what was stored is there after an orderly restart', async () => {
    const first = await start();
    await call(first.url, 'POST', '/container_registry', { body: newRecord('kept') });
    const before = await call(first.url, 'GET', '/container_registry/kept?include=meta,health');
    expect(await first.terminate()).toBe(0);
    const second = await start();
    expect((await call(second.url, 'GET', '/container_registry/kept?include=meta,health')).text).toBe(before.text);
  });
});

describe('the command line', () => {
  it('--help lists every setting', async () => {
    const { code, stdout, stderr } = await runToExit({}, { args: ['--help'] });
    expect([code, stderr]).toEqual([0, '']);
    for (const { variable } of Object.values(settings)) expect(stdout).toContain(`\n  ${variable} `);
    expect(stdout).toContain('Usage: ');
  });

  it('--version is that of the package', async () => {
    expect(await runToExit({}, { args: ['--version'] })).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each(['--frobnicate', 'start', '--help=yes'])('%s is refused with a hint', async (argument) => {
    const { code, stdout, stderr } = await runToExit({}, { args: [argument] });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^portolan: [^\n]+\. See --help\.\n$/);
  });
});

describe('logs', () => {
  it('have one JSON line a request, with its id, route, status and duration', async () => {
    const { url, terminate, child } = await start();
    const requests: [string, string, string, number][] = [
      ['GET', '/container_registry/absent', '/container_registry/{id}', 404],
      ['GET', '/container_registries?tag=x', '/container_registries', 200],
      ['POST', '/container_registry', '/container_registry', 400],
      ['GET', '/some/where', 'unmatched', 404],
      ['PATCH', '/health', '/health', 405],
    ];
    for (const [index, [method, path]] of requests.entries()) {
      await call(url, method, path, { headers: { 'X-Request-Id': `line-${index}` }, ...(method === 'POST' ? { body: {} } : {}) });
    }
    const ended = terminate();
    await once(child, 'close');
    expect(await ended).toBe(0);
    const lines = jsonLines(service!.output());
    for (const [index, [method, , route, status]] of requests.entries()) {
      expect(lines.filter((line) => line['request_id'] === `line-${index}`)).toEqual([
        { time: expect.any(String), level: 'info', message: 'request', request_id: `line-${index}`, method, route, status, duration_ms: expect.any(Number) },
      ]);
    }
  });

  it('say so when a client went away before its answer', async () => {
    const { url, terminate, output } = await start();
    await fill(url, 8);
    const socket = await openConnection(url);
    socket.write('GET /container_registries HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: gone\r\n\r\n');
    await delay(200);
    socket.destroy();
    await delay(200);
    await terminate();
    expect(jsonLines(output()).filter((line) => line['request_id'] === 'gone')).toMatchObject([{ level: 'info', message: 'request', status: 200, aborted: true }]);
  });

  it('abuse 7: never show a password, wherever it came from', async () => {
    const withMongo = await spawnService({ MONGO_URL: 'mongodb://user:hunter2@127.0.0.1:1/?authSource=hunter2source', LOG_LEVEL: 'debug' });
    service = withMongo;
    const replies = [
      await call(withMongo.url, 'GET', '/ready'),
      await call(withMongo.url, 'GET', '/container_registry/x'),
      await call(withMongo.url, 'POST', '/container_registry', { body: newRecord('x', { container_registry_public_url: 'https://user:hunter2@registry.example.com' }) }),
      await call(withMongo.url, 'GET', '/metrics'),
      await call(withMongo.url, 'GET', '/nowhere?url=https://user:hunter2@registry.example.com'),
      await call(withMongo.url, 'GET', '/container_registry/https%3A%2F%2Fuser%3Ahunter2%40registry.example.com', { headers: { 'X-Request-Id': 'https://user:hunter2@x' } }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([503, 503, 400, 200, 404, 503]);
    await withMongo.terminate();
    for (const text of [...replies.map((reply) => reply.text), withMongo.output()]) expect(text).not.toContain('hunter2');
  }, 60_000);
});

describe('slow clients', () => {
  it('headers that never end are cut off', async () => {
    const { url } = await start();
    const startedMs = performance.now();
    const socket = await openConnection(url);
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n');
    // A header now and then must not buy more time.
    const drip = setInterval(() => socket.write('X-Drip: 1\r\n'), 1_000);
    const answer = (await readToEnd(socket)).toString();
    clearInterval(drip);
    expect(answer).toMatch(/^HTTP\/1\.1 408 |^$/);
    expect(performance.now() - startedMs).toBeGreaterThan(limits.requestHeadersTimeoutMs - 1_000);
    expect(performance.now() - startedMs).toBeLessThan(limits.requestHeadersTimeoutMs + 15_000);
    expect((await call(url, 'GET', '/health')).status).toBe(200);
  }, 60_000);

  it.each(['/container_registries', '/container_registries?include=meta'])('readers of %s that stall do not make the memory grow', async (path) => {
    const { url } = await start();
    await fill(url, 8);
    const residentBytes = async (): Promise<number> => Number(/^portolan_process_resident_memory_bytes (\d+)/m.exec((await call(url, 'GET', '/metrics')).text)?.[1]);
    await call(url, 'GET', path);
    const before = await residentBytes();
    const stalled = await Promise.all(Array.from({ length: 20 }, () => openConnection(url)));
    for (const socket of stalled) socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await delay(1_500);
    // Were the answers held in memory whole, these would be 160 MB at least.
    expect((await residentBytes()) - before).toBeLessThan(80 * 1024 * 1024);
    for (const socket of stalled) socket.destroy();
    expect((await call(url, 'GET', '/health')).status).toBe(200);
  }, 60_000);
});
