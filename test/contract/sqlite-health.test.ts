import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { limits } from '../../src/core/limits.ts';
import type { Store } from '../../src/store/health-port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { takeBackTo } from '../support/older-store.ts';
import { addDue, addRecords, bytes, claimAt, claimedIds, completionOf, HERE, NOW, report, schedule, seen, watchesAmong, watchOf } from './health-fixture.ts';
import { describeHealthStore } from './health-store.ts';
import { findIds, metaOf, newRecord } from './store-fixture.ts';

const quiet = { info: () => undefined, warn: () => undefined };
const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'portolan-sqlite-'));

describeHealthStore('sqlite', async () => {
  const dataDir = await newFolder();
  return {
    open: () => openSqliteStore({ dataDir, log: quiet }),
    dispose: () => rm(dataDir, { recursive: true }),
  };
});

describe('the log of states', () => {
  let dataDir: string;
  let store: Store;
  beforeEach(async () => {
    dataDir = await newFolder();
    store = await openSqliteStore({ dataDir, log: quiet });
  });
  afterEach(async () => {
    await store.close();
    await rm(dataDir, { recursive: true });
  });

  const ids = Array.from({ length: 100 }, (_unused, index) => `r${String(index).padStart(2, '0')}`);
  const statesKept = (): number => {
    const db = new DatabaseSync(join(dataDir, 'portolan.db'), { readOnly: true });
    try {
      return Number(db.prepare('SELECT count(*) AS n FROM watch_states').get()?.['n']);
    } finally {
      db.close();
    }
  };
  /** One result each for those that are due. @returns how many */
  const probeAll = async (nowMs: number, intervalMs: number): Promise<number> => {
    const claims = await claimAt(store.health, nowMs);
    await store.health.complete(claims.map((claim) => completionOf(claim, { next: { dueAtMs: nowMs + intervalMs, state: `${claim.id} at ${nowMs}` } })));
    return claims.length;
  };

  it('stays short, and keeps what was written long ago and not changed since, also when it is opened again', async () => {
    await addRecords(store, ids);
    await store.health.enrol({ vantage: HERE, afterId: null, limit: 1_000, dueFromMs: NOW, dueUntilMs: NOW });
    await schedule(store, [{ id: 'r07', vantage: HERE, next: { dueAtMs: null, staleAtMs: NOW + 5, intervalMs: 9, state: 'old', tail: bytes(0, 1), totals: bytes(2) } }]);
    const old = await watchOf(store.health, 'r07');
    for (let round = 1; round <= 30; round++) expect(await probeAll(NOW + round * 1_000, 1_000)).toBe(99);
    expect(statesKept()).toBeLessThanOrEqual(ids.length * limits.watchStatesKeptEach + limits.healthResultsTogether);
    await store.close();
    store = await openSqliteStore({ dataDir, log: quiet });
    expect(await watchOf(store.health, 'r07')).toEqual(old);
    expect(await watchOf(store.health, 'r08')).toMatchObject({ state: `r08 at ${NOW + 30_000}`, dueAtMs: NOW + 31_000 });
    expect(await claimedIds(store.health, NOW + 31_000)).toHaveLength(99);
  });

  it('becomes short again after most records are gone, and while nothing but touching happens', async () => {
    await addRecords(store, ids);
    await store.health.enrol({ vantage: HERE, afterId: null, limit: 1_000, dueFromMs: NOW, dueUntilMs: NOW });
    for (const id of ids.slice(2)) {
      await store.delete(id);
      await store.health.forget(id);
    }
    for (let round = 0; round < 60; round++) {
      await store.health.touch('r00', [HERE]);
      expect(await probeAll(NOW, 0)).toBeGreaterThan(0);
    }
    expect(statesKept()).toBeLessThanOrEqual(2 * limits.watchStatesKeptEach + 2);
    expect(await watchesAmong(store.health, ['r00', 'r01', 'r02', 'r03'])).toEqual([{ id: 'r00', vantage: HERE }, { id: 'r01', vantage: HERE }]);
  });

  it('has after a sudden end everything that was acknowledged', async () => {
    await addRecords(store, ids);
    await store.health.enrol({ vantage: HERE, afterId: null, limit: 1_000, dueFromMs: NOW, dueUntilMs: NOW });
    for (let round = 1; round <= 5; round++) await probeAll(NOW + round * 1_000, 1_000);
    await report(store.health, { id: 'r01', vantage: HERE }, { verdict: seen('down'), closedHours: [{ hour: 5, results: bytes(1), figures: bytes(2) }] });
    const copy = `${dataDir}-copy`;
    await cp(dataDir, copy, { recursive: true });
    const survivor = await openSqliteStore({ dataDir: copy, log: quiet });
    try {
      for (const id of ['r01', 'r99']) expect(await watchOf(survivor.health, id)).toEqual(await watchOf(store.health, id));
      expect(await findIds(survivor, { 'health.status': 'down' })).toEqual(['r01']);
      expect(await survivor.health.hours({ id: 'r01', vantage: HERE }, 5, 5)).toHaveLength(1);
      expect(await claimedIds(survivor.health, NOW + 60_000)).toHaveLength(100);
    } finally {
      await survivor.close();
      await rm(copy, { recursive: true });
    }
  });

  it('is as before where a change could not be written, and those that came with it are written', async () => {
    await addDue(store, { a: NOW - 4, b: NOW - 3, c: NOW - 2, d: NOW - 1 });
    const [a, b, c] = await claimAt(store.health, NOW, 3);
    const impossible = { next: { intervalMs: NaN } };
    const outcomes = await Promise.allSettled([
      store.health.complete([completionOf(a!, { next: { state: 'done' } })]),
      store.health.complete([completionOf(b!, impossible)]),
      store.health.touch('c', [HERE]),
      store.health.forget('d'),
      store.health.touch('e', [HERE]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect(await watchOf(store.health, 'a')).toMatchObject({ state: 'done', dueAtMs: NOW + 30_000 });
    expect(await watchOf(store.health, 'b')).toMatchObject({ state: '', dueAtMs: NOW - 3 });
    expect(await store.health.watchesOf(['d'])).toEqual([]);
    expect(await store.health.complete([completionOf(b!), completionOf(c!)])).toEqual([true, true]);
    expect(await watchOf(store.health, 'c')).toMatchObject({ dueAtMs: 0 });
    await store.insert(newRecord('e'));
    expect((await claimedIds(store.health, NOW)).sort()).toEqual(['c', 'e']);
  });

  it('takes no result of a deleted record for the one that has its id now', async () => {
    await addDue(store, { a: NOW });
    const [claim] = await claimAt(store.health, NOW);
    await store.delete('a');
    await store.insert(newRecord('a'));
    await store.health.touch('a', [HERE]);
    expect(await store.health.complete([completionOf(claim!, { verdict: seen('down') })])).toEqual([false]);
    expect((await store.get('a'))!.health.status).toBe('unknown');
    const [again] = await claimAt(store.health, NOW);
    expect(await store.health.complete([completionOf(again!, { verdict: seen('up') })])).toEqual([true]);
    expect(await findIds(store, { 'health.status': 'up' })).toEqual(['a']);
  });

  it('is made in a file of a Portolan that knew no health', async () => {
    await store.insert(newRecord('a'));
    await store.close();
    takeBackTo(1, join(dataDir, 'portolan.db'));
    store = await openSqliteStore({ dataDir, log: quiet });
    expect(await store.health.enrol({ vantage: HERE, afterId: null, limit: 10, dueFromMs: NOW, dueUntilMs: NOW })).toBeNull();
    expect(await claimedIds(store.health, NOW)).toEqual(['a']);
    expect((await store.get('a'))!.meta).toEqual(metaOf());
  });
});
