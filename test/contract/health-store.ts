import type { ClaimedWatch, Store } from '../../src/store/health-port.ts';
import {
  addDue,
  addRecords,
  ALL_BYTES,
  bytes,
  claimAt,
  claimedIds,
  completionOf,
  HERE,
  kept,
  LEASE_MS,
  watchesAmong,
  NOW,
  schedule,
  taken,
  THERE,
  watchOf,
  type HealthFixture,
} from './health-fixture.ts';
import { describePast } from './health-past.ts';
import { describeVerdicts } from './health-verdicts.ts';
import { codeOf, metaOf, newRecord, recordOf, TIME } from './store-fixture.ts';

/**
 * What every store must do for health, whatever it is made of. `makeFixture` gives each test a place of its own.
 * @see src/store/health-port.ts
 */
export function describeHealthStore(name: string, makeFixture: () => Promise<HealthFixture>): void {
  describe(`the health store ${name}`, () => {
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
    const open = (): Store => store;

    describe('making watches', () => describeEnrolling(open));
    describe('claiming', () => describeClaiming(open));
    describe('claiming what is stale', () => describeStale(open));
    describe('completing', () => describeCompleting(open));
    describe('verdicts', () => describeVerdicts(open));
    describe('the past', () => describePast(open));
    describe('listing', () => describeListing(open));

    it('finds everything again after it was closed and opened, and takes no claim of before', async () => {
      await addDue(store, { a: NOW });
      await schedule(store, [{ id: 'a', vantage: HERE, next: { dueAtMs: NOW, staleAtMs: NOW + 1, intervalMs: 7, state: '{}', tail: ALL_BYTES, totals: bytes(1) } }]);
      await store.health.announce(HERE, NOW);
      const before = await watchOf(store.health, 'a');
      const claim = await taken(store.health, before);
      await store.close();
      store = await fixture.open();
      expect(await watchOf(store.health, 'a')).toEqual(before);
      expect(await store.health.vantages(NOW)).toEqual([HERE]);
      const again = await claimAt(store.health, NOW + LEASE_MS + 1);
      expect(again.map(kept)).toEqual([before]);
      expect(await store.health.complete([completionOf(claim)])).toEqual([false]);
      expect(await store.health.complete(again.map((watch) => completionOf(watch)))).toEqual([true]);
    });

    it('refuses calls after it was closed', async () => {
      await store.close();
      expect(await codeOf(store.health.claim({ vantage: HERE, nowMs: NOW, leaseMs: LEASE_MS, limit: 1 }))).toBe('STORE_UNAVAILABLE');
      expect(await codeOf(store.health.touch('a', [HERE]))).toBe('STORE_UNAVAILABLE');
      expect(await codeOf(store.health.watchesOf(['a']))).toBe('STORE_UNAVAILABLE');
    });
  });
}

