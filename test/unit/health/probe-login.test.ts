import type { ProbeCredential, RegistrySecret } from '../../../src/core/registry-credential.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { createProber, type ProbeRequest, type ProbeResult } from '../../../src/health/probe.ts';
import { parseCidrs, type AddressPolicy } from '../../../src/outgoing/address-policy.ts';
import { createDialer } from '../../../src/outgoing/dialer.ts';
import { answer, behaviours, redirectTo, startBadRegistry, type BadRegistry, type BadRegistryOptions, type Behaviour } from '../../support/bad-registry.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { eventually, openSockets } from '../../support/open-sockets.ts';

/** 127.0.0.1 and 127.0.0.3 stand for the outside, all else is forbidden. */
const policy: AddressPolicy = { loopback: false, allow: parseCidrs('127.0.0.1, 127.0.0.3'), deny: parseCidrs('0.0.0.0/0,::/0') };
const HOSTS: Readonly<Record<string, string>> = { 'inside.example': '127.0.0.2', 'elsewhere.example': '127.0.0.3' };
const lookup = async (name: string): Promise<readonly string[]> => [HOSTS[name] ?? '127.0.0.1'];
const prober = createProber({ dialer: createDialer({ policy, lookup, clock: systemClock }), clock: systemClock, vantage: 'here', userAgent: 'portolan/1.2.3' });

const PASSWORD = 'correct-horse-battery';
const basic: RegistrySecret = { kind: 'basic', username: 'ann', password: PASSWORD };
const client: RegistrySecret = { kind: 'client', clientId: 'id-1', clientSecret: 'a&b=c d' };
const rightLogin = `Basic ${Buffer.from(`ann:${PASSWORD}`).toString('base64')}`;

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

interface LoginOptions extends Partial<ProbeRequest> {
  readonly secret?: RegistrySecret;
  readonly known?: Partial<ProbeCredential & { acceptedAtMs: number }>;
}

function probe(url: string, { secret = basic, known = {}, ...settings }: LoginOptions = {}): Promise<ProbeResult> {
  const credential = { secret, origin: new URL(url).origin, tokenHost: null, expiresAtMs: null, version: '1', acceptedAtMs: null, ...known };
  return prober.probe({ url, timeoutMs: 2_000, signal: new AbortController().signal, credential, debug: true, ...settings });
}

const authorizationOf = (head: string): string | undefined => /^authorization: (.*)\r$/im.exec(head)?.[1];
const pathOf = (head: string): string => head.split(' ')[1] ?? '';

/** Lets in whoever sends this header, and asks all others for a login. */
const guarded = (wanted: string, challenge: string, welcome: Behaviour = behaviours.works): Behaviour => (socket, head, connection) =>
  (authorizationOf(head) === wanted ? welcome : answer('401 Unauthorized', [`WWW-Authenticate: ${challenge}`, 'Docker-Distribution-Api-Version: registry/2.0']))(socket, head, connection);

const BASIC_CHALLENGE = 'Basic realm="test"';

/** Gives tokens to whoever logs in rightly, and to nobody else. */
const tokenService: Behaviour = (socket, head, connection) =>
  (authorizationOf(head) === rightLogin ? answer('200 OK', ['Content-Type: application/json'], '{"token":"tok-1"}') : answer('401 Unauthorized', [], '{"details":"who are you"}'))(socket, head, connection);

/** A registry with a token service of its own at `/token`. */
async function serveTokens(tokens: Behaviour, registry: (realm: string) => Behaviour = (realm) => guarded('Bearer tok-1', `Bearer realm="${realm}",service="reg"`)): Promise<BadRegistry> {
  let realm = '';
  const server = await serve((socket, head, connection) => (pathOf(head).startsWith('/token') ? tokens : registry(realm))(socket, head, connection));
  realm = `${server.url}/token`;
  return server;
}

const accepted = { reachable: true, healthy: true, status_code: 200, reason: 'OK', cause: 'ok', authenticated: true };
const secretsIn = (result: ProbeResult): string[] => [PASSWORD, rightLogin.slice(6), 'tok-1', 'a&b=c d', 'a%26b'].filter((secret) => JSON.stringify(result).includes(secret));

