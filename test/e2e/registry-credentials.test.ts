import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProbeResult, RegistryHealth } from '../../src/core/schema-types.ts';
import { answer, startBadRegistry, type BadRegistry } from '../support/bad-registry.ts';
import { makeCertificate } from '../support/certificates.ts';
import { clusterPeers, startCluster } from '../support/kubernetes.ts';
import { describeWithPeer } from '../support/peers.ts';
import { registryUser, rotatedUser, startDistribution, startDockerRegistry, startTokenRegistry, type TestRegistry } from '../support/registries.ts';
import { call, newRecord, type Reply } from '../support/requests.ts';
import { spawnService, temporaryFolder, type SpawnedService } from '../support/service.ts';
import { until } from '../support/until.ts';

const authority = makeCertificate({ commonName: 'Harbour Authority', isAuthority: true });
const certificate = makeCertificate({ commonName: 'registry.test', names: ['127.0.0.1'], issuer: authority });

const basicOf = ({ name, password }: typeof registryUser): string => Buffer.from(`${name}:${password}`).toString('base64');
const login = { username: registryUser.name, password: registryUser.password };
const client = { id: 'portolan', secret: 'anchor & chain' };

let folder: string;
let service: SpawnedService;
const started: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  service = await spawnService({ DATA_DIR: folder, LOG_LEVEL: 'debug', RATE_LIMIT_PER_MINUTE: '0' });
}, 30_000);
afterEach(() => Promise.all(started.splice(0).map((each) => each.stop())));
afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

async function running<T extends TestRegistry>(starting: Promise<T>): Promise<T> {
  const registry = await starting;
  started.push(registry);
  return registry;
}

/** Answers `401` by this challenge, and keeps what it is told. */
async function eavesdropper(challenge = 'Basic realm="x"'): Promise<BadRegistry> {
  const server = await startBadRegistry({ behaviour: answer('401 Unauthorized', [`WWW-Authenticate: ${challenge}`]) });
  started.push({ stop: () => server.close() });
  return server;
}

const send = (method: string, path: string, body?: unknown): Promise<Reply> => call(service.url, method, path, body === undefined ? {} : { body });

async function record(id: string, url: string, health: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const reply = await send('POST', '/container_registry', newRecord(id, { container_registry_public_url: url, container_registry_config: { health: { interval_s: 60, ...health } } }));
  expect(reply.status).toBe(201);
}

async function keep(id: string, credential: Readonly<Record<string, unknown>>): Promise<Reply> {
  const reply = await send('PUT', `/container_registry/${id}/credentials`, credential);
  expect([reply.status, reply.text]).toEqual([200, expect.any(String)]);
  return reply;
}

const check = async (id: string): Promise<ProbeResult> => (await send('GET', `/check_container_health/${id}?debug=true`)).body.data as ProbeResult;
const healthOf = async (id: string): Promise<RegistryHealth> => (await send('GET', `/container_registry/${id}/health`)).body.data as RegistryHealth;

/** Within the two seconds that a changed record is promised to be probed in, and the time of some probes. */
const becomes = (id: string, status: string, cause: string): Promise<void> =>
  until(async () => {
    const health = await healthOf(id);
    return health.status === status && health.cause === cause;
  }, 10_000);

/** Everything that the service has kept or printed, but for the key itself. */
function traces(): string {
  const files = readdirSync(folder).filter((name) => name !== 'secret.key');
  expect(files.length).toBeGreaterThan(0);
  return [service.output(), ...files.map((name) => readFileSync(join(folder, name), 'latin1'))].join('\n');
}

