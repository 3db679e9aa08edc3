import { deleteMany, matchesEverything, updateMany } from '../../../src/catalog/bulk/change-many.ts';
import { createCatalog, type Catalog } from '../../../src/catalog/catalog.ts';
import type { RecordAccess } from '../../../src/core/access.ts';
import { limits } from '../../../src/core/limits.ts';
import { parseFilter } from '../../../src/query/filter.ts';
import type { RecordStore } from '../../../src/store/port.ts';
import { createMemoryStore } from '../../contract/memory-store.ts';
import { codeOf, findIds, metaOf, neverAborted, newRecord, recordOf, TIME } from '../../contract/store-fixture.ts';
import { local, userActor } from '../../support/actors.ts';
import { createMemoryAudit, type MemoryAudit } from '../../support/memory-access.ts';

const clock = { nowMs: () => Date.parse(TIME), monotonicMs: () => 0 };
const ann = userActor('ann', 'publisher');
const everything = parseFilter({});
const tagged = parseFilter({ container_registry_tags: 'old' });

let store: RecordStore;
let audit: MemoryAudit;
let catalog: Catalog;
beforeEach(() => {
  audit = createMemoryAudit();
  store = createMemoryStore(audit);
  catalog = createCatalog({ store, clock, recordsPerOwnerMax: 3, userExists: async () => true });
});

const add = async (id: string, tags: readonly string[], access: Partial<RecordAccess> = {}): Promise<void> => {
  await store.insert(newRecord(id, { container_registry_tags: [...tags] }, { meta: metaOf(access) }));
};

describe('changing whatever matches', () => {
  it('updates every match once, though the update makes it match no longer or again', async () => {
    for (let index = 0; index < 200; index++) await add(`r${index}`, index % 2 === 0 ? ['old'] : []);
    const report = await updateMany(catalog.as(local), tagged, { $set: { container_registry_tags: ['new'] } }, {}, neverAborted);
    expect(report).toEqual({ matched: 100, changed: 100, unchanged: 0, failed: 0, forbidden: 0, failures: [] });
    expect(await updateMany(catalog.as(local), everything, { $addToSet: { container_registry_tags: 'new' } }, {}, neverAborted)).toMatchObject({ matched: 200, changed: 100, unchanged: 100 });
    expect(await findIds(store, { container_registry_tags: 'new', 'meta.revision': 2 })).toHaveLength(200);
    expect(audit.entries).toHaveLength(200);
  });

  it('tells what would happen, and touches nothing', async () => {
    await add('a', ['old']);
    await add('b', ['old', 'new']);
    const update = { $addToSet: { container_registry_tags: 'new' } };
    expect(await updateMany(catalog.as(local), tagged, update, { dryRun: true }, neverAborted)).toMatchObject({ matched: 2, changed: 1, unchanged: 1 });
    expect(await deleteMany(catalog.as(local), tagged, { dryRun: true }, neverAborted)).toMatchObject({ matched: 2, changed: 2 });
    expect(await findIds(store, { 'meta.revision': 1 })).toEqual(['a', 'b']);
    expect(audit.entries).toEqual([]);
  });

  it('abuse 29, 30: counts what the caller sees and may not change, and knows nothing of the rest', async () => {
    await add('mine', ['old'], { owner: 'ann' });
    await add('shared', ['old'], { owner: 'bob', visibility: 'private', shared_with: [{ with: 'user:ann', may: 'write' }] });
    await add('seen', ['old'], { owner: 'bob' });
    await add('hidden', ['old'], { owner: 'bob', visibility: 'private' });
    expect(await updateMany(catalog.as(ann), tagged, { container_registry_name: 'x' }, {}, neverAborted)).toMatchObject({ matched: 3, changed: 2, forbidden: 1 });
    expect(await deleteMany(catalog.as(ann), tagged, {}, neverAborted)).toMatchObject({ matched: 3, changed: 1, forbidden: 2 });
    expect(await findIds(store, {})).toEqual(['hidden', 'seen', 'shared']);
    expect(await findIds(store, { container_registry_name: 'x' })).toEqual(['shared']);
  });

  it('tells the first of those that failed, and goes on', async () => {
    for (let index = 0; index < limits.changeFailuresShown + 50; index++) await add(`r${index}`, ['old']);
    const report = await updateMany(catalog.as(local), tagged, { $inc: { container_registry_name: 1 } }, {}, neverAborted);
    expect(report).toMatchObject({ matched: 150, failed: 150 });
    expect(report.failures).toHaveLength(limits.changeFailuresShown);
    expect(report.failures[0]).toMatchObject({ id: 'r0', code: 'INVALID_UPDATE' });
  });

  it('refuses an update that is none before it looks at anything', async () => {
    await add('a', ['old']);
    expect(await codeOf(updateMany(catalog.as(local), tagged, { $where: 'x' }, {}, neverAborted))).toBe('OPERATOR_NOT_ALLOWED');
  });

  it('leaves alone what somebody else has changed so that it matches no more, and takes what still does', async () => {
    await add('a', ['old']);
    await add('b', ['old']);
    let meddled = false;
    const find: RecordStore['find'] = async function* (query, signal) {
      for await (const batch of store.find(query, signal)) {
        if (!meddled) {
          meddled = true;
          await store.replace({ record: recordOf('a', { container_registry_tags: ['rescued'] }), meta: metaOf({ revision: 2 }), expectedRevision: 1 });
          await store.replace({ record: recordOf('b', { container_registry_tags: ['old', 'more'] }), meta: metaOf({ revision: 2 }), expectedRevision: 1 });
        }
        yield batch;
      }
    };
    catalog = createCatalog({ store: { ...store, find }, clock, recordsPerOwnerMax: 3, userExists: async () => true });
    expect(await deleteMany(catalog.as(local), tagged, {}, neverAborted)).toMatchObject({ matched: 1, changed: 1 });
    expect(await findIds(store, {})).toEqual(['a']);
  });

  it('ends when nobody waits for it any more', async () => {
    for (let index = 0; index < 200; index++) await add(`r${index}`, ['old']);
    const abort = new AbortController();
    const records = catalog.as(local);
    const report = await deleteMany({ ...records, find: (search, signal) => records.find(search, signal), get: (id) => records.get(id), update: records.update.bind(records), delete: async (...args) => {
      abort.abort();
      return records.delete(...args);
    } }, tagged, {}, abort.signal);
    expect(report.changed).toBe(limits.changesTogether);
  });
});

it.each([
  [{}, true],
  [{ $and: [{}] }, true],
  [{ $or: [{}, { container_registry_tags: 'a' }] }, true],
  [{ container_registry_tags: 'a' }, false],
  [{ $nor: [{}] }, false],
  [{ $and: [{}, { container_registry_id: { $exists: true } }] }, false],
])('sees by its form whether a filter lets everything pass: %j', (filter, expected) => {
  expect(matchesEverything(parseFilter(filter))).toBe(expected);
});
