import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { restoreBackup } from '../../src/operations/backup.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { addUser, ADMIN_PASSWORD, callerOf, logIn, makeToken, PASSWORD, type Caller } from '../support/callers.ts';
import { readApi } from '../support/openapi.ts';
import { fillCatalog } from '../support/own-process.ts';
import { newRecord } from '../support/requests.ts';
import { startService, temporaryFolder, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

const PATH = '/api/v1/backup';
const quiet = { info: () => undefined, warn: () => undefined };

/** What lies in a folder of backups that are under way. */
const unfinishedIn = async (folder: string): Promise<string[]> => (await readdir(folder)).filter((name) => name.startsWith('unfinished-'));

/** Asks for a backup and does not read it yet. */
async function begin(url: string): Promise<{ asking: ClientRequest; answer: IncomingMessage }> {
  const asking = request(`${url}${PATH}`, { method: 'POST' }).on('error', () => undefined).end();
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  return { asking, answer };
}

describe('POST /api/v1/backup', () => {
  let service: TestService;
  let folder: string;
  let admin: Caller;
  beforeEach(async () => {
    folder = await temporaryFolder();
    service = await startService({ AUTH: 'on', ADMIN_PASSWORD, RATE_LIMIT_PER_MINUTE: '0' });
    admin = await logIn(service.url, 'admin', ADMIN_PASSWORD);
  });
  afterEach(async () => {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('gives an administrator a file that all comes back from, and puts that on record', async () => {
    await admin.call('POST', '/container_registry', { body: newRecord('harbour') });
    expect((await admin.call('PUT', '/container_registry/harbour/credentials', { body: { username: 'robot', password: 'sealed-away' } })).status).toBe(200);
    const answer = await fetch(`${service.url}${PATH}`, { method: 'POST', headers: { Authorization: `Bearer ${admin.bearer ?? ''}` } });
    const bytes = Buffer.from(await answer.arrayBuffer());
    (await readApi(service.url)).expectDescribed({ status: answer.status, headers: answer.headers, text: '', body: null }, 'POST', PATH);
    expect(answer.headers.get('content-length')).toBe(String(bytes.length));
    expect(answer.headers.get('repr-digest')).toBe(`sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`);
    expect(bytes.includes('sealed-away')).toBe(false);
    const file = join(folder, 'backup.db');
    await writeFile(file, bytes);
    const store = await openSqliteStore({ dataDir: join(folder, 'restored'), log: quiet });
    try {
      await restoreBackup(file, store, folder, () => undefined);
      expect((await store.get('harbour'))?.text).toContain('registry harbour');
      expect((await store.entries.list('credential', { afterKey: null, limit: 9 })).length).toBe(1);
      expect((await store.entries.get('user', 'admin'))?.text).toContain('$argon2id$');
    } finally {
      await store.close();
    }
    const [told] = (await admin.call('GET', '/api/v1/audit?action=backup:create')).body.data as { who: string; user: string; changes: { path: string; after: number }[] }[];
    expect(told).toMatchObject({ who: 'user:admin', outcome: 'done' });
    expect(told?.changes).toContainEqual({ path: 'records', after: 1 });
    await until(async () => (await unfinishedIn(service.dataDir)).length === 0);
  });

  it('abuse 29: gives none to anybody else', async () => {
    await addUser(admin, { username: 'paul', role: 'publisher', password: PASSWORD });
    const reads = await makeToken(service.url, admin, ['record:read', 'audit:read']);
    const answers = await Promise.all([await logIn(service.url, 'paul', PASSWORD), reads, callerOf(service.url, 'nobody', null)].map((caller) => caller.call('POST', PATH)));
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 401]);
    expect(await unfinishedIn(service.dataDir)).toEqual([]);
    const backups = await makeToken(service.url, admin, ['backup:create']);
    expect((await backups.call('POST', PATH)).status).toBe(200);
  });
});

describe('a backup on its way', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await startService({ RATE_LIMIT_PER_MINUTE: '0' });
    // More than sockets hold between them.
    await fillCatalog(service.url, 12);
  });
  afterEach(() => service.stop());

  it('is the only one: who asks for another meanwhile is told to wait', async () => {
    const { asking, answer } = await begin(service.url);
    const second = await callerOf(service.url, 'local', null).call('POST', PATH);
    expect([second.status, second.body.code, Number(second.headers.get('retry-after')) > 0]).toEqual([409, 'BACKUP_UNDER_WAY', true]);
    answer.resume();
    await once(answer, 'end');
    asking.destroy();
    await until(async () => (await unfinishedIn(service.dataDir)).length === 0);
    expect((await callerOf(service.url, 'local', null).call('POST', PATH)).status).toBe(200);
  });

  it('leaves nothing behind when whoever asked for it goes away', async () => {
    const { asking } = await begin(service.url);
    expect((await unfinishedIn(service.dataDir)).length).toBe(1);
    asking.destroy();
    await until(async () => (await unfinishedIn(service.dataDir)).length === 0);
    const next = await begin(service.url);
    expect(next.answer.statusCode).toBe(200);
    next.asking.destroy();
  });
});

it('what a killed process left of a backup is gone after the next start, and nothing else', async () => {
  const dataDir = await temporaryFolder();
  const kept = ['backup-2026', 'unfinished-backup-of-mine', 'unfinished-business'];
  for (const name of [...kept, 'unfinished-backup-aB3dE9', 'unfinished-restore-000000']) {
    await mkdir(join(dataDir, name));
    await writeFile(join(dataDir, name, 'portolan.db'), 'x');
  }
  const service = await startService({ DATA_DIR: dataDir });
  expect((await readdir(dataDir)).filter((name) => !/^(?:portolan\.|secret\.key)/.test(name)).sort()).toEqual(kept);
  await service.stop();
  await rm(dataDir, { recursive: true });
});
