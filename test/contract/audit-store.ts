import { limits } from '../../src/core/limits.ts';
import type { AuditEntry } from '../../src/core/audit.ts';
import type { AuditQuery, AuditStore } from '../../src/store/access-port.ts';
import { createMemoryAudit } from '../support/memory-access.ts';
import { randomSource, type RandomSource } from '../support/random.ts';
import { actionsIn, AT_MS, atMs, auditEntry, chainIn, entryIn, readAudit, type AccessFixture, type AccessStore } from './access-fixture.ts';

/**
 * What every audit must do, whatever it is made of. `makeFixture` gives each test a place of its own.
 * @see src/store/access-port.ts
 */
export function describeAuditStore(name: string, makeFixture: () => Promise<AccessFixture>): void {
  describe(`the audit store ${name}`, () => {
    let fixture: AccessFixture;
    let store: AccessStore;
    beforeEach(async () => {
      fixture = await makeFixture();
      store = await fixture.open();
    });
    afterEach(async () => {
      await store.close();
      await fixture.dispose();
    });

    describe('appending', () => describeAppending(() => store.audit));
    describe('reading', () => describeReading(() => store.audit));
    describe('pruning', () => describePruning(() => store.audit));

    it('goes on with the chain after it was closed and opened', async () => {
      await store.audit.append([auditEntry({ action: 'a:a' }), auditEntry({ action: 'b:b' })]);
      await store.close();
      store = await fixture.open();
      await store.audit.append([auditEntry({ action: 'c:c' })]);
      expect(await actionsIn(store.audit)).toEqual(['a:a', 'b:b', 'c:c']);
      expect(await chainIn(store.audit)).toHaveLength(3);
    });
  });
}

function describeAppending(open: () => AuditStore): void {
  it('numbers entries from 1 and chains each to the one before, text and all', async () => {
    const entry = auditEntry({ target: 'Ünï 𝄞 "quoted"', changes: [{ path: 'container_registry_metadata.$odd', before: null, after: [1, { 'a.b': 'x' }] }] });
    await open().append([entry, auditEntry({ action: 'second:one' })]);
    await open().append([]);
    await open().append([auditEntry({ action: 'third:one' })]);
    expect((await chainIn(open())).map((text) => JSON.parse(text) as AuditEntry)).toEqual([entry, auditEntry({ action: 'second:one' }), auditEntry({ action: 'third:one' })]);
  });

  it('makes one chain of what many append at once, and keeps the order of what came together', async () => {
    await Promise.all(Array.from({ length: 20 }, (_unused, index) => open().append([1, 2, 3].map((part) => auditEntry({ record: `r-${index}`, target: String(part) })))));
    const entries = (await chainIn(open())).map((text) => JSON.parse(text) as AuditEntry);
    expect(entries).toHaveLength(60);
    for (let index = 0; index < 20; index++) expect(entries.filter(({ record }) => record === `r-${index}`).map(({ target }) => target)).toEqual(['1', '2', '3']);
  });

  it('takes more entries at once than any search looks at in one step', async () => {
    const many = limits.auditSliceRows + 5;
    await open().append(Array.from({ length: many }, (_unused, index) => auditEntry({ target: String(index) })));
    expect(await chainIn(open())).toHaveLength(many);
  });
}