describe('a probe with credentials', () => {
  it('asks without them first, and then with them, by Basic', async () => {
    const server = await serve(guarded(rightLogin, BASIC_CHALLENGE));
    const result = await probe(server.url);
    expect(result).toMatchObject({ ...accepted, challenge: { scheme: 'Basic', realm: 'test' }, flavor: 'distribution' });
    expect(server.requests.map(authorizationOf)).toEqual([undefined, rightLogin]);
    expect(secretsIn(result)).toEqual([]);
  });

  it('tells nobody of them who does not ask', async () => {
    const server = await serve(behaviours.works);
    expect(await probe(server.url)).toMatchObject({ cause: 'ok', authenticated: false });
    expect(server.requests.map(authorizationOf)).toEqual([undefined]);
  });

  it('has a token given out by Bearer, and shows it to the registry alone', async () => {
    const server = await serveTokens(tokenService);
    const result = await probe(server.url);
    expect(result).toMatchObject(accepted);
    expect(server.requests.map((head) => [pathOf(head), authorizationOf(head)])).toEqual([
      ['/v2/', undefined],
      ['/token?service=reg', rightLogin],
      ['/v2/', 'Bearer tok-1'],
    ]);
    expect(secretsIn(result)).toEqual([]);
  });

  it('has a client’s token given out by POST, and by GET where that is not known', async () => {
    const grants: Behaviour = answer('200 OK', [], '{"access_token":"tok-1"}');
    const posted = await serveTokens(grants);
    const result = await probe(posted.url, { secret: client });
    expect(result).toMatchObject(accepted);
    expect(secretsIn(result)).toEqual([]);
    const [head = '', body = ''] = (posted.requests[1] ?? '').split('\r\n\r\n');
    expect(head).toMatch(/^POST \/token HTTP\/1\.1\r\n/);
    expect(authorizationOf(head)).toBeUndefined();
    expect(head).toContain(`content-length: ${body.length}`);
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({ grant_type: 'client_credentials', client_id: 'id-1', client_secret: 'a&b=c d', service: 'reg' });

    const got = await serveTokens((socket, request, connection) => (request.startsWith('POST') ? answer('405 Method Not Allowed') : grants)(socket, request, connection));
    expect(await probe(got.url, { secret: client })).toMatchObject(accepted);
    expect(authorizationOf(got.requests[2] ?? '')).toBe(`Basic ${Buffer.from('id-1:a&b=c d').toString('base64')}`);
  });

  it('sends a token that is stored as it is', async () => {
    const server = await serveTokens(answer('500 Internal Server Error'));
    expect(await probe(server.url, { secret: { kind: 'token', token: 'tok-1' } })).toMatchObject(accepted);
    expect(server.requests).toHaveLength(2);
  });

  it('asks for the canary’s token, and looks for the canary with it', async () => {
    const canary = { repository: 'team/app', reference: 'stable' };
    const server = await serveTokens(tokenService);
    expect(await probe(server.url, { canary })).toMatchObject({ ...accepted, canary: { reference: 'team/app:stable', status_code: 200, ok: true } });
    expect(pathOf(server.requests[1] ?? '')).toBe('/token?service=reg&scope=repository%3Ateam%2Fapp%3Apull');
    expect(server.requests.slice(2).map((head) => [pathOf(head), authorizationOf(head)])).toEqual([['/v2/', 'Bearer tok-1'], ['/v2/team/app/manifests/stable', 'Bearer tok-1']]);
  });

  it('says so where the credentials are good, but not for the canary', async () => {
    const welcome: Behaviour = (socket, head, connection) => (head.startsWith('GET') ? behaviours.works : answer(`403 ${PASSWORD}`))(socket, head, connection);
    const server = await serve(guarded(rightLogin, BASIC_CHALLENGE, welcome));
    const result = await probe(server.url, { canary: { repository: 'team/app', reference: 'stable' } });
    expect(result).toMatchObject({ healthy: false, cause: 'credentials_rejected', authenticated: true, reason: expect.stringContaining('team/app:stable') });
    expect(secretsIn(result)).toEqual([]);
  });
});

