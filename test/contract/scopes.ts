import type { RecordAccess, Scope } from '../../src/core/access.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { RecordFields } from '../../src/core/record.ts';
import type { RecordStore } from '../../src/store/port.ts';
import { createMemoryStore } from './memory-store.ts';
import { allLines, allText, count, find, findIds, metaOf, newRecord, probed, recordOf, type StoreFixture } from './store-fixture.ts';

const visitor: Scope = { visibilities: ['public'], owner: null, members: [] };
const ann: Scope = { visibilities: ['public', 'internal'], owner: 'ann', members: ['user:ann', 'group:ops'] };
const bob: Scope = { visibilities: ['public', 'internal'], owner: 'bob', members: ['user:bob'] };
/** Sees nothing but what somebody has let it see. */
const guest: Scope = { visibilities: [], owner: null, members: ['user:guest'] };
const nobody: Scope = { visibilities: [], owner: null, members: [] };

const accesses: Readonly<Record<string, Partial<RecordAccess>>> = {
  'a-public': { visibility: 'public' },
  'b-internal': {},
  'c-private': { visibility: 'private' },
  'd-anns': { owner: 'ann', visibility: 'private' },
  'e-bobs': { owner: 'bob', visibility: 'private', shared_with: [{ with: 'group:ops', may: 'read' }, { with: 'user:guest', may: 'write' }] },
  'f-bobs-public': { owner: 'bob', visibility: 'public' },
  'g-bobs-secret': { owner: 'bob', visibility: 'private', shared_with: [{ with: 'user:ann2', may: 'read' }, { with: 'group:ann', may: 'read' }] },
};

const visible: readonly [string, Scope | null, readonly string[]][] = [
  ['everybody and everything', null, Object.keys(accesses)],
  ['a visitor', visitor, ['a-public', 'f-bobs-public']],
  ['ann, who is of the group ops', ann, ['a-public', 'b-internal', 'd-anns', 'e-bobs', 'f-bobs-public']],
  ['bob', bob, ['a-public', 'b-internal', 'e-bobs', 'f-bobs-public', 'g-bobs-secret']],
  ['a guest', guest, ['e-bobs']],
  ['nobody at all', nobody, []],
];

/** Different ways to come by all of those records: by index, by pattern, negated, by nothing. */
const filters: readonly JsonObject[] = [
  {},
  { container_registry_image_prefix: '127.0.0.1:5000' },
  { container_registry_name: { $regex: '^registry' } },
  { container_registry_name: { $ne: 'x' } },
  { 'meta.revision': { $gte: 0 } },
];

