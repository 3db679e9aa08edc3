/**
 * Files of the embedded store as each version of the schema left them: built by the steps of that version, and filled by the SQL that it wrote
 * with. Whoever adds a step adds what is written from then on.
 */
import { createHash } from 'node:crypto';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { APPLICATION_ID, migrations, PAGE_BYTES } from '../../src/store/sqlite/schema.ts';

export const HARBOUR =
  '{"container_registry_id":"harbour","container_registry_name":"Old harbour","container_registry_metadata":{"site":"Palma","berths":12,"open":true},"container_registry_tags":["edge","oldest"],"container_registry_public_url":"http://127.0.0.1:5000","container_registry_image_prefix":"127.0.0.1:5000","container_registry_config":{},"container_registry_storage_info":{"storage_type":"fs","storage_size":-1,"memory_size":8192,"registry_type":"aios"}}';
const ENDS = '0000y0002200041000590006t0008800093000cb';

export const MADE = '2026-01-02T03:04:05.678Z';
const SINCE = '2026-02-01T00:00:00.000Z';
const AT_MS = Date.parse(SINCE);

/** Hash of the audit's first entry, over its text. */
export const AUDIT_TEXT =
  '{"at":"2026-04-01T00:00:00.000Z","who":"user:ann","user":"ann","from":"192.0.2.1","request_id":"r-1","action":"record:share","record":"harbour","target":null,"changes":[{"path":"visibility","before":"internal","after":"private"}],"outcome":"done","code":null}';
export const AUDIT_HASH = '2ccb05391a93a3d95d011e119e36820e1f3e32d79f23bed15a60495681d221c8';

type Terms = Readonly<Record<string, readonly SQLInputValue[]>>;

const recordTerms: Terms = {
  container_registry_name: ['Old harbour'],
  'container_registry_metadata.site': ['Palma'],
  'container_registry_metadata.berths': [12],
  'container_registry_metadata.open': [new Uint8Array([1])],
  container_registry_tags: ['edge', 'oldest'],
  container_registry_public_url: ['http://127.0.0.1:5000'],
  container_registry_image_prefix: ['127.0.0.1:5000'],
  'container_registry_storage_info.storage_type': ['fs'],
  'container_registry_storage_info.storage_size': [-1],
  'container_registry_storage_info.memory_size': [8192],
  'container_registry_storage_info.registry_type': ['aios'],
  'meta.created_at': [MADE],
  'meta.updated_at': [MADE],
  'meta.revision': [3],
};
const healthTerms: Terms = {
  'health.status': ['down'],
  'health.cause': ['refused'],
  'health.since': [SINCE],
  'health.vantages.palma.status': ['down'],
  'health.vantages.palma.cause': ['refused'],
  'health.vantages.palma.since': [SINCE],
};
const accessTerms: Terms = { 'meta.owner': ['ann'], 'meta.visibility': ['private'], 'meta.shared_with.with': ['group:ops'], 'meta.shared_with.may': ['pull'] };

function writeTerms(db: DatabaseSync, terms: Terms): void {
  for (const [path, values] of Object.entries(terms)) {
    const { lastInsertRowid } = db.prepare('INSERT INTO paths (path) VALUES (?)').run(path);
    for (const value of values) db.prepare('INSERT INTO terms (path_id, value, id) VALUES (?, ?, ?)').run(lastInsertRowid, value, 'harbour');
  }
}

const HEALTH = JSON.stringify({ status: 'down', cause: 'refused', since: SINCE, vantages: { palma: { status: 'down', cause: 'refused', since: SINCE } } });

