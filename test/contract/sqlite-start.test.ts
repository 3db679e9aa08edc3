/** When the SQLite store opens, when it refuses to, and what it leaves untouched then. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from '../../src/core/errors.ts';
import type { RecordStore } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { migrate, migrations, PAGE_BYTES } from '../../src/store/sqlite/schema.ts';
import { itWithMounts, withReadOnly } from '../support/mount.ts';
import { startStoreProcess, startedStoreProcess } from '../support/store-process.ts';
import { findIds, newRecord } from './store-fixture.ts';

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

describe('one process at a time', () => {
  it('refuses a folder that another process holds, and names that process', async () => {
    const other = await startedStoreProcess(dataDir);
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
    const other = await startedStoreProcess(dataDir);
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
    ['only the first page of a store', () => truncateSync(file, PAGE_BYTES)],
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

  // Root may write anywhere, so it gives its place to nobody; everybody else is kept out by the modes as well.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534 } : {};

  it('refuses a folder or a file that it may not write to', async () => {
    await filled(1);
    chmodSync(dataDir, 0o555);
    expect(await startStoreProcess(dataDir, nobody)).toMatchObject({ name: 'StartError', message: expect.stringMatching(/may not write/) });
    for (const name of ['portolan.lock', 'portolan.pid']) chmodSync(join(dataDir, name), 0o666);
    chmodSync(dataDir, 0o777);
    chmodSync(file, 0o444);
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