function describeReading(open: () => AuditStore): void {
  it('is empty at first', async () => {
    for (const order of ['oldest_first', 'latest_first'] as const) expect(await readAudit(open(), { order })).toEqual([]);
    expect(await readAudit(open(), { user: 'ann', action: 'record', fromMs: 1, toMs: 2 })).toEqual([]);
  });

  it('reads in both orders, page after page', async () => {
    await open().append(Array.from({ length: 7 }, (_unused, index) => auditEntry({ target: String(index) })));
    for (const order of ['oldest_first', 'latest_first'] as const) {
      const walked: number[] = [];
      for (let afterSeq: number | null = null; ; ) {
        const page = await readAudit(open(), { order, afterSeq, limit: 3 });
        walked.push(...page.map(({ seq }) => seq));
        if (page.length < 3) break;
        afterSeq = page.at(-1)!.seq;
      }
      expect(walked).toEqual(order === 'oldest_first' ? [1, 2, 3, 4, 5, 6, 7] : [7, 6, 5, 4, 3, 2, 1]);
    }
  });

  it('finds by user, record and action, each condition narrowing', async () => {
    await open().append([
      auditEntry({ user: 'ann', record: 'r-1', action: 'record:create' }),
      auditEntry({ user: 'bob', record: 'r-1', action: 'record:update' }),
      auditEntry({ user: null, who: 'system', action: 'audit:prune' }),
      auditEntry({ user: 'ann', record: 'r-2', action: 'record:update' }),
      auditEntry({ user: 'ann', action: 'session:login' }),
      auditEntry({ user: 'ann', action: 'recordings:play' }),
      auditEntry({ user: 'ann', action: 'recor:d' }),
    ]);
    const seqs = async (query: Partial<AuditQuery>): Promise<number[]> => (await readAudit(open(), query)).map(({ seq }) => seq);
    expect(await seqs({ user: 'ann' })).toEqual([1, 4, 5, 6, 7]);
    expect(await seqs({ record: 'r-1' })).toEqual([1, 2]);
    expect(await seqs({ action: 'record:update' })).toEqual([2, 4]);
    expect(await seqs({ action: 'record' })).toEqual([1, 2, 4]);
    expect(await seqs({ action: 'record', order: 'latest_first' })).toEqual([4, 2, 1]);
    expect(await seqs({ user: 'ann', action: 'record' })).toEqual([1, 4]);
    expect(await seqs({ user: 'ann', record: 'r-1', action: 'record:update' })).toEqual([]);
    expect(await seqs({ user: 'bob', record: 'r-1' })).toEqual([2]);
    for (const nothing of [{ user: '' }, { user: 'an' }, { record: 'r' }, { action: '' }, { action: 'recor' }, { action: 'record:' }, { action: 'record:u' }, { user: "' OR 1=1 --" }]) {
      expect([nothing, await seqs(nothing)]).toEqual([nothing, nothing.action === 'recor' ? [7] : []]);
    }
  });

  it('finds by time, from a time on and before another', async () => {
    await open().append(Array.from({ length: 10 }, (_unused, index) => auditEntry({ at: atMs(AT_MS + index * 100_000), target: String(index) })));
    const targets = async (query: Partial<AuditQuery>): Promise<(string | null)[]> => (await readAudit(open(), query)).map((stored) => entryIn(stored).target);
    expect(await targets({ fromMs: AT_MS + 700_000 })).toEqual(['7', '8', '9']);
    expect(await targets({ toMs: AT_MS + 200_000 })).toEqual(['0', '1']);
    expect(await targets({ fromMs: AT_MS + 200_000, toMs: AT_MS + 500_000, order: 'latest_first' })).toEqual(['4', '3', '2']);
    expect(await targets({ fromMs: AT_MS + 200_000, toMs: AT_MS + 500_000, afterSeq: 3, limit: 1 })).toEqual(['3']);
    expect(await targets({ fromMs: AT_MS + 500_000, toMs: AT_MS + 200_000 })).toEqual([]);
    expect(await targets({ fromMs: AT_MS + 900_001 })).toEqual([]);
  });

  it('finds what came late, and what comes after a clock that was far ahead', async () => {
    const DAY_MS = 86_400_000;
    const times = [0, 2 * DAY_MS, 1_000, DAY_MS, 70 * 365 * DAY_MS, 2 * DAY_MS + 1, 3 * DAY_MS];
    await open().append(times.map((ms, index) => auditEntry({ at: atMs(AT_MS + ms), target: String(index) })));
    const targets = async (fromMs: number, toMs: number): Promise<(string | null)[]> =>
      (await readAudit(open(), { fromMs: AT_MS + fromMs, toMs: AT_MS + toMs })).map((stored) => entryIn(stored).target);
    expect(await targets(0, DAY_MS)).toEqual(['0', '2']);
    expect(await targets(DAY_MS, 2 * DAY_MS)).toEqual(['3']);
    expect(await targets(2 * DAY_MS, 4 * DAY_MS)).toEqual(['1', '5', '6']);
    expect(await targets(4 * DAY_MS, 100 * 365 * DAY_MS)).toEqual(['4']);
  });

  it.each([1, 2])('finds exactly what matches, whatever is asked for (%p)', async (seed) => {
    const random = randomSource(seed);
    const entries = randomEntries(random, 300);
    const model = createMemoryAudit();
    for (const audit of [model, open()]) await audit.append(entries);
    await open().prune(20, 20);
    await model.prune(20, 20);
    for (let n = 0; n < 60; n++) {
      const query = randomQuery(random);
      expect([query, await open().read(query)]).toEqual([query, await model.read(query)]);
    }
  });
}