function describeEnrolling(open: () => Store): void {
  it('makes a watch for each record that has none in a vantage, in steps, each due within the span', async () => {
    const { health } = open();
    const ids = ['a', 'b', 'c', 'd', 'e', 'é', '\ue000', '😀'];
    await addRecords(open(), ids);
    let afterId: string | null = null;
    let steps = 0;
    do {
      afterId = await health.enrol({ vantage: HERE, afterId, limit: 3, dueFromMs: NOW, dueUntilMs: NOW + 60_000 });
      steps += 1;
    } while (afterId !== null && steps < 10);
    expect(steps).toBeLessThanOrEqual(4);
    const watches = await Promise.all(ids.map((id) => health.watchesOf([id])));
    expect(watches.map((of) => of.map(({ vantage }) => vantage))).toEqual(ids.map(() => [HERE]));
    for (const [watch] of watches) {
      expect(watch!.dueAtMs).toBeGreaterThanOrEqual(NOW);
      expect(watch!.dueAtMs).toBeLessThanOrEqual(NOW + 60_000);
      expect(kept(watch!)).toMatchObject({ staleAtMs: null, intervalMs: 0, state: '', tail: bytes(), totals: bytes() });
    }
    expect(new Set(watches.map(([watch]) => watch!.dueAtMs)).size).toBeGreaterThan(1);
  });

  it('goes on after an id, and says which it looked at last', async () => {
    const { health } = open();
    await addRecords(open(), ['a', 'b', 'c']);
    expect(await health.enrol({ vantage: HERE, afterId: 'a', limit: 1, dueFromMs: NOW, dueUntilMs: NOW })).toBe('b');
    expect(await watchesAmong(health, ['a', 'b'])).toEqual([{ id: 'b', vantage: HERE }]);
  });

  it('leaves watches alone that are there, and those of other vantages', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW + 1 });
    await addDue(open(), { b: NOW + 2 }, THERE);
    expect(await health.enrol({ vantage: HERE, afterId: null, limit: 10, dueFromMs: NOW + 5, dueUntilMs: NOW + 5 })).toBeNull();
    expect(await watchesAmong(health, ['a', 'b'])).toEqual([{ id: 'a', vantage: HERE }, { id: 'b', vantage: HERE }, { id: 'b', vantage: THERE }]);
    expect((await watchOf(health, 'a')).dueAtMs).toBe(NOW + 1);
    expect((await watchOf(health, 'b', THERE)).dueAtMs).toBe(NOW + 2);
    expect((await watchOf(health, 'b')).dueAtMs).toBe(NOW + 5);
  });

  it('touching makes what lacks, makes due at once, and keeps the rest', async () => {
    const { health } = open();
    await addRecords(open(), ['a']);
    await health.touch('a', [HERE]);
    expect(await watchOf(health, 'a')).toEqual({ id: 'a', vantage: HERE, dueAtMs: 0, staleAtMs: null, intervalMs: 0, state: '', tail: bytes(), totals: bytes() });
    await schedule(open(), [{ id: 'a', vantage: HERE, next: { dueAtMs: null, staleAtMs: NOW + 90, intervalMs: 30, state: '{"n":1}', tail: bytes(1, 0, 2), totals: bytes(0) } }]);
    await health.touch('a', [THERE, HERE]);
    expect((await health.watchesOf(['a'])).map(({ vantage, dueAtMs, state }) => ({ vantage, dueAtMs, state }))).toEqual([
      { vantage: HERE, dueAtMs: 0, state: '{"n":1}' },
      { vantage: THERE, dueAtMs: 0, state: '' },
    ]);
    expect(await watchOf(health, 'a')).toMatchObject({ staleAtMs: NOW + 90, intervalMs: 30, tail: bytes(1, 0, 2), totals: bytes(0) });
    await health.touch('a', []);
    await health.touch([], [HERE]);
    const many = Array.from({ length: 40 }, (_unused, index) => `m${index}`);
    await addRecords(open(), many);
    await health.touch(many, [HERE, THERE]);
    expect(new Set((await health.watchesOf(many)).map(({ dueAtMs }) => dueAtMs))).toEqual(new Set([0]));
    expect(await health.watchesOf(many)).toHaveLength(80);
  });

  it('makes one watch when many touch and enrol at once', async () => {
    const { health } = open();
    await addRecords(open(), ['a']);
    const enrol = { vantage: HERE, afterId: null, limit: 10, dueFromMs: NOW, dueUntilMs: NOW };
    await Promise.all(Array.from({ length: 10 }, (_unused, index) => (index % 2 === 0 ? health.touch('a', [HERE, THERE]) : health.enrol(enrol))));
    expect((await health.watchesOf(['a'])).map(({ vantage }) => vantage)).toEqual([HERE, THERE]);
  });

  it('forgets a record’s watches and claims, and no other’s', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW, aa: NOW });
    await health.touch('a', [THERE]);
    const claim = await taken(health, { id: 'a', vantage: HERE });
    await open().delete('a');
    await health.forget('a');
    expect(await health.watchesOf(['a'])).toEqual([]);
    expect(await health.complete([completionOf(claim)])).toEqual([false]);
    expect(await health.watchesOf(['a'])).toEqual([]);
    expect(await claimedIds(health, NOW)).toEqual(['aa']);
    await health.forget('nobody');
  });
}

