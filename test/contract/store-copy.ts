/** What every store passes that can be taken out and put in. */
import type { AuditEntry } from '../../src/core/audit.ts';
import { COPY_PARTS, PartSummer, type CopyPart, type CopyRow, type PartSum } from '../../src/store/copy-port.ts';
import type { Store } from '../../src/store/health-port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_BYTES, bytes, completionOf, HERE, NOW, schedule, seen, taken, THERE, type HealthFixture } from './health-fixture.ts';
import { newRecord, TIME } from './store-fixture.ts';

const quiet = { info: () => undefined, warn: () => undefined };

const audited = (action: string, record: string | null): AuditEntry => ({
  at: TIME, who: 'user:ann', user: 'ann', from: '192.0.2.1', request_id: 'r', action, record, target: null, changes: [], outcome: 'done', code: null,
});

/** Something of every part, odd in every way that a store must keep. */
export async function fillStore(store: Store): Promise<void> {
  const odd = { container_registry_metadata: { '0': 'zero', b: [1.5, -0.25, null, true], a: { 'x.y': 'é😀\u0001' } }, container_registry_tags: ['b', 'a'] };
  await store.insert(newRecord('plain'), audited('record:create', 'plain'));
  await store.insert(
    newRecord('Odd.one:2', odd, {
      meta: { created_at: TIME, updated_at: '2026-02-02T03:04:05.678Z', revision: 7, owner: 'ann', visibility: 'private', shared_with: [{ with: 'group:ops', may: 'pull' }] },
    }),
  );
  for (let index = 0; index < 25; index++) await store.insert(newRecord(`many-${String(index).padStart(2, '0')}`));
  await store.entries.put({ kind: 'user', key: 'ann', owner: null, expiresAtMs: null, expectedRevision: 0, text: '{"role":"publisher"}' }, audited('user:create', null));
  await store.entries.put({ kind: 'token', key: 't1', owner: 'ann', expiresAtMs: NOW, expectedRevision: 0, text: '{"a":"é\\n"}' });
  await store.entries.put({ kind: 'token', key: 't1', owner: 'ann', expiresAtMs: NOW + 1, expectedRevision: 1, text: '{}' });
  await store.health.announce(HERE, NOW);
  await schedule(store, [
    { id: 'plain', vantage: HERE, next: { dueAtMs: null, staleAtMs: NOW + 5, intervalMs: 9, state: '{"s":1}', tail: ALL_BYTES, totals: bytes(0, 255) } },
    { id: 'plain', vantage: THERE, next: { dueAtMs: NOW + 60_000 } },
  ]);
  for (const hour of [480_000, 480_001, 480_024]) {
    const claim = await taken(store.health, { id: 'plain', vantage: HERE });
    const event = { atMs: hour * 3_600_000, from: 'up', to: 'down', cause: 'refused', evidence: '{"last":null}' } as const;
    const [held] = await store.health.complete([completionOf(claim, { next: { dueAtMs: null, staleAtMs: null }, verdict: seen('down'), event, closedHours: [{ hour, results: ALL_BYTES, figures: bytes(hour % 250, 1) }] })]);
    expect(held).toBe(true);
  }
}

export async function rowsOf(store: Store, part: CopyPart, limit = 4): Promise<CopyRow[]> {
  const rows: CopyRow[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<Store['copy']['read']>> = await store.copy.read(part, after, limit);
    rows.push(...page.rows);
    after = page.next;
  } while (after !== null);
  return rows;
}

export async function sumsOf(store: Store): Promise<Record<CopyPart, PartSum>> {
  const sums = {} as Record<CopyPart, PartSum>;
  for (const part of COPY_PARTS) {
    const summer = new PartSummer();
    for (const row of await rowsOf(store, part, 100)) summer.add(row);
    sums[part] = summer.sum();
  }
  return sums;
}

async function copyAll(source: Store, target: Store): Promise<void> {
  for (const part of COPY_PARTS) {
    const rows = await rowsOf(source, part);
    for (let start = 0; start < rows.length; start += 5) await target.copy.write(part, rows.slice(start, start + 5));
  }
}

