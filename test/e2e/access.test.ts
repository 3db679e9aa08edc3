import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeCertificate } from '../support/certificates.ts';
import { openAddress } from '../support/own-address.ts';
import { describeWithPeer, startMongo, type MongoServer } from '../support/peers.ts';
import { registryUser, startDockerRegistry, type TestRegistry } from '../support/registries.ts';
import { runToExit, spawnService, temporaryFolder, type SpawnedService } from '../support/service.ts';
import { until } from '../support/until.ts';

const root = resolve(import.meta.dirname, '../..');
const cli = resolve(root, 'src/cli/main.ts');

const { host, address } = openAddress();
const authority = makeCertificate({ commonName: 'Harbour Authority', isAuthority: true });
const served = makeCertificate({ commonName: 'portolan.test', names: [address], issuer: authority });

const passwords = { admin: 'lighthouse keeper', ann: 'astrolabe of ann', bob: 'backstaff of bob', rita: 'reading glass' } as const;
type Person = keyof typeof passwords;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Reply {
  readonly status: number;
  readonly body: any;
}

/** A person at a terminal of their own, with curl and the command. */
interface Visitor {
  /** `portolan …`, with `input` on standard input. */
  portolan(args: readonly string[], input?: string): Promise<Ended>;
  /** The same, where only success will do. */
  done(args: readonly string[], input?: string): Promise<string>;
  curl(method: string, path: string, body?: unknown, headers?: readonly string[]): Promise<Reply>;
}

function run(program: string, args: readonly string[], env: Record<string, string>, input = ''): Promise<Ended> {
  const child = spawn(program, args, { cwd: root, env: { PATH: process.env['PATH'] ?? '', ...env }, stdio: ['pipe', 'pipe', 'pipe'], timeout: 30_000 });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
  child.stdin.on('error', () => undefined).end(input);
  return new Promise((ended) => child.once('close', (code) => ended({ code, out, err })));
}

/** @param token sent by curl; the command uses what it logged in with, or `PORTOLAN_TOKEN` */
function visitor(folder: string, name: string, url: string, token?: () => string): Visitor {
  const env = { HOME: join(folder, name), XDG_CONFIG_HOME: join(folder, name), NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'), PORTOLAN_URL: url };
  const withToken = (): Record<string, string> => (token === undefined ? env : { ...env, PORTOLAN_TOKEN: token() });
  const portolan = (args: readonly string[], input?: string): Promise<Ended> => run(process.execPath, [cli, ...args], withToken(), input);
  return {
    portolan,
    async done(args, input) {
      const { code, out, err } = await portolan(args, input);
      expect({ args, code, err }).toEqual({ args, code: 0, err: expect.any(String) });
      return out;
    },
    async curl(method, path, body, headers = []) {
      const sent = [...headers, ...(token === undefined ? [] : [`Authorization: Bearer ${token()}`]), ...(body === undefined ? [] : ['Content-Type: application/json'])];
      const args = ['--silent', '--cacert', join(folder, 'ca.pem'), '--request', method, '--write-out', '\n%{http_code}', ...sent.flatMap((line) => ['--header', line])];
      const { out, err } = await run('curl', [...args, ...(body === undefined ? [] : ['--data-binary', '@-']), `${url}${path}`], {}, body === undefined ? '' : JSON.stringify(body));
      const [, text = '', status = ''] = /^([\s\S]*)\n(\d{3})$/.exec(out) ?? [];
      if (status === '') throw new Error(`curl said nothing: ${err}`);
      return { status: Number(status), body: JSON.parse(text) };
    },
  };
}

const record = (id: string, url: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  container_registry_id: id,
  container_registry_name: `Registry ${id}`,
  container_registry_public_url: url,
  ...more,
});

interface Site {
  readonly services: readonly SpawnedService[];
  readonly variables: Record<string, string>;
  stop(): Promise<void>;
}