function describeClaiming(open: () => Store): void {
  it('gives what is due, the most overdue first and what is due at once before everything, and nothing that is not', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW - 10, b: NOW - 1_000, c: NOW, d: NOW + 1, e: NOW - 500 });
    await addRecords(open(), ['z']);
    await health.touch('z', [HERE]);
    await schedule(open(), [{ id: 'e', vantage: HERE, next: { dueAtMs: null } }]);
    expect(await claimedIds(health, NOW)).toEqual(['z', 'b', 'a', 'c']);
    expect(await claimedIds(health, NOW)).toEqual([]);
    expect(await claimedIds(health, NOW + 1)).toEqual(['d']);
  });

  it('gives what the watch and the record are, with a token each', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW, b: NOW });
    const next = { dueAtMs: NOW - 5, staleAtMs: NOW + 90_000, intervalMs: 31_000, state: '{"é":1}', tail: ALL_BYTES, totals: bytes(0, 255) };
    await schedule(open(), [{ id: 'a', vantage: HERE, next }]);
    await open().replace({ record: recordOf('a', { container_registry_name: 'née' }), meta: metaOf({ revision: 5 }), expectedRevision: 1 });
    const [a, b] = await claimAt(health, NOW);
    expect(kept(a!)).toEqual({ id: 'a', vantage: HERE, ...next });
    expect(a!.record).toEqual({ text: (await open().get('a'))!.text, revision: 5, createdAt: TIME });
    expect(b!.record.revision).toBe(1);
    expect(a!.token).not.toBe('');
    expect(a!.token).not.toBe(b!.token);
  });

  it('gives no more than asked for, and from one vantage only', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW - 3, b: NOW - 2, c: NOW - 1 });
    await addDue(open(), { t: NOW - 9 }, THERE);
    expect(await claimedIds(health, NOW, 2)).toEqual(['a', 'b']);
    expect(await claimedIds(health, NOW, 2)).toEqual(['c']);
    expect(await claimedIds(health, NOW, 2, THERE)).toEqual(['t']);
    expect(await claimedIds(health, NOW, 2, 'nowhere')).toEqual([]);
  });

  it('holds a claim until its lease ends; then somebody else has it, and the first one writes nothing', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW });
    const [first] = await claimAt(health, NOW);
    expect(await claimedIds(health, NOW + LEASE_MS - 1)).toEqual([]);
    expect(await health.claimOne(first!, NOW + LEASE_MS - 1, LEASE_MS)).toBeNull();
    const [second] = await claimAt(health, NOW + LEASE_MS + 1);
    expect(kept(second!)).toEqual(kept(first!));
    expect(second!.token).not.toBe(first!.token);
    const before = await watchOf(health, 'a');
    const late = completionOf(first!, {
      next: { state: 'late' },
      verdict: { status: 'down', cause: 'refused', since: TIME },
      event: { atMs: NOW, from: 'unknown', to: 'down', cause: 'refused', evidence: '[]' },
      closedHours: [{ hour: 10, results: bytes(1), figures: bytes(2) }],
    });
    expect(await health.complete([late])).toEqual([false]);
    expect(await watchOf(health, 'a')).toEqual(before);
    expect((await open().get('a'))!.health.status).toBe('unknown');
    expect(await health.events('a', { beforeMs: NOW + 1, limit: 10 })).toEqual([]);
    expect(await health.hours(first!, 0, 100)).toEqual([]);
    expect(await health.days(first!, 0, 100)).toEqual([]);
    await health.release([first!]);
    expect(await claimedIds(health, NOW + LEASE_MS + 2)).toEqual([]);
    expect(await health.complete([completionOf(second!)])).toEqual([true]);
  });

  it('lets a claim be completed after its lease, so long as nobody else took it', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW });
    const [claim] = await health.claim({ vantage: HERE, nowMs: NOW, leaseMs: 1, limit: 1 });
    expect(await claimedIds(health, NOW)).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await health.complete([completionOf(claim!, { next: { dueAtMs: NOW + LEASE_MS * 9 } })])).toEqual([true]);
    expect(await claimedIds(health, NOW + LEASE_MS * 2)).toEqual([]);
    expect(await claimedIds(health, NOW + LEASE_MS * 9)).toEqual(['a']);
  });

  it('claims one watch whether it is due or not, unless somebody holds it', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW + 60_000 });
    const claim = await taken(health, { id: 'a', vantage: HERE });
    expect(kept(claim)).toEqual(await watchOf(health, 'a'));
    expect(claim.record).toEqual({ text: (await open().get('a'))!.text, revision: 1, createdAt: TIME });
    expect(await health.claimOne(claim, NOW + 1, LEASE_MS)).toBeNull();
    expect(await claimedIds(health, NOW + 1)).toEqual([]);
    expect(await health.claimOne({ id: 'a', vantage: THERE }, NOW, LEASE_MS)).toBeNull();
    expect(await health.claimOne({ id: 'b', vantage: HERE }, NOW, LEASE_MS)).toBeNull();
    expect((await taken(health, claim, NOW + LEASE_MS + 1)).token).not.toBe(claim.token);
  });

  it('does not hold up others when many of the most overdue are held', async () => {
    const { health } = open();
    const ids = Array.from({ length: 40 }, (_unused, index) => `r${String(index).padStart(2, '0')}`);
    await addDue(open(), Object.fromEntries(ids.map((id, index) => [id, NOW - 100 + index])));
    expect(await claimedIds(health, NOW, 30)).toEqual(ids.slice(0, 30));
    expect(await claimedIds(health, NOW, 5)).toEqual(ids.slice(30, 35));
  });

  it('gives back what is released, as it was and at once', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW - 2, b: NOW - 1 });
    const [a, b] = await claimAt(health, NOW);
    await health.release([a!, b!]);
    expect((await claimAt(health, NOW)).map(kept)).toEqual([kept(a!), kept(b!)]);
    expect(await health.complete([completionOf(a!)])).toEqual([false]);
    await health.release([]);
  });

  it('makes a claimed watch due again when its record is touched meanwhile, whatever its result says', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW - 2, b: NOW - 1, c: NOW });
    const [a, b, c] = await claimAt(health, NOW);
    await health.touch('a', [HERE]);
    await health.touch('b', [HERE]);
    expect(await claimedIds(health, NOW + 1)).toEqual([]);
    expect(await health.complete([completionOf(a!, { next: { state: 'done' } }), completionOf(c!)])).toEqual([true, true]);
    await health.release([b!]);
    expect(await watchOf(health, 'a')).toMatchObject({ dueAtMs: 0, state: 'done' });
    expect((await claimedIds(health, NOW + 2)).sort()).toEqual(['a', 'b']);
  });

  it('forgets that a record was touched once it has been claimed anew', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW });
    const [first] = await claimAt(health, NOW);
    await health.touch('a', [HERE]);
    await health.complete([completionOf(first!)]);
    const [second] = await claimAt(health, NOW);
    await health.complete([completionOf(second!)]);
    expect((await watchOf(health, 'a')).dueAtMs).toBe(NOW + 30_000);
  });

  it('removes watches whose record is gone instead of giving them', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW - 2, b: NOW - 1, c: NOW });
    await schedule(open(), [{ id: 'c', vantage: HERE, next: { dueAtMs: NOW + 60_000, staleAtMs: NOW } }]);
    await open().delete('a');
    await open().delete('c');
    expect(await claimedIds(health, NOW)).toEqual(['b']);
    expect(await health.claimOne({ id: 'c', vantage: HERE }, NOW, LEASE_MS)).toBeNull();
    expect([await health.watchesOf(['a']), await health.watchesOf(['c'])]).toEqual([[], []]);
  });

  it('gives no watch to two of several who claim at once, and every watch to one', async () => {
    const { health } = open();
    const ids = Array.from({ length: 600 }, (_unused, index) => `r${String(index).padStart(4, '0')}`);
    await addRecords(open(), ids);
    for (const afterId of [null, ids[299]!]) await health.enrol({ vantage: HERE, afterId, limit: 300, dueFromMs: NOW - 1_000, dueUntilMs: NOW });
    const claimAll = async (): Promise<ClaimedWatch[]> => {
      const all: ClaimedWatch[] = [];
      for (let batch = await claimAt(health, NOW, 20); batch.length > 0; batch = await claimAt(health, NOW, 20)) {
        all.push(...batch);
        expect(await health.complete(batch.map((claim) => completionOf(claim)))).toEqual(batch.map(() => true));
      }
      return all;
    };
    const shares = await Promise.all([claimAll(), claimAll(), claimAll(), claimAll()]);
    expect(shares.flat().map(({ id }) => id).sort()).toEqual(ids);
    expect(new Set(shares.flat().map(({ token }) => token)).size).toBe(ids.length);
  }, 60_000);
}