function writeHealth(db: DatabaseSync): void {
  db.exec("INSERT INTO watches (id, vantage) VALUES ('harbour', 'palma')");
  const state = db.prepare('INSERT INTO watch_states (watch_id, due_at_ms, stale_at_ms, interval_ms, state, tail, totals) VALUES (1, ?, ?, 30000, ?, ?, ?)');
  state.run(AT_MS + 1_000, AT_MS + 90_000, '{"old":1}', new Uint8Array([1]), new Uint8Array([2]));
  state.run(AT_MS + 31_000, AT_MS + 121_000, '{"last":2}', new Uint8Array([3, 0]), new Uint8Array([4, 255]));
  db.prepare("INSERT INTO hours (hour, id, vantage, results) VALUES (491640, 'harbour', 'palma', ?)").run(new Uint8Array([5]));
  db.prepare("INSERT INTO days (day, id, vantage, figures) VALUES (20485, 'harbour', 'palma', ?)").run(new Uint8Array([6, 7]));
  db.prepare("INSERT INTO events (id, at_ms, vantage, from_verdict, to_verdict, cause, evidence) VALUES ('harbour', ?, 'palma', 'up', 'down', 'refused', '{\"last\":null}')").run(AT_MS);
  db.prepare("INSERT INTO vantages (vantage, seen_at_ms) VALUES ('palma', ?)").run(AT_MS);
}

function writeEntries(db: DatabaseSync): void {
  const entry = db.prepare('INSERT INTO entries (kind, key, owner, expires_at_ms, revision, text) VALUES (?, ?, ?, ?, ?, ?)');
  entry.run('user', 'ann', null, null, 2, '{"role":"publisher"}');
  entry.run('token', 't1', 'ann', AT_MS, 1, '{"name":"ci"}');
  db.prepare("INSERT INTO audit (seq, previous, hash, at_ms, latest_ms, late_ms, user, record, action, text) VALUES (1, ?, ?, ?, ?, NULL, 'ann', 'harbour', 'record:share', ?)")
    .run(Buffer.alloc(32), Buffer.from(AUDIT_HASH, 'hex'), Date.parse('2026-04-01T00:00:00.000Z'), Date.parse('2026-04-01T00:00:00.000Z'), AUDIT_TEXT);
}

const FIRST_COLUMNS = 'INSERT INTO records (id, doc, ends, revision, created_at, updated_at, health) VALUES (?, ?, ?, 3, ?, ?, ?)';
const ACCESS_COLUMNS =
  'INSERT INTO records (id, doc, ends, revision, created_at, updated_at, health, owner, visibility, shared_with) VALUES (?, ?, ?, 3, ?, ?, ?, \'ann\', \'private\', \'[{"with":"group:ops","may":"pull"}]\')';

/** What each version wrote, the first one first. */
const writings: readonly ((db: DatabaseSync) => void)[] = [
  (db) => {
    db.prepare(FIRST_COLUMNS).run('harbour', HARBOUR, ENDS, MADE, MADE, '{"status":"unknown"}');
    writeTerms(db, { ...recordTerms, 'health.status': ['unknown'] });
  },
  (db) => {
    db.prepare(FIRST_COLUMNS).run('harbour', HARBOUR, ENDS, MADE, MADE, HEALTH);
    writeTerms(db, { ...recordTerms, ...healthTerms });
    writeHealth(db);
  },
  (db) => {
    db.prepare(ACCESS_COLUMNS).run('harbour', HARBOUR, ENDS, MADE, MADE, HEALTH);
    writeTerms(db, { ...recordTerms, ...healthTerms, ...accessTerms });
    writeHealth(db);
  },
  (db) => {
    db.prepare(ACCESS_COLUMNS).run('harbour', HARBOUR, ENDS, MADE, MADE, HEALTH);
    writeTerms(db, { ...recordTerms, ...healthTerms, ...accessTerms });
    writeHealth(db);
    writeEntries(db);
  },
];

export const VERSIONS = writings.map((_write, index) => index + 1);

/** Makes the file of a store of this version. @param fillMore writes more than the one record */
export function makeReleasedStore(file: string, version: number, fillMore?: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(file);
  try {
    db.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA application_id = ${APPLICATION_ID}`);
    for (const step of migrations.slice(0, version)) db.exec(step);
    db.exec(`PRAGMA user_version = ${version}; BEGIN`);
    writings[version - 1]?.(db);
    fillMore?.(db);
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}

/** A step by what it does, however its text is broken into lines. */
export const digestOfStep = (step: string): string => createHash('sha256').update(step.replace(/\s+/g, ' ')).digest('hex');

/** The schema of a file, as SQLite has noted it. */
export function schemaOf(db: DatabaseSync): readonly string[] {
  return db.prepare("SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY 1").all().map(({ line }) => String(line));
}
