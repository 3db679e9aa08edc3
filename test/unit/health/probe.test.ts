import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { systemClock } from '../../../src/core/clock.ts';
import { limits } from '../../../src/core/limits.ts';
import type { Cause } from '../../../src/health/cause.ts';
import { createProber, type ProbeResult } from '../../../src/health/probe.ts';
import { parseCidrs, type AddressPolicy } from '../../../src/outgoing/address-policy.ts';
import { createDialer } from '../../../src/outgoing/dialer.ts';
import type { Lookup } from '../../../src/outgoing/resolve.ts';
import { answer, behaviours, redirectTo, startBadRegistry, type BadRegistry, type BadRegistryOptions, type Behaviour } from '../../support/bad-registry.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { startFullBacklog } from '../../support/full-backlog.ts';
import { eventually, openSockets, runningTimers } from '../../support/open-sockets.ts';

const loopbackOnly: AddressPolicy = { loopback: false, allow: parseCidrs('127.0.0.0/8,::1/128'), deny: parseCidrs('0.0.0.0/0,::/0') };
/** 127.0.0.1 stands for the outside, all else is forbidden. */
const onlyFirst: AddressPolicy = { ...loopbackOnly, allow: parseCidrs('127.0.0.1') };

const DAY_MS = 86_400_000;
const daysFromNow = (days: number): Date => new Date(Date.now() + days * DAY_MS);

const authority = makeCertificate({ commonName: 'Test Authority', isAuthority: true, validFrom: daysFromNow(-100), validTo: daysFromNow(100) });
const trusted = makeCertificate({ commonName: 'registry', names: ['registry.example', '127.0.0.1'], issuer: authority });

interface ProbeOptions {
  readonly policy?: AddressPolicy;
  readonly lookup?: Lookup;
  readonly timeoutMs?: number;
  readonly extraCa?: string;
  readonly signal?: AbortSignal;
}

async function probe(url: string, options: ProbeOptions = {}): Promise<ProbeResult> {
  const { policy = loopbackOnly, lookup = async () => ['127.0.0.1'], timeoutMs = 2_000, extraCa, signal = new AbortController().signal } = options;
  const dialer = createDialer({ policy, lookup, clock: systemClock, ...(extraCa === undefined ? {} : { extraCa }) });
  const prober = createProber({ dialer, clock: systemClock, vantage: 'here', userAgent: 'portolan/1.2.3' });
  return prober.probe({ url, timeoutMs, signal });
}

const interimFirst: Behaviour = (socket, head, connection) => {
  socket.write('HTTP/1.1 103 Early Hints\r\n\r\n');
  behaviours.works(socket, head, connection);
};

const servers: BadRegistry[] = [];

async function serve(behaviour: Behaviour, options: Omit<BadRegistryOptions, 'behaviour'> = {}): Promise<BadRegistry> {
  const server = await startBadRegistry({ behaviour, ...options });
  servers.push(server);
  return server;
}

let timersBefore = 0;
beforeEach(() => {
  timersBefore = runningTimers();
});

afterEach(async () => {
  // The client must have let go by itself, before the server makes it.
  const released = await eventually(() => servers.every((server) => server.openConnections() === 0));
  await Promise.all(servers.splice(0).map((server) => server.close()));
  expect(released).toBe(true);
  expect(await eventually(() => openSockets().length === 0 && runningTimers() <= timersBefore)).toBe(true);
});