function describeStale(open: () => Store): void {
  const staleAt = (nowMs: number, limit = 100): Promise<readonly ClaimedWatch[]> => open().health.claimStale({ nowMs, leaseMs: LEASE_MS, limit });

  it('gives what is stale in any vantage, the stalest first', async () => {
    await addDue(open(), { a: NOW, b: NOW, c: NOW, d: NOW });
    await addDue(open(), { e: NOW }, THERE);
    await schedule(open(), [
      { id: 'a', vantage: HERE, next: { dueAtMs: NOW + 60_000, staleAtMs: NOW - 10 } },
      { id: 'b', vantage: HERE, next: { dueAtMs: null, staleAtMs: NOW - 30 } },
      { id: 'c', vantage: HERE, next: { staleAtMs: NOW + 1 } },
      { id: 'e', vantage: THERE, next: { staleAtMs: NOW - 20 } },
    ]);
    const claims = await staleAt(NOW);
    expect(claims.map(({ id, vantage }) => ({ id, vantage }))).toEqual([{ id: 'b', vantage: HERE }, { id: 'e', vantage: THERE }, { id: 'a', vantage: HERE }]);
    expect(claims[0]!.record).toEqual({ text: (await open().get('b'))!.text, revision: 1, createdAt: TIME });
    expect(await staleAt(NOW)).toEqual([]);
    expect(await open().health.complete(claims.map((claim) => completionOf(claim, { next: { staleAtMs: null } })))).toEqual([true, true, true]);
    expect(await staleAt(NOW + LEASE_MS * 2)).toMatchObject([{ id: 'c' }]);
  });

  it('takes nothing that somebody holds until that lease ends, and is not probed while it is held', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW, b: NOW + 1 });
    await schedule(open(), ['a', 'b'].map((id, index) => ({ id, vantage: HERE, next: { dueAtMs: NOW + index, staleAtMs: NOW } })));
    expect(await claimedIds(health, NOW)).toEqual(['a']);
    expect(await staleAt(NOW)).toMatchObject([{ id: 'b' }]);
    expect(await claimedIds(health, NOW + 2)).toEqual([]);
    expect(await staleAt(NOW + LEASE_MS + 1, 1)).toHaveLength(1);
    expect(await staleAt(NOW + LEASE_MS + 1, 9)).toHaveLength(1);
  });
}

