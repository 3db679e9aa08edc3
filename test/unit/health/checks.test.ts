import { setImmediate as turn } from 'node:timers/promises';
import type { RecordFields } from '../../../src/core/record.ts';
import { createHealthChecks, type HealthChecksOptions, type RecordChecks, type UrlChecks } from '../../../src/health/checks.ts';
import type { ProbeRequest, ProbeResult } from '../../../src/health/probe.ts';
import { resultOf } from '../../support/watching.ts';

const record = (id: string, url = `http://${id}.example`): RecordFields => ({
  container_registry_id: id,
  container_registry_name: id,
  container_registry_metadata: {},
  container_registry_tags: [],
  container_registry_public_url: url,
  container_registry_image_prefix: '',
  container_registry_config: {},
  container_registry_storage_info: {},
});

interface Bench {
  readonly checks: RecordChecks & UrlChecks;
  /** Probes that have begun, in order. */
  readonly begun: ProbeRequest[];
  readonly results: ProbeResult[];
  /** Ends the probe of a URL. */
  readonly end: (url: string, error?: Error) => Promise<void>;
}

/** Checks over a prober whose probes end when the test says so. */
function bench(options: Partial<HealthChecksOptions> = {}): Bench {
  const begun: ProbeRequest[] = [];
  const results: ProbeResult[] = [];
  const endings = new Map<string, (error?: Error) => void>();
  const probe = (request: ProbeRequest): Promise<ProbeResult> =>
    new Promise((resolve, reject) => {
      begun.push(request);
      request.signal.addEventListener('abort', () => reject(request.signal.reason as Error));
      endings.set(request.url, (error) => (error === undefined ? resolve(resultOf(request.url)) : reject(error)));
    });
  return {
    checks: createHealthChecks({ prober: { probe }, onResult: (result) => void results.push(result), ...options }),
    begun,
    results,
    async end(url, error) {
      endings.get(url)?.(error);
      await turn();
    },
  };
}

const unending = new AbortController().signal;