describe('credentials that are not accepted', () => {
  it.each(['401 Unauthorized', '403 Forbidden'])('are rejected by %s, and nothing that the registry repeats of them is told', async (status) => {
    const echo: Behaviour = (socket, head, connection) => answer(`${status.slice(0, 3)} ${PASSWORD} ${authorizationOf(head)}`, ['WWW-Authenticate: Basic realm="x"'], PASSWORD)(socket, head, connection);
    const server = await serve((socket, head, connection) => (authorizationOf(head) === undefined ? guarded('', BASIC_CHALLENGE) : echo)(socket, head, connection));
    const result = await probe(server.url);
    expect(result).toMatchObject({ reachable: true, healthy: false, authenticated: false, status_code: Number(status.slice(0, 3)), cause: 'credentials_rejected', challenge: { scheme: 'Basic' } });
    expect(secretsIn(result)).toEqual([]);
  });

  it.each(['401 Unauthorized', '403 Forbidden'])('are rejected by a token service that answers %s', async (status) => {
    const server = await serveTokens(answer(status, [], `{"details":"${PASSWORD}"}`));
    const result = await probe(server.url);
    expect(result).toMatchObject({ healthy: false, authenticated: false, status_code: 401, cause: 'credentials_rejected', reason: expect.stringContaining(`${server.url} rejects`) });
    expect(server.requests).toHaveLength(2);
    expect(secretsIn(result)).toEqual([]);
  });

  it('are rejected by 400 only where that is about them', async () => {
    const causeOf = async (error: string): Promise<string> => (await probe((await serveTokens(answer('400 Bad Request', [], `{"error":"${error}"}`))).url, { secret: client })).cause;
    expect(await causeOf('invalid_client')).toBe('credentials_rejected');
    expect(await causeOf('unsupported_grant_type')).toBe('token_service_failed');
  });

  it('have expired when their time is over, or when they were accepted before', async () => {
    const { url } = await serve(guarded('nothing', BASIC_CHALLENGE));
    expect(await probe(url, { known: { expiresAtMs: Date.now() - 1000 } })).toMatchObject({ cause: 'credentials_expired', reason: expect.stringContaining('expired at') });
    expect(await probe(url, { known: { acceptedAtMs: Date.UTC(2030, 0) } })).toMatchObject({ cause: 'credentials_expired', reason: expect.stringContaining('2030-01-01T00:00:00.000Z') });
    expect(await probe(url, { known: { expiresAtMs: Date.now() + 60_000 } })).toMatchObject({ cause: 'credentials_rejected' });
    expect(await probe((await serveTokens(answer('401 Unauthorized'))).url, { known: { acceptedAtMs: 0 } })).toMatchObject({ cause: 'credentials_expired' });
  });

  it('are good when they are accepted, whatever was thought of their time', async () => {
    const { url } = await serve(guarded(rightLogin, BASIC_CHALLENGE));
    expect(await probe(url, { known: { expiresAtMs: 1 } })).toMatchObject(accepted);
  });
});

describe('a registry that fails whoever logs in', () => {
  it.each<[string, Behaviour, string]>([
    ['500', answer('500 Internal Server Error'), 'http_5xx'],
    ['429', answer('429 Too Many Requests', ['Retry-After: 7']), 'rate_limited'],
    ['a web page', answer('200 OK', [], '<!doctype html>'), 'not_a_registry'],
    ['no answer', behaviours.closesWithoutAnswer, 'reset'],
  ])('by %s is called what it is', async (_name, welcome, cause) => {
    expect(await probe((await serve(guarded(rightLogin, BASIC_CHALLENGE, welcome))).url)).toMatchObject({ healthy: false, authenticated: false, cause });
  });

  it.each(['200', '500'])('by repeating with %s what it was told is not quoted', async (status) => {
    const echo: Behaviour = (socket, head, connection) => answer(`${status} ${authorizationOf(head)} ${PASSWORD}`, ['Docker-Distribution-Api-Version: registry/2.0'])(socket, head, connection);
    const result = await probe((await serve(guarded(rightLogin, BASIC_CHALLENGE, echo))).url);
    expect(result).toMatchObject({ status_code: Number(status), authenticated: status === '200' });
    expect(secretsIn(result)).toEqual([]);
  });

  it('is judged by the statuses that its record expects', async () => {
    const { url } = await serve(guarded(rightLogin, BASIC_CHALLENGE));
    expect(await probe(url, { expectedStatus: [200] })).toMatchObject(accepted);
    expect(await probe(url, { expectedStatus: [401] })).toMatchObject(accepted);
    expect(await probe(url, { expectedStatus: [204] })).toMatchObject({ healthy: false, cause: 'unexpected_status' });
  });
});

