/** Entries and the audit in SQLite: the suites that every store passes, and what only a file brings. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AuditQuery } from '../../src/store/access-port.ts';
import type { Store } from '../../src/store/health-port.ts';
import { createAuditSearch } from '../../src/store/sqlite/access/audit-search.ts';
import { connect } from '../../src/store/sqlite/connection.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { startedStoreProcess } from '../support/store-process.ts';
import { actionsIn, AT_MS, auditEntry, chainIn, entryIn, newEntry, readAudit } from './access-fixture.ts';
import { describeAuditStore } from './audit-store.ts';
import { describeEntryStore } from './entry-store.ts';
import type { HealthFixture } from './health-fixture.ts';
import { describeRecordAudit } from './record-audit.ts';
import { findIds, newRecord } from './store-fixture.ts';

const quiet = { info: () => undefined, warn: () => undefined };
const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'portolan-sqlite-'));

const makeFixture = async (): Promise<HealthFixture> => {
  const dataDir = await newFolder();
  return { open: () => openSqliteStore({ dataDir, log: quiet }), dispose: () => rm(dataDir, { recursive: true }) };
};

describeEntryStore('sqlite', makeFixture);
describeAuditStore('sqlite', makeFixture);
describeRecordAudit('sqlite', makeFixture);

describe('entries and the audit in a file', () => {
  let dataDir: string;
  let store: Store;
  const open = (folder = dataDir): Promise<Store> => openSqliteStore({ dataDir: folder, log: quiet });
  beforeEach(async () => {
    dataDir = await newFolder();
    store = await open();
  });
  afterEach(async () => {
    await store.close();
    await rm(dataDir, { recursive: true });
  });

  /** No entry that a store can keep: it has no time. */
  const impossible = auditEntry({ at: 'never' });

  it('a change that cannot be written leaves no audit, and those that came with it are told of without a gap', async () => {
    const { entries, audit } = store;
    await audit.append([auditEntry({ action: 'first:one' })]);
    const outcomes = await Promise.allSettled([
      entries.put(newEntry('a'), auditEntry({ action: 'put:a' })),
      store.insert(newRecord('bad', {}, { meta: { ...newRecord('bad').meta, revision: NaN } }), auditEntry({ action: 'insert:bad' })),
      entries.put(newEntry('b', { expiresAtMs: { no: 'number' } as unknown as number }), auditEntry({ action: 'put:bad' })),
      store.insert(newRecord('c'), auditEntry({ action: 'insert:c' })),
      audit.append([auditEntry({ action: 'append:one' }), auditEntry({ action: 'append:two' })]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled', 'fulfilled']);
    expect(await actionsIn(audit)).toEqual(['first:one', 'put:a', 'insert:c', 'append:one', 'append:two']);
    await chainIn(audit);
  });

  it('a change whose audit cannot be written is not written either', async () => {
    await store.insert(newRecord('a'));
    await store.entries.put(newEntry('k'));
    const outcomes = await Promise.allSettled([
      store.insert(newRecord('b'), impossible),
      store.delete('a', undefined, impossible),
      store.entries.put(newEntry('k', { text: '2', expectedRevision: 1 }), impossible),
      store.entries.delete('token', 'k', impossible),
      store.audit.append([auditEntry(), impossible]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    expect(await findIds(store, {})).toEqual(['a']);
    expect(await store.entries.get('token', 'k')).toMatchObject({ revision: 1 });
    expect(await readAudit(store.audit)).toEqual([]);
  });

  it('abuse 32: after the process was killed the audit has what was acknowledged, and each record that is there', async () => {
    await store.close();
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round++) {
      const process = await startedStoreProcess(dataDir);
      let isKilled = false;
      const clients = Array.from({ length: 8 }, async (_unused, client) => {
        for (let n = 0; !isKilled; n++) {
          const id = `${round}-${client}-${n}`;
          if ((await process.insert(id, 10).catch(() => 'lost')) === 'inserted') acknowledged.push(id);
        }
      });
      await new Promise((resolve) => setTimeout(resolve, 60 + round * 40));
      isKilled = true;
      await process.kill();
      await Promise.all(clients);
    }
    store = await open();
    await chainIn(store.audit);
    const told = (await readAudit(store.audit)).map((stored) => entryIn(stored).record ?? '');
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(acknowledged.filter((id) => !told.includes(id))).toEqual([]);
    expect(told.sort()).toEqual((await findIds(store, {})).sort());
  }, 60_000);

  it('has after a sudden end everything that was acknowledged', async () => {
    await store.entries.put(newEntry('k'), auditEntry());
    const copy = `${dataDir}-copy`;
    await cp(dataDir, copy, { recursive: true });
    const survivor = await open(copy);
    try {
      expect(await survivor.entries.get('token', 'k')).toEqual(await store.entries.get('token', 'k'));
      expect(await chainIn(survivor.audit)).toEqual(await chainIn(store.audit));
    } finally {
      await survivor.close();
      await rm(copy, { recursive: true });
    }
  });

  it('no search of the audit goes over all of it, or sorts', async () => {
    await store.audit.append(['record:create', 'record:update', 'token:create'].map((action) => auditEntry({ action, record: 'r-1' })));
    const connection = connect(join(dataDir, 'portolan.db'), { readOnly: true, cacheKib: 100 });
    const statements = new Set<string>();
    const watched = {
      ...connection,
      all: (sql: string, ...rest: Parameters<typeof connection.run> extends [string, ...infer P] ? P : never) => (statements.add(sql), connection.all(sql, ...rest)),
      first: (sql: string, ...rest: Parameters<typeof connection.run> extends [string, ...infer P] ? P : never) => (statements.add(sql), connection.first(sql, ...rest)),
    };
    const search = createAuditSearch(watched);
    const times: Partial<AuditQuery> = { fromMs: AT_MS, toMs: AT_MS + 1 };
    const subjects: Partial<AuditQuery>[] = [{}, { user: 'ann' }, { record: 'r-1' }, { action: 'record' }, { user: 'ann', action: 'record' }, { user: 'ann', record: 'r-1', action: 'record:update' }];
    for (const subject of subjects)
      for (const time of [{}, times])
        for (const order of ['oldest_first', 'latest_first'] as const) expect([...search({ ...subject, ...time, order, afterSeq: null, limit: 5 })].flat()).not.toEqual([]);
    const db = new DatabaseSync(join(dataDir, 'portolan.db'), { readOnly: true });
    const plans = [...statements].map((sql) => ({ sql, plan: db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map(({ detail }) => String(detail)) }));
    db.close();
    connection.close();
    expect(plans.length).toBeGreaterThan(10);
    expect(plans.filter(({ plan }) => plan.some((step) => /SCAN audit|TEMP B-TREE/.test(step)))).toEqual([]);
  });
});
