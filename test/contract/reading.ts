import { parseFilter } from '../../src/query/filter.ts';
import { positionOf, type SortKey, type SortPosition } from '../../src/query/sort.ts';
import type { RecordStore } from '../../src/store/port.ts';
import { viewOf } from '../../src/store/stored-record.ts';
import { allText, count, find, findIds, metaOf, neverAborted, newRecord, probed, recordOf, type StoreFixture } from './store-fixture.ts';

const byName: readonly SortKey[] = [{ path: ['container_registry_name'], direction: 1 }];

/** What every store must find, and in which order. One place for all tests, because none of them changes it but in its own corner. */
export function describeReading(makeFixture: () => Promise<StoreFixture>): void {
  describe('reading', () => {
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

    /** So many at once that writes share a transaction, and so few that a slow stand-in answers each in time. */
    const insertAll = async (records: readonly ReturnType<typeof newRecord>[]): Promise<void> => {
      for (let from = 0; from < records.length; from += 100) await Promise.all(records.slice(from, from + 100).map((record) => store.insert(record)));
    };
    const insertIds = (ids: readonly string[]): Promise<unknown> => insertAll(ids.map((id) => newRecord(id)));

    it('finds nothing in an empty store', async () => {
      expect(await findIds(store, {})).toEqual([]);
      expect(await findIds(store, {}, { sort: byName, limit: 10 })).toEqual([]);
      expect(await count(store, {})).toBe(0);
      expect(await allText(store)).toBe('');
    });

    it('orders by id in UTF-8 bytes, however it reads', async () => {
      const ordered = ['-', '0', '10', '9', 'A', 'Z', '_', 'a', 'a.b', 'aa', 'b', 'é', '\ue000', '😀'];
      await insertIds([...ordered].reverse());
      expect(await findIds(store, {})).toEqual(ordered);
      expect(await findIds(store, { container_registry_image_prefix: '127.0.0.1:5000' })).toEqual(ordered);
      expect(await findIds(store, { container_registry_id: { $gt: 'Z', $lt: 'é' } })).toEqual(['_', 'a', 'a.b', 'aa', 'b']);
      expect(await findIds(store, { container_registry_id: { $in: ['😀', '\ue000', 'nobody', 'A'] } })).toEqual(['A', '\ue000', '😀']);
      const text = JSON.parse(`[${await allText(store)}]`) as { container_registry_id: string }[];
      expect(text.map((record) => record.container_registry_id)).toEqual(ordered);
    });

    it('finds by equality, $in, ranges, conjunctions and patterns', async () => {
      await insertAll([
        newRecord('a', { container_registry_tags: ['ai', 'edge'], container_registry_storage_info: { storage_size: 10 } }),
        newRecord('b', { container_registry_tags: ['ai'], container_registry_storage_info: { storage_size: 20 } }),
        newRecord('c', { container_registry_tags: [], container_registry_storage_info: { storage_size: 30 } }, { health: probed('up') }),
      ]);
      expect(await findIds(store, { container_registry_tags: 'ai' })).toEqual(['a', 'b']);
      expect(await findIds(store, { container_registry_tags: { $in: ['edge', 'ai'] } })).toEqual(['a', 'b']);
      expect(await findIds(store, { 'container_registry_storage_info.storage_size': { $gt: 10, $lte: 30 } })).toEqual(['b', 'c']);
      expect(await findIds(store, { container_registry_tags: 'ai', 'container_registry_storage_info.storage_size': 20 })).toEqual(['b']);
      expect(await findIds(store, { $or: [{ container_registry_tags: 'edge' }, { 'health.status': 'up' }] })).toEqual(['a', 'c']);
      expect(await findIds(store, { container_registry_name: { $regex: '[bc]$' } })).toEqual(['b', 'c']);
      expect(await findIds(store, { container_registry_tags: { $nin: ['edge'] } })).toEqual(['b', 'c']);
      expect(await findIds(store, { container_registry_tags: { $in: [] } })).toEqual([]);
      expect(await count(store, { container_registry_tags: 'ai' })).toBe(2);
      expect(await count(store, { container_registry_name: { $regex: 'registry' } })).toBe(3);
      expect(await count(store, {})).toBe(3);
    });

    it('tells values of different types apart', async () => {
      const values = [1, '1', true, false, 0, '0', 'true', '', null, [1], { a: 1 }];
      await insertAll(values.map((v, index) => newRecord(`r${String(index).padStart(2, '0')}`, { container_registry_metadata: { v } })));
      const at = (...indexes: number[]): string[] => indexes.map((index) => `r${String(index).padStart(2, '0')}`);
      const path = 'container_registry_metadata.v';
      expect(await findIds(store, { [path]: 1 })).toEqual(at(0, 9));
      expect(await findIds(store, { [path]: '1' })).toEqual(at(1));
      expect(await findIds(store, { [path]: true })).toEqual(at(2));
      expect(await findIds(store, { [path]: { $lte: true } })).toEqual(at(2, 3));
      expect(await findIds(store, { [path]: { $gte: 0 } })).toEqual(at(0, 4, 9));
      expect(await findIds(store, { [path]: { $lt: Number.MAX_VALUE } })).toEqual(at(0, 4, 9));
      expect(await findIds(store, { [path]: { $gte: '' } })).toEqual(at(1, 5, 6, 7));
      expect(await findIds(store, { [path]: { $lt: '\u{10ffff}' } })).toEqual(at(1, 5, 6, 7));
      expect(await findIds(store, { [path]: null })).toEqual(at(8));
    });

    it.each([198, 199, 200, 201, 255, 1_000, 5_000])('tells long texts apart that differ only after %d characters', async (length) => {
      const common = 'x'.repeat(length);
      const names = [common, `${common}\0`, `${common}a`, `${common}b`, `${common}\ue000`, `${common}😀`];
      await insertAll(names.map((name, index) => newRecord(`r${index}`, { container_registry_metadata: { name } })));
      const path = 'container_registry_metadata.name';
      for (const [index, name] of names.entries()) {
        const rest = names.map((_name, other) => `r${other}`);
        expect(await findIds(store, { [path]: name })).toEqual([`r${index}`]);
        expect(await findIds(store, { [path]: { $gt: name } })).toEqual(rest.slice(index + 1));
        expect(await findIds(store, { [path]: { $gte: name } })).toEqual(rest.slice(index));
        expect(await findIds(store, { [path]: { $lt: name } })).toEqual(rest.slice(0, index));
        expect(await findIds(store, { [path]: { $elemMatch: { $lte: name } } })).toEqual([]);
      }
    });

    it('finds records with more values than an index cares for', async () => {
      await insertAll([
        newRecord('many', { container_registry_metadata: { list: Array.from({ length: 6_000 }, (_unused, index) => `value ${index}`) } }),
        newRecord('one', { container_registry_metadata: { list: ['value 5999'] } }),
      ]);
      expect(await findIds(store, { 'container_registry_metadata.list': 'value 5999' })).toEqual(['many', 'one']);
      expect(await findIds(store, { 'container_registry_metadata.list': 'value 77' })).toEqual(['many']);
      await store.replace({ record: recordOf('many', { container_registry_metadata: { list: ['value 77'] } }), meta: metaOf({ revision: 2 }), expectedRevision: 1 });
      expect(await findIds(store, { 'container_registry_metadata.list': { $in: ['value 5999', 'value 77'] } })).toEqual(['many', 'one']);
      expect(await findIds(store, { 'container_registry_metadata.list': 'value 5999' })).toEqual(['one']);
      expect(await store.delete('many')).toBe('deleted');
      expect(await findIds(store, { 'container_registry_metadata.list': 'value 77' })).toEqual([]);
    }, 60_000);

    it('gives at most `limit` records after a position, in batches of some hundreds', async () => {
      await insertIds(Array.from({ length: 700 }, (_unused, index) => `r${String(index).padStart(3, '0')}`));
      const after: SortPosition = { values: [], id: 'r009' };
      for (const filter of [{}, { container_registry_image_prefix: '127.0.0.1:5000' }]) {
        expect(await findIds(store, filter, { after, limit: 3 })).toEqual(['r010', 'r011', 'r012']);
        expect(await findIds(store, filter, { after: { values: [], id: 'r010x' }, limit: 1 })).toEqual(['r011']);
        expect(await findIds(store, filter, { limit: 650 })).toHaveLength(650);
        expect(await findIds(store, filter, { after: { values: [], id: 'r699' } })).toEqual([]);
        const sizes: number[] = [];
        for await (const batch of store.find({ filter: parseFilter(filter), scope: null, sort: [], after: null, limit: null }, neverAborted)) sizes.push(batch.length);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(700);
        expect(Math.max(...sizes)).toBeLessThan(700);
      }
    });

    it('sorts by several fields, then by id; missing and null come first', async () => {
      const sizes: [string, unknown][] = [['a', 2], ['b', 1], ['c', 2], ['d', null], ['e', 'text'], ['f', undefined], ['g', [0, 9]]];
      await insertAll(sizes.map(([id, size]) => newRecord(id, { container_registry_metadata: size === undefined ? {} : { size } })));
      const sort = (direction: 1 | -1): readonly SortKey[] => [{ path: ['container_registry_metadata', 'size'], direction }];
      expect(await findIds(store, {}, { sort: sort(1), limit: 100 })).toEqual(['d', 'f', 'g', 'b', 'a', 'c', 'e']);
      expect(await findIds(store, {}, { sort: sort(-1), limit: 100 })).toEqual(['e', 'g', 'a', 'c', 'b', 'd', 'f']);
      expect(await findIds(store, {}, { sort: [...sort(1), { path: ['container_registry_name'], direction: -1 }], limit: 5 })).toEqual(['f', 'd', 'g', 'b', 'c']);
    });

    it.each<[string, readonly SortKey[]]>([['id', []], ['a field', [{ path: ['container_registry_metadata', 'n'], direction: -1 }]]])(
      'walks page by page, by %s, over everything once',
      async (_what, sort) => {
        await insertAll(Array.from({ length: 90 }, (_unused, index) => newRecord(`r${index}`, { container_registry_metadata: { n: index % 7 }, container_registry_tags: index % 3 === 0 ? ['third'] : [] })));
        for (const filter of [{}, { container_registry_tags: 'third' }]) {
          const all = await findIds(store, filter, { sort, limit: 1_000 });
          const walked: string[] = [];
          for (let after: SortPosition | null = null; ; ) {
            const page = await find(store, filter, { sort, after, limit: 7 });
            walked.push(...page.map(({ id }) => id));
            const last = page.at(-1);
            if (last === undefined) break;
            after = positionOf(viewOf(last), last.id, sort);
          }
          expect(walked).toEqual(all);
          expect(new Set(walked).size).toBe(filter.container_registry_tags === undefined ? 90 : 30);
        }
      },
    );

    it('misses and repeats nothing that stays unchanged while a walk goes on', async () => {
      const steady = Array.from({ length: 600 }, (_unused, index) => `s${String(index).padStart(3, '0')}`);
      await insertIds(steady);
      const found: string[] = [];
      let round = 0;
      for await (const batch of store.find({ filter: parseFilter({ container_registry_name: { $regex: 'registry' } }), scope: null, sort: [], after: null, limit: null }, neverAborted)) {
        found.push(...batch.map(({ id }) => id));
        round += 1;
        await store.insert(newRecord(`a${round}`));
        await store.insert(newRecord(`z${round}`));
        await store.delete(`a${round - 1}`);
      }
      expect(found.filter((id) => id.startsWith('s'))).toEqual(steady);
      expect(new Set(found).size).toBe(found.length);
    });

    it('reads all texts in id order, in chunks joined by commas', async () => {
      const records = Array.from({ length: 900 }, (_unused, index) => newRecord(`r${String(index).padStart(3, '0')}`, { container_registry_metadata: { note: '😀é,"'.repeat(index % 100), n: index } }));
      await insertAll(records);
      const parsed = JSON.parse(`[${await allText(store)}]`);
      expect(parsed).toEqual(records.map(({ record }) => record));
    });

    it('ends walks early and quietly when the signal aborts', async () => {
      await insertIds(Array.from({ length: 600 }, (_unused, index) => `r${index}`));
      const gone = AbortSignal.abort();
      for (const filter of [{}, { container_registry_image_prefix: '127.0.0.1:5000' }, { container_registry_name: { $regex: 'r' } }]) {
        const query = { filter: parseFilter(filter), scope: null, sort: [], after: null, limit: null };
        let records = 0;
        for await (const batch of store.find(query, gone)) records += batch.length;
        expect(records).toBe(0);
        const abort = new AbortController();
        for await (const batch of store.find(query, abort.signal)) {
          records += batch.length;
          abort.abort();
        }
        expect(records).toBeLessThan(600);
      }
      for await (const chunk of store.readAllText(null, gone)) throw new Error(`read ${chunk.length} bytes`);
    });

    it('answers many queries at once, each rightly', async () => {
      await insertAll(Array.from({ length: 200 }, (_unused, index) => newRecord(`r${String(index).padStart(3, '0')}`, { container_registry_metadata: { n: index % 10 } })));
      const expected = (n: number): string[] => Array.from({ length: 20 }, (_unused, index) => `r${String(index * 10 + n).padStart(3, '0')}`);
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_unused, index) => findIds(store, index % 2 === 0 ? { 'container_registry_metadata.n': index % 10 } : { 'container_registry_metadata.n': { $not: { $ne: index % 10 } } })),
      );
      expect(answers).toEqual(answers.map((_answer, index) => expected(index % 10)));
    });
  });
}
