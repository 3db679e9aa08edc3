/** Files of every version of the schema open, and nothing in them is lost; an upgrade that is cut off leaves the file whole. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from '../../src/store/health-port.ts';
import { sumsOf } from '../../src/operations/copying.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { migrations, pragmaNumber } from '../../src/store/sqlite/schema.ts';
import { AUDIT_HASH, AUDIT_TEXT, digestOfStep, HARBOUR, MADE, makeReleasedStore, schemaOf, VERSIONS } from '../support/released-stores.ts';
import { count, findIds, newRecord } from './store-fixture.ts';

const quiet = { info: () => undefined, warn: () => undefined };

let dataDir: string;
let file: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'portolan-upgrade-'));
  file = join(dataDir, 'portolan.db');
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

it('steps that have been released are what they were', () => {
  expect(migrations.map(digestOfStep)).toEqual([
    'fbca0ab87ef85319956406d76935e1e4efc98d93f0b685404ebed986b1582392',
    '5cf2a0dc8b5c95a27cbb007ab9771c161ec1c1fdfe8aae122fb5cd54b16a67a0',
    '4834dd131638ca718025418c92a892e9695a72a566c58481fd1d80c73fb119e2',
    '3a624b6174c7078392df92df69bbe5de40c4b7f85a0ed96f4a0fe3353185d722',
  ]);
  expect(VERSIONS.length).toBe(migrations.length);
});

describe.each(VERSIONS)('a file of schema version %d', (version) => {
  let store: Store;
  beforeEach(async () => {
    makeReleasedStore(file, version);
    store = await openSqliteStore({ dataDir, log: quiet });
  });
  afterEach(() => store.close());

  it('opens with its record as it was, found by all that is known of it', async () => {
    const stored = await store.get('harbour');
    const access = version >= 3 ? { owner: 'ann', visibility: 'private', shared_with: [{ with: 'group:ops', may: 'pull' }] } : { owner: null, visibility: 'internal', shared_with: [] };
    expect(stored).toMatchObject({ text: HARBOUR, meta: { created_at: MADE, updated_at: MADE, revision: 3, ...access } });
    expect(stored?.health).toMatchObject(version >= 2 ? { status: 'down', cause: 'refused', vantages: { palma: { status: 'down' } } } : { status: 'unknown', cause: 'never_probed', since: null, vantages: {} });
    const filters = [{ container_registry_tags: 'oldest' }, { 'container_registry_metadata.open': true }, { 'health.status': stored?.health.status ?? '' }, { 'health.cause': stored?.health.cause ?? '' }, { 'meta.visibility': stored?.meta.visibility ?? '' }, { 'meta.revision': 3 }];
    for (const filter of filters) expect([filter, await findIds(store, filter)]).toEqual([filter, ['harbour']]);
    expect([await count(store, {}), await store.countOwned('ann')]).toEqual([1, version >= 3 ? 1 : 0]);
  });

  it('opens with its past and its schedule', async () => {
    const key = { id: 'harbour', vantage: 'palma' };
    const watches = await store.health.watchesOf(['harbour']);
    expect(watches).toEqual(version < 2 ? [] : [{ ...key, dueAtMs: expect.any(Number), staleAtMs: expect.any(Number), intervalMs: 30_000, state: '{"last":2}', tail: bytes(3, 0), totals: bytes(4, 255) }]);
    if (version < 2) return;
    expect(await store.health.hours(key, 0, 500_000)).toEqual([{ hour: 491_640, results: bytes(5) }]);
    expect(await store.health.days(key, 0, 30_000)).toEqual([{ day: 20_485, figures: bytes(6, 7) }]);
    expect(await store.health.events('harbour', { beforeMs: Number.MAX_SAFE_INTEGER, limit: 9 })).toMatchObject([{ ...key, from: 'up', to: 'down', cause: 'refused', evidence: '{"last":null}' }]);
    expect(await store.health.vantages(0)).toEqual(['palma']);
  });

  it('opens with its users and its audit, which goes on', async () => {
    const users = await store.entries.list('user', { afterKey: null, limit: 9 });
    expect(users).toEqual(version < 4 ? [] : [{ kind: 'user', key: 'ann', owner: null, expiresAtMs: null, revision: 2, text: '{"role":"publisher"}' }]);
    const told = await store.audit.read({ order: 'oldest_first', afterSeq: null, limit: 9 });
    expect(told).toEqual(version < 4 ? [] : [{ seq: 1, previous: '0'.repeat(64), hash: AUDIT_HASH, text: AUDIT_TEXT }]);
  });

  it('can be written to and copied afterwards, and has the schema of a new file', async () => {
    await store.insert(newRecord('new'));
    expect(await findIds(store, { 'meta.visibility': { $in: ['internal', 'private'] } })).toEqual(['harbour', 'new']);
    const { records, watches, entries, audit } = await sumsOf(store.copy, 'reading', () => undefined);
    expect([records.rows, watches.rows, entries.rows, audit.rows]).toEqual([2, version >= 2 ? 1 : 0, version >= 4 ? 2 : 0, version >= 4 ? 1 : 0]);
    const fresh = new DatabaseSync(':memory:');
    for (const step of migrations) fresh.exec(step);
    const db = new DatabaseSync(file, { readOnly: true });
    expect(schemaOf(db)).toEqual(schemaOf(fresh));
    for (const each of [db, fresh]) each.close();
  });
});

describe('kill -9 while a file is being upgraded', () => {
  const RECORDS = 40_000;
  const main = resolve(import.meta.dirname, '../support/store-process-main.ts');

  /** Opens the store in a process of its own, which is killed so long after it has begun to write. @returns whether it had opened the store by then */
  async function openAndKill(afterMs: number): Promise<boolean> {
    const child = spawn(process.execPath, [main, dataDir], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { PATH: process.env['PATH'] } });
    let isOpen = false;
    child.on('message', () => (isOpen = true));
    const ended = new Promise((done) => child.once('exit', done));
    while (!existsSync(`${file}-wal`) && child.exitCode === null) await delay(1);
    await delay(afterMs);
    child.kill('SIGKILL');
    await ended;
    return isOpen;
  }

  it('leaves a whole schema, old or new, and the next start goes on from there', async () => {
    makeReleasedStore(file, 1, (db) => {
      db.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${RECORDS}) INSERT INTO records SELECT 'r' || i, replace(doc, '"harbour"', '"r' || i || '"'), ends, revision, created_at, updated_at, health FROM n, records WHERE id = 'harbour'`);
      db.exec("INSERT INTO terms SELECT terms.path_id, terms.value, records.id FROM terms, records WHERE terms.id = 'harbour' AND records.id <> 'harbour' AND path_id IN (SELECT path_id FROM paths WHERE path IN ('container_registry_name', 'health.status', 'meta.revision'))");
    });
    const seen = new Set<number>();
    let kills = 0;
    for (let afterMs = 0; !(await openAndKill(afterMs)); afterMs += 40) {
      kills += 1;
      const db = new DatabaseSync(file);
      const version = pragmaNumber(db, 'user_version');
      const whole = new DatabaseSync(':memory:');
      for (const step of migrations.slice(0, version)) whole.exec(step);
      expect([version, schemaOf(db)]).toEqual([version, schemaOf(whole)]);
      expect(db.prepare('PRAGMA quick_check').get()?.['quick_check']).toBe('ok');
      const half = version >= 2 ? "SELECT count(*) AS n FROM records WHERE health NOT LIKE '%never_probed%'" : "SELECT count(*) AS n FROM records WHERE health LIKE '%never_probed%'";
      expect([version, db.prepare(half).get()?.['n']]).toEqual([version, 0]);
      seen.add(version);
      for (const each of [db, whole]) each.close();
      // Closing the last connection has removed the log; the next process makes one when it begins.
      expect(existsSync(`${file}-wal`)).toBe(false);
    }
    expect([kills > 0, seen.has(1)]).toEqual([true, true]);
    const store = await openSqliteStore({ dataDir, log: quiet });
    expect(await count(store, { 'health.cause': 'never_probed', 'meta.visibility': 'internal' })).toBe(RECORDS + 1);
    await store.close();
  }, 120_000);
});
