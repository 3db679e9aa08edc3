import { copyFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificate } from '../support/certificates.ts';
import { itWithMounts, withReadOnly } from '../support/mount.ts';
import { occupyPort } from '../support/network.ts';
import { call, newRecord } from '../support/requests.ts';
import { runToExit, spawnService, temporaryFolder, type Run } from '../support/service.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** One line for the operator: what is wrong, where, what to do. No stack, nothing listening, no success. */
function expectOneSentence({ code, stdout, stderr }: Run, pattern: RegExp): void {
  expect(stderr).toMatch(/^portolan: [^\n]+\.\n$/);
  expect(stderr).toMatch(pattern);
  expect(stderr).not.toMatch(/\n\s+at |node:internal|Error:|undefined|\[object/);
  expect(stdout).not.toContain('"listening"');
  expect(code).toBe(1);
}

describe('a configuration that cannot work', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['a port that is none', { PORT: 'http' }, /PORT: "http" is not valid/],
    ['two mistakes', { PORT: '70000', LOG_LEVEL: 'loud' }, /PORT.*LOG_LEVEL/],
    ['a configuration file that is not there', { CONFIG_FILE: '/nowhere/portolan.env' }, /CONFIG_FILE.*\/nowhere\/portolan\.env/],
    ['a MongoDB URL of another kind', { MONGO_URL: 'postgres://user:hunter2@db' }, /MONGO_URL/],
    ['a MongoDB URL without a host', { MONGO_URL: 'mongodb://user:hunter2@' }, /MONGO_URL/],
    ['a MongoDB URL with an impossible port', { MONGO_URL: 'mongodb://user:hunter2@db:99999' }, /MONGO_URL/],
    ['a MongoDB password that is not encoded', { MONGO_URL: 'mongodb://user:hunter2%@db' }, /MONGO_URL/],
    ['a MongoDB option that there is not', { MONGO_URL: 'mongodb://user:hunter2@db/?bogus=1' }, /MONGO_URL.*bogus/],
    ['an address that is not this machine’s', { HOST: '192.0.2.1', AUTH: 'off' }, /HOST=192\.0\.2\.1/],
    ['abuse 42: an open address without an administrator', { HOST: '0.0.0.0' }, /HOST=0\.0\.0\.0 .*ADMIN_PASSWORD/],
    ['abuse 42: an open address of IPv6 without an administrator', { HOST: '::' }, /HOST=:: .*ADMIN_PASSWORD/],
    ['abuse 42: a login demanded without an administrator', { AUTH: 'on' }, /AUTH=on .*ADMIN_PASSWORD/],
    ['abuse 42: a short password', { AUTH: 'on', ADMIN_PASSWORD: 'hunter2' }, /ADMIN_PASSWORD: its value is not valid: expected at least 10 characters/],
    ['abuse 42: a short key', { SECRET_KEY: 'hunter2' }, /SECRET_KEY: its value is not valid: .*32/],
    ['abuse 42: a key that can be guessed', { SECRET_KEY: 'hunter2'.repeat(6).slice(0, 40).replaceAll(/[a-z]/g, 'h') }, /SECRET_KEY: its value is not valid: .*guessed/],
    ['a certificate without its key', { TLS_CERT_FILE: '/nowhere/cert.pem' }, /TLS_KEY_FILE is missing/],
    ['a certificate that is not there', { TLS_CERT_FILE: '/nowhere/cert.pem', TLS_KEY_FILE: '/nowhere/key.pem' }, /TLS_CERT_FILE: cannot read \/nowhere\/cert\.pem/],
    ['a certificate that is none', { TLS_CERT_FILE: import.meta.filename, TLS_KEY_FILE: import.meta.filename }, /TLS_CERT_FILE: .*refused-start\.test\.ts holds no certificate/],
    ['the embedded store without probes', { ROLES: 'api' }, /ROLES: the embedded store belongs to one process.*MONGO_URL/],
    ['the embedded store without an API', { ROLES: 'prober' }, /ROLES: the embedded store belongs to one process.*MONGO_URL/],
    ['a role that there is not', { ROLES: 'api,web' }, /ROLES: "api,web" is not valid: expected one of api, prober/],
    ['a vantage with capitals', { VANTAGE: 'Frankfurt' }, /VANTAGE: "Frankfurt" is not valid: expected 1 to 63 lower-case letters/],
    ['authorities that are not there', { EXTRA_CA_FILE: '/nowhere/authorities.pem' }, /EXTRA_CA_FILE: \/nowhere\/authorities\.pem /],
    ['authorities that are a folder', { EXTRA_CA_FILE: '/' }, /EXTRA_CA_FILE: \/ /],
    ['authorities that are none', { EXTRA_CA_FILE: import.meta.filename }, /EXTRA_CA_FILE: .*refused-start\.test\.ts .*certificates in PEM/],
  ])('%s is told in one sentence', async (_what, variables, pattern) => {
    const run = await runToExit({ PORT: '0', DATA_DIR: folder, ...variables });
    expectOneSentence(run, pattern);
    expect(run.stderr).not.toContain('hunter2');
  });

  it.each<[string, string]>([
    ['empty', ''],
    ['a key', makeCertificate({ commonName: 'x' }).keyPem],
    ['a certificate that was cut', makeCertificate({ commonName: 'x' }).certPem.slice(0, 200)],
  ])('a file of authorities that is %s is told in one sentence, without what is in it', async (_what, content) => {
    const file = join(folder, 'authorities.pem');
    await writeFile(file, content);
    const run = await runToExit({ PORT: '0', DATA_DIR: folder, EXTRA_CA_FILE: file });
    expectOneSentence(run, new RegExp(`EXTRA_CA_FILE: ${file} holds no certificates in PEM`));
    expect(run.stderr).not.toContain('BEGIN');
  });

  it('an open address is served with AUTH=off, and warned of', async () => {
    const open = await spawnService({ DATA_DIR: folder, HOST: '0.0.0.0', AUTH: 'off' });
    try {
      expect(open.output()).toMatch(/"level":"warn","message":"AUTH=off: everybody/);
      expect((await call(open.url, 'GET', '/health', { headers: { Host: 'catalog.example.com' } })).status).toBe(200);
    } finally {
      await open.stop();
    }
  });

  it('a port in use is told in one sentence, and the store is left free', async () => {
    const { port, release } = await occupyPort();
    try {
      expectOneSentence(await runToExit({ PORT: String(port), DATA_DIR: folder }), new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is in use`));
      await (await spawnService({ DATA_DIR: folder })).stop();
    } finally {
      await release();
    }
  });
});

describe('a data folder that cannot be used', () => {
  it('of another process that runs', async () => {
    const first = await spawnService({ DATA_DIR: folder });
    try {
      await call(first.url, 'POST', '/container_registry', { body: newRecord('kept') });
      expectOneSentence(await runToExit({ PORT: '0', DATA_DIR: folder }), /in use|already|another/);
      expect((await call(first.url, 'POST', '/container_registry', { body: newRecord('more') })).status).toBe(201);
    } finally {
      await first.stop();
    }
  });

  it('is free again after its process was killed', async () => {
    const first = await spawnService({ DATA_DIR: folder });
    await first.kill();
    const second = await spawnService({ DATA_DIR: folder });
    expect(await second.terminate()).toBe(0);
  });

  it('below a regular file', async () => {
    await writeFile(join(folder, 'file'), '');
    expectOneSentence(await runToExit({ PORT: '0', DATA_DIR: join(folder, 'file/data') }), new RegExp(`${folder}/file/data`));
  });

  it('that is itself a regular file', async () => {
    await writeFile(join(folder, 'file'), 'mine');
    expectOneSentence(await runToExit({ PORT: '0', DATA_DIR: join(folder, 'file') }), new RegExp(`${folder}/file`));
    expect(await readFile(join(folder, 'file'), 'utf8')).toBe('mine');
  });

  itWithMounts('on a file system that is read-only, empty', async () => {
    expectOneSentence(await runToExit({ PORT: '0', DATA_DIR: folder }, { prefix: withReadOnly(folder) }), new RegExp(`${folder}.*(read-only|writ)`));
  });

  itWithMounts('on a file system that is read-only, with records in it', async () => {
    const first = await spawnService({ DATA_DIR: folder });
    await call(first.url, 'POST', '/container_registry', { body: newRecord('kept') });
    await first.stop();
    expectOneSentence(await runToExit({ PORT: '0', DATA_DIR: folder }, { prefix: withReadOnly(folder) }), new RegExp(`${folder}.*(read-only|writ)`));
  });
});

describe('a damaged file', () => {
  /** A stopped store with records in it; resolves to the path of its largest file. */
  async function filledStore(): Promise<string> {
    const first = await spawnService({ DATA_DIR: folder, RATE_LIMIT_PER_MINUTE: '0' });
    const text = 'x'.repeat(4_000);
    const created = Array.from({ length: 100 }, (_unused, n) => call(first.url, 'POST', '/container_registry', { body: newRecord(`kept-${n}`, { container_registry_metadata: { text, n } }) }));
    expect(new Set((await Promise.all(created)).map(({ status }) => status))).toEqual(new Set([201]));
    await first.stop();
    const sizes = await Promise.all((await readdir(folder)).map(async (name) => ({ path: join(folder, name), size: (await stat(join(folder, name))).size })));
    return sizes.sort((a, b) => b.size - a.size)[0]!.path;
  }

  it.each<[string, (path: string) => Promise<void>]>([
    ['that begins with something else', async (path) => overwrite(path, 0, Buffer.from('this is no longer a database'))],
    ['that is a text', async (path) => writeFile(path, 'hello\n'.repeat(10_000))],
    ['that ends after its first page', async (path) => truncate(path, 4_096)],
    ['that ends in the middle', async (path) => truncate(path, Math.floor((await stat(path)).size / 2))],
    ['that has lost its content', async (path) => truncate(path, 0)],
  ])('%s is told in one sentence, and nothing is made in its place', async (_what, damage) => {
    const path = await filledStore();
    await damage(path);
    await mkdir(join(folder, 'copy'));
    await copyFile(path, join(folder, 'copy/store'));
    expectOneSentence(await runToExit({ PORT: '0', DATA_DIR: folder }), new RegExp(`${path} .*(damaged|content was lost)`));
    expect(await readFile(path)).toEqual(await readFile(join(folder, 'copy/store')));
  }, 60_000);

  it('of which pages were overwritten never passes for a smaller catalog', async () => {
    const path = await filledStore();
    const { size } = await stat(path);
    for (let at = 8 * 4_096; at < size; at += 4 * 4_096) await overwrite(path, at, Buffer.alloc(4_096, 0xa5));
    let damaged;
    try {
      damaged = await spawnService({ DATA_DIR: folder });
    } catch (error) {
      expect((error as Error).message).toMatch(/portolan: [^\n]*damaged[^\n]*\.\n?$/);
      return;
    }
    try {
      const replies = [await call(damaged.url, 'GET', '/container_registries?limit=1000'), await call(damaged.url, 'POST', '/container_registries?limit=1000', { body: { 'container_registry_metadata.n': { $gte: 0 } } })];
      for (const { status, body } of replies) expect([status, body.code]).toEqual([503, 'STORE_DAMAGED']);
      await expect(call(damaged.url, 'GET', '/container_registries').then(({ status }) => status)).resolves.not.toBe(200);
    } finally {
      await damaged.stop();
    }
  }, 60_000);
});

async function overwrite(path: string, at: number, bytes: Buffer): Promise<void> {
  const content = await readFile(path);
  bytes.copy(content, at);
  await writeFile(path, content);
}
