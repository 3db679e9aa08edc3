import { systemClock } from '../../../src/core/clock.ts';
import { limits } from '../../../src/core/limits.ts';
import type { Cause } from '../../../src/health/cause.ts';
import { createProber, type ProbeRequest, type ProbeResult } from '../../../src/health/probe.ts';
import { parseCidrs, type AddressPolicy } from '../../../src/outgoing/address-policy.ts';
import { createDialer } from '../../../src/outgoing/dialer.ts';
import type { Lookup } from '../../../src/outgoing/resolve.ts';
import { answer, behaviours, redirectTo, startBadRegistry, type BadRegistry, type BadRegistryOptions, type Behaviour } from '../../support/bad-registry.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { eventually, openSockets } from '../../support/open-sockets.ts';

/** 127.0.0.1 stands for the outside, all else is forbidden. */
const policy: AddressPolicy = { loopback: false, allow: parseCidrs('127.0.0.1'), deny: parseCidrs('0.0.0.0/0,::/0') };

const DAY_MS = 86_400_000;
const daysFromNow = (days: number): Date => new Date(Date.now() + days * DAY_MS);

const authority = makeCertificate({ commonName: 'Private Authority', isAuthority: true });
const otherAuthority = makeCertificate({ commonName: 'Other Authority', isAuthority: true });
const certificate = makeCertificate({ commonName: 'registry', names: ['registry.example', '127.0.0.1'], issuer: authority });

const systemLike: Lookup = async () => ['127.0.0.1'];

function proberWith(lookup: Lookup = systemLike): (url: string, settings?: Partial<ProbeRequest>) => Promise<ProbeResult> {
  const prober = createProber({ dialer: createDialer({ policy, lookup, clock: systemClock }), clock: systemClock, vantage: 'here', userAgent: 'portolan/1.2.3' });
  return (url, settings = {}) => prober.probe({ url, timeoutMs: 2_000, signal: new AbortController().signal, ...settings });
}

const probe = proberWith();
const servers: BadRegistry[] = [];

async function serve(behaviour: Behaviour, options: Omit<BadRegistryOptions, 'behaviour'> = {}): Promise<BadRegistry> {
  const server = await startBadRegistry({ behaviour, ...options });
  servers.push(server);
  return server;
}

afterEach(async () => {
  const released = await eventually(() => servers.every((server) => server.openConnections() === 0));
  await Promise.all(servers.splice(0).map((server) => server.close()));
  expect(released).toBe(true);
  expect(await eventually(() => openSockets().length === 0)).toBe(true);
});

describe('authorities of a record', () => {
  it('are trusted for its probe, alone or in a bundle, and for no other', async () => {
    const server = await serve(behaviours.works, { certificate });
    expect(await probe(server.url)).toMatchObject({ cause: 'tls_untrusted', tls: { issuer: 'CN=Private Authority' } });
    expect(await probe(server.url, { ca: authority.certPem })).toMatchObject({ cause: 'ok' });
    expect(await probe(server.url, { ca: `# ours\n${otherAuthority.certPem}${authority.certPem}` })).toMatchObject({ cause: 'ok' });
    expect(await probe(server.url, { ca: otherAuthority.certPem })).toMatchObject({ cause: 'tls_untrusted' });
    expect(await probe(server.url, { ca: null })).toMatchObject({ cause: 'tls_untrusted' });
  });

  it('say so when they cannot be read, and nobody is asked', async () => {
    const server = await serve(behaviours.works, { certificate });
    expect(await probe(server.url, { ca: 'no certificate' })).toMatchObject({ reachable: false, cause: 'tls_untrusted', reason: expect.stringContaining('PEM') });
    expect(server.connections()).toBe(0);
  });

  it('are of no consequence where no TLS is spoken', async () => {
    expect(await probe((await serve(behaviours.works)).url, { ca: 'no certificate' })).toMatchObject({ cause: 'ok' });
  });
});

