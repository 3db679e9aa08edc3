import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../../src/core/limits.ts';
import { readToEnd } from '../support/network.ts';
import { fillCatalog, useOwnProcess } from '../support/own-process.ts';
import { call } from '../support/requests.ts';

const { start, connect } = useOwnProcess();

describe('slow clients', () => {
  it('headers that never end are cut off', async () => {
    const { url } = await start();
    const startedMs = performance.now();
    const socket = await connect();
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
    const { url } = await start({ STREAMS_PER_PRINCIPAL_MAX: '20' });
    await fillCatalog(url, 16);
    const residentBytes = async (): Promise<number> => Number(/^portolan_process_resident_memory_bytes (\d+)/m.exec((await call(url, 'GET', '/metrics')).text)?.[1]);
    await call(url, 'GET', path);
    const before = await residentBytes();
    const stalled = await Promise.all(Array.from({ length: 20 }, () => connect()));
    for (const socket of stalled) socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await delay(1_500);
    // Were the answers held in memory whole, these would be 320 MB at least.
    expect((await residentBytes()) - before).toBeLessThan(160 * 1024 * 1024);
    expect((await call(url, 'GET', '/health')).status).toBe(200);
  }, 60_000);
});
