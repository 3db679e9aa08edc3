/** What the SQLite store does when its file, its disk, its process or a query fails while it runs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { RecordStore } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { PAGE_BYTES } from '../../src/store/sqlite/schema.ts';
import { itWithMounts, seenBy, withSmallDisk } from '../support/mount.ts';
import { randomSource } from '../support/random.ts';
import { startedStoreProcess } from '../support/store-process.ts';
import type { RecordMeta } from '../../src/store/port.ts';
import { allText, codeOf, count, find, findIds, metaOf, newRecord, recordOf, TIME } from './store-fixture.ts';

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

describe('failures while it runs', () => {
  it('a page that is damaged is told as damage by calls that meet it and by ping, and by no other call', async () => {
    await filled(400, { container_registry_metadata: { note: 'x'.repeat(500) } });
    const db = new DatabaseSync(file, { readOnly: true });
    const page = Number(db.prepare("SELECT pageno FROM dbstat WHERE name = 'records' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 10").get()?.['pageno']);
    db.close();
    const bytes = readFileSync(file);
    bytes.fill(0xa5, (page - 1) * PAGE_BYTES, page * PAGE_BYTES);
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
    const impossible = newRecord('bad', {}, { meta: metaOf({ revision: NaN }) });
    const outcomes = await Promise.allSettled([store.insert(newRecord('a')), store.insert(impossible), store.insert(newRecord('b')), store.delete('a')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(await findIds(store, {})).toEqual(['b']);
    expect(await findIds(store, { container_registry_name: 'registry bad' })).toEqual([]);
    await store.close();
  });

  it('what was read within changes that were undone is forgotten', async () => {
    const store = await open();
    await store.insert(newRecord('a'));
    const at = (revision: number): RecordMeta => metaOf({ revision });
    const record = recordOf('a', { container_registry_tags: ['new'] });
    const outcomes = await Promise.allSettled([
      store.replace({ record, meta: at(2), expectedRevision: 1 }),
      // Reads what the change before it has written; then all of it is undone and done again one by one.
      store.replace({ record, meta: at(3), expectedRevision: 99 }),
      store.insert(newRecord('bad', {}, { meta: at(NaN) })),
    ]);
    expect(outcomes.slice(0, 2)).toEqual([true, false].map((value) => ({ status: 'fulfilled', value })));
    expect(outcomes[2].status).toBe('rejected');
    expect(await store.get('a')).toMatchObject({ text: JSON.stringify(record), meta: at(2) });
    await store.close();
  });

  it('paths that a failed change was the first to use are found later', async () => {
    const store = await open();
    const fields = { container_registry_metadata: { brandNew: 'x' } };
    await expect(store.insert(newRecord('bad', fields, { meta: metaOf({ revision: NaN }) }))).rejects.toThrow();
    await store.insert(newRecord('good', fields));
    await store.close();
    const again = await open();
    expect(await findIds(again, { 'container_registry_metadata.brandNew': 'x' })).toEqual(['good']);
    await again.close();
  });

  itWithMounts('abuse 32: on a full disk nothing is written, reading goes on, and with room again writing does', async () => {
    const store = await startedStoreProcess(dataDir, { prefix: withSmallDisk(dataDir, '6m') });
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
      const store = await startedStoreProcess(dataDir);
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
    await store.replace({ record: recordOf('a', { container_registry_tags: ['y', 'z'] }), meta: metaOf({ revision: 2 }), expectedRevision: 1 });
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
      ['health.cause', 'never_probed', 'a'],
      ['health.since', TIME, 'a'],
      ['health.status', 'unknown', 'a'],
      ['meta.created_at', TIME, 'a'],
      ['meta.revision', 2, 'a'],
      ['meta.updated_at', TIME, 'a'],
      ['meta.visibility', 'internal', 'a'],
    ]);
  });
});
