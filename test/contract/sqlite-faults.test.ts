/** What the SQLite store does when its folder, its file, its disk or its process fails. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from '../../src/core/errors.ts';
import type { RecordStore } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { migrate, migrations } from '../../src/store/sqlite/schema.ts';
import { itWithMounts, seenBy, withReadOnly, withSmallDisk } from '../support/mount.ts';
import { randomSource } from '../support/random.ts';
import { startStoreProcess, type StoreProcess } from '../support/store-process.ts';
import { allText, codeOf, count, find, findIds, newRecord, recordOf, TIME } from './store-fixture.ts';

const quiet = { info: () => undefined, warn: () => undefined };

let dataDir: string;
let file: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'portolan-faults-'));
  file = join(dataDir, 'portolan.db');
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const open = (folder = dataDir): Promise<RecordStore> => openSqliteStore({ dataDir: folder, log: quiet });

async function filled(records: number, fields = {}): Promise<void> {
  const store = await open();
  await Promise.all(Array.from({ length: records }, (_unused, index) => store.insert(newRecord(`r${String(index).padStart(4, '0')}`, fields))));
  await store.close();
}

async function startErrorOf(work: Promise<RecordStore>): Promise<string> {
  const error: unknown = await work.then(
    (store) => store.close().then(() => new Error('it opened')),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StartError);
  const { message } = error as StartError;
  expect(message).toMatch(/^[^\n]+\.$/);
  return message;
}

async function started(folder: string, options = {}): Promise<StoreProcess> {
  const process = await startStoreProcess(folder, options);
  if (process instanceof Error) throw process;
  return process;
}

describe('one process at a time', () => {
  it('refuses a folder that another process holds, and names that process', async () => {
    const other = await started(dataDir);
    expect(await startErrorOf(open())).toContain(`${dataDir} is in use by another Portolan (pid ${other.pid})`);
    expect(await other.insert('a', 10)).toBe('inserted');
    await other.close();
    const store = await open();
    expect(await findIds(store, {})).toEqual(['a']);
    await store.close();
  });

  it('refuses a folder that this process holds, without losing its hold', async () => {
    const store = await open();
    expect(await startErrorOf(open())).toContain(`(pid ${process.pid})`);
    const other = await startStoreProcess(dataDir);
    expect(other).toMatchObject({ name: 'StartError', message: expect.stringContaining('in use') });
    await store.close();
  });

  it('takes a folder whose process was killed', async () => {
    const other = await started(dataDir);
    await other.insert('a', 10);
    await other.kill();
    const store = await open();
    expect(await findIds(store, {})).toEqual(['a']);
    await store.close();
  });
});

describe('a folder or file that cannot be used', () => {
  const expectRefused = async (pattern: RegExp): Promise<void> => {
    const before = existsSync(file) && statSync(file).isFile() ? readFileSync(file) : null;
    const message = await startErrorOf(open());
    expect(message).toMatch(pattern);
    expect(message).toContain(dataDir);
    if (before === null) expect(existsSync(file) && statSync(file).isFile()).toBe(false);
    else expect(readFileSync(file).equals(before)).toBe(true);
  };

  it('makes the folder, for its owner only', async () => {
    const folder = join(dataDir, 'a/b');
    await (await open(folder)).close();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('refuses a folder that is a file', async () => {
    const path = join(dataDir, 'file');
    writeFileSync(path, 'mine');
    expect(await startErrorOf(open(path))).toMatch(/is a file and not a folder/);
    expect(await startErrorOf(open(join(path, 'below')))).toMatch(/is a file and not a folder/);
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });

  it('refuses a store’s file that is a folder', async () => {
    mkdirSync(file);
    await expectRefused(/is not a file/);
  });

  it('refuses a file of no length, and makes no new store of it', async () => {
    await filled(3);
    truncateSync(file, 0);
    await expectRefused(/is empty.*content was lost.*backup/);
  });

  it.each<[string, () => void]>([
    ['text', () => writeFileSync(file, 'not a database\n'.repeat(1_000))],
    ['a few bytes', () => writeFileSync(file, 'SQL')],
    ['only the first page of a store', () => truncateSync(file, 4_096)],
    ['the first half of a store', () => truncateSync(file, Math.floor(statSync(file).size / 2))],
    ['a store whose header is overwritten', () => writeFileSync(file, Buffer.concat([Buffer.alloc(100, 0xa5), readFileSync(file).subarray(100)]))],
  ])('refuses a file that holds %s', async (_what, damage) => {
    await filled(200);
    damage();
    await expectRefused(/is damaged or not a database.*backup/);
  });

  it('refuses the database of another program', async () => {
    const db = new DatabaseSync(file);
    db.exec('CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1); PRAGMA application_id = 42');
    db.close();
    await expectRefused(/database of another program \(application id 42\)/);
  });

  it('refuses the file of a newer Portolan', async () => {
    await filled(1);
    const db = new DatabaseSync(file);
    db.exec('PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)');
    db.close();
    await expectRefused(/schema version 99.*newer Portolan/);
  });

  it.each(['-wal', '-journal'])('refuses a folder where only the store’s %s is left', async (suffix) => {
    writeFileSync(file + suffix, 'the last writes');
    await expectRefused(/is missing/);
    expect(readFileSync(file + suffix, 'utf8')).toBe('the last writes');
  });

  it('begins anew where a creation was cut off, because nothing was acknowledged yet', async () => {
    writeFileSync(`${file}.new`, 'half a store');
    await filled(1);
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  it('is free again after it was refused', async () => {
    writeFileSync(file, 'not a database');
    await startErrorOf(open());
    rmSync(file);
    await filled(1);
  });

  const itAsRoot = process.getuid?.() === 0 ? it : it.skip;
  const nobody = { uid: 65_534 };

  itAsRoot('refuses a folder or a file that it may not write to', async () => {
    await filled(1);
    chmodSync(dataDir, 0o755);
    expect(await startStoreProcess(dataDir, nobody)).toMatchObject({ name: 'StartError', message: expect.stringMatching(/may not write/) });
    for (const name of ['portolan.lock', 'portolan.pid']) chmodSync(join(dataDir, name), 0o666);
    chmodSync(dataDir, 0o777);
    chmodSync(file, 0o644);
    expect(await startStoreProcess(dataDir, nobody)).toMatchObject({ name: 'StartError', message: expect.stringMatching(/portolan\.db cannot be used: this process may not write/) });
  });

  itWithMounts('refuses a file system that is read-only, with a store on it or not', async () => {
    const refusal = { name: 'StartError', message: expect.stringMatching(/read-only/) };
    expect(await startStoreProcess(dataDir, { prefix: withReadOnly(dataDir) })).toMatchObject(refusal);
    await filled(1);
    expect(await startStoreProcess(dataDir, { prefix: withReadOnly(dataDir) })).toMatchObject(refusal);
  });
});

describe('migrations', () => {
  it('take a file from where it stands, and a step that fails leaves the one before', async () => {
    await filled(2);
    const db = new DatabaseSync(file);
    const second = 'CREATE TABLE second (x) STRICT';
    const version = (): unknown => db.prepare('PRAGMA user_version').get()?.['user_version'];
    expect(() => migrate(db, file, [...migrations, 'CREATE TABLE second (x INTEGER); INSERT INTO nowhere VALUES (1)'])).toThrow(/nowhere/);
    expect(version()).toBe(migrations.length);
    expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'second'").get()?.['n']).toBe(0);
    migrate(db, file, [...migrations, 'CREATE TABLE second (x INTEGER)', 'INSERT INTO second VALUES (7)']);
    expect(version()).toBe(migrations.length + 2);
    expect(() => migrate(db, file, [...migrations, second])).toThrow(StartError);
    expect(db.prepare('SELECT x FROM second').all()).toHaveLength(1);
    db.close();
  });
});

describe('failures while it runs', () => {
  it('a page that is damaged is told as damage by calls that meet it and by ping, and by no other call', async () => {
    await filled(400, { container_registry_metadata: { note: 'x'.repeat(500) } });
    const db = new DatabaseSync(file, { readOnly: true });
    const page = Number(db.prepare("SELECT pageno FROM dbstat WHERE name = 'records' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 30").get()?.['pageno']);
    db.close();
    const bytes = readFileSync(file);
    bytes.fill(0xa5, (page - 1) * 4_096, page * 4_096);
    writeFileSync(file, bytes);

    const store = await open();
    const codes = await Promise.all(Array.from({ length: 400 }, (_unused, index) => store.get(`r${String(index).padStart(4, '0')}`).then((found) => (found === null ? 'null' : 'found'), (error: unknown) => (error as { code: string }).code)));
    expect(new Set(codes)).toEqual(new Set(['found', 'STORE_DAMAGED']));
    expect(await codeOf(store.ping())).toBe('STORE_DAMAGED');
    expect(await codeOf(findIds(store, { container_registry_image_prefix: '127.0.0.1:5000' }))).toBe('STORE_DAMAGED');
    expect(await codeOf(findIds(store, { container_registry_name: { $regex: 'registry' } }))).toBe('STORE_DAMAGED');
    expect(await codeOf(allText(store))).toBe('STORE_DAMAGED');
    await store.close();
  });

  it('a change that cannot be written fails alone, and those that came with it are written', async () => {
    const store = await open();
    const impossible = newRecord('bad', {}, { meta: { created_at: TIME, updated_at: TIME, revision: NaN } });
    const outcomes = await Promise.allSettled([store.insert(newRecord('a')), store.insert(impossible), store.insert(newRecord('b')), store.delete('a')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(await findIds(store, {})).toEqual(['b']);
    expect(await findIds(store, { container_registry_name: 'registry bad' })).toEqual([]);
    await store.close();
  });

  it('paths that a failed change was the first to use are found later', async () => {
    const store = await open();
    const fields = { container_registry_metadata: { brandNew: 'x' } };
    await expect(store.insert(newRecord('bad', fields, { meta: { created_at: TIME, updated_at: TIME, revision: NaN } }))).rejects.toThrow();
    await store.insert(newRecord('good', fields));
    await store.close();
    const again = await open();
    expect(await findIds(again, { 'container_registry_metadata.brandNew': 'x' })).toEqual(['good']);
    await again.close();
  });

  itWithMounts('abuse 32: on a full disk nothing is written, reading goes on, and with room again writing does', async () => {
    const store = await started(dataDir, { prefix: withSmallDisk(dataDir, '6m') });
    try {
      const disk = seenBy(store.pid, dataDir);
      const acknowledged: string[] = [];
      const insertUntilRefused = async (name: string, attempts: number): Promise<string> => {
        for (let n = 0; n < attempts; n++) {
          const outcome = await store.insert(`${name}${n}`, 20_000);
          if (outcome !== 'inserted') return outcome;
          acknowledged.push(`${name}${n}`);
        }
        return 'inserted';
      };
      expect(await insertUntilRefused('a', 10)).toBe('inserted');
      await writeFile(join(disk, 'filler'), Buffer.alloc(6 * 1024 * 1024)).catch((error: unknown) => expect(error).toMatchObject({ code: 'ENOSPC' }));
      expect(await insertUntilRefused('b', 500)).toBe('STORE_FULL');
      expect(await store.insert('another', 20_000)).toBe('STORE_FULL');
      expect([...(await store.ids())].sort()).toEqual([...acknowledged].sort());

      await rm(join(disk, 'filler'));
      expect(await insertUntilRefused('c', 10)).toBe('inserted');
      expect([...(await store.ids())].sort()).toEqual([...acknowledged].sort());

      // The disk goes with the process; what it holds now is what a sudden end would leave.
      const copy = join(tmpdir(), `${dataDir.split('/').at(-1) ?? ''}-copy`);
      await cp(disk, copy, { recursive: true });
      try {
        const survivor = await open(copy);
        expect([...(await findIds(survivor, {}))].sort()).toEqual([...acknowledged].sort());
        await survivor.close();
      } finally {
        await rm(copy, { recursive: true });
      }
    } finally {
      await store.kill();
    }
  });

  it('abuse 32: whatever was acknowledged is there after the process was killed', async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 5; round++) {
      const store = await started(dataDir);
      let isKilled = false;
      const clients = Array.from({ length: 8 }, async (_unused, client) => {
        for (let n = 0; !isKilled; n++) {
          const id = `${round}-${client}-${n}`;
          if ((await store.insert(id, 700).catch(() => 'lost')) === 'inserted') acknowledged.push(id);
        }
      });
      await new Promise((resolve) => setTimeout(resolve, 60 + round * 40));
      isKilled = true;
      await store.kill();
      await Promise.all(clients);
    }
    const store = await open();
    const there = await findIds(store, {});
    expect(acknowledged.length).toBeGreaterThan(50);
    expect(acknowledged.filter((id) => !there.includes(id))).toEqual([]);
    expect(await count(store, { container_registry_image_prefix: '127.0.0.1:5000' })).toBe(there.length);
    await store.close();
    const db = new DatabaseSync(file);
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    db.close();
  }, 60_000);
});

describe('queries that cost too much', () => {
  const notNarrowed = { container_registry_name: { $regex: 'nobody' } };

  it('are refused beyond their number of rows, and the next one is answered', async () => {
    await filled(300);
    const store = await openSqliteStore({ dataDir, log: quiet, queryLimits: { scanRowsMax: 100, scanSlice: { rowsMax: 60, elapsedMsMax: 1_000, textLengthMax: 1e9 } } });
    expect(await codeOf(findIds(store, notNarrowed))).toBe('QUERY_TOO_EXPENSIVE');
    expect(await codeOf(count(store, notNarrowed))).toBe('QUERY_TOO_EXPENSIVE');
    expect(await findIds(store, {}, { limit: 2 })).toEqual(['r0000', 'r0001']);
    await store.close();
  });

  it('are refused when one record takes too long, while the others go on', async () => {
    const rng = randomSource(1);
    await filled(3, { container_registry_metadata: { note: Array.from({ length: 100_000 }, () => rng.pick(['a', 'b'])).join('') } });
    const warnings: string[] = [];
    const store = await openSqliteStore({ dataDir, log: { ...quiet, warn: (message) => warnings.push(message) }, queryLimits: { scanStuckMs: 2_000 } });
    // Patterns whose states are as many as the text has characters.
    const arms = { $or: Array.from({ length: 9 }, (_unused, index) => ({ 'container_registry_metadata.note': { $regex: `a[ab]{${490 + index}}[^ab]` } })) };
    const [stuck, light] = await Promise.all([codeOf(findIds(store, arms)), findIds(store, notNarrowed)]);
    expect([stuck, light]).toEqual(['QUERY_TOO_EXPENSIVE', []]);
    expect(warnings).toEqual(['The scanning thread was lost.']);
    expect(await findIds(store, { container_registry_name: { $regex: '^registry r0001$' } })).toEqual(['r0001']);
    await store.close();
  }, 30_000);

  it('are turned away when too many wait already', async () => {
    await filled(200);
    const store = await openSqliteStore({ dataDir, log: quiet, queryLimits: { scanQueueMax: 3 } });
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => findIds(store, { container_registry_name: { $regex: 'registry' } })));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(5);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'OVERLOADED', retryAfterS: expect.any(Number) });
    await store.close();
  });
});

describe('the index', () => {
  it('holds exactly the leaves of the records that are there', async () => {
    const store = await open();
    await store.insert(newRecord('a', { container_registry_tags: ['x', 'y'] }));
    await store.insert(newRecord('b', { container_registry_tags: ['x'], container_registry_metadata: { list: Array.from({ length: 3_000 }, (_unused, index) => index) } }));
    await store.replace({ record: recordOf('a', { container_registry_tags: ['y', 'z'] }), meta: { created_at: TIME, updated_at: TIME, revision: 2 }, expectedRevision: 1 });
    await store.delete('b');
    const [a] = await find(store, {});
    await store.close();
    const db = new DatabaseSync(file, { readOnly: true });
    const rows = db.prepare("SELECT path, value, id FROM terms JOIN paths USING (path_id) ORDER BY path, value").all().map((row) => [row['path'], row['value'], row['id']]);
    const unindexed = db.prepare('SELECT count(*) AS n FROM terms WHERE path_id = 0').get()?.['n'];
    db.close();
    expect([a?.id, unindexed]).toEqual(['a', 0]);
    expect(rows).toEqual([
      ['container_registry_image_prefix', '127.0.0.1:5000', 'a'],
      ['container_registry_name', 'registry a', 'a'],
      ['container_registry_public_url', 'http://127.0.0.1:5000', 'a'],
      ['container_registry_tags', 'y', 'a'],
      ['container_registry_tags', 'z', 'a'],
      ['health.status', 'unknown', 'a'],
      ['meta.created_at', TIME, 'a'],
      ['meta.revision', 2, 'a'],
      ['meta.updated_at', TIME, 'a'],
    ]);
  });
});