describeWithPeer('docker-registry', 'credentials of docker-registry with htpasswd over TLS', () => {
  it('are told right from wrong at once, and expired from wrong once they were right', async () => {
    const before = await startDockerRegistry({ requireLogin: true, certificate });
    const { url, port } = before;
    await record('htpasswd', url, { ca: authority.certPem });
    await becomes('htpasswd', 'up', 'auth_required');
    expect((await healthOf('htpasswd')).credential).toBeNull();

    await keep('htpasswd', { ...login, password: 'not the password' });
    await becomes('htpasswd', 'auth_failed', 'credentials_rejected');
    expect((await healthOf('htpasswd')).credential).toMatchObject({ last_accepted_at: null, usable: true });

    await keep('htpasswd', login);
    await becomes('htpasswd', 'up', 'ok');
    expect(await check('htpasswd')).toMatchObject({ healthy: true, authenticated: true, status_code: 200, cause: 'ok', challenge: { scheme: 'Basic' }, flavor: 'distribution' });
    const accepted = (await healthOf('htpasswd')).credential?.last_accepted_at ?? '';
    expect(Date.parse(accepted)).toBeGreaterThan(Date.now() - 30_000);

    // The password is changed at the registry.
    await before.stop();
    await running(startDockerRegistry({ requireLogin: 'rotated', certificate, port }));
    await check('htpasswd');
    expect(await check('htpasswd')).toMatchObject({ healthy: false, authenticated: false, cause: 'credentials_expired', reason: expect.stringContaining(accepted.slice(0, 10)) });
    await becomes('htpasswd', 'auth_failed', 'credentials_expired');
    expect((await healthOf('htpasswd')).credential?.last_accepted_at).not.toBeNull();

    await keep('htpasswd', { username: rotatedUser.name, password: rotatedUser.password });
    await becomes('htpasswd', 'up', 'ok');
    const text = traces();
    for (const secret of [registryUser.password, rotatedUser.password, 'not the password', basicOf(registryUser), basicOf(rotatedUser)]) expect(text.includes(secret)).toBe(false);
  }, 60_000);

  it('have expired when their own time is over', async () => {
    const { url } = await running(startDockerRegistry({ requireLogin: true, certificate }));
    await record('timed', url, { ca: authority.certPem });
    await keep('timed', { ...login, password: 'yesterday’s', expires_at: new Date(Date.now() + 1_500).toISOString() });
    expect((await check('timed')).cause).toBe('credentials_rejected');
    await delay(1_600);
    expect(await check('timed')).toMatchObject({ cause: 'credentials_expired', reason: expect.stringContaining('expired at') });
    expect((await healthOf('timed')).credential).toMatchObject({ expires_soon: true });
    expect((await send('GET', '/metrics')).text).toMatch(/^portolan_registry_credential_expires_at_seconds\{id="timed"\} \d+/m);
  }, 30_000);

  it('give a pull secret that opens the registry, and the audit tells of it', async () => {
    const { url } = await running(startDockerRegistry({ requireLogin: true }));
    const { host } = new URL(url);
    await record('pulled', url);
    await keep('pulled', login);
    const reply = await send('GET', '/container_registry/pulled/pull-secret');
    expect([reply.status, reply.headers.get('cache-control'), Object.keys(reply.body.auths)]).toEqual([200, 'no-store', [host]]);
    const { auth } = reply.body.auths[host] as { auth: string };
    expect((await call(url, 'GET', '/v2/', { headers: { authorization: `Basic ${auth}` } })).status).toBe(200);
    const told = (await send('GET', '/api/v1/audit?record=pulled&action=credential')).body.data as { action: string }[];
    expect(told.map(({ action }) => action)).toEqual(['credential:use', 'credential:set']);
    expect(JSON.stringify(told)).not.toContain(auth);
  }, 30_000);

  it('abuse 39: never arrive at the address that the record is pointed to afterwards', async () => {
    const { url } = await running(startDockerRegistry({ requireLogin: true }));
    await record('moved', url);
    await keep('moved', login);
    await becomes('moved', 'up', 'ok');
    const attacker = await eavesdropper();
    expect((await send('PUT', '/container_registry/moved', { container_registry_public_url: attacker.url, container_registry_image_prefix: new URL(attacker.url).host })).status).toBe(200);
    await becomes('moved', 'up', 'auth_required');
    await check('moved');
    expect(attacker.requests.length).toBeGreaterThan(0);
    expect(attacker.requests.join('')).not.toMatch(/authorization|harbour/i);
    expect((await send('GET', '/container_registry/moved/credentials')).body.data).toMatchObject([{ usable: false, origin: url }]);
    expect((await send('GET', '/container_registry/moved/pull-secret')).body.code).toBe('CREDENTIAL_UNSUITABLE');

    // Deleted and made anew, it has nothing of the old.
    expect((await send('DELETE', '/container_registry/moved')).status).toBe(200);
    await record('moved', url);
    expect((await send('GET', '/container_registry/moved/credentials')).body.data).toEqual([]);
    expect(await check('moved')).toMatchObject({ cause: 'auth_required', authenticated: false });
  }, 60_000);
});