describe('life that a certificate has left', () => {
  it.each([
    [-9, 1, 0.1],
    [-1, 3, 0.75],
    [-3, -1, 0],
    [1, 2, 1],
  ])('is told as a share: valid from day %d to day %d: %d', async (from, to, left) => {
    const shown = makeCertificate({ commonName: 'registry', names: ['127.0.0.1'], issuer: authority, validFrom: daysFromNow(from), validTo: daysFromNow(to) });
    const { tls } = await probe((await serve(behaviours.works, { certificate: shown })).url, { ca: authority.certPem });
    expect(tls?.lifetime_left).toBeCloseTo(left, 3);
  });
});

describe('expected statuses', () => {
  it.each<[string, Behaviour, readonly number[], boolean, Cause]>([
    ['a web page', answer('200 OK', [], '<!doctype html>'), [200], true, 'ok'],
    ['403', answer('403 Forbidden'), [200, 403], true, 'ok'],
    ['a login', behaviours.asksForLogin, [401], true, 'auth_required'],
    ['a login where none should be', behaviours.asksForLogin, [200], false, 'unexpected_status'],
    ['no login where one should be', behaviours.works, [401], false, 'unexpected_status'],
    ['503', answer('503 Gone Fishing'), [200], false, 'http_5xx'],
    ['a body that never ends', behaviours.endlessBody, [200], true, 'ok'],
  ])('%s', async (_name, behaviour, expectedStatus, healthy, cause) => {
    expect(await probe((await serve(behaviour)).url, { expectedStatus })).toMatchObject({ healthy, cause, reachable: true });
  });

  it('keep a redirect from being followed where it is what they expect', async () => {
    const server = await serve(redirectTo('/login', '302 Found'));
    expect(await probe(server.url, { expectedStatus: [302] })).toMatchObject({ healthy: true, cause: 'ok', status_code: 302, reason: 'Found' });
    expect(server.requests).toHaveLength(1);
  });

  it('are those of the last answer where it is not', async () => {
    const target = await serve(answer('403 Forbidden'));
    expect(await probe((await serve(redirectTo(target.url))).url, { expectedStatus: [403] })).toMatchObject({ healthy: true, cause: 'ok', status_code: 403 });
  });
});

describe('a registry that asks to be left alone', () => {
  it.each([
    ['429 Too Many Requests', 'rate_limited'],
    ['503 Service Unavailable', 'http_5xx'],
  ])('says for how long: %s', async (status, cause) => {
    expect(await probe((await serve(answer(status, ['Retry-After: 17']))).url)).toMatchObject({ cause, retry_after_s: 17 });
    const date = new Date(Date.now() + 60_500).toUTCString();
    const { retry_after_s } = await probe((await serve(answer(status, [`Retry-After: ${date}`]))).url);
    expect(retry_after_s).toBeGreaterThan(50);
    expect(retry_after_s).toBeLessThanOrEqual(61);
  });

  it('may also not say it', async () => {
    expect(await probe((await serve(answer('429 Too Many Requests'))).url)).toMatchObject({ cause: 'rate_limited', retry_after_s: null });
  });
});