describe('probe', () => {
  it('reports a registry that works, whole and in the shape that goes over the wire', async () => {
    const server = await serve(behaviours.works);
    const result = await probe(`${server.url}/some/path/`);
    expect(result).toEqual({
      reachable: true,
      healthy: true,
      status_code: 200,
      reason: 'OK',
      url: `${server.url}/some/path/v2/`,
      cause: 'ok',
      authenticated: false,
      phases: { dns_ms: null, connect_ms: expect.any(Number), tls_ms: null, first_byte_ms: expect.any(Number), total_ms: expect.any(Number) },
      tls: null,
      challenge: null,
      flavor: 'distribution',
      retry_after_s: null,
      canary: null,
      vantage: 'here',
      checked_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it('asks once, for /v2/, as itself, without credentials and without compression', async () => {
    const server = await serve(behaviours.works);
    await probe(server.url.replace('//', '//user:secret@'));
    expect(server.requests).toHaveLength(1);
    const [head = ''] = server.requests;
    expect(head).toMatch(/^GET \/v2\/ HTTP\/1\.1\r\n/);
    expect(head).toMatch(/user-agent: portolan\/1\.2\.3\r\n/i);
    expect(head).toMatch(/accept-encoding: identity\r\n/i);
    expect(head).not.toMatch(/authorization|cookie|secret/i);
  });

  it('names the registry by the host of its URL, and measures the lookup', async () => {
    const server = await serve(behaviours.works);
    const result = await probe(`http://registry.example:${server.port}`);
    expect(server.requests[0]).toMatch(new RegExp(`host: registry\\.example:${server.port}\r\n`, 'i'));
    expect(result.phases.dns_ms).toEqual(expect.any(Number));
  });

  it('opens a fresh connection for every probe', async () => {
    const server = await serve(behaviours.works);
    for (let i = 0; i < 3; i += 1) await probe(server.url);
    expect(server.connections()).toBe(3);
  });

  it('takes a login that is asked for as a sign of health, and says how to log in', async () => {
    const result = await probe((await serve(behaviours.asksForLogin)).url);
    expect(result).toMatchObject({ reachable: true, healthy: true, status_code: 401, reason: 'Unauthorized', cause: 'auth_required' });
    expect(result.challenge).toEqual({ scheme: 'Bearer', realm: 'https://auth.example/token', service: 'registry.example' });
  });

  it.each<[string, Behaviour, number, string, Cause]>([
    ['a web page', answer('200 OK', ['Content-Type: text/html'], '<!doctype html>'), 200, 'OK', 'not_a_registry'],
    ['401 without a challenge', answer('401 Unauthorized'), 401, 'Unauthorized', 'bad_challenge'],
    ['a malformed challenge', answer('401 Unauthorized', ['WWW-Authenticate: =,"??']), 401, 'Unauthorized', 'bad_challenge'],
    ['403', answer('403 Forbidden'), 403, 'Forbidden', 'http_4xx'],
    ['404', answer('404 Not Found', ['Content-Type: text/html'], 'nothing'), 404, 'Not Found', 'not_a_registry'],
    ['429', answer('429 Too Many Requests', ['Retry-After: 5']), 429, 'Too Many Requests', 'rate_limited'],
    ['500', answer('500 Internal Server Error'), 500, 'Internal Server Error', 'http_5xx'],
    ['503', answer('503 Gone Fishing'), 503, 'Gone Fishing', 'http_5xx'],
    ['an empty reason phrase', answer('502 '), 502, 'Bad Gateway', 'http_5xx'],
    ['a reason phrase with control characters', answer('502 a\tb'), 502, 'a b', 'http_5xx'],
  ])('calls a server that answers %s reachable but not healthy', async (_name, behaviour, status, reason, cause) => {
    expect(await probe((await serve(behaviour)).url)).toMatchObject({ reachable: true, healthy: false, status_code: status, reason, cause });
  });

  it.each<[string, Behaviour]>([
    ['JSON without the version header', answer('200 OK', [], '{}')],
    ['an empty body', answer('200 OK')],
    ['HTTP/1.0 and the end of the connection', (socket) => socket.end('HTTP/1.0 200 OK\r\n\r\n{}')],
    ['an interim answer first', interimFirst],
  ])('calls a server that answers %s healthy', async (_name, behaviour) => {
    expect(await probe((await serve(behaviour)).url)).toMatchObject({ healthy: true, cause: 'ok', status_code: 200 });
  });

  it.each(['ftp://127.0.0.1/', 'file:///etc/passwd', 'data:,x', 'not a URL', ''])('abuse 6: asks nobody when the record’s URL is %j', async (url) => {
    expect(await probe(url)).toMatchObject({ reachable: false, healthy: false, status_code: null, cause: 'bad_url', url, reason: expect.stringMatching(/\.$/) });
  });

  it('has no result when its caller calls it off', async () => {
    const server = await serve(behaviours.hangsBeforeHeaders);
    const controller = new AbortController();
    const reason = new Error('called off');
    const probing = probe(server.url, { signal: controller.signal });
    await eventually(() => server.requests.length === 1);
    controller.abort(reason);
    await expect(probing).rejects.toBe(reason);
    await expect(probe(server.url, { signal: controller.signal })).rejects.toBe(reason);
  });
});

describe('probe of a registry that misbehaves', () => {
  it.each<[keyof typeof behaviours, Cause, boolean]>([
    ['resets', 'reset', false],
    ['closesWithoutAnswer', 'reset', false],
    ['closesInBody', 'reset', true],
    ['endlessBody', 'too_large', true],
    ['endlessChunkExtensions', 'too_large', true],
    ['endlessInterimAnswers', 'protocol', false],
    ['megabyteOfHeaders', 'protocol', false],
    ['megabyteReasonPhrase', 'too_large', false],
    ['gzipBomb', 'not_a_registry', true],
    ['notHttp', 'protocol', false],
    ['secondAnswer', 'protocol', false],
  ])('abuse 10: one that %s ends as %s, in bounded time and bytes', async (name, cause, reachable) => {
    const server = await serve(behaviours[name]);
    const result = await probe(server.url, { timeoutMs: 10_000 });
    expect(result).toMatchObject({ healthy: false, cause, reachable });
    expect(result.phases.total_ms).toBeLessThan(5_000);
    // What the client did not read still fills the buffers of the kernel on both sides.
    expect(server.bytesWritten()).toBeLessThan(16 * 1024 * 1024);
  });

  it.each<[keyof typeof behaviours, boolean]>([
    ['hangsBeforeHeaders', false],
    ['hangsInHeaders', false],
    ['hangsAfterHeaders', true],
    ['dripsHeaders', false],
    ['dripsBody', true],
  ])('abuse 10: one that %s is given up at the deadline', async (name, reachable) => {
    const result = await probe((await serve(behaviours[name])).url, { timeoutMs: 300 });
    expect(result).toMatchObject({ healthy: false, cause: 'timeout', reachable, status_code: reachable ? 200 : null, reason: 'No whole answer came within 300 ms.' });
    expect(result.phases.total_ms).toBeGreaterThanOrEqual(295);
    expect(result.phases.total_ms).toBeLessThan(3_000);
  });

  it('abuse 10: reads a body of just the size that is allowed, and no more', async () => {
    const full = ' '.repeat(limits.probeBodyBytesMax - 2) + '{}';
    expect(await probe((await serve(answer('200 OK', [], full))).url)).toMatchObject({ healthy: true, cause: 'ok' });
    expect(await probe((await serve(answer('200 OK', [], ` ${full}`))).url)).toMatchObject({ healthy: false, cause: 'too_large' });
  });

  it('abuse 10: does not wait for a body that it does not need', async () => {
    const hanging: Behaviour = (socket) => socket.write('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 10\r\n\r\n');
    expect(await probe((await serve(hanging)).url, { timeoutMs: 5_000 })).toMatchObject({ cause: 'http_5xx' });
  });

  it('reports a port where nothing listens', async () => {
    const server = await startBadRegistry({ behaviour: behaviours.works });
    await server.close();
    expect(await probe(server.url)).toMatchObject({ reachable: false, status_code: null, cause: 'refused', reason: 'No connection to 127.0.0.1 (ECONNREFUSED).' });
  });

  it('reports a port that neither accepts nor refuses', async () => {
    const hanging = await startFullBacklog('127.0.0.5');
    try {
      const result = await probe(`http://127.0.0.5:${hanging.port}`, { timeoutMs: 300 });
      expect(result).toMatchObject({ reachable: false, cause: 'timeout', phases: { connect_ms: expect.any(Number), first_byte_ms: null } });
    } finally {
      await hanging.close();
    }
  });

  it('reports names that do not resolve, and a resolver that hangs', async () => {
    const missing: Lookup = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    expect(await probe('http://nowhere.example', { lookup: missing })).toMatchObject({ reachable: false, cause: 'dns', reason: 'The name nowhere.example could not be resolved (ENOTFOUND).' });
    const hanging: Lookup = () => new Promise(() => undefined);
    expect(await probe('http://slow.example', { lookup: hanging, timeoutMs: 100 })).toMatchObject({ reachable: false, cause: 'timeout', phases: { connect_ms: null } });
  });

  it('abuse 10: leaves nothing behind after hundreds of probes', async () => {
    const names = ['works', 'resets', 'closesInBody', 'endlessBody', 'megabyteOfHeaders', 'notHttp', 'gzipBomb', 'hangsBeforeHeaders'] as const;
    const all = await Promise.all(names.map((name) => serve(behaviours[name])));
    for (let round = 0; round < 25; round += 1) await Promise.all(all.map((server) => probe(server.url, { timeoutMs: 50 })));
    expect(all.map((server) => server.connections())).toEqual(names.map(() => 25));
    expect(await eventually(() => all.every((server) => server.openConnections() === 0))).toBe(true);
  });
});

describe('probe that is redirected', () => {
  it('follows to another path and another host, and reports the first URL and the last status', async () => {
    const target = await serve((socket, head, connection) => (head.startsWith('GET /moved/v2/?a=b ') ? behaviours.works : answer('404 Not Found'))(socket, head, connection));
    const first = await serve(redirectTo(`${target.url}/moved/v2/?a=b`, '301 Moved Permanently'));
    expect(await probe(first.url)).toMatchObject({ healthy: true, cause: 'ok', status_code: 200, url: `${first.url}/v2/` });
    const relative: Behaviour = (socket, head, connection) => (head.startsWith('GET /v2/ ') ? redirectTo('../other/') : behaviours.works)(socket, head, connection);
    expect(await probe((await serve(relative)).url)).toMatchObject({ healthy: true });
  });

  it.each([302, 307])('abuse 5: %d to a forbidden address, literal or by name, is blocked and nothing is sent there', async (status) => {
    const victim = await serve(behaviours.works, { host: '127.0.0.2' });
    const lookup: Lookup = async (name) => [name === 'inside.example' ? '127.0.0.2' : '127.0.0.1'];
    const targets = [`http://127.0.0.2:${victim.port}/`, `http://inside.example:${victim.port}/`, `http://2130706434:${victim.port}/`, `http://[::1]:${victim.port}/`, 'http://169.254.169.254/latest/'];
    for (const target of targets) {
      const server = await serve(redirectTo(target, `${status} Found`));
      const result = await probe(`http://allowed.example:${server.port}`, { policy: onlyFirst, lookup });
      expect(result).toMatchObject({ reachable: true, healthy: false, status_code: status, cause: 'blocked' });
      expect(result.reason).toMatch(/^After a redirect to http:.*Nothing was sent\.$/);
    }
    expect(victim.connections()).toBe(0);
  });

  it('abuse 5: sends no Authorization to the target of a redirect, even when its URL holds a password', async () => {
    const target = await serve(behaviours.works);
    const server = await serve(redirectTo(target.url.replace('//', '//user:secret@')));
    await probe(server.url.replace('//', '//user:secret@'));
    expect(target.requests).toHaveLength(1);
    expect([...server.requests, ...target.requests].join('')).not.toMatch(/authorization|secret/i);
  });

  it.each(['file:///etc/passwd', 'gopher://127.0.0.1/', 'javascript:alert(1)', 'http://', 'data:,x'])('abuse 6: a redirect to %s goes nowhere', async (location) => {
    expect(await probe((await serve(redirectTo(location))).url)).toMatchObject({ reachable: true, healthy: false, status_code: 307, cause: 'bad_redirect' });
  });

  it('calls a redirect without a target bad', async () => {
    expect(await probe((await serve(answer('302 Found'))).url)).toMatchObject({ cause: 'bad_redirect', reason: 'Found' });
  });

  it('abuse 10: ends a loop after a few rounds', async () => {
    const server = await serve(redirectTo('/v2/'));
    const result = await probe(server.url);
    expect(result).toMatchObject({ reachable: true, healthy: false, status_code: 307, cause: 'too_many_redirects' });
    expect(server.requests).toHaveLength(limits.redirectsMax + 1);
  });

  it('names the cause that it meets at the target', async () => {
    const target = await serve(behaviours.resets);
    const server = await serve(redirectTo(target.url));
    expect(await probe(server.url)).toMatchObject({ reachable: true, status_code: 307, cause: 'reset', reason: expect.stringContaining(`After a redirect to ${target.url}: `) });
  });

  it('counts all rounds against one deadline', async () => {
    const slow: Behaviour = (socket, head, connection) => void setTimeout(() => redirectTo('/v2/')(socket, head, connection), 200);
    expect(await probe((await serve(slow)).url, { timeoutMs: 500 })).toMatchObject({ cause: 'timeout', reachable: true });
  });
});

describe('probe over TLS', () => {
  const certificates = {
    tls_untrusted: makeCertificate({ commonName: 'registry', names: ['registry.example', '127.0.0.1'] }),
    tls_expired: makeCertificate({ commonName: 'registry', names: ['registry.example'], issuer: authority, validFrom: daysFromNow(-30), validTo: daysFromNow(-1) }),
    tls_not_yet_valid: makeCertificate({ commonName: 'registry', names: ['registry.example'], issuer: authority, validFrom: daysFromNow(1), validTo: daysFromNow(30) }),
    tls_name: makeCertificate({ commonName: 'registry.example', names: ['other.example', '127.0.0.9'], issuer: authority }),
  };

  it('reports the certificate of a registry that works', async () => {
    const server = await serve(behaviours.works, { certificate: trusted });
    const result = await probe(`https://registry.example:${server.port}`, { extraCa: authority.certPem });
    expect(result).toMatchObject({ healthy: true, cause: 'ok', phases: { dns_ms: expect.any(Number), tls_ms: expect.any(Number) } });
    expect(result.tls).toEqual({
      subject: 'CN=registry',
      issuer: 'CN=Test Authority',
      names: ['registry.example', '127.0.0.1'],
      valid_from: expect.stringMatching(/Z$/),
      expires_at: expect.stringMatching(/Z$/),
      lifetime_left: 0.5,
    });
    const leftMs = Date.parse(result.tls?.expires_at ?? '') - Date.now();
    expect(leftMs / DAY_MS).toBeCloseTo(1, 1);
  });

  it('checks addresses in URLs against the addresses of the certificate', async () => {
    const server = await serve(behaviours.works, { certificate: trusted });
    expect(await probe(server.url, { extraCa: authority.certPem })).toMatchObject({ healthy: true });
    const elsewhere = await serve(behaviours.works, { certificate: trusted, host: '127.0.0.3' });
    expect(await probe(elsewhere.url, { extraCa: authority.certPem })).toMatchObject({ cause: 'tls_name' });
  });

  it('checks the name of the URL without its final dot', async () => {
    const server = await serve(behaviours.works, { certificate: trusted });
    expect(await probe(`https://registry.example.:${server.port}`, { extraCa: authority.certPem })).toMatchObject({ healthy: true });
  });

  it.each(Object.entries(certificates))('reports %s with the certificate, and sends no request', async (cause, certificate) => {
    const server = await serve(behaviours.works, { certificate });
    const result = await probe(`https://registry.example:${server.port}`, { extraCa: authority.certPem });
    expect(result).toMatchObject({ reachable: false, healthy: false, status_code: null, cause, tls: { expires_at: expect.any(String) } });
    expect(result.reason).toMatch(/^The certificate of registry\.example was refused \([A-Z_]+\)\.$/);
    expect(server.requests).toEqual([]);
  });

  it('trusts a private authority only when it is told to, whatever the environment says of rejecting', async () => {
    const server = await serve(behaviours.works, { certificate: trusted });
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect(await probe(`https://registry.example:${server.port}`)).toMatchObject({ cause: 'tls_untrusted' });
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
    expect(server.requests).toEqual([]);
  });

  it('reports HTTP on a port that should speak TLS, with a hint', async () => {
    const plain = await serve(() => undefined, { onConnection: (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n') });
    const result = await probe(plain.url.replace('http:', 'https:'));
    expect(result).toMatchObject({ reachable: false, cause: 'tls_failed', reason: expect.stringContaining('http://') });
  });

  it('reports TLS on a port that should speak HTTP', async () => {
    const secured = await serve(behaviours.works, { certificate: trusted });
    const result = await probe(secured.url.replace('https:', 'http:'));
    expect(result.reachable).toBe(false);
    expect(['protocol', 'reset']).toContain(result.cause);
  });

  it('reports servers that hang up or hang during the handshake', async () => {
    const closing = await serve(behaviours.works, { onConnection: (socket) => socket.end() });
    expect(await probe(closing.url.replace('http:', 'https:'))).toMatchObject({ reachable: false, cause: 'reset' });
    const hanging = await serve(() => undefined);
    const result = await probe(hanging.url.replace('http:', 'https:'), { timeoutMs: 200 });
    expect(result).toMatchObject({ reachable: false, cause: 'timeout', phases: { tls_ms: expect.any(Number), first_byte_ms: null } });
  });

  it('abuse 10: bounds what a registry sends over TLS as well', async () => {
    const server = await serve(behaviours.endlessBody, { certificate: trusted });
    expect(await probe(server.url, { extraCa: authority.certPem })).toMatchObject({ cause: 'too_large' });
    expect(server.bytesWritten()).toBeLessThan(16 * 1024 * 1024);
  });

  it('follows from TLS to plain HTTP and keeps what it saw of the certificate', async () => {
    const target = await serve(behaviours.works);
    const server = await serve(redirectTo(target.url), { certificate: trusted });
    expect(await probe(server.url, { extraCa: authority.certPem })).toMatchObject({ healthy: true, tls: { issuer: 'CN=Test Authority' } });
  });
});

describe('the means of these tests', () => {
  it.each([
    ['plain', {}],
    ['TLS', { certificate: trusted }],
  ])('see connections that are left open: %s', async (_kind, options) => {
    const server = await serve(behaviours.works, options);
    const socket = 'certificate' in options ? connectTls({ port: server.port, host: '127.0.0.1', ca: authority.certPem }) : connect(server.port, '127.0.0.1');
    expect(await eventually(() => server.openConnections() === 1)).toBe(true);
    expect(openSockets().length).toBeGreaterThanOrEqual(2);
    socket.destroy();
  });

  it('see timers that are left running', () => {
    const timer = setTimeout(() => undefined, 60_000);
    expect(runningTimers()).toBeGreaterThan(timersBefore);
    clearTimeout(timer);
  });
});