function describeCompleting(open: () => Store): void {
  it('writes what comes next, and gives the claim back', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW });
    const [claim] = await claimAt(health, NOW);
    const next = { dueAtMs: NOW + 1_000, staleAtMs: NOW + 95_000, intervalMs: 30_000, state: '{"verdict":"up"}', tail: ALL_BYTES, totals: bytes(9, 0, 9) };
    expect(await health.complete([completionOf(claim!, { next })])).toEqual([true]);
    expect(await watchOf(health, 'a')).toEqual({ id: 'a', vantage: HERE, ...next });
    expect(await claimedIds(health, NOW + 1_000)).toEqual(['a']);
  });

  it('writes once for each claim', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW });
    const [claim] = await claimAt(health, NOW);
    expect(await health.complete([completionOf(claim!, { next: { state: 'first' } })])).toEqual([true]);
    expect(await health.complete([completionOf(claim!, { next: { state: 'second' } })])).toEqual([false]);
    expect(await watchOf(health, 'a')).toMatchObject({ state: 'first' });
    expect(await health.complete([])).toEqual([]);
  });

  it('writes of several what still holds', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW - 3, b: NOW - 2, c: NOW - 1 });
    const claims = await claimAt(health, NOW);
    await health.release(claims.slice(1, 2));
    expect(await health.complete(claims.map((claim) => completionOf(claim, { next: { state: 'done' } })))).toEqual([true, false, true]);
    expect(await Promise.all(['a', 'b', 'c'].map(async (id) => (await watchOf(health, id)).state))).toEqual(['done', '', 'done']);
  });

  it('takes no claim for another watch', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW - 1, b: NOW });
    const [a, b] = await claimAt(health, NOW);
    expect(await health.complete([completionOf({ ...b!, token: a!.token }), completionOf({ ...b!, token: '' })])).toEqual([false, false]);
    expect(await health.complete([completionOf(a!), completionOf(b!)])).toEqual([true, true]);
  });

  it('writes nothing for a record that was deleted meanwhile', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW });
    const [claim] = await claimAt(health, NOW);
    await open().delete('a');
    const event = { atMs: NOW, from: 'unknown', to: 'up', cause: 'ok', evidence: '[]' } as const;
    expect(await health.complete([completionOf(claim!, { verdict: { status: 'up', cause: 'ok', since: TIME }, event })])).toEqual([false]);
    expect(await health.watchesOf(['a'])).toEqual([]);
    expect(await health.events('a', { beforeMs: NOW + 1, limit: 10 })).toEqual([]);
    expect(await open().get('a')).toBeNull();
    await open().insert(newRecord('a'));
    expect((await open().get('a'))!.health.status).toBe('unknown');
  });
}