/** The work of everybody, on a site that is set up as docs/access.md says. */
function story(start: (folder: string, variables: Record<string, string>) => Promise<Site>): void {
  let folder: string;
  let site: Site;
  let url: string;
  let registry: TestRegistry;
  let ciToken: string;
  const people = {} as Record<Person | 'anonymous' | 'ci', Visitor>;
  const accessTokens = {} as Record<Person, string>;

  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeFile(join(folder, 'ca.pem'), authority.certPem);
    await writeFile(join(folder, 'cert.pem'), served.certPem);
    await writeFile(join(folder, 'key.pem'), served.keyPem);
    await writeFile(join(folder, 'admin-password'), `${passwords.admin}\n`);
    const registryCertificate = makeCertificate({ commonName: 'registry.test', names: ['127.0.0.1'], issuer: authority });
    registry = await startDockerRegistry({ requireLogin: true, certificate: registryCertificate });
    site = await start(folder, {
      HOST: host,
      ADMIN_PASSWORD_FILE: join(folder, 'admin-password'),
      TLS_CERT_FILE: join(folder, 'cert.pem'),
      TLS_KEY_FILE: join(folder, 'key.pem'),
      ANONYMOUS_READ: 'true',
    });
    url = (site.services[0]?.url ?? '').replace('0.0.0.0', address);
    for (const name of Object.keys(passwords) as Person[]) people[name] = visitor(folder, name, url, undefined);
    people.anonymous = visitor(folder, 'anonymous', url);
    people.ci = visitor(folder, 'ci', url, () => ciToken);
  }, 180_000);
  afterAll(async () => {
    await site.stop();
    await registry.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Logs in by curl, as a program would. */
  const loginByCurl = async (name: Person): Promise<void> => {
    const { status, body } = await people.anonymous.curl('POST', '/api/v1/auth/login', { username: name, password: passwords[name] });
    expect(status).toBe(200);
    accessTokens[name] = body.data.access_token as string;
  };
  const as = (name: Person): Visitor => visitor(folder, name, url, () => accessTokens[name]);
  const seen = async (who: Visitor): Promise<string[]> => {
    const { status, body } = await who.curl('POST', '/container_registries', {});
    expect(status).toBe(200);
    return (body.data as { container_registry_id: string }[]).map((found) => found.container_registry_id);
  };

  it('lets nobody in but the administrator, who makes the others', async () => {
    expect(await people.anonymous.curl('GET', '/health')).toMatchObject({ status: 200 });
    expect(await people.anonymous.curl('POST', '/container_registry', record('nobody', 'https://nobody.example.com'))).toMatchObject({ status: 401, body: { code: 'AUTHENTICATION_REQUIRED' } });
    expect((await people.admin.portolan(['login', '--username', 'admin', '--password-stdin'], 'not the password')).code).not.toBe(0);
    await people.admin.done(['login', '--username', 'admin', '--password-stdin'], passwords.admin);
    expect(await people.admin.done(['whoami'])).toMatch(/admin/);
    await people.admin.done(['user', 'add', 'ann', '--role', 'publisher', '--group', 'ops', '--password-stdin'], passwords.ann);
    await people.admin.done(['user', 'add', 'bob', '--role', 'publisher', '--password-stdin'], passwords.bob);
    await people.admin.done(['user', 'add', 'rita', '--password-stdin'], passwords.rita);
    for (const name of ['ann', 'bob', 'rita'] as const) {
      await people[name].done(['login', '--username', name, '--password-stdin'], passwords[name]);
      await loginByCurl(name);
    }
    await loginByCurl('admin');
    expect((await people.rita.portolan(['user', 'list'])).code).not.toBe(0);
  }, 180_000);

  it('has publishers add records of their own, which others of their kind see but cannot change', async () => {
    await people.ann.done(['add', registry.url, '--id', 'quay', '--name', 'Quay', '--tag', 'ops']);
    expect(await as('ann').curl('POST', '/container_registry?visibility=private', record('cove', 'https://cove.example.com'))).toMatchObject({ status: 201 });
    expect(await as('bob').curl('POST', '/container_registry?visibility=public', record('beach', 'https://beach.example.com'))).toMatchObject({ status: 201 });
    expect(await as('bob').curl('PUT', '/container_registry/quay', { container_registry_name: 'mine' })).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect(await as('bob').curl('PUT', '/container_registry/cove', { container_registry_name: 'mine' })).toMatchObject({ status: 404, body: { code: 'RECORD_NOT_FOUND' } });
    expect(await as('ann').curl('PUT', '/container_registry/quay', { $set: { container_registry_name: 'Quay of Ann' } })).toMatchObject({ status: 200 });
    expect(await seen(as('ann'))).toEqual(['beach', 'cove', 'quay']);
    expect(await seen(as('bob'))).toEqual(['beach', 'quay']);
    expect(await seen(as('admin'))).toEqual(['beach', 'cove', 'quay']);
  }, 120_000);

  it('lets the reader read, the visitor see what is public, and neither change a thing', async () => {
    expect(await seen(as('rita'))).toEqual(['beach', 'quay']);
    expect(await as('rita').curl('POST', '/container_registry', record('hers', 'https://hers.example.com'))).toMatchObject({ status: 403 });
    expect(await as('rita').curl('DELETE', '/container_registry/beach')).toMatchObject({ status: 403 });
    expect(await people.rita.done(['list'])).toMatch(/beach[\s\S]*quay/);
    expect(await seen(people.anonymous)).toEqual(['beach']);
    expect(await people.anonymous.curl('GET', '/container_registry/quay')).toMatchObject({ status: 404 });
    expect(await people.anonymous.curl('DELETE', '/container_registry/beach')).toMatchObject({ status: 401 });
    expect(await people.anonymous.curl('GET', '/api/v1/audit')).toMatchObject({ status: 401 });
    expect(await as('rita').curl('GET', '/api/v1/audit')).toMatchObject({ status: 403 });
  }, 120_000);

  it('lets a share open a hidden record, for what it says and no more', async () => {
    await people.ann.done(['access', 'set', 'cove', '--share', 'user:bob=write', '--share', 'user:rita=pull']);
    expect(await as('bob').curl('PUT', '/container_registry/cove', { container_registry_name: 'Cove, surveyed' })).toMatchObject({ status: 200 });
    expect(await as('bob').curl('DELETE', '/container_registry/cove')).toMatchObject({ status: 403 });
    expect(await as('rita').curl('PUT', '/container_registry/cove', { container_registry_name: 'x' })).toMatchObject({ status: 403 });
    expect(await seen(as('rita'))).toEqual(['beach', 'cove', 'quay']);
  }, 120_000);

  it('keeps what ann gives it for her registry, probes with it, and gives it out to whom she lets pull', async () => {
    await people.ann.done(['credential', 'set', 'quay', '--username', registryUser.name, '--password-stdin'], 'not the password');
    const status = async (): Promise<string> => ((await as('ann').curl('GET', '/container_registry/quay/health')).body.data as { status: string }).status;
    await as('ann').curl('PUT', '/container_registry/quay', { container_registry_config: { health: { interval_s: 5, ca: authority.certPem } } });
    await until(async () => (await status()) === 'auth_failed', 30_000);
    await people.ann.done(['credential', 'set', 'quay', '--username', registryUser.name, '--password-stdin'], registryUser.password);
    await until(async () => (await status()) === 'up', 30_000);
    expect(JSON.stringify(await as('ann').curl('GET', '/container_registry/quay/credentials'))).not.toContain(registryUser.password);
    expect(await as('rita').curl('GET', '/container_registry/quay/pull-secret')).toMatchObject({ status: 403 });
    await people.ann.done(['access', 'set', 'quay', '--share', 'user:rita=pull']);
    const { body } = await as('rita').curl('GET', '/container_registry/quay/pull-secret?format=dockerconfigjson');
    const auths = body.auths as Record<string, { auth: string }>;
    expect(Buffer.from(auths[new URL(registry.url).host]?.auth ?? '', 'base64').toString()).toBe(`${registryUser.name}:${registryUser.password}`);
    expect(await people.rita.done(['pull-secret', 'quay', '--format', 'kubernetes', '--namespace', 'apps'])).toContain('kubernetes.io/dockerconfigjson');
  }, 180_000);

  it('lets the token of CI do what its scopes say, though its user may do more', async () => {
    const made = JSON.parse(await people.ann.done(['token', 'create', 'ci', '--scope', 'record:read', '--scope', 'record:probe', '--json'])) as { id: string; token: string };
    ciToken = made.token;
    expect(await seen(people.ci)).toEqual(['beach', 'cove', 'quay']);
    expect(await people.ci.curl('GET', '/check_container_health/quay')).toMatchObject({ status: 200, body: { data: { healthy: true } } });
    expect(await people.ci.curl('PUT', '/container_registry/quay', { container_registry_name: 'x' })).toMatchObject({ status: 403 });
    expect(await people.ci.curl('GET', '/api/v1/tokens')).toMatchObject({ status: 403 });
    expect(await people.ci.done(['list', '--json'])).toContain('"quay"');
    await people.ann.done(['token', 'revoke', made.id]);
    for (const service of site.services) {
      const there = visitor(folder, 'ci', service.url.replace('0.0.0.0', address), () => ciToken);
      await until(async () => (await there.curl('GET', '/container_registry/quay')).status === 401, 6_000);
    }
  }, 180_000);

  it('shuts out at once whom the administrator disables, on every replica within five seconds', async () => {
    await people.admin.done(['user', 'set', 'bob', '--disabled']);
    for (const service of site.services) {
      const there = visitor(folder, 'bob', service.url.replace('0.0.0.0', address), () => accessTokens.bob);
      await until(async () => (await there.curl('GET', '/container_registry/beach')).status === 401, 6_000);
    }
    expect((await people.bob.portolan(['list'])).code).not.toBe(0);
    // What he owned is there still.
    expect(await seen(as('admin'))).toContain('beach');
  }, 180_000);

  it('has all of it on record, unbroken, and no secret in it', async () => {
    const lines = (await people.admin.done(['audit', 'list', '--json'])).trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    const has = (expected: Record<string, unknown>): void => expect(lines).toContainEqual(expect.objectContaining(expected));
    has({ user: 'admin', action: 'user:create', target: 'ann', outcome: 'done' });
    has({ action: 'session:login', outcome: 'denied', code: 'LOGIN_FAILED' });
    has({ user: 'ann', action: 'record:create', record: 'quay' });
    has({ user: 'bob', record: 'quay', outcome: 'denied', code: 'FORBIDDEN' });
    has({ user: 'rita', action: 'credential:use', record: 'quay', outcome: 'done' });
    const text = JSON.stringify(lines);
    for (const secret of [...Object.values(passwords), registryUser.password, ciToken]) expect(text).not.toContain(secret);
    expect(await people.admin.done(['audit', 'verify'])).toMatch(/\d+/);
  }, 120_000);

  it('leaves no secret in what it stores or prints', async () => {
    const texts = site.services.map((service) => service.output());
    const dataDir = site.services[0]?.dataDir ?? '';
    const files = dataDir === '' ? [] : readdirSync(dataDir).map((name) => join(dataDir, name)).filter((file) => statSync(file).isFile() && !file.endsWith('secret.key'));
    for (const secret of [...Object.values(passwords), registryUser.password, ciToken, accessTokens.admin]) {
      for (const text of texts) expect(text.includes(secret)).toBe(false);
      for (const file of files) expect({ file, found: readFileSync(file).includes(secret) }).toEqual({ file, found: false });
    }
  }, 120_000);

  it('ends a session when it is logged out', async () => {
    await people.ann.done(['logout']);
    expect((await people.ann.portolan(['list', '--filter', '{"container_registry_id":"cove"}'])).out).not.toContain('cove');
    expect((await people.ann.portolan(['token', 'list'])).code).not.toBe(0);
  }, 120_000);
}

const secretKey = randomBytes(32).toString('base64');

describeWithPeer('docker-registry', 'on an address that others reach, everybody does their work and nothing else', () => {
  story(async (folder, variables) => {
    const dataDir = join(folder, 'data');
    await mkdir(dataDir);
    // Without a password for the first administrator, it does not start.
    expect(await runToExit({ ...variables, ADMIN_PASSWORD_FILE: '', PORT: '0', DATA_DIR: dataDir })).toMatchObject({ code: 1, stderr: expect.stringContaining('ADMIN_PASSWORD') });
    const service = await spawnService({ ...variables, DATA_DIR: dataDir });
    return { services: [service], variables, stop: () => service.stop() };
  });
});

describeWithPeer(['docker-registry', 'mongo-java-server'], 'two replicas over MongoDB do the same', () => {
  story(async (_folder, variables) => {
    const mongo: MongoServer = await startMongo();
    const shared = { ...variables, MONGO_URL: mongo.url, MONGO_DATABASE: `access-${randomBytes(4).toString('hex')}`, SECRET_KEY: secretKey };
    const services = await Promise.all([spawnService(shared), spawnService(shared)]);
    return {
      services,
      variables: shared,
      async stop() {
        await Promise.all(services.map((service) => service.stop()));
        await mongo.stop();
      },
    };
  });
});
