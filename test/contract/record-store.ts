import type { RecordStore } from '../../src/store/port.ts';
import { describeReading } from './reading.ts';
import { describeScopes } from './scopes.ts';
import { additional, allText, codeOf, count, find, findIds, insertMany, metaOf, neverAborted, newRecord, openResources, probed, recordOf, type StoreFixture, TIME } from './store-fixture.ts';
import { parseFilter } from '../../src/query/filter.ts';

/**
 * What every store must do, whatever it is made of. `makeFixture` gives each test a place of its own.
 * @see src/store/port.ts
 */
export function describeRecordStore(name: string, makeFixture: () => Promise<StoreFixture>): void {
  describe(`the record store ${name}`, () => {
    describeWriting(makeFixture);
    describeReading(makeFixture);
    describeScopes(makeFixture);
    describeStaying(makeFixture);
  });
}

function describeWriting(makeFixture: () => Promise<StoreFixture>): void {
  describe('writing', () => {
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

    it('gives back what was inserted: the text of the eight fields in their order, meta and health', async () => {
      const meta = metaOf({ updated_at: '2026-02-03T00:00:00.000Z', revision: 7, owner: 'ann', visibility: 'private', shared_with: [{ with: 'group:ops', may: 'pull' }] });
      const { container_registry_id, ...others } = recordOf('a', { container_registry_tags: ['x'], container_registry_metadata: { b: [1, { c: null }] } });
      expect(await store.insert({ record: { ...others, container_registry_id }, meta, health: probed('up') })).toBe('inserted');
      const text =
        '{"container_registry_id":"a","container_registry_name":"registry a","container_registry_metadata":{"b":[1,{"c":null}]},"container_registry_tags":["x"],"container_registry_public_url":"http://127.0.0.1:5000","container_registry_image_prefix":"127.0.0.1:5000","container_registry_config":{},"container_registry_storage_info":{}}';
      expect(await store.get('a')).toEqual({ id: 'a', text, meta, health: probed('up') });
    });

    it('has nothing under an id that nobody inserted', async () => {
      await store.insert(newRecord('a'));
      expect(await store.get('A')).toBeNull();
      expect(await store.get('')).toBeNull();
    });

    it('inserts no second record with an id, and leaves the first as it was', async () => {
      await store.insert(newRecord('a', { container_registry_tags: ['first'] }));
      expect(await store.insert(newRecord('a', { container_registry_tags: ['second'] }))).toBe('exists');
      expect(await findIds(store, { container_registry_tags: 'first' })).toEqual(['a']);
      expect(await findIds(store, { container_registry_tags: 'second' })).toEqual([]);
    });

    it('inserts one of many records that come with one id at once', async () => {
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => store.insert(newRecord('a'))));
      expect(outcomes.filter((outcome) => outcome === 'inserted')).toHaveLength(1);
      expect(await count(store, {})).toBe(1);
    });

    it('inserts many at once, as if one by one: of two with one id the first, and none whose id is taken', async () => {
      await store.insert(newRecord('b', { container_registry_tags: ['older'] }));
      const many = [newRecord('c'), newRecord('b', { container_registry_tags: ['newer'] }), newRecord('a', { container_registry_tags: ['first'] }), newRecord('a', { container_registry_tags: ['second'] })];
      expect(await insertMany(store, many.map((record) => ({ record })))).toEqual(['inserted', 'exists', 'inserted', 'exists']);
      expect(await findIds(store, {})).toEqual(['a', 'b', 'c']);
      expect(await findIds(store, { container_registry_tags: { $in: ['older', 'first'] } })).toEqual(['a', 'b']);
      expect(await findIds(store, { container_registry_tags: { $in: ['newer', 'second'] } })).toEqual([]);
      expect(await insertMany(store, [])).toEqual([]);
      expect(await insertMany(store, ['d', 'e', 'f'].map((id) => ({ record: newRecord(id) })), [2, 0])).toEqual(['inserted', 'inserted']);
      expect(await findIds(store, {})).toEqual(['a', 'b', 'c', 'd', 'f']);
    });

    it('keeps of many the same as of one, also of one with more leaves than an index takes', async () => {
      const fields = { container_registry_tags: ['x', 'y'], container_registry_metadata: { b: [1, true, { c: null }], note: 'é😀\u2028', many: Array.from({ length: 2_500 }, (_unused, index) => index) } };
      const meta = metaOf({ owner: 'ann', visibility: 'private', shared_with: [{ with: 'group:ops', may: 'pull' }], revision: 1 });
      await store.insert(newRecord('one', fields, { meta, health: probed('up') }));
      await insertMany(store, [{ record: newRecord('two', { ...fields, container_registry_name: 'registry one' }, { meta, health: probed('up') }) }]);
      const [one, two] = await Promise.all(['one', 'two'].map((id) => store.get(id)));
      expect(JSON.parse(JSON.stringify(two!).replaceAll('two', 'one'))).toEqual(JSON.parse(JSON.stringify(one)));
      expect(await findIds(store, { container_registry_tags: 'y', 'meta.owner': 'ann', 'health.status': 'up' })).toEqual(['one', 'two']);
      expect(await store.countOwned('ann')).toBe(2);
    });

    it('inserts many while others write, read and count, and all of it is there', async () => {
      const batches = Array.from({ length: 3 }, (_unused, batch) => Array.from({ length: 100 }, (_each, index) => ({ record: newRecord(`m-${batch}-${index}`, { container_registry_tags: ['many'] }) })));
      const singles = Array.from({ length: 20 }, (_unused, index) => newRecord(`s-${index}`, { container_registry_tags: ['single'] }));
      const [outcomes] = await Promise.all([Promise.all(batches.map((batch) => insertMany(store, batch))), Promise.all(singles.map((record) => store.insert(record))), findIds(store, {})]);
      expect(new Set(outcomes.flat())).toEqual(new Set(['inserted']));
      expect(await Promise.all(['many', 'single'].map((tag) => count(store, { container_registry_tags: tag })))).toEqual([300, 20]);
      expect(await store.delete('m-2-99')).toBe('deleted');
    });

    it('replaces a record at the revision that is expected; its health stays', async () => {
      await store.insert(newRecord('a', { container_registry_tags: ['old', 'kept'] }, { health: probed('down') }));
      const meta = metaOf({ updated_at: '2026-03-03T00:00:00.000Z', revision: 2 });
      expect(await store.replace({ record: recordOf('a', { container_registry_tags: ['new', 'kept'] }), meta, expectedRevision: 1 })).toBe(true);
      const stored = await store.get('a');
      expect(stored).toMatchObject({ meta, health: probed('down') });
      expect(JSON.parse(stored!.text)).toMatchObject({ container_registry_tags: ['new', 'kept'] });
      expect(await Promise.all(['old', 'kept', 'new'].map((tag) => findIds(store, { container_registry_tags: tag })))).toEqual([[], ['a'], ['a']]);
      expect(await findIds(store, { 'health.status': 'down', 'meta.revision': 2, 'meta.updated_at': { $gt: TIME } })).toEqual(['a']);
    });

    it('replaces nothing at another revision, nor what is not there', async () => {
      await store.insert(newRecord('a'));
      const before = await store.get('a');
      const replacement = { record: recordOf('a', { container_registry_name: 'lost' }), meta: metaOf({ revision: 3 }), expectedRevision: 2 };
      expect(await store.replace(replacement)).toBe(false);
      expect(await store.replace({ ...replacement, record: recordOf('b') })).toBe(false);
      expect(await store.get('a')).toEqual(before);
      expect(await store.get('b')).toBeNull();
    });

    it('lets one of many replacements of one revision through', async () => {
      await store.insert(newRecord('a'));
      const replacements = Array.from({ length: 32 }, (_unused, index) => ({
        record: recordOf('a', { container_registry_name: `by ${index}` }),
        meta: metaOf({ revision: 2 }),
        expectedRevision: 1,
      }));
      const outcomes = await Promise.all(replacements.map((replacement) => store.replace(replacement)));
      expect(outcomes.filter((done) => done)).toHaveLength(1);
      const winner = replacements[outcomes.indexOf(true)]!.record.container_registry_name;
      expect(await findIds(store, { container_registry_name: winner })).toEqual(['a']);
    });

    it('deletes a record, at an expected revision only at that one', async () => {
      await store.insert(newRecord('a', { container_registry_tags: ['x'] }));
      await store.insert(newRecord('b'));
      expect(await store.delete('a', 2)).toBe('stale');
      expect(await store.get('a')).not.toBeNull();
      expect(await store.delete('a', 1)).toBe('deleted');
      expect(await store.delete('a', 1)).toBe('missing');
      expect(await store.delete('b')).toBe('deleted');
      expect(await store.delete('b')).toBe('missing');
      expect(await store.get('a')).toBeNull();
      expect(await findIds(store, { container_registry_tags: 'x' })).toEqual([]);
    });

    it('takes an id again after its record was deleted, without what the old one held', async () => {
      await store.insert(newRecord('a', { container_registry_tags: ['old'] }));
      await store.delete('a');
      expect(await store.insert(newRecord('a', { container_registry_tags: ['new'] }))).toBe('inserted');
      expect(await findIds(store, { container_registry_tags: { $in: ['old', 'new'] } })).toEqual(['a']);
      expect(await findIds(store, { container_registry_tags: 'old' })).toEqual([]);
    });

    it('keeps every value that JSON can hold', async () => {
      const metadata = {
        texts: ['', 'null\0byte', 'quote " slash \\ line\nbreak', '\u2028', 'é', '\ue000', '😀', '$not.an.operator'],
        numbers: [0, -1, 1.5, 1e300, 5e-324, 2 ** 53 - 1, -(2 ** 53 - 1), 0.1],
        others: [true, false, null, [], {}, [[[]]]],
        'a.b': 1,
        '7': 'digits',
        deep: Array.from({ length: 40 }).reduce<unknown>((inner) => ({ inner }), 'bottom'),
      };
      await store.insert(newRecord('a', { container_registry_metadata: metadata }));
      const stored = await store.get('a');
      expect(JSON.parse(stored!.text).container_registry_metadata).toEqual(metadata);
      expect((await find(store, { container_registry_id: 'a' }))[0]).toEqual(stored);
      expect(await allText(store)).toBe(stored!.text);
    });

    it('keeps a record of nearly a mebibyte', async () => {
      const note = 'ü'.repeat(500_000);
      await store.insert(newRecord('a', { container_registry_metadata: { note } }));
      expect(JSON.parse((await store.get('a'))!.text).container_registry_metadata.note === note).toBe(true);
      expect(await findIds(store, { 'container_registry_metadata.note': { $gte: 'ü'.repeat(499) } })).toEqual(['a']);
    });
  });
}