describe('a token service that fails', () => {
  it.each<[string, Behaviour]>([
    ['answers 500', answer('500 Internal Server Error')],
    ['answers with a web page', answer('200 OK', [], '<!doctype html>')],
    ['answers without a token', answer('200 OK', [], '{"token":""}')],
    ['answers with a token that ends the line', answer('200 OK', [], '{"token":"x\\r\\nx-evil: 1"}')],
    ['answers with a token without end', answer('200 OK', [], JSON.stringify({ token: 'a'.repeat(40_000) }))],
    ['resets', behaviours.resets],
    ['pours', behaviours.endlessBody],
    ['redirects for ever', redirectTo('/token')],
    ['redirects to a file', redirectTo('file:///etc/passwd')],
    ['redirects a POST', (socket, head, connection) => (head.startsWith('POST') ? redirectTo('/token2') : answer('500 No'))(socket, head, connection)],
  ])('because it %s leaves the registry reachable, and nobody knows about the credentials', async (_name, behaviour) => {
    const server = await serveTokens(behaviour);
    for (const secret of [basic, client]) {
      const result = await probe(server.url, { secret });
      expect(result).toMatchObject({ reachable: true, healthy: false, authenticated: false, status_code: 401, cause: 'token_service_failed', reason: expect.stringContaining(`${server.url} `) });
      expect(secretsIn(result)).toEqual([]);
    }
    expect(server.requests.filter((head) => /x-evil/.test(head))).toEqual([]);
  });

  it('that hangs does not outlast the probe', async () => {
    const server = await serveTokens(behaviours.hangsAfterHeaders);
    const result = await probe(server.url, { timeoutMs: 300 });
    expect(result).toMatchObject({ reachable: true, cause: 'token_service_failed', reason: expect.stringContaining('300 ms') });
  });

  it('and asks for fewer requests is left alone', async () => {
    const server = await serveTokens(answer('429 Too Many Requests', ['Retry-After: 9']));
    expect(await probe(server.url)).toMatchObject({ cause: 'rate_limited', retry_after_s: 9 });
  });

  it('at an address that may not be dialled gets no packet, though its host is named', async () => {
    const inside = await serve(behaviours.works, { host: '127.0.0.2' });
    for (const host of ['127.0.0.2', 'inside.example']) {
      const tokenHost = `${host}:${inside.port}`;
      const server = await serve(guarded(rightLogin, `Bearer realm="http://${tokenHost}/token"`));
      expect(await probe(server.url, { known: { tokenHost } })).toMatchObject({ cause: 'token_service_failed', reason: expect.stringContaining('Nothing was sent.') });
    }
    expect(inside.connections()).toBe(0);
  });
});