describeWithPeer('distribution', 'credentials of Distribution 3', () => {
  it('are accepted, and rejected', async () => {
    const { url } = await running(startDistribution({ requireLogin: true, certificate }));
    await record('three', url, { ca: authority.certPem });
    await keep('three', login);
    expect(await check('three')).toMatchObject({ cause: 'ok', authenticated: true });
    await keep('three', { ...login, password: 'wrong' });
    expect(await check('three')).toMatchObject({ cause: 'credentials_rejected', authenticated: false });
  }, 30_000);
});

describeWithPeer('docker-registry', 'credentials of docker-registry with a token service', () => {
  it('abuse 8: are not sent to the token service on another host until that is named', async () => {
    const { url, tokens } = await running(startTokenRegistry());
    const { host } = new URL(tokens.realm);
    await record('tokens', url);
    await keep('tokens', login);
    await becomes('tokens', 'degraded', 'credentials_withheld');
    expect((await check('tokens')).reason).toContain(host);
    expect(tokens.told).toEqual([]);

    await keep('tokens', { ...login, token_host: host });
    await becomes('tokens', 'up', 'ok');
    expect(await check('tokens')).toMatchObject({ authenticated: true, challenge: { scheme: 'Bearer', realm: tokens.realm } });
    await keep('tokens', { ...login, password: 'wrong', token_host: host });
    await becomes('tokens', 'auth_failed', 'credentials_rejected');
  }, 60_000);

  it('find out about the canary, too', async () => {
    const { url, tokens } = await running(startTokenRegistry());
    await record('canary', url, { canary: 'team/app:stable' });
    await keep('canary', { ...login, token_host: new URL(tokens.realm).host });
    // The registry looked for it: whoever is not let in hears 401.
    expect(await check('canary')).toMatchObject({ authenticated: true, cause: 'storage_failed', canary: { reference: 'team/app:stable', status_code: 404, ok: false } });
  }, 30_000);

  it('may be a client’s, or a token', async () => {
    const { url, tokens } = await running(startTokenRegistry({ client }));
    const host = new URL(tokens.realm).host;
    await record('client', url);
    await keep('client', { client_id: client.id, client_secret: client.secret, token_host: host });
    expect(await check('client')).toMatchObject({ cause: 'ok', authenticated: true });
    await keep('client', { client_id: client.id, client_secret: 'wrong', token_host: host });
    expect(await check('client')).toMatchObject({ cause: 'credentials_rejected' });
    expect((await send('GET', '/container_registry/client/pull-secret')).body.code).toBe('CREDENTIAL_UNSUITABLE');

    const granted = await call(tokens.realm.replace('/token', ''), 'GET', '/token?service=portolan-test', { headers: { authorization: `Basic ${basicOf(registryUser)}` } });
    await keep('client', { token: granted.body.token as string });
    expect(await check('client')).toMatchObject({ cause: 'ok', authenticated: true });
    await keep('client', { token: 'abc.def.ghi' });
    expect(await check('client')).toMatchObject({ cause: 'credentials_rejected' });
    const text = traces();
    for (const secret of [client.secret, encodeURIComponent(client.secret), granted.body.token as string]) expect(text.includes(secret)).toBe(false);
  }, 30_000);

  it('say nothing of themselves while the token service is away', async () => {
    const { url, tokens } = await running(startTokenRegistry());
    await record('away', url);
    await keep('away', { ...login, token_host: new URL(tokens.realm).host });
    await becomes('away', 'up', 'ok');
    await tokens.stop();
    expect(await check('away')).toMatchObject({ reachable: true, authenticated: false, cause: 'token_service_failed' });
    await becomes('away', 'degraded', 'token_service_failed');
  }, 30_000);
});

describeWithPeer(clusterPeers, 'a pull secret for Kubernetes', () => {
  it('is taken by it, and says the same when it is read back', async () => {
    const cluster = await startCluster();
    try {
      await record('cluster', 'https://registry.example.com:5000', { enabled: false });
      await keep('cluster', login);
      const { text } = await send('GET', '/container_registry/cluster/pull-secret?format=kubernetes&namespace=default&name=harbour.pull');
      const applied = cluster.kubectl(['apply', '--validate=strict', '-f', '-'], { input: text });
      expect(applied).toMatchObject({ status: 0, stdout: 'secret/harbour.pull created\n' });
      const { type, data } = cluster.get('secret', 'harbour.pull') as { type: string; data: Record<string, string> };
      expect(type).toBe('kubernetes.io/dockerconfigjson');
      expect(JSON.parse(Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').toString())).toEqual({ auths: { 'registry.example.com:5000': { auth: basicOf(registryUser) } } });
    } finally {
      await cluster.stop();
    }
  }, 120_000);
});