function describeStaying(makeFixture: () => Promise<StoreFixture>): void {
  describe('opening and closing', () => {
    let fixture: StoreFixture;
    beforeEach(async () => {
      fixture = await makeFixture();
    });
    afterEach(() => fixture.dispose());

    it('finds everything again after it was closed and opened', async () => {
      const first = await fixture.open();
      for (const id of ['b', 'a', 'c']) await first.insert(newRecord(id, { container_registry_tags: [`tag-${id}`] }));
      await first.delete('c');
      const before = [await first.get('a'), await first.get('b')];
      await first.close();
      const second = await fixture.open();
      try {
        expect(await find(second, {})).toEqual(before);
        expect(await findIds(second, { container_registry_tags: 'tag-b' })).toEqual(['b']);
      } finally {
        await second.close();
      }
    });

    it('answers ping while it is open', async () => {
      const store = await fixture.open();
      await expect(store.ping()).resolves.toBeUndefined();
      await store.close();
    });

    it('finishes writes that are under way when it is closed, and refuses calls afterwards', async () => {
      const store = await fixture.open();
      const writes = ['a', 'b', 'c'].map((id) => store.insert(newRecord(id)));
      const closing = store.close();
      const outcomes = await Promise.allSettled(writes);
      await closing;
      await store.close();
      expect(await codeOf(store.get('a'))).toBe('STORE_UNAVAILABLE');
      expect(await codeOf(store.insert(newRecord('d')))).toBe('STORE_UNAVAILABLE');
      expect(await codeOf(findIds(store, {}))).toBe('STORE_UNAVAILABLE');
      expect(await codeOf(allText(store))).toBe('STORE_UNAVAILABLE');
      expect(await codeOf(store.ping())).toBe('STORE_UNAVAILABLE');
      const again = await fixture.open();
      const acknowledged = ['a', 'b', 'c'].filter((_id, index) => outcomes[index]?.status === 'fulfilled');
      expect(await findIds(again, {})).toEqual(expect.arrayContaining(acknowledged));
      await again.close();
    });

    it('leaves nothing behind: no files, no open files or sockets, no timers, no threads', async () => {
      const warmUp = await fixture.open();
      await useAll(warmUp);
      await warmUp.close();
      const before = openResources();
      const store = await fixture.open();
      await useAll(store);
      await store.close();
      expect(await settled(() => additional(before, openResources()))).toEqual([]);
      expect(await fixture.leftovers()).toEqual([]);
    });
  });
}

