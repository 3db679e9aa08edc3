import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { settings } from '../../src/config/settings.ts';
import { dechunk, readToEnd } from '../support/network.ts';
import { fillCatalog, logLines, useOwnProcess } from '../support/own-process.ts';
import { call, newRecord } from '../support/requests.ts';
import { runToExit } from '../support/service.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };

const { start, connect } = useOwnProcess();

describe('the end', () => {
  it('SIGTERM lets a slow reader have its whole answer, takes nobody new, and exits with 0', async () => {
    const { url, terminate, output } = await start();
    const count = await fillCatalog(url, 16);
    const socket = await connect();
    socket.write('GET /container_registries HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await delay(300);
    const ended = terminate();
    await delay(300);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    const body = JSON.parse(dechunk(await readToEnd(socket))) as { data: unknown[] };
    expect(body.data).toHaveLength(count);
    expect(await ended).toBe(0);
    expect(logLines(output()).map(({ message }) => message)).toEqual(expect.arrayContaining(['stopping', 'stopped']));
  }, 60_000);

  it('for DRAIN_DELAY_S requests are still taken, while /ready says no and every connection is given up', async () => {
    const { url, terminate } = await start({ DRAIN_DELAY_S: '2' });
    expect((await call(url, 'GET', '/ready')).headers.get('connection')).toBe('keep-alive');
    const ended = terminate();
    await delay(300);
    const ready = await call(url, 'GET', '/ready');
    expect([ready.status, ready.body.error]).toEqual([503, 'The service is draining.']);
    const written = await call(url, 'POST', '/container_registry', { body: newRecord('late') });
    const read = await call(url, 'GET', '/container_registry/late');
    expect([written.status, read.status]).toEqual([201, 200]);
    for (const { headers } of [ready, written, read]) expect(headers.get('connection')).toBe('close');
    expect(await ended).toBe(0);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });

  it('cuts off a reader that does not finish in time, never with a well-formed half', async () => {
    const { url, terminate } = await start({ DRAIN_TIMEOUT_S: '1' });
    await fillCatalog(url, 16);
    const socket = await connect();
    socket.write('GET /container_registries HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await delay(300);
    expect(await terminate()).toBe(0);
    const received = await readToEnd(socket);
    expect(received.toString('latin1', 0, 15)).toBe('HTTP/1.1 200 OK');
    expect(() => dechunk(received)).toThrow('breaks off');
  }, 60_000);

  it('a second signal ends it at once', async () => {
    const { url, child, exited } = await start();
    await fillCatalog(url, 16);
    const socket = await connect();
    socket.write('GET /container_registries HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await delay(300);
    child.kill('SIGTERM');
    await delay(200);
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    expect(await exited).toBe(130);
  }, 60_000);

  it('SIGINT ends it in order, too', async () => {
    const { child, exited } = await start();
    child.kill('SIGINT');
    expect(await exited).toBe(0);
  });

  it('SIGTERM while it starts ends it in order, too', async () => {
    for (let n = 0; n < 3; n++) {
      const { child, exited } = await start();
      child.kill('SIGTERM');
      expect(await exited).toBe(0);
    }
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
    const { url, terminate, output } = await start();
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
    expect(await terminate()).toBe(0);
    const lines = logLines(output());
    for (const [index, [method, , route, status]] of requests.entries()) {
      expect(lines.filter((line) => line['request_id'] === `line-${index}`)).toEqual([
        { time: expect.any(String), level: 'info', message: 'request', request_id: `line-${index}`, method, route, status, duration_ms: expect.any(Number) },
      ]);
    }
  });

  it('say so when a client went away before its answer', async () => {
    const { url, terminate, output } = await start();
    await fillCatalog(url, 8);
    const socket = await connect();
    socket.write('GET /container_registries HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: gone\r\n\r\n');
    await delay(200);
    socket.destroy();
    await delay(200);
    await terminate();
    expect(logLines(output()).filter((line) => line['request_id'] === 'gone')).toMatchObject([{ level: 'info', message: 'request', status: 200, aborted: true }]);
  });

  it('abuse 7: never show a password, wherever it came from', async () => {
    const withMongo = await start({ MONGO_URL: 'mongodb://user:hunter2@127.0.0.1:1/?authSource=hunter2source', LOG_LEVEL: 'debug' });
    const replies = await Promise.all([
      call(withMongo.url, 'GET', '/ready'),
      call(withMongo.url, 'GET', '/container_registry/x'),
      call(withMongo.url, 'POST', '/container_registry', { body: newRecord('x', { container_registry_public_url: 'https://user:hunter2@registry.example.com' }) }),
      call(withMongo.url, 'GET', '/metrics'),
      call(withMongo.url, 'GET', '/nowhere?url=https://user:hunter2@registry.example.com'),
      call(withMongo.url, 'GET', '/container_registry/https%3A%2F%2Fuser%3Ahunter2%40registry.example.com', { headers: { 'X-Request-Id': 'https://user:hunter2@x' } }),
    ]);
    expect(replies.map(({ status }) => status)).toEqual([503, 503, 400, 200, 404, 503]);
    await withMongo.terminate();
    for (const text of [...replies.map((reply) => reply.text), withMongo.output()]) expect(text).not.toContain('hunter2');
  }, 60_000);
});