describe('health checks', () => {
  it('probes the record’s URL with the usual settings', async () => {
    const { checks, begun, end } = bench();
    const checking = checks.check(record('a', 'http://a.example/p'), unending);
    await turn();
    expect(begun).toEqual([{ url: 'http://a.example/p', timeoutMs: 5_000, ca: null, expectedStatus: null, canary: null, credential: null, debug: false, signal: expect.any(AbortSignal) }]);
    await end('http://a.example/p');
    expect(await checking).toMatchObject({ cause: 'ok', url: 'http://a.example/p' });
  });

  it('probes as the record says', async () => {
    const { checks, begun, end } = bench();
    const checking = checks.check({ ...record('a'), container_registry_config: { health: { timeout_ms: 700, expected_status: [200, 403], canary: 'library/alpine:3' } } }, unending);
    await turn();
    expect(begun).toMatchObject([{ timeoutMs: 700, expectedStatus: [200, 403], canary: { repository: 'library/alpine', reference: '3' } }]);
    await end('http://a.example');
    await checking;
  });

  it('does not join a caller who wants the log onto a probe without one, nor a changed record onto the probe of the old one', async () => {
    const { checks, begun } = bench();
    const controller = new AbortController();
    const changed = { ...record('a'), container_registry_config: { health: { timeout_ms: 700 } } };
    const all = [checks.check(record('a'), controller.signal), checks.check(record('a'), controller.signal, { debug: true }), checks.check(changed, controller.signal)];
    await turn();
    expect(begun.map(({ debug, timeoutMs }) => [debug, timeoutMs])).toEqual([[false, 5_000], [true, 5_000], [false, 700]]);
    controller.abort(new Error('left'));
    await Promise.allSettled(all);
  });

  it('probes URLs that are in no record with the usual settings, one at a time, and apart from records', async () => {
    const { checks, begun, end } = bench();
    const both = Promise.all([checks.checkUrl('http://a.example', unending), checks.checkUrl('http://a.example', unending, { debug: false })]);
    await turn();
    expect(begun).toEqual([{ url: 'http://a.example', timeoutMs: 5_000, debug: false, signal: expect.any(AbortSignal) }]);
    const controller = new AbortController();
    const left = expect(checks.check(record('other', 'http://b.example'), controller.signal)).rejects.toThrow('left');
    await turn();
    expect(begun).toHaveLength(2);
    controller.abort(new Error('left'));
    await left;
    await end('http://a.example');
    const [first, second] = await both;
    expect(second).toBe(first);
  });

  it('joins callers onto the probe of the same record that is under way, and reports it once', async () => {
    const { checks, begun, results, end } = bench();
    const all = Promise.all([1, 2, 3].map(() => checks.check(record('a'), unending)));
    await turn();
    expect(begun).toHaveLength(1);
    await end('http://a.example');
    const [first, second, third] = await all;
    expect(second).toBe(first);
    expect(third).toBe(first);
    expect(results).toHaveLength(1);
    void checks.check(record('a'), unending);
    await turn();
    expect(begun).toHaveLength(2);
    await end('http://a.example');
  });

  it('does not join probes of other records, nor of the same record with another URL', async () => {
    const { checks, begun, end } = bench();
    const all = Promise.all([checks.check(record('a'), unending), checks.check(record('b'), unending), checks.check(record('a', 'http://new.example'), unending)]);
    await turn();
    expect(begun.map(({ url }) => url)).toEqual(['http://a.example', 'http://b.example', 'http://new.example']);
    for (const { url } of begun) await end(url);
    await all;
  });

  it('calls a probe off when its last caller leaves, not before', async () => {
    const { checks, begun, results } = bench();
    const [one, two] = [new AbortController(), new AbortController()];
    const checking = [checks.check(record('a'), one.signal), checks.check(record('a'), two.signal)];
    const outcomes = Promise.allSettled(checking);
    await turn();
    one.abort(new Error('first left'));
    await turn();
    expect(begun[0]?.signal.aborted).toBe(false);
    two.abort(new Error('second left'));
    await turn();
    expect(begun[0]?.signal.aborted).toBe(true);
    expect(await outcomes).toMatchObject([{ reason: { message: 'first left' } }, { reason: { message: 'second left' } }]);
    expect(results).toEqual([]);
  });

  it('begins a new probe for whoever comes after the last caller left', async () => {
    const { checks, begun, end } = bench();
    const controller = new AbortController();
    const left = checks.check(record('a'), controller.signal);
    controller.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    const checking = checks.check(record('a'), unending);
    await turn();
    expect(begun).toHaveLength(2);
    await end('http://a.example');
    expect(await checking).toMatchObject({ cause: 'ok' });
  });

  it('refuses a caller who has left already', async () => {
    const { checks, begun } = bench();
    await expect(checks.check(record('a'), AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
    expect(begun).toEqual([]);
  });

  it('lets so many probes run, so many wait in order, and sends the rest away', async () => {
    const { checks, begun, end } = bench({ inFlightMax: 2, waitingMax: 2 });
    const all = ['a', 'b', 'c', 'd'].map((id) => checks.check(record(id), unending));
    await turn();
    expect(begun).toHaveLength(2);
    await expect(checks.check(record('e'), unending)).rejects.toMatchObject({ code: 'OVERLOADED', retryAfterS: 5, message: expect.stringContaining('2 probes are running and 2 are waiting') });
    const joined = checks.check(record('d'), unending);
    await end('http://b.example');
    expect(begun.map(({ url }) => url)).toEqual(['http://a.example', 'http://b.example', 'http://c.example']);
    for (const id of ['a', 'c', 'd']) await end(`http://${id}.example`);
    expect(await Promise.all([...all, joined])).toHaveLength(5);
  });

  it('gives up the place of a caller who leaves while waiting', async () => {
    const { checks, begun, end } = bench({ inFlightMax: 1, waitingMax: 1 });
    const first = checks.check(record('a'), unending);
    const controller = new AbortController();
    const waiting = checks.check(record('b'), controller.signal);
    controller.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    const next = checks.check(record('c'), unending);
    await end('http://a.example');
    await first;
    await end('http://c.example');
    expect(await next).toMatchObject({ url: 'http://c.example' });
    expect(begun.map(({ url }) => url)).toEqual(['http://a.example', 'http://c.example']);
  });

  it('frees the slot of a probe that fails', async () => {
    const { checks, end } = bench({ inFlightMax: 1, waitingMax: 0 });
    const failing = checks.check(record('a'), unending);
    const outcome = expect(failing).rejects.toThrow('broken');
    await turn();
    await end('http://a.example', new Error('broken'));
    await outcome;
    const next = checks.check(record('b'), unending);
    await turn();
    await end('http://b.example');
    expect(await next).toMatchObject({ cause: 'ok' });
  });
});