function describeListing(open: () => Store): void {
  it('tells the watches of many records, those of each in the order of vantages by UTF-8 bytes', async () => {
    const { health } = open();
    const ids = ['b', 'a', 'B', '😀', '\ue000', 'a-', 'aa'];
    await addRecords(open(), ids);
    for (const id of ids) await health.touch(id, id === 'a' ? [THERE, HERE, 'a'] : [HERE]);
    const expected = ids.flatMap((id) => (id === 'a' ? ['a', HERE, THERE] : [HERE]).map((vantage) => ({ id, vantage })));
    expect(await watchesAmong(health, ids)).toEqual(expected);
    expect(await health.watchesOf([])).toEqual([]);
    expect(await watchesAmong(health, ['nobody', 'aa', 'b'])).toEqual([{ id: 'aa', vantage: HERE }, { id: 'b', vantage: HERE }]);
    const [one] = await health.watchesOf(['aa']);
    expect(kept(one!)).toEqual(await watchOf(health, 'aa'));
  });

  it('brings forward what a clock that was set back has put off too far, and nothing else', async () => {
    const { health } = open();
    await addDue(open(), { a: NOW, b: NOW, c: NOW, d: NOW });
    const hour = 3_600_000;
    await schedule(open(), [
      { id: 'a', vantage: HERE, next: { dueAtMs: NOW + hour, intervalMs: 30_000 } },
      { id: 'b', vantage: HERE, next: { dueAtMs: NOW + 35_000, intervalMs: 30_000 } },
      { id: 'c', vantage: HERE, next: { dueAtMs: NOW + hour, intervalMs: hour } },
      { id: 'd', vantage: HERE, next: { dueAtMs: null, intervalMs: 0 } },
    ]);
    while (await health.mend(HERE, NOW, 1));
    const times = new Map((await health.watchesOf(['a', 'b', 'c', 'd'])).map(({ id, dueAtMs }) => [id, dueAtMs]));
    expect(times.get('a')).toBeLessThanOrEqual(NOW + 30_000);
    expect(times.get('a')).toBeGreaterThanOrEqual(NOW);
    expect([times.get('b'), times.get('c'), times.get('d')]).toEqual([NOW + 35_000, NOW + hour, null]);
    expect(await health.mend(THERE, NOW, 1)).toBe(false);
  });

  it('tells how many probes a second a vantage needs, by the intervals of those that are to be probed', async () => {
    const { health } = open();
    expect(await health.probesPerS(HERE)).toBe(0);
    await addDue(open(), { a: NOW, b: NOW, c: NOW, d: NOW });
    await schedule(open(), [
      { id: 'a', vantage: HERE, next: { dueAtMs: NOW - 50, intervalMs: 30_000 } },
      { id: 'b', vantage: HERE, next: { dueAtMs: NOW + 20, intervalMs: 20_000 } },
      { id: 'c', vantage: HERE, next: { dueAtMs: null, intervalMs: 10 } },
      { id: 'd', vantage: HERE, next: { dueAtMs: NOW + 20, intervalMs: 0 } },
    ]);
    await health.touch('d', [HERE, THERE]);
    expect(await health.probesPerS(HERE)).toBeCloseTo(1 / 30 + 1 / 20, 6);
    expect(await health.probesPerS(THERE)).toBe(0);
  });
}
