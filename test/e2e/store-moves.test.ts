/** `portolan backup`, `restore` and `migrate-store` as processes of their own, and what is left when they are killed. */
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { systemClock } from '../../src/core/clock.ts';
import { makeBackup } from '../../src/operations/backup.ts';
import { isHalfFilled, sumsOf, type Sums } from '../../src/operations/copying.ts';
import type { Store } from '../../src/store/health-port.ts';
import { openMongoStore } from '../../src/store/mongodb/open.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { fillStore } from '../contract/store-copy.ts';
import { newRecord } from '../contract/store-fixture.ts';
import { runCliProcess, startCli, type CliRun } from '../support/cli-process.ts';
import { describeWithPeer, startMongoPeer, type MongoPeer } from '../support/peers.ts';
import { call } from '../support/requests.ts';
import { runToExit, spawnService, temporaryFolder, type SpawnedService } from '../support/service.ts';
import { until } from '../support/until.ts';

const RECORDS = 3_000;
const quiet = { info: () => undefined, warn: () => undefined };
const silent = (): void => undefined;

let folder: string;
let services: SpawnedService[];
beforeEach(async () => {
  folder = await temporaryFolder();
  services = [];
});
afterEach(async () => {
  await Promise.all(services.filter(({ child }) => child.exitCode === null && child.signalCode === null).map((service) => service.kill()));
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);
const serve = async (variables: Record<string, string>): Promise<SpawnedService> => {
  const service = await spawnService({ RATE_LIMIT_PER_MINUTE: '0', ...variables });
  services.push(service);
  return service;
};
const openAt = (name: string): Promise<Store> => openSqliteStore({ dataDir: at(name), log: quiet });

async function inStore<T>(opening: Promise<Store>, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await opening;
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const sumsAt = (opening: Promise<Store>): Promise<Sums> => inStore(opening, ({ copy }) => sumsOf(copy, 'reading', silent));

/** A store with something of everything, and many records. */
async function fill(name: string, records = 0): Promise<void> {
  await inStore(openAt(name), async (store) => {
    await fillStore(store);
    const metadata = { container_registry_metadata: { note: 'x'.repeat(500) } };
    await Promise.all(Array.from({ length: records }, (_unused, index) => store.insert(newRecord(`r${index}`, metadata))));
  });
}

async function backUp(name: string, file: string): Promise<void> {
  await mkdir(at('work'), { recursive: true });
  await inStore(openAt(name), async (store) => {
    const backup = await makeBackup({ store, folder: at('work'), version: '1.2.3', clock: systemClock });
    await writeFile(file, await readFile(backup.file));
    await backup.remove();
  });
}

const digestOf = async (path: string): Promise<string> => createHash('sha256').update(await readFile(path)).digest('hex');

describe('portolan backup', () => {
  it('keeps a file of a running service that a new one is restored from', async () => {
    await fill('old');
    const service = await serve({ DATA_DIR: at('old') });
    await call(service.url, 'POST', '/container_registry', { body: { container_registry_name: 'new', container_registry_public_url: 'http://127.0.0.1:9', container_registry_id: 'since' } });
    const file = at('backup.db');
    const made = await runCliProcess(['--url', service.url, 'backup', file]);
    expect(made).toEqual({ code: 0, err: '', out: expect.stringMatching(new RegExp(`^Everything is backed up in ${file}: [\\d.]+ MB, SHA-256 [0-9a-f]{64}\\.\nKeep the secret key`)) });
    expect([(await stat(file)).mode & 0o777, made.out.includes(await digestOf(file))]).toEqual([0o600, true]);

    expect(await runCliProcess(['--url', service.url, 'backup', file])).toEqual({ code: 2, out: '', err: expect.stringMatching(/^portolan: .*backup\.db is there already\. .*--force/) });
    const forced = await runCliProcess(['--url', service.url, 'backup', '--force', '--json', file]);
    expect([forced.code, JSON.parse(forced.out)]).toEqual([0, { file, bytes: (await stat(file)).size, sha256: await digestOf(file) }]);

    const busy = await runCliProcess(['restore', file], { DATA_DIR: at('old') });
    expect(busy).toEqual({ code: 2, out: '', err: expect.stringMatching(/^portolan: The service is running, and has the store to itself\. Stop it first\. .*pid \d+/) });
    const restored = await runCliProcess(['restore', file], { DATA_DIR: at('new') });
    expect(restored).toEqual({ code: 0, err: '', out: expect.stringMatching(/^PART +ROWS +WHAT\nrecords +28 +registries\n(?:.*\n)+\nEverything is restored, and was checked: \/.*\/new holds what the backup of .* does\.\nWhat is sealed/) });
    const again = await serve({ DATA_DIR: at('new') });
    expect((await call(again.url, 'GET', '/container_registry/since')).body.data.container_registry_name).toBe('new');
    expect((await readdir(at('new'))).filter((name) => name.startsWith('unfinished'))).toEqual([]);

    await again.terminate();
    expect(await runCliProcess(['restore', file], { DATA_DIR: at('new') })).toMatchObject({ code: 2, err: expect.stringMatching(/not empty/) });
  }, 60_000);

  it('leaves no file when what comes is cut off or changed on the way, and keeps the one that was there', async () => {
    let cutAt = 0;
    const server: Server = createServer((_request, response) => {
      const digest = createHash('sha256').update(Buffer.alloc(50_000)).digest('base64');
      response.writeHead(200, { 'Content-Type': 'application/vnd.sqlite3', 'Content-Length': '50000', 'Repr-Digest': `sha-256=:${digest}:` });
      if (cutAt === 0) return void response.end(Buffer.alloc(50_000, 1));
      response.write(Buffer.alloc(cutAt), () => setTimeout(() => response.destroy(), 50));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const file = at('backup.db');
      await writeFile(file, 'the old one');
      for (const [cut, reason] of [[0, /What arrived is not what the service sent/], [20_000, /broke off/]] as const) {
        cutAt = cut;
        expect(await runCliProcess(['--url', url, 'backup', '--force', file])).toEqual({ code: 2, out: '', err: expect.stringMatching(reason) });
        expect([await readdir(folder), await readFile(file, 'utf8')]).toEqual([['backup.db'], 'the old one']);
      }
    } finally {
      server.close();
    }
  }, 30_000);

  it('is over when the service is killed: nobody has half a file, and the store is whole', async () => {
    await fill('data', RECORDS);
    const service = await serve({ DATA_DIR: at('data') });
    const backup = startCli(['--url', service.url, 'backup', at('backup.db')]);
    while (!(await readdir(at('data'))).some((name) => name.startsWith('unfinished-backup-'))) await delay(2);
    await service.kill();
    expect(await backup.ended).toMatchObject({ code: 2, err: expect.stringMatching(/broke off|Nothing answers/) });
    expect((await readdir(folder)).sort()).toEqual(['data']);
    const next = await serve({ DATA_DIR: at('data') });
    expect((await readdir(at('data'))).filter((name) => name.startsWith('unfinished'))).toEqual([]);
    expect((await call(next.url, 'GET', '/container_registries?count=true&limit=1')).headers.get('x-total-count')).toBe(String(RECORDS + 27));
  }, 60_000);
});

type State = 'empty' | 'half' | 'full';

const stateOf = (opening: Promise<Store>): Promise<State> => inStore(opening, async (store) => ((await isHalfFilled(store)) ? 'half' : (await store.copy.isEmpty()) ? 'empty' : 'full'));

/**
 * Starts the command again and again, and kills it a little later each time, until it has ended by itself or has been killed after all was done.
 * @returns what it said in the end; null where it was killed before it could
 */
async function untilDone(start: () => ReturnType<typeof startCli>, open: () => Promise<Store>, onHalf: () => Promise<void>): Promise<CliRun | null> {
  for (let killAfterMs = 500; ; killAfterMs += 250) {
    const { child, ended } = start();
    const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    const run = await ended;
    clearTimeout(timer);
    if (run.code !== null) return run;
    const state = await stateOf(open());
    if (state === 'full') return null;
    if (state === 'half') await onHalf();
  }
}

describe('portolan restore', () => {
  it('killed again and again goes on, the service starts on nothing half, and the backup stays as it was', async () => {
    await fill('old', RECORDS);
    const file = at('backup.db');
    await backUp('old', file);
    const digest = await digestOf(file);
    let refusals = 0;
    const run = await untilDone(
      () => startCli(['restore', file, '--json'], { DATA_DIR: at('new') }),
      () => openAt('new'),
      async () => {
        const { code, stderr } = await runToExit({ PORT: '0', DATA_DIR: at('new') });
        expect([code, stderr]).toEqual([1, expect.stringMatching(/^portolan: The store is half filled: [^\n]*goes on[^\n]*\n$/)]);
        refusals += 1;
      },
    );
    expect(refusals).toBeGreaterThan(0);
    if (run !== null) {
      expect([run.code, run.err]).toEqual([0, '']);
      expect(JSON.parse(run.out)).toMatchObject({ is_resumed: true, version: '1.2.3', parts: { records: { rows: RECORDS + 27 } } });
    }
    expect(await sumsAt(openAt('new'))).toEqual(await sumsAt(openAt('old')));
    expect([await digestOf(file), (await readdir(at('new'))).filter((name) => name.startsWith('unfinished'))]).toEqual([digest, []]);
    await serve({ DATA_DIR: at('new') });
  }, 180_000);

  it('refuses what is no backup, and writes nothing', async () => {
    await fill('old');
    const file = at('backup.db');
    await backUp('old', file);
    await writeFile(at('cut.db'), (await readFile(file)).subarray(0, 40_000));
    for (const name of ['cut.db', 'old/portolan.db', 'nowhere.db']) {
      expect(await runCliProcess(['restore', at(name)], { DATA_DIR: at('new') })).toEqual({ code: 2, out: '', err: expect.stringMatching(new RegExp(`^portolan: ${at(name)} is not a whole backup of Portolan: .* Nothing was restored\\.\n$`)) });
    }
    expect(await inStore(openAt('new'), ({ copy }) => copy.isEmpty())).toBe(true);
  }, 60_000);
});

describe('portolan migrate-store', () => {
  it('moves from folder to folder, and says what cannot be', async () => {
    await fill('old');
    const env = { DATA_DIR: at('old') };
    const moved = await runCliProcess(['migrate-store', '--to', at('new')], env);
    expect(moved).toEqual({ code: 0, err: '', out: expect.stringMatching(/\nEverything is copied, and was checked: \/.*\/new holds what \/.*\/old does\.\nStart the service/) });
    expect(await sumsAt(openAt('new'))).toEqual(await sumsAt(openAt('old')));
    expect(await runCliProcess(['migrate-store', '--to', at('new')], env)).toMatchObject({ code: 2, err: expect.stringMatching(/not empty/) });
    expect(await runCliProcess(['migrate-store', '--to', at('old')], env)).toMatchObject({ code: 2, err: expect.stringMatching(/is where everything is already/) });
    expect(await runCliProcess(['migrate-store', '--to', at('other'), '--from', at('nowhere')], env)).toMatchObject({ code: 2, err: expect.stringMatching(/There is no store in .*nowhere/) });
    expect(await runCliProcess(['migrate-store'], env)).toMatchObject({ code: 2, err: expect.stringMatching(/--to, or with --to-file/) });
    expect((await readdir(folder)).sort()).toEqual(['new', 'old']);
    await serve(env);
    expect(await runCliProcess(['migrate-store', '--to', at('third')], env)).toMatchObject({ code: 2, err: expect.stringMatching(/The service is running/) });
  }, 60_000);
});

describeWithPeer('mongo-java-server', 'portolan migrate-store over MongoDB’s wire protocol', () => {
  let mongo: MongoPeer;
  beforeAll(async () => {
    mongo = await startMongoPeer();
  }, 40_000);
  afterAll(() => mongo.stop());

  it('killed again and again goes on, there and back, and every service starts on nothing half', async () => {
    await fill('old', RECORDS);
    const before = await sumsAt(openAt('old'));
    const database = `moved-${randomUUID()}`;
    const settings = { MONGO_URL: mongo.url, MONGO_DATABASE: database };
    const openMongo = (): Promise<Store> => openMongoStore({ url: mongo.url, database, log: quiet });
    await writeFile(at('url'), `${mongo.url}/${database}\n`);
    let refusals = 0;
    const there = await untilDone(
      () => startCli(['migrate-store', '--to-file', at('url'), '--json'], { DATA_DIR: at('old') }),
      openMongo,
      async () => {
        expect(await runToExit({ PORT: '0', ...settings })).toMatchObject({ code: 1, stderr: expect.stringMatching(/The store is half filled/) });
        refusals += 1;
      },
    );
    expect(refusals).toBeGreaterThan(0);
    if (there !== null) {
      expect([there.code, there.err]).toEqual([0, '']);
      expect(JSON.parse(there.out)).toMatchObject({ is_resumed: true, to: `MongoDB, database ${database}` });
    }
    expect([await sumsAt(openMongo()), await sumsAt(openAt('old'))]).toEqual([before, before]);

    const back = await untilDone(() => startCli(['migrate-store', '--to', at('back')], settings), () => openAt('back'), async () => undefined);
    if (back !== null) expect([back.code, back.err]).toEqual([0, '']);
    expect(await sumsAt(openAt('back'))).toEqual(before);
  }, 240_000);

  it('outlives a MongoDB that does not answer for some seconds', async () => {
    await fill('old', RECORDS);
    const database = `halted-${randomUUID()}`;
    const client = new MongoClient(mongo.url);
    const moving = startCli(['migrate-store', '--to', `${mongo.url}/${database}`], { DATA_DIR: at('old') });
    try {
      await until(async () => (await client.db(database).collection('container_registry').estimatedDocumentCount()) > 100, 30_000);
      mongo.process.signal('SIGSTOP');
      await delay(5_000);
    } finally {
      mongo.process.signal('SIGCONT');
      await client.close();
    }
    expect(await moving.ended).toMatchObject({ code: 0, err: '' });
    expect(await sumsAt(openMongoStore({ url: mongo.url, database, log: quiet }))).toEqual(await sumsAt(openAt('old')));
  }, 120_000);

  it('is known of by a service that MongoDB was away from when it started', async () => {
    const database = `away-${randomUUID()}`;
    await inStore(openMongoStore({ url: mongo.url, database, log: quiet }), (store) => store.entries.put({ kind: 'copy', key: 'progress', owner: null, expiresAtMs: null, text: '{}', expectedRevision: 0 }));
    mongo.process.signal('SIGSTOP');
    const service = await serve({ MONGO_URL: mongo.url, MONGO_DATABASE: database });
    mongo.process.signal('SIGCONT');
    expect(await service.exited).toBe(1);
    expect(service.output()).toMatch(/portolan: The store is half filled/);
  }, 60_000);
});
