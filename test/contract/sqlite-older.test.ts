/** What becomes of records in files of before there was access control. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Scope } from '../../src/core/access.ts';
import { limits } from '../../src/core/limits.ts';
import type { RecordStore } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { composeText } from '../../src/store/sqlite/row.ts';
import { takeBackTo } from '../support/older-store.ts';
import { count, findIds, metaOf, newRecord, recordOf } from './store-fixture.ts';

const quiet = { info: () => undefined, warn: () => undefined };
const visitor: Scope = { visibilities: ['public'], owner: null, members: [] };
const principal: Scope = { visibilities: ['public', 'internal'], owner: 'ann', members: ['user:ann'] };

let dataDir: string;
let file: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'portolan-older-'));
  file = join(dataDir, 'portolan.db');
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const open = (): Promise<RecordStore> => openSqliteStore({ dataDir, log: quiet });
const manyLeaves = (leaves: number): { list: string[] } => ({ list: Array.from({ length: leaves }, (_unused, index) => `value ${index}`) });

async function filled(...records: readonly ReturnType<typeof newRecord>[]): Promise<void> {
  const store = await open();
  for (const record of records) await store.insert(record);
  await store.close();
}

describe.each([1, 2] as const)('a file that has been through %d steps of the schema', (step) => {
  it('opens with records that belong to nobody and are open to every principal, also those that are not indexed', async () => {
    await filled(newRecord('a'), newRecord('b', { container_registry_metadata: manyLeaves(limits.indexedLeavesMax) }));
    takeBackTo(step, file);
    const store = await open();
    try {
      expect((await store.get('a'))!.meta).toEqual(metaOf());
      expect(await findIds(store, {}, { scope: principal })).toEqual(['a', 'b']);
      expect(await findIds(store, { 'meta.visibility': 'internal' })).toEqual(['a', 'b']);
      expect([await count(store, {}, principal), await count(store, {}, visitor)]).toEqual([2, 0]);
      await store.replace({ record: recordOf('a'), meta: metaOf({ revision: 2, visibility: 'public', owner: 'ann' }), expectedRevision: 1 });
      expect([await findIds(store, {}, { scope: visitor }), await store.countOwned('ann')]).toEqual([['a'], 1]);
      expect(await findIds(store, { 'meta.visibility': 'internal' })).toEqual(['b']);
    } finally {
      await store.close();
    }
  });
});

describe('a record with as many leaves as the index took', () => {
  // Its id, name, URL and image prefix, three of its health and three of its meta.
  const OTHERS = 10;

  /** As an older Portolan indexed it: with the step that follows it has one leaf more than the limit. */
  function addLeaf(id: string): void {
    const db = new DatabaseSync(file);
    const { doc, ends } = composeText(recordOf(id, { container_registry_metadata: manyLeaves(limits.indexedLeavesMax - OTHERS) }));
    db.prepare('UPDATE records SET doc = ?, ends = ? WHERE id = ?').run(doc, ends, id);
    const term = "INSERT INTO terms SELECT path_id, ?, ? FROM paths WHERE path = 'container_registry_metadata.list'";
    db.prepare(term).run(`value ${limits.indexedLeavesMax - OTHERS - 1}`, id);
    db.close();
  }

  it('can be changed and deleted afterwards, and leaves nothing of itself in the index', async () => {
    await filled(...['a', 'b'].map((id) => newRecord(id, { container_registry_metadata: manyLeaves(limits.indexedLeavesMax - OTHERS - 1) })));
    takeBackTo(2, file);
    for (const id of ['a', 'b']) addLeaf(id);
    const older = new DatabaseSync(file);
    expect(older.prepare("SELECT count(*) AS n FROM terms WHERE id = 'a' AND path_id > 0").get()?.['n']).toBe(limits.indexedLeavesMax - 1);
    older.close();
    const store = await open();
    expect(await store.replace({ record: recordOf('a', { container_registry_metadata: manyLeaves(limits.indexedLeavesMax) }), meta: metaOf({ revision: 2 }), expectedRevision: 1 })).toBe(true);
    expect(await findIds(store, { 'container_registry_metadata.list': `value ${limits.indexedLeavesMax - 1}` })).toEqual(['a']);
    expect(await count(store, {})).toBe(2);
    expect(await store.delete('b')).toBe('deleted');
    expect([await count(store, {}), await count(store, {}, principal)]).toEqual([1, 1]);
    await store.close();
    const db = new DatabaseSync(file);
    expect(db.prepare('SELECT path_id, id FROM terms').all().map((row) => ({ ...row }))).toEqual([{ path_id: 0, id: 'a' }]);
    db.close();
  });
});