/** Whatever is asked for is there at once or soon: the system closes some things a little later. */
async function settled(difference: () => string[]): Promise<string[]> {
  for (let attempt = 0; attempt < 100 && difference().length > 0; attempt++) await new Promise((resolve) => setTimeout(resolve, 20));
  return difference();
}

/** Every call once, with walks that are broken off by their reader and by a signal. */
async function useAll(store: RecordStore): Promise<void> {
  await Promise.all(Array.from({ length: 50 }, (_unused, index) => store.insert(newRecord(`r${index}`, { container_registry_tags: ['all'] }))));
  await insertMany(store, [{ record: newRecord('many') }]);
  await store.replace({ record: recordOf('r1'), meta: metaOf({ revision: 2 }), expectedRevision: 1 });
  for (const filter of [{}, { container_registry_tags: 'all' }, { container_registry_name: { $regex: '1' } }]) {
    for await (const batch of store.find({ filter: parseFilter(filter), scope: null, sort: [], after: null, limit: null }, neverAborted)) if (batch.length > 0) break;
    const abort = new AbortController();
    for await (const batch of store.find({ filter: parseFilter(filter), scope: null, sort: [], after: null, limit: null }, abort.signal)) {
      expect(batch.length).toBeGreaterThan(0);
      abort.abort();
    }
    await find(store, filter, { sort: [{ path: ['container_registry_name'], direction: -1 }], limit: 5 });
    await count(store, filter);
  }
  for await (const chunk of store.readAllText(null, neverAborted)) if (chunk.length > 0) break;
  await Promise.all(Array.from({ length: 50 }, (_unused, index) => store.delete(`r${index}`)));
}