const USERS = ['ann', 'bob', 'eve', null];
const RECORDS = ['r-1', 'r-2', null];
const ACTIONS = ['record:create', 'record:update', 'recordings:play', 'token:create', 'session:login'];

/** Mostly one after the other, some late or early, and once a clock that is wrong for a while. */
function randomEntries(random: RandomSource, count: number): AuditEntry[] {
  let ms = AT_MS;
  return Array.from({ length: count }, (_unused, index) => {
    ms += random.int(20_000);
    const wrong = index % 50 < 5 ? 3_600_000 : 0;
    const late = random.chance(0.1) ? random.int(200_000) : 0;
    return auditEntry({ at: atMs(ms + wrong - late), user: random.pick(USERS), record: random.pick(RECORDS), action: random.pick(ACTIONS), target: String(index) });
  });
}

function randomQuery(random: RandomSource): AuditQuery {
  const maybe = <T>(value: T): T | undefined => (random.chance(0.5) ? value : undefined);
  const fromMs = AT_MS + random.int(3_000_000);
  return {
    user: maybe(random.pick(['ann', 'bob'])),
    record: maybe(random.pick(['r-1', 'r-2'])),
    action: maybe(random.pick(['record', 'record:update', 'session:login', 'token'])),
    fromMs: maybe(fromMs),
    toMs: maybe(fromMs + random.int(2_000_000)),
    order: random.pick(['oldest_first', 'latest_first'] as const),
    afterSeq: maybe(random.int(320)) ?? null,
    limit: 1 + random.int(random.pick([5, 400])),
  };
}

function describePruning(open: () => AuditStore): void {
  const seqs = async (): Promise<number[]> => (await readAudit(open())).map(({ seq }) => seq);

  it('removes the oldest through a number, so many at most, and says whether more are left', async () => {
    await open().append(Array.from({ length: 8 }, () => auditEntry()));
    expect(await open().prune(0, 10)).toBe(false);
    expect(await open().prune(5, 3)).toBe(true);
    expect(await seqs()).toEqual([4, 5, 6, 7, 8]);
    expect(await open().prune(5, 3)).toBe(false);
    expect(await open().prune(5, 3)).toBe(false);
    expect(await seqs()).toEqual([6, 7, 8]);
  });

  it('never removes the last, so that the chain goes on', async () => {
    expect(await open().prune(10, 10)).toBe(false);
    await open().append([auditEntry(), auditEntry(), auditEntry()]);
    expect(await open().prune(100, 10)).toBe(false);
    expect(await seqs()).toEqual([3]);
    await open().append([auditEntry()]);
    const [third, fourth] = await readAudit(open());
    expect(fourth).toMatchObject({ seq: 4, previous: third!.hash });
  });

  it('finds by time in what is left', async () => {
    await open().append(Array.from({ length: 8 }, (_unused, index) => auditEntry({ at: atMs(AT_MS + index * 100_000) })));
    await open().prune(3, 10);
    expect((await readAudit(open(), { fromMs: AT_MS, toMs: AT_MS + 500_000 })).map(({ seq }) => seq)).toEqual([4, 5]);
  });
}
