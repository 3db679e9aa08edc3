import type { StoredAuditEntry } from '../../../src/core/audit.ts';
import { AppError } from '../../../src/core/errors.ts';
import { limits } from '../../../src/core/limits.ts';
import type { AuditStore } from '../../../src/store/access-port.ts';
import { createAudit, createAuditRetention, type Audit } from '../../../src/telemetry/audit.ts';
import { AT_MS, atMs, auditEntry, entryIn, readAudit } from '../../contract/access-fixture.ts';
import { createMemoryAudit, type MemoryAudit } from '../../support/memory-access.ts';
import { rememberingLog } from '../../support/remembering-log.ts';

let nowMs = AT_MS;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
let store: MemoryAudit;
let log: ReturnType<typeof rememberingLog>;
beforeEach(() => {
  nowMs = AT_MS;
  store = createMemoryAudit();
  log = rememberingLog();
});

const makeAudit = (over: Partial<AuditStore> = {}): Audit => createAudit({ store: { ...store, ...over }, clock, log });
const actions = (): string[] => store.entries.map(({ action }) => action);
const away = async (): Promise<never> => {
  throw new AppError('STORE_UNAVAILABLE', 'away');
};

describe('telling the audit', () => {
  it('records, and fails as the store does', async () => {
    await makeAudit().record(auditEntry({ action: 'a:a' }));
    expect(actions()).toEqual(['a:a']);
    await expect(makeAudit({ append: away }).record(auditEntry())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('notes in the background, in order, what comes together in one go', async () => {
    let appends = 0;
    const audit = makeAudit({ append: async (entries) => (appends++, store.append(entries)) });
    for (const action of ['a:a', 'b:b', 'c:c']) audit.note(auditEntry({ action }));
    expect(actions()).toEqual([]);
    await audit.drain();
    expect([actions(), appends]).toEqual([['a:a', 'b:b', 'c:c'], 1]);
    audit.note(auditEntry({ action: 'd:d' }));
    await audit.drain();
    expect(actions()).toHaveLength(4);
  });

  it('tells the log of notes that could not be written, and goes on', async () => {
    let isAway = true;
    const audit = makeAudit({ append: (entries) => (isAway ? away() : store.append(entries)) });
    audit.note(auditEntry());
    await audit.drain();
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { entries: 1 } }]);
    isAway = false;
    audit.note(auditEntry({ action: 'b:b' }));
    await audit.drain();
    expect(actions()).toEqual(['b:b']);
  });

  it('keeps no more waiting than its limit, and tells the log how many were lost', async () => {
    const audit = makeAudit();
    for (let n = 0; n < limits.auditNotesMax + 7; n++) audit.note(auditEntry());
    await audit.drain();
    expect(store.entries).toHaveLength(limits.auditNotesMax);
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { entries: 7 } }]);
  });

  it('tells of so many denials a minute and address, and that there were more', async () => {
    const audit = makeAudit();
    const deny = (from: string): void => audit.note(auditEntry({ from, outcome: 'denied', action: 'record:read' }));
    for (let n = 0; n < limits.auditDenialsPerMinute + 100; n++) deny('10.0.0.1');
    for (let n = 0; n < 5; n++) deny('10.0.0.2');
    audit.note(auditEntry({ from: '10.0.0.1', action: 'record:update' }));
    await audit.drain();
    const told = (from: string): string[] => store.entries.filter((entry) => entry.from === from).map(({ action }) => action);
    expect(told('10.0.0.1')).toEqual([...Array<string>(limits.auditDenialsPerMinute).fill('record:read'), 'audit:skip', 'record:update']);
    expect(told('10.0.0.2')).toHaveLength(5);
    nowMs += 60_000;
    deny('10.0.0.1');
    await audit.drain();
    expect(store.entries.at(-1)).toMatchObject({ from: '10.0.0.1', action: 'record:read' });
  });
});

/** The store with what it reads changed by somebody. */
const tampered = (change: (entries: readonly StoredAuditEntry[]) => readonly StoredAuditEntry[]): Pick<AuditStore, 'read'> => ({
  read: async (query) => change(await store.read(query)),
});