const byKey = (a: CopyRow, b: CopyRow): number => (JSON.stringify(a.key) < JSON.stringify(b.key) ? -1 : 1);

export function describeStoreCopy(name: string, createFixture: () => Promise<HealthFixture>): void {
  describe(`copying in and out of ${name}`, () => {
    let fixture: HealthFixture;
    let store: Store;
    let otherDir: string;
    let other: Store;
    beforeEach(async () => {
      fixture = await createFixture();
      store = await fixture.open();
      otherDir = await mkdtemp(join(tmpdir(), 'portolan-copy-'));
      other = await openSqliteStore({ dataDir: otherDir, log: quiet });
    });
    afterEach(async () => {
      await Promise.all([store.close(), other.close()]);
      await fixture.dispose();
      await rm(otherDir, { recursive: true });
    });

    it('tells each row once, whatever the size of pages', async () => {
      expect(await store.copy.isEmpty()).toBe(true);
      await fillStore(store);
      expect(await store.copy.isEmpty()).toBe(false);
      for (const part of COPY_PARTS) {
        const all = (await rowsOf(store, part, 1_000)).toSorted(byKey);
        expect(all.length).toBeGreaterThan(0);
        expect(new Set(all.map(({ key }) => JSON.stringify(key))).size).toBe(all.length);
        for (const limit of [1, 2, 7]) expect((await rowsOf(store, part, limit)).toSorted(byKey)).toEqual(all);
      }
      expect((await rowsOf(store, 'records')).length).toBe(27);
      expect((await rowsOf(store, 'hours')).length).toBe(3);
      expect((await rowsOf(store, 'days')).length).toBe(2);
    });

    it('loses nothing on the way out and back', async () => {
      await fillStore(store);
      await copyAll(store, other);
      const sums = await sumsOf(store);
      expect(await sumsOf(other)).toEqual(sums);
      const backFixture = await createFixture();
      const back = await backFixture.open();
      try {
        await copyAll(other, back);
        expect(await sumsOf(back)).toEqual(sums);
        for (const part of COPY_PARTS) expect((await rowsOf(back, part)).toSorted(byKey)).toEqual((await rowsOf(store, part)).toSorted(byKey));
      } finally {
        await back.close();
        await backFixture.dispose();
      }
    });

    it('changes nothing when the same rows come once more', async () => {
      await fillStore(other);
      await copyAll(other, store);
      const sums = await sumsOf(store);
      await copyAll(other, store);
      expect(await sumsOf(store)).toEqual(sums);
    });

    it('leaves a store that can be used: found by its indexes, changed, watched, audited on', async () => {
      await fillStore(other);
      await copyAll(other, store);
      expect((await store.get('Odd.one:2'))?.meta).toMatchObject({ revision: 7, owner: 'ann', visibility: 'private' });
      const stored = await store.get('plain');
      expect(stored?.health.vantages[HERE]?.status).toBe('down');
      const replaced = await store.replace({ record: newRecord('plain', { container_registry_name: 'changed' }).record, meta: { ...stored!.meta, revision: 2 }, expectedRevision: 1 }, audited('record:update', 'plain'));
      expect(replaced).toBe(true);
      const [last, before] = await store.audit.read({ order: 'latest_first', afterSeq: null, limit: 2 });
      expect(last?.previous).toBe(before?.hash);
      expect((await store.audit.read({ record: 'plain', order: 'oldest_first', afterSeq: null, limit: 9 })).length).toBe(2);
      expect(await store.health.claimOne({ id: 'plain', vantage: THERE }, NOW, 1_000)).toMatchObject({ dueAtMs: NOW + 60_000 });
      expect((await store.health.days({ id: 'plain', vantage: HERE }, 20_000, 20_000))[0]?.figures).toEqual(bytes(480_000 % 250, 1, 480_001 % 250, 1));
      expect((await store.entries.ofOwners('token', ['ann'])).map(({ revision }) => revision)).toEqual([2]);
    });
  });
}