describe('a secret', () => {
  const told = (server: BadRegistry): string => server.requests.join('\n');

  it('abuse 8: does not go to a realm on another host, unless the credentials name that', async () => {
    const evil = await serve(tokenService, { host: '127.0.0.3' });
    const server = await serve(guarded('Bearer tok-1', `Bearer realm="${evil.url}/token",service="reg"`));
    const result = await probe(server.url);
    expect(result).toMatchObject({ healthy: false, cause: 'credentials_withheld', reason: expect.stringContaining(`127.0.0.3:${evil.port}`) });
    expect(evil.connections()).toBe(0);
    expect(await probe(server.url, { known: { tokenHost: `127.0.0.3:${evil.port}` } })).toMatchObject(accepted);
  });

  it('abuse 8: does not follow a redirect of the token service to another origin, and no token from there counts', async () => {
    const evil = await serve(answer('200 OK', [], '{"token":"tok-1"}'), { host: '127.0.0.3' });
    const server = await serveTokens(redirectTo(`${evil.url}/token`));
    expect(await probe(server.url)).toMatchObject({ cause: 'credentials_withheld', reason: expect.stringContaining(evil.url) });
    expect(told(evil)).not.toMatch(/authorization/i);
    expect(server.requests.map(authorizationOf)).toEqual([undefined, rightLogin]);
    expect(await probe(server.url, { secret: client })).toMatchObject({ cause: 'token_service_failed' });
    expect(told(evil)).not.toMatch(/id-1|client/);
  });

  it.each(['301 Moved', '302 Found', '303 See Other', '307 Temporary Redirect', '308 Permanent Redirect'])('abuse 5: does not follow a %s of the registry to another origin, nor come back', async (status) => {
    const evil = await serve(behaviours.works, { host: '127.0.0.3' });
    const first = await serve(guarded(rightLogin, BASIC_CHALLENGE, redirectTo(`${evil.url}/v2/`, status)));
    expect(await probe(first.url)).toMatchObject({ healthy: false, authenticated: false, cause: 'credentials_withheld', reason: expect.stringContaining(evil.url) });
    expect(evil.requests.map(authorizationOf)).toEqual([undefined]);
  });

  it('follows a redirect within the registry', async () => {
    const server = await serve((socket, head, connection) => (pathOf(head) === '/v2/' ? redirectTo('/x/v2/') : guarded(rightLogin, BASIC_CHALLENGE))(socket, head, connection));
    expect(await probe(server.url)).toMatchObject(accepted);
    expect(server.requests.map(authorizationOf)).toEqual([undefined, undefined, rightLogin, rightLogin]);
  });

  it('is not sent where a redirect led to whoever asks for it', async () => {
    const evil = await serve(guarded('nothing', BASIC_CHALLENGE), { host: '127.0.0.3' });
    const server = await serve(redirectTo(`${evil.url}/v2/`));
    expect(await probe(server.url)).toMatchObject({ cause: 'credentials_withheld' });
    expect(evil.requests.map(authorizationOf)).toEqual([undefined]);
    expect(server.requests.map(authorizationOf)).toEqual([undefined]);
  });

  it('does not go with the canary to where its manifest is kept', async () => {
    const storage = await serve(answer('200 OK'), { host: '127.0.0.3' });
    const welcome: Behaviour = (socket, head, connection) => (head.startsWith('GET') ? behaviours.works : redirectTo(`${storage.url}/blob?signature=1`))(socket, head, connection);
    const server = await serve(guarded(rightLogin, BASIC_CHALLENGE, welcome));
    expect(await probe(server.url, { canary: { repository: 'a', reference: 'b' } })).toMatchObject({ ...accepted, canary: { ok: true } });
    expect(storage.requests.map(authorizationOf)).toEqual([undefined]);
  });

  it('does not go over plain HTTP for a registry with TLS', async () => {
    const authority = makeCertificate({ commonName: 'Authority', isAuthority: true });
    const certificate = makeCertificate({ commonName: 'registry', names: ['127.0.0.1'], issuer: authority });
    const plain = await serve(tokenService);
    const server = await serve(guarded('Bearer tok-1', `Bearer realm="${plain.url}/token"`), { certificate });
    expect(await probe(server.url, { ca: authority.certPem, known: { tokenHost: `127.0.0.1:${plain.port}` } })).toMatchObject({ cause: 'credentials_withheld', reason: expect.stringContaining('HTTPS') });
    expect(plain.connections()).toBe(0);
  });

  it('that could end a line of the request is not sent at all', async () => {
    const server = await serve(guarded('nothing', BASIC_CHALLENGE));
    expect(await probe(server.url, { secret: { kind: 'token', token: 'a\r\nx-evil: 1' } })).toMatchObject({ cause: 'probe_failed' });
    expect(server.requests).toHaveLength(1);
  });
});
