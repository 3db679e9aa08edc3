import { systemClock } from '../../../src/core/clock.ts';
import type { RecordFields } from '../../../src/core/record.ts';
import { createHealthChecks } from '../../../src/health/checks.ts';
import { createProber, type Prober } from '../../../src/health/probe.ts';
import { parseCidrs, type AddressPolicy } from '../../../src/outgoing/address-policy.ts';
import { createDialer } from '../../../src/outgoing/dialer.ts';
import { authority, badCertificates, badConnections, canary, faults, lookup, startAllCases, type StartedCase } from '../../support/bad-registries.ts';
import { eventually, openSockets, runningTimers } from '../../support/open-sockets.ts';

/** 127.0.0.1 stands for the outside, all else is forbidden. */
const policy: AddressPolicy = { loopback: false, allow: parseCidrs('127.0.0.1'), deny: parseCidrs('0.0.0.0/0,::/0') };
const dialer = createDialer({ policy, lookup, clock: systemClock, extraCa: authority.certPem });
const prober: Prober = createProber({ dialer, clock: systemClock, vantage: 'here', userAgent: 'portolan/1.2.3' });
const unending = new AbortController().signal;

const MEGABYTE = 1024 * 1024;
const TIMEOUT_MS = 1_500;

const names = [
  ...Object.keys(faults).flatMap((name) => [`${name}, plain`, `${name}, over TLS`]),
  ...Object.keys(badCertificates).map((name) => `has a certificate that ${name}`),
  ...Object.keys(badConnections),
];

let cases: readonly StartedCase[] = [];
let listening = 0;

beforeAll(async () => {
  cases = await startAllCases();
  listening = openSockets().length;
});

afterAll(async () => {
  await Promise.all(cases.flatMap(({ server }) => server?.close() ?? []));
});

const openConnections = (): number => cases.reduce((sum, { server }) => sum + (server?.openConnections() ?? 0), 0);

describe('a bad registry', () => {
  it.each(names)('abuse 10: one that %s gets its own cause, in bounded time and bytes, and is let go of', async (name) => {
    const found = cases.find((each) => each.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    const { url, server, cause, reachable, takesAll = false, retryAfterS = null } = found;
    const [bytesBefore, timersBefore] = [server?.bytesWritten() ?? 0, runningTimers()];
    const result = await prober.probe({ url, timeoutMs: takesAll ? 300 : TIMEOUT_MS, signal: unending, canary });
    expect(result).toMatchObject({ cause, reachable, healthy: false, retry_after_s: retryAfterS, reason: expect.stringMatching(/^\S.*\S$/) });
    expect(result.phases.total_ms).toBeLessThan(TIMEOUT_MS + 1_000);
    expect(await eventually(() => openConnections() === 0)).toBe(true);
    // What the client did not read still fills the buffers of the kernel on both sides.
    expect((server?.bytesWritten() ?? 0) - bytesBefore).toBeLessThan(16 * MEGABYTE);
    expect(await eventually(() => openSockets().length <= listening)).toBe(true);
    // Sooner than the deadline's own timer would run out.
    expect(await eventually(() => runningTimers() <= timersBefore, 300)).toBe(true);
  });
});

describe('ten thousand bad registries', () => {
  const IN_FLIGHT = 128;
  const PROBES = 10_000;
  const SHORT_TIMEOUT_MS = 100;
  /** The servers of this very process have to hear of ten thousand ends, on a machine that may be busy. */
  const PATIENCE_MS = 20_000;

  const record = (id: number, url: string): RecordFields => ({
    container_registry_id: String(id),
    container_registry_name: 'bad',
    container_registry_metadata: {},
    container_registry_tags: [],
    container_registry_public_url: url,
    container_registry_image_prefix: '',
    container_registry_config: { health: { timeout_ms: SHORT_TIMEOUT_MS, canary: `${canary.repository}:${canary.reference}` } },
    container_registry_storage_info: {},
  });

  /** Handshakes cost a hundred times as much as what is tested here, so those over TLS come up less often. */
  function roundOf(round: number): readonly StartedCase[] {
    return cases.filter(({ url }, index) => url.startsWith('http:') || (index + round) % 8 === 0);
  }

  it('abuse 10: leave no socket, no timer, no slot and little memory behind', async () => {
    const checks = createHealthChecks({ prober, inFlightMax: IN_FLIGHT, waitingMax: 0 });
    const [socketsBefore, timersBefore, rssBefore] = [openSockets().length, runningTimers(), process.memoryUsage.rss()];
    const causes = new Map<string, number>();
    const queue = (function* () {
      for (let round = 0, id = 0; id < PROBES; round += 1) for (const { url } of roundOf(round)) yield record((id += 1), url);
    })();
    let healthy = 0;
    await Promise.all(
      Array.from({ length: IN_FLIGHT }, async () => {
        for (const each of queue) {
          const result = await checks.check(each, unending);
          causes.set(result.cause, (causes.get(result.cause) ?? 0) + 1);
          if (result.healthy) healthy += 1;
        }
      }),
    );
    expect([...causes.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(PROBES);
    expect(healthy).toBe(0);
    expect([...causes.keys()]).not.toContain('probe_failed');
    expect(await eventually(() => openConnections() === 0 && openSockets().length <= socketsBefore, PATIENCE_MS)).toBe(true);
    expect(await eventually(() => runningTimers() <= timersBefore, PATIENCE_MS)).toBe(true);
    expect(process.memoryUsage.rss() - rssBefore).toBeLessThan(400 * MEGABYTE);
    // All slots are free again, or this many at once would be too many.
    const last = cases.filter(({ cause }) => cause === 'refused').flatMap(({ url }) => Array.from({ length: IN_FLIGHT }, (_, id) => record(-1 - id, url)));
    for (const result of await Promise.all(last.map((each) => checks.check(each, unending)))) expect(result.cause).toMatch(/^(refused|timeout)$/);
  }, 180_000);
});
