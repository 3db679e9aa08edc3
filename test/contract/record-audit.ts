import type { Store } from '../../src/store/health-port.ts';
import { auditEntry, chainIn, entryIn, newEntry, readAudit } from './access-fixture.ts';
import type { HealthFixture } from './health-fixture.ts';
import { insertMany, newRecord } from './store-fixture.ts';

/**
 * What every store must do with what belongs to a record's writes: the audit, and its credentials.
 * @see src/store/port.ts
 */
export function describeRecordAudit(name: string, makeFixture: () => Promise<HealthFixture>): void {
  describe(`the audit of records in ${name}`, () => {
    let fixture: HealthFixture;
    let store: Store;
    beforeEach(async () => {
      fixture = await makeFixture();
      store = await fixture.open();
    });
    afterEach(async () => {
      await store.close();
      await fixture.dispose();
    });
    const told = (target: string): Parameters<Store['insert']>[1] => auditEntry({ record: 'a', target });
    const deeds = async (): Promise<(string | null)[]> => (await readAudit(store.audit)).map((stored) => entryIn(stored).target);

    it('has of each write that took effect what was to be told of it, and of no other', async () => {
      const { record, meta } = newRecord('a');
      const next = { record, meta: { ...meta, revision: 2 } };
      await store.insert(newRecord('a'), told('inserted'));
      await store.insert(newRecord('a'), told('exists'));
      await store.replace({ ...next, expectedRevision: 7 }, told('stale'));
      await store.replace({ ...next, expectedRevision: 1 }, told('replaced'));
      await store.delete('a', 1, told('stale'));
      await store.delete('b', undefined, told('missing'));
      await store.delete('a', 2, told('deleted'));
      await store.delete('a', undefined, told('missing'));
      await store.insert(newRecord('a'));
      await store.delete('a', undefined, told('deleted again'));
      expect(await deeds()).toEqual(['inserted', 'replaced', 'deleted', 'deleted again']);
      await chainIn(store.audit);
    });

    it('has of many inserted at once what is told of each that was, in their order', async () => {
      await store.insert(newRecord('b'), told('one'));
      const many = ['a', 'b', 'c', 'c'].map((id, index) => ({ record: newRecord(id), audit: auditEntry({ record: id, target: `${index}` }) }));
      await insertMany(store, [...many, { record: newRecord('d') }]);
      await store.insert(newRecord('e'), told('after'));
      expect(await deeds()).toEqual(['one', '0', '2', 'after']);
      await chainIn(store.audit);
    });

    it('abuse 31: tells once of many replacements of one revision', async () => {
      await store.insert(newRecord('a'));
      const { record, meta } = newRecord('a');
      const outcomes = await Promise.all(
        Array.from({ length: 16 }, (_unused, index) => store.replace({ record, meta: { ...meta, revision: 2 }, expectedRevision: 1 }, told(String(index)))),
      );
      expect(await deeds()).toEqual([String(outcomes.indexOf(true))]);
    });

    it('chains what is told of records, of entries and by itself at once', async () => {
      await Promise.all(
        Array.from({ length: 20 }, (_unused, index) => [
          store.insert(newRecord(`r-${index}`), told(`record ${index}`)),
          store.entries.put(newEntry(`k-${index}`), told(`entry ${index}`)),
          store.audit.append([auditEntry({ target: `alone ${index}` })]),
        ]).flat<Promise<unknown>[][]>(),
      );
      expect(await chainIn(store.audit)).toHaveLength(60);
      expect(new Set(await deeds()).size).toBe(60);
    });

    it('a deleted record takes its credentials with it, and no others', async () => {
      for (const id of ['a', 'b']) await store.insert(newRecord(id));
      await store.entries.put(newEntry('a\n', { kind: 'credential', owner: 'a' }));
      await store.entries.put(newEntry('a\nteam', { kind: 'credential', owner: 'a' }));
      await store.entries.put(newEntry('b\n', { kind: 'credential', owner: 'b' }));
      await store.entries.put(newEntry('t', { kind: 'token', owner: 'a' }));
      expect(await store.delete('a', 9)).toBe('stale');
      expect(await store.entries.ofOwners('credential', ['a'])).toHaveLength(2);
      await store.delete('a', 1);
      expect((await store.entries.list('credential', { afterKey: null, limit: 10 })).map(({ owner }) => owner)).toEqual(['b']);
      expect(await store.entries.get('token', 't')).not.toBeNull();
    });
  });
}
