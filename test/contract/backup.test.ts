import { appendFile, copyFile, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../src/core/clock.ts';
import { AppError } from '../../src/core/errors.ts';
import { makeBackup, restoreBackup, type Backup } from '../../src/operations/backup.ts';
import { copyStore, isHalfFilled, sumsOf as sumsOfCopy, type Sums } from '../../src/operations/copying.ts';
import { COPY_PARTS } from '../../src/store/copy-port.ts';
import type { Store } from '../../src/store/health-port.ts';
import { writeManifest } from '../../src/store/sqlite/backup-file.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { makeReleasedStore } from '../support/released-stores.ts';
import { until } from '../support/until.ts';
import { fillStore, rowsOf, sumsOf } from './store-copy.ts';
import { newRecord, TIME } from './store-fixture.ts';

const quiet = { info: () => undefined, warn: () => undefined };
const silent = (): void => undefined;

describe('backup and restore of the embedded store', () => {
  let folder: string;
  let stores: Store[];
  let source: Store;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'portolan-backup-'));
    stores = [];
    source = await openAt('source');
    await fillStore(source);
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await rm(folder, { recursive: true });
  });

  const openAt = async (name: string): Promise<Store> => {
    const store = await openSqliteStore({ dataDir: join(folder, name), log: quiet });
    stores.push(store);
    return store;
  };
  const backupOf = (store: Store): Promise<Backup> => makeBackup({ store, folder, version: '1.2.3', clock: systemClock });

  it('brings back everything, and says what was in it', async () => {
    const backup = await backupOf(source);
    expect(backup.manifest).toMatchObject({ version: '1.2.3', is_one_moment: true, parts: { records: { rows: 27 }, audit: { rows: 2 } } });
    expect((await stat(backup.file)).mode & 0o777).toBe(0o600);
    const target = await openAt('target');
    const { isResumed, manifest } = await restoreBackup(backup.file, target, folder, silent);
    expect(isResumed).toBe(false);
    expect(manifest).toEqual(backup.manifest);
    expect(await sumsOf(target)).toEqual(await sumsOf(source));
    expect(await isHalfFilled(target)).toBe(false);
    await backup.remove();
    expect((await readdir(folder)).sort()).toEqual(['source', 'target']);
  });

  it('is of one moment, though others write meanwhile: each record that is there is there with its audit', async () => {
    let writing = true;
    const writers = Array.from({ length: 4 }, async (_unused, writer) => {
      for (let index = 0; writing && index < 2_000; index++) {
        const id = `w${writer}-${index}`;
        const entry = { at: '2026-01-02T03:04:05.678Z', who: 'local', user: null, from: '', request_id: '', action: 'record:create', record: id, target: null, changes: [], outcome: 'done', code: null } as const;
        await source.insert(newRecord(id), entry);
      }
    });
    await until(async () => (await source.get('w3-3')) !== null);
    const backup = await backupOf(source);
    writing = false;
    await Promise.all(writers);
    const target = await openAt('target');
    await restoreBackup(backup.file, target, folder, silent);
    const records = (await rowsOf(target, 'records', 500)).map(({ key }) => String(key[0])).filter((id) => /^w\d-/.test(id));
    const told = (await rowsOf(target, 'audit', 500)).map(({ value }) => (JSON.parse(value['text'] as string) as { record: string | null }).record).filter((id) => /^w\d-/.test(id ?? ''));
    expect(records.length).toBeGreaterThan(0);
    expect(told.toSorted()).toEqual(records.toSorted());
  }, 30_000);

  it('is refused whole when it is damaged, foreign, newer, cut off or no backup, and nothing is written then', async () => {
    const { file } = await backupOf(source);
    const spoilt = async (name: string, spoil: (path: string) => Promise<void> | void): Promise<string> => {
      const path = join(folder, name);
      await copyFile(file, path);
      await spoil(path);
      return path;
    };
    const inDb = (sql: string) => (path: string) => {
      const db = new DatabaseSync(path);
      db.exec(sql);
      db.close();
    };
    const files = [
      await spoilt('cut', async (path) => {
        const handle = await open(path, 'r+');
        await handle.truncate(Math.floor((await handle.stat()).size / 2));
        await handle.close();
      }),
      await spoilt('text', (path) => writeFile(path, 'not a database at all')),
      await spoilt('flipped', async (path) => {
        const handle = await open(path, 'r+');
        await handle.write(Buffer.alloc(3_000, 0x5a), 0, 3_000, 8_192 * 3);
        await handle.close();
      }),
      await spoilt('foreign', inDb('PRAGMA application_id = 7')),
      await spoilt('newer', inDb('PRAGMA user_version = 999')),
      await spoilt('unlisted', inDb('DROP TABLE backup_manifest')),
      await spoilt('edited', inDb("UPDATE entries SET text = '{\"role\":\"admin\"}' WHERE kind = 'user'")),
      await spoilt('shortened', inDb("DELETE FROM records WHERE id = 'plain'")),
      join(folder, 'missing'),
    ];
    const target = await openAt('target');
    for (const path of files) await expect(restoreBackup(path, target, folder, silent)).rejects.toMatchObject({ code: 'BACKUP_UNUSABLE', message: expect.stringContaining(path) });
    expect(await target.copy.isEmpty()).toBe(true);
    await appendFile(join(folder, 'cut'), 'more');
  });

  it('brings back an older schema, whose rows may have said less, and counts them', async () => {
    const file = join(folder, 'older');
    makeReleasedStore(file, 3);
    const parts = Object.fromEntries(COPY_PARTS.map((part) => [part, { rows: ['entries', 'audit'].includes(part) ? 0 : 1, digest: 'of rows that said less' }])) as Sums;
    writeManifest(file, { made_at: TIME, version: '0.0.9', is_one_moment: true, parts });
    await restoreBackup(file, await openAt('target'), folder, silent);
    const short = join(folder, 'short');
    makeReleasedStore(short, 3);
    writeManifest(short, { made_at: TIME, version: '0.0.9', is_one_moment: true, parts: { ...parts, records: { rows: 2, digest: '' } } });
    await expect(restoreBackup(short, await openAt('other'), folder, silent)).rejects.toMatchObject({ code: 'BACKUP_UNUSABLE', message: expect.stringContaining('records') });
  });

  it('is refused where there is anything already', async () => {
    const { file } = await backupOf(source);
    const target = await openAt('target');
    await target.insert(newRecord('already'));
    await expect(restoreBackup(file, target, folder, silent)).rejects.toMatchObject({ code: 'TARGET_NOT_EMPTY' });
    expect((await rowsOf(target, 'records')).length).toBe(1);
  });

  it('goes on where it was broken off, wherever that was', async () => {
    const { file } = await backupOf(source);
    const sums = await sumsOf(source);
    for (let stopAfter = 1; stopAfter <= 12; stopAfter++) {
      const target = await openAt(`target-${stopAfter}`);
      let calls = 0;
      const stop = (): void => {
        if (++calls === 8 + stopAfter) throw new Error('broken off');
      };
      await expect(restoreBackup(file, target, folder, stop)).rejects.toThrow('broken off');
      expect(await isHalfFilled(target)).toBe(true);
      expect(await restoreBackup(file, target, folder, silent)).toMatchObject({ isResumed: true });
      expect(await sumsOf(target)).toEqual(sums);
    }
  }, 60_000);

  it('waits for a store that is away for a moment', async () => {
    const target = await openAt('target');
    let left = 3;
    const shaky: Store = {
      ...target,
      copy: {
        ...target.copy,
        async write(part, rows) {
          if (part === 'records' && left-- > 0) throw new AppError('STORE_UNAVAILABLE');
          await target.copy.write(part, rows);
        },
      },
    };
    await copyStore(source, shaky, silent);
    expect(left).toBeLessThanOrEqual(0);
    expect(await sumsOf(target)).toEqual(await sumsOf(source));
  }, 20_000);

  it('does not go on with another source', async () => {
    const { file } = await backupOf(source);
    await source.insert(newRecord('since'));
    const target = await openAt('target');
    let calls = 0;
    await expect(
      restoreBackup(file, target, folder, () => {
        if (++calls === 12) throw new Error('broken off');
      }),
    ).rejects.toThrow('broken off');
    await expect(copyStore(source, target, silent)).rejects.toMatchObject({ code: 'TARGET_NOT_EMPTY' });
    expect(await sumsOfCopy(source.copy, 'reading', silent)).toEqual(await sumsOf(source));
  });
});