describe('verifying the audit', () => {
  const fill = (count: number, at = AT_MS): Promise<void> => store.append(Array.from({ length: count }, () => auditEntry({ at: atMs(at) })));

  it('goes through a long chain in steps, and lets others have their turn in between', async () => {
    await fill(3 * limits.auditCheckedTogether + 1);
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const found = await makeAudit().verify();
    isOver = true;
    expect(found).toMatchObject({ ok: true, entries: 3 * limits.auditCheckedTogether + 1, from_seq: 1 });
    expect(turns).toBeGreaterThanOrEqual(3);
  });

  it('is one check for all who ask meanwhile', async () => {
    await fill(3);
    let reads = 0;
    const audit = makeAudit({ read: async (query) => (reads++, store.read(query)) });
    const [one, other] = await Promise.all([audit.verify(), audit.verify()]);
    expect([one, reads]).toEqual([other, 1]);
    await audit.verify();
    expect(reads).toBe(2);
  });

  it('finds what was changed, removed in the middle or at the beginning', async () => {
    await fill(20);
    const verify = (change: Parameters<typeof tampered>[0]): ReturnType<Audit['verify']> => makeAudit(tampered(change)).verify();
    expect(await verify((all) => all)).toMatchObject({ ok: true });
    expect(await verify((all) => all.map((entry) => (entry.seq === 7 ? { ...entry, text: entry.text.replace('ann', 'bob') } : entry)))).toMatchObject({ ok: false, broken_at: 7 });
    expect(await verify((all) => all.filter(({ seq }) => seq !== 7))).toMatchObject({ ok: false, broken_at: 7 });
    expect(await verify((all) => all.filter(({ seq }) => seq > 3))).toMatchObject({ ok: false, broken_at: 1 });
  });

  it('trusts what is left while the beginning is being removed', async () => {
    await fill(2 * limits.auditCheckedTogether);
    nowMs = AT_MS + 10 * 86_400_000;
    const retain = createAuditRetention({ store, clock, days: 1 });
    let isPruned = false;
    const audit = makeAudit({
      async read(query) {
        const found = await store.read(query);
        if (!isPruned) await retain(new AbortController().signal);
        isPruned = true;
        return found;
      },
    });
    expect(await audit.verify()).toMatchObject({ ok: true });
  });
});

describe('keeping the audit for so many days', () => {
  const DAY_MS = 86_400_000;
  const retain = (days: number, over: Partial<AuditStore> = {}): Promise<void> => createAuditRetention({ store: { ...store, ...over }, clock, days })(new AbortController().signal);
  const seqs = async (): Promise<number[]> => (await readAudit(store)).map(({ seq }) => seq);
  beforeEach(async () => {
    for (let day = 0; day < 10; day++) await store.append([auditEntry({ at: atMs(AT_MS + day * DAY_MS) })]);
    nowMs = AT_MS + 9 * DAY_MS + 1_000;
  });

  it('removes what is older, says so in the audit, and what is left is trusted', async () => {
    await retain(3);
    expect(await seqs()).toEqual([7, 8, 9, 10, 11]);
    expect(entryIn((await readAudit(store)).at(-1)!)).toMatchObject({ action: 'audit:prune', who: 'system', target: `6:${(await readAudit(store))[0]!.previous}` });
    expect(await makeAudit().verify()).toMatchObject({ ok: true, entries: 5, from_seq: 7 });
  });

  it('has nothing more to do on the same day, or where everything is kept', async () => {
    await retain(0);
    expect(await seqs()).toHaveLength(10);
    await retain(3);
    await retain(3);
    expect(await seqs()).toEqual([7, 8, 9, 10, 11]);
    nowMs += DAY_MS;
    await retain(3);
    expect(await seqs()).toEqual([8, 9, 10, 11, 12]);
    expect(await makeAudit().verify()).toMatchObject({ ok: true });
  });

  it('of an audit that is too old throughout, what says so is left, which is itself removed in time', async () => {
    nowMs += 1_000 * DAY_MS;
    await retain(3);
    expect(await seqs()).toEqual([10, 11]);
    for (let day = 1; day < 10; day++) {
      nowMs += DAY_MS;
      await retain(3);
    }
    expect((await seqs()).length).toBeLessThanOrEqual(2);
    expect((await seqs()).at(-1)).toBeLessThan(18);
    expect(await makeAudit().verify()).toMatchObject({ ok: true });
  });

  it('a process that ends before, or while, entries are removed leaves a chain that is trusted', async () => {
    await expect(retain(3, { prune: away })).rejects.toThrow('away');
    expect(await makeAudit().verify()).toMatchObject({ ok: true, entries: 11 });
    await store.prune(4, 10);
    expect(await makeAudit().verify()).toMatchObject({ ok: true, entries: 7, from_seq: 5 });
    await retain(3);
    expect(await makeAudit().verify()).toMatchObject({ ok: true, from_seq: 7 });
  });

  it('removes nothing where that cannot be told of', async () => {
    await expect(retain(3, { append: away })).rejects.toThrow('away');
    expect(await seqs()).toHaveLength(10);
  });
});