describe('a canary', () => {
  const canary = { repository: 'library/alpine', reference: '3.20' };

  /** `/v2/` lives, and manifests are answered so. */
  const manifests = (storage: Behaviour): Behaviour => (socket, head, connection) => (/^GET (\/\w+)?\/v2\/ /.test(head) ? behaviours.works : storage)(socket, head, connection);

  it('is asked for by HEAD, below the record’s URL, as clients ask for manifests, without credentials', async () => {
    const server = await serve(manifests(answer('200 OK')));
    const result = await probe(`${server.url.replace('//', '//user:secret@')}/mirror/`, { canary });
    expect(result).toMatchObject({ healthy: true, cause: 'ok', reason: 'OK', canary: { reference: 'library/alpine:3.20', status_code: 200, ok: true } });
    const [, head = ''] = server.requests;
    expect(server.requests).toHaveLength(2);
    expect(head).toMatch(/^HEAD \/mirror\/v2\/library\/alpine\/manifests\/3\.20 HTTP\/1\.1\r\n/);
    for (const type of ['application/vnd.oci.image.index.v1+json', 'application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json', 'application/vnd.docker.distribution.manifest.v2+json']) {
      expect(head).toMatch(new RegExp(`accept: .*${type.replace(/[.+]/g, '\\$&')}`, 'i'));
    }
    expect(server.requests.join('')).not.toMatch(/authorization|secret/i);
  });

  it('may be named by digest', async () => {
    const server = await serve(manifests(answer('200 OK')));
    const digest = `sha256:${'a'.repeat(64)}`;
    expect(await probe(server.url, { canary: { ...canary, reference: digest } })).toMatchObject({ cause: 'ok', canary: { reference: `library/alpine@${digest}` } });
    expect(server.requests[1]).toMatch(`/v2/library/alpine/manifests/${digest} `);
  });

  it('is not read, however long the server says it is', async () => {
    const server = await serve(manifests((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n')));
    expect(await probe(server.url, { canary })).toMatchObject({ cause: 'ok', canary: { ok: true } });
  });

  it.each<[string, Behaviour, Cause, number | null, boolean, RegExp]>([
    ['served', answer('200 OK'), 'ok', 200, true, /^OK$/],
    ['behind a login', answer('401 Unauthorized'), 'ok', 401, true, /^OK$/],
    ['forbidden to see', answer('403 Forbidden'), 'ok', 403, true, /^OK$/],
    ['missing', answer('404 Not Found'), 'storage_failed', 404, false, /^The canary library\/alpine:3\.20 is missing \(404 Not Found\)\.$/],
    ['in dead storage', answer('500 Internal Server Error'), 'storage_failed', 500, false, /^The canary library\/alpine:3\.20 is not served \(500 Internal Server Error\)\.$/],
    ['unexpectedly without content', answer('204 No Content'), 'storage_failed', 204, false, /204 No Content/],
    ['redirected to nowhere', redirectTo(''), 'storage_failed', 307, false, /307 Temporary Redirect/],
    ['redirected for ever', redirectTo('/v2/'), 'storage_failed', 307, false, /is not served\. The server redirected more than/],
    ['reset', behaviours.resets, 'storage_failed', null, false, /is not served\. The connection was closed/],
    ['rate limited', answer('429 Too Many Requests', ['Retry-After: 9']), 'rate_limited', 429, false, /canary library\/alpine:3\.20 \(429/],
    ['behind a redirect to a forbidden address', redirectTo('http://127.0.0.2:1/'), 'blocked', 307, false, /127\.0\.0\.2 .*Nothing was sent/],
  ])('that is %s', async (_name, storage, cause, status, ok, reason) => {
    const result = await probe((await serve(manifests(storage))).url, { canary });
    expect(result).toMatchObject({ reachable: true, healthy: ok, status_code: 200, cause, canary: { status_code: status, ok }, retry_after_s: status === 429 ? 9 : null });
    expect(result.reason).toMatch(reason);
  });

  it('that hangs is storage that failed, at the deadline of the whole probe', async () => {
    const result = await probe((await serve(manifests(behaviours.hangsBeforeHeaders))).url, { canary, timeoutMs: 300 });
    expect(result).toMatchObject({ healthy: false, cause: 'storage_failed', canary: { status_code: null, ok: false }, reason: 'The canary library/alpine:3.20 is not served. No whole answer came within 300 ms.' });
    expect(result.phases.total_ms).toBeGreaterThanOrEqual(295);
  });

  it('is followed to where the registry keeps its images', async () => {
    const store = await serve(answer('200 OK'));
    expect(await probe((await serve(manifests(redirectTo(`${store.url}/kept`)))).url, { canary })).toMatchObject({ cause: 'ok', canary: { status_code: 200, ok: true } });
    expect(store.requests[0]).toMatch(/^HEAD \/kept /);
  });

  it.each<[string, Behaviour, Cause]>([
    ['asks for a login', behaviours.asksForLogin, 'auth_required'],
    ['fails', answer('503 Gone Fishing'), 'http_5xx'],
  ])('is left alone where /v2/ %s', async (_name, behaviour, cause) => {
    const server = await serve(behaviour);
    expect(await probe(server.url, { canary })).toMatchObject({ cause, canary: null });
    expect(server.requests).toHaveLength(1);
  });

  it('is called off with its probe', async () => {
    const server = await serve(manifests(behaviours.hangsBeforeHeaders));
    const controller = new AbortController();
    const probing = probe(server.url, { canary, signal: controller.signal });
    await eventually(() => server.requests.length === 2);
    controller.abort(new Error('called off'));
    await expect(probing).rejects.toThrow('called off');
  });
});

describe('a probe’s own log', () => {
  it('is there only when it is asked for', async () => {
    const server = await serve(behaviours.works);
    expect(await probe(server.url)).not.toHaveProperty('log');
    expect(await probe(server.url, { debug: true })).toHaveProperty('log');
  });

  it('tells each step, with its time', async () => {
    const target = await serve(behaviours.works, { certificate });
    const first = await serve(redirectTo(`${target.url}/there/?signature=secret-of-redirect`));
    const { log = [] } = await probe(`http://user:secret@registry.example:${first.port}`, { debug: true, ca: authority.certPem });
    expect(log.map(({ event }) => event)).toEqual([
      'Resolving registry.example.',
      'registry.example has the addresses 127.0.0.1.',
      `Connecting to port ${first.port} of 127.0.0.1.`,
      'Connected to 127.0.0.1.',
      `Asking GET http://registry.example:${first.port}/v2/.`,
      'The answer is 307 Temporary Redirect.',
      `Redirected to ${target.url}/there/.`,
      `Connecting to port ${target.port} of 127.0.0.1.`,
      'Connected to 127.0.0.1.',
      'The server shows a certificate for CN=registry from CN=Private Authority.',
      'Speaking TLSv1.3.',
      `Asking GET ${target.url}/there/.`,
      'The answer is 200 OK.',
      'The cause is ok: OK',
    ]);
    const times = log.map(({ at_ms }) => at_ms);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(JSON.stringify(log)).not.toMatch(/secret/);
  });

  it('tells of what went wrong, and of the canary', async () => {
    const { log = [] } = await probe('http://inside.example', { debug: true });
    expect(log.at(-1)?.event).toMatch(/^The cause is refused: /);
    const server = await serve(behaviours.works);
    const canaried = await probe(server.url, { debug: true, canary: { repository: 'a', reference: 'b' } });
    expect(canaried.log?.map(({ event }) => event)).toContain(`Asking HEAD ${server.url}/v2/a/manifests/b.`);
  });

  it('abuse 10: stays small, and of one line each, whatever a registry sends', async () => {
    const { log = [] } = await probe((await serve(answer(`200 ${'x\t'.repeat(4_000)}`))).url, { debug: true });
    for (const { event } of log) expect(event.length).toBeLessThanOrEqual(limits.probeTextLengthMax);
    expect(JSON.stringify(log)).not.toMatch(/\\t/);
  });
});

describe('a name that flips its address', () => {
  it('abuse 4: between check and dial is dialled where it was checked, and between two requests is checked again', async () => {
    const victim = await serve(behaviours.works, { host: '127.0.0.2' });
    const registry = await serve(redirectTo('/v2/'), { port: victim.port });
    const answers = ['127.0.0.1', '127.0.0.2'];
    let lookups = 0;
    const flipping = proberWith(async () => [answers[lookups++] ?? '127.0.0.2']);
    expect(await flipping(`http://flip.example:${victim.port}`)).toMatchObject({ cause: 'blocked', reachable: true, reason: expect.stringContaining('127.0.0.2') });
    expect([lookups, registry.connections(), victim.connections()]).toEqual([2, 1, 0]);
  });
});