/** What a scope leaves out of lists, counts and texts, in every store alike. */
export function describeScopes(makeFixture: () => Promise<StoreFixture>): void {
  describe('scopes', () => {
    let fixture: StoreFixture;
    let store: RecordStore;
    beforeEach(async () => {
      fixture = await makeFixture();
      store = await fixture.open();
    });
    afterEach(async () => {
      await store.close();
      await fixture.dispose();
    });

    const insertAll = (fields: (id: string) => JsonObject = () => ({})): Promise<unknown> =>
      Promise.all(Object.entries(accesses).map(([id, access]) => store.insert(newRecord(id, fields(id), { meta: metaOf(access) }))));

    it.each(visible)('abuse 29: in lists, sorted ones, pages, counts and the whole text, %s sees what is within the scope and nothing else', async (_who, scope, ids) => {
      await insertAll();
      const sort = [{ path: ['container_registry_name'], direction: -1 }] as const;
      for (const filter of filters) {
        expect({ filter, ids: await findIds(store, filter, { scope }) }).toEqual({ filter, ids });
        expect({ filter, ids: await findIds(store, filter, { scope, sort, limit: 100 }) }).toEqual({ filter, ids: ids.toReversed() });
        expect({ filter, ids: await findIds(store, filter, { scope, limit: 2, after: { values: [], id: 'a-public' } }) }).toEqual({ filter, ids: ids.filter((id) => id !== 'a-public').slice(0, 2) });
        expect({ filter, count: await count(store, filter, scope) }).toEqual({ filter, count: ids.length });
      }
      expect((JSON.parse(`[${await allText(store, scope)}]`) as JsonObject[]).map((record) => record['container_registry_id'])).toEqual(ids);
      for (const withMeta of [false, true]) {
        const lines = await allLines(store, withMeta, scope);
        expect(lines).toEqual((await find(store, {}, { scope })).map(({ text, meta }) => (withMeta ? { ...(JSON.parse(text) as JsonObject), meta } : JSON.parse(text))));
      }
    });

    it('give no hint of what lies outside, whatever the filter asks of it', async () => {
      await insertAll();
      for (const filter of [{ container_registry_id: 'd-anns' }, { 'meta.owner': 'ann' }, { 'meta.visibility': 'private' }, { $nor: [{ 'meta.owner': 'bob' }, { 'meta.visibility': 'public' }] }]) {
        expect(await findIds(store, filter, { scope: visitor })).toEqual([]);
        expect(await count(store, filter, visitor)).toBe(0);
      }
    });

    it.each(visible)('hold for records with more values than an index cares for, too: %s', async (_who, scope, ids) => {
      await insertAll(() => ({ container_registry_metadata: { list: Array.from({ length: 2_100 }, (_unused, index) => index) } }));
      for (const filter of [{}, { 'container_registry_metadata.list': 7 }]) {
        expect(await findIds(store, filter, { scope })).toEqual(ids);
        expect(await count(store, filter, scope)).toBe(ids.length);
      }
      expect(await store.countOwned('bob')).toBe(3);
    }, 30_000);

    it.each([['indexed', 1], ['with more values than an index takes', 2_100]])('abuse 29: bound what a summary counts, of records that are %s', async (_what, values) => {
      const plain = createMemoryStore();
      for (const [index, [id, access]] of Object.entries(accesses).entries()) {
        const fields: Partial<RecordFields> = {
          container_registry_tags: ['all', `third ${index % 3}`, `own ${index}`],
          container_registry_storage_info: index % 2 === 0 ? { registry_type: index % 4 === 0 ? 'aios' : 'external' } : {},
          container_registry_metadata: { list: Array.from({ length: values }, (_unused, value) => value) },
        };
        const record = newRecord(id, fields, { meta: metaOf(access), ...(index % 2 === 0 ? { health: probed('down') } : {}) });
        await Promise.all([store.insert(record), plain.insert(record)]);
      }
      for (const [who, scope] of visible) expect({ who, ...(await store.summary(scope)) }).toEqual({ who, ...(await plain.summary(scope)) });
      expect(await store.summary(null)).toEqual({
        total: 7,
        byTag: expect.arrayContaining([{ tag: 'all', count: 7 }]),
        byType: { aios: 2, external: 2, unknown: 3 },
        byVerdict: { up: 0, degraded: 0, auth_failed: 0, down: 4, unknown: 3 },
        byVisibility: { public: 2, internal: 1, private: 4 },
      });
      expect((await store.summary(null)).byTag.slice(0, 3)).toEqual([{ tag: 'all', count: 7 }, { tag: 'third 0', count: 3 }, { tag: 'third 1', count: 2 }]);
    }, 30_000);

    it('follow a record when its owner, its visibility or its shares change', async () => {
      await store.insert(newRecord('x'));
      const change = async (revision: number, access: Partial<RecordAccess>): Promise<void> => {
        expect(await store.replace({ record: recordOf('x'), meta: metaOf({ revision: revision + 1, ...access }), expectedRevision: revision })).toBe(true);
        expect((await store.get('x'))!.meta).toEqual(metaOf({ revision: revision + 1, ...access }));
      };
      const seenBy = async (): Promise<string[]> => {
        const scopes = { visitor, ann, bob, guest };
        const seen = await Promise.all(Object.entries(scopes).map(async ([name, scope]) => ((await findIds(store, {}, { scope })).length === (await count(store, {}, scope)) && (await count(store, {}, scope)) === 1 ? [name] : [])));
        return seen.flat();
      };
      expect(await seenBy()).toEqual(['ann', 'bob']);
      await change(1, { visibility: 'public' });
      expect(await seenBy()).toEqual(['visitor', 'ann', 'bob']);
      await change(2, { visibility: 'private', owner: 'bob' });
      expect(await seenBy()).toEqual(['bob']);
      await change(3, { visibility: 'private', owner: 'ann', shared_with: [{ with: 'user:guest', may: 'read' }] });
      expect(await seenBy()).toEqual(['ann', 'guest']);
      await change(4, { visibility: 'private' });
      expect(await seenBy()).toEqual([]);
    });

    it('let filters ask for the owner, the visibility and the shares', async () => {
      await insertAll();
      expect(await findIds(store, { 'meta.owner': 'bob' })).toEqual(['e-bobs', 'f-bobs-public', 'g-bobs-secret']);
      expect(await findIds(store, { 'meta.owner': null })).toEqual(['a-public', 'b-internal', 'c-private']);
      expect(await findIds(store, { 'meta.visibility': { $in: ['internal', 'public'] } })).toEqual(['a-public', 'b-internal', 'f-bobs-public']);
      expect(await findIds(store, { 'meta.shared_with.with': 'group:ops' })).toEqual(['e-bobs']);
      expect(await findIds(store, { 'meta.shared_with': { $elemMatch: { with: 'user:guest', may: 'write' } } })).toEqual(['e-bobs']);
      expect(await findIds(store, { 'meta.shared_with': { $size: 0 } })).toHaveLength(5);
      expect(await findIds(store, {}, { sort: [{ path: ['meta', 'owner'], direction: 1 }], limit: 4 })).toEqual(['a-public', 'b-internal', 'c-private', 'd-anns']);
    });

    it('count what a user owns', async () => {
      await insertAll();
      expect(await Promise.all(['ann', 'bob', 'an', 'nobody', ''].map((owner) => store.countOwned(owner)))).toEqual([1, 3, 0, 0, 0]);
      await store.delete('e-bobs');
      expect(await store.countOwned('bob')).toBe(2);
    });

    it('find few records among many, in pages', async () => {
      const access = (index: number): Partial<RecordAccess> => (index % 50 === 0 ? { visibility: 'public' } : index % 60 === 1 ? { visibility: 'private', owner: 'ann' } : {});
      for (let from = 0; from < 700; from += 100) {
        await Promise.all(Array.from({ length: 100 }, (_unused, index) => store.insert(newRecord(`r${String(from + index).padStart(3, '0')}`, {}, { meta: metaOf(access(from + index)) }))));
      }
      const publicIds = Array.from({ length: 14 }, (_unused, index) => `r${String(index * 50).padStart(3, '0')}`);
      for (const filter of filters) {
        expect(await findIds(store, filter, { scope: visitor })).toEqual(publicIds);
        expect(await findIds(store, filter, { scope: visitor, after: { values: [], id: 'r100' }, limit: 3 })).toEqual(['r150', 'r200', 'r250']);
        expect(await findIds(store, filter, { scope: { ...visitor, owner: 'ann' } })).toHaveLength(14 + 12);
      }
      expect(await find(store, {}, { scope: ann })).toHaveLength(700);
      expect(await count(store, {}, bob)).toBe(700 - 12);
      expect((JSON.parse(`[${await allText(store, visitor)}]`) as JsonObject[]).map((record) => record['container_registry_id'])).toEqual(publicIds);
    }, 30_000);
  });
}
