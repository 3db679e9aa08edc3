import type { DatabaseSync } from 'node:sqlite';
import { StartError } from '../../core/errors.ts';

/** Says in the file's header that it is Portolan's: `PTLN` in ASCII. @see https://www.sqlite.org/pragma.html#pragma_application_id */
export const APPLICATION_ID = 0x50544c4e;

/**
 * Larger than SQLite's own choice, so that a record of up to two kilobytes lies among its neighbours and needs no page of its own. Set
 * once, when a file is made. @see https://www.sqlite.org/fileformat2.html#b_tree_pages
 */
export const PAGE_BYTES = 8_192;

/**
 * Every step that the schema has taken, oldest first; `user_version` counts how many of them a file has been through. A step that
 * has been released never changes again; what is to change becomes a new step at the end.
 *
 * `records` lies in the order of ids, in which it is read: that halves the time of reading everything, and costs inserts a quarter.
 * `terms` is the index: one row for each scalar leaf of a record's view (see `terms.ts`). Its column `value` has no type of its
 * own, so that numbers, texts and booleans (blobs of one byte) keep theirs, and SQLite's order between types keeps them apart.
 *
 * Records of before the second step were never probed, and said no more of their health than that it is unknown. Those of before the
 * third belong to nobody and are open to every principal.
 *
 * `watch_states` is a log: each result adds a row at its end, the last one of a watch counts, and old ones are removed at the
 * beginning (see `health/watch-log.ts`). Changing rows in place, each on a page of its own, costs three times as much. `hours` and
 * `days` lie in the order of time, too: written at the end and pruned from the beginning. So does `audit`; every index of it ends
 * with `seq`, and times need none (see `access/audit-search.ts`).
 */
export const migrations: readonly string[] = [
  `CREATE TABLE records (
     id TEXT NOT NULL PRIMARY KEY,
     doc TEXT NOT NULL,
     ends TEXT NOT NULL,
     revision INTEGER NOT NULL,
     created_at TEXT NOT NULL,
     updated_at TEXT NOT NULL,
     health TEXT NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE paths (
     path_id INTEGER PRIMARY KEY,
     path TEXT NOT NULL UNIQUE
   );
   CREATE TABLE terms (
     path_id INTEGER NOT NULL,
     value NOT NULL,
     id TEXT NOT NULL,
     PRIMARY KEY (path_id, value, id)
   ) WITHOUT ROWID;`,
  `CREATE TABLE watches (
     watch_id INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL,
     vantage TEXT NOT NULL,
     UNIQUE (id, vantage)
   );
   CREATE TABLE watch_states (
     version INTEGER PRIMARY KEY,
     watch_id INTEGER NOT NULL,
     due_at_ms INTEGER,
     stale_at_ms INTEGER,
     interval_ms INTEGER NOT NULL,
     state TEXT NOT NULL,
     tail BLOB NOT NULL,
     totals BLOB NOT NULL
   );
   CREATE TABLE hours (
     hour INTEGER NOT NULL,
     id TEXT NOT NULL,
     vantage TEXT NOT NULL,
     results BLOB NOT NULL,
     PRIMARY KEY (hour, id, vantage)
   ) WITHOUT ROWID;
   CREATE TABLE days (
     day INTEGER NOT NULL,
     id TEXT NOT NULL,
     vantage TEXT NOT NULL,
     figures BLOB NOT NULL,
     PRIMARY KEY (day, id, vantage)
   ) WITHOUT ROWID;
   CREATE TABLE events (
     id TEXT NOT NULL,
     at_ms INTEGER NOT NULL,
     vantage TEXT NOT NULL,
     from_verdict TEXT NOT NULL,
     to_verdict TEXT NOT NULL,
     cause TEXT NOT NULL,
     evidence TEXT NOT NULL,
     PRIMARY KEY (id, at_ms, vantage)
   ) WITHOUT ROWID;
   CREATE INDEX events_at ON events (at_ms);
   CREATE TABLE vantages (
     vantage TEXT NOT NULL PRIMARY KEY,
     seen_at_ms INTEGER NOT NULL
   ) WITHOUT ROWID;
   UPDATE records SET health = '{"status":"unknown","cause":"never_probed","since":null,"vantages":{}}';
   INSERT OR IGNORE INTO paths (path) SELECT 'health.cause' WHERE EXISTS (SELECT 1 FROM records);
   INSERT OR IGNORE INTO terms (path_id, value, id)
     SELECT path_id, 'never_probed', records.id FROM paths CROSS JOIN records
     WHERE path = 'health.cause' AND records.id NOT IN (SELECT id FROM terms WHERE path_id = 0);`,
  `ALTER TABLE records ADD COLUMN owner TEXT;
   ALTER TABLE records ADD COLUMN visibility TEXT NOT NULL DEFAULT 'internal';
   ALTER TABLE records ADD COLUMN shared_with TEXT NOT NULL DEFAULT '[]';
   INSERT OR IGNORE INTO paths (path) SELECT 'meta.visibility' WHERE EXISTS (SELECT 1 FROM records);
   INSERT OR IGNORE INTO terms (path_id, value, id)
     SELECT path_id, 'internal', records.id FROM paths CROSS JOIN records
     WHERE path = 'meta.visibility' AND records.id NOT IN (SELECT id FROM terms WHERE path_id = 0);`,
  `CREATE TABLE entries (
     kind TEXT NOT NULL,
     key TEXT NOT NULL,
     owner TEXT,
     expires_at_ms INTEGER,
     revision INTEGER NOT NULL,
     text TEXT NOT NULL,
     PRIMARY KEY (kind, key)
   ) WITHOUT ROWID;
   CREATE INDEX entries_owner ON entries (kind, owner) WHERE owner IS NOT NULL;
   CREATE INDEX entries_expiry ON entries (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
   CREATE TABLE audit (
     seq INTEGER PRIMARY KEY,
     previous BLOB NOT NULL,
     hash BLOB NOT NULL,
     at_ms INTEGER NOT NULL,
     latest_ms INTEGER NOT NULL,
     late_ms INTEGER,
     user TEXT,
     record TEXT,
     action TEXT NOT NULL,
     text TEXT NOT NULL
   );
   CREATE INDEX audit_user ON audit (user, action) WHERE user IS NOT NULL;
   CREATE INDEX audit_record ON audit (record) WHERE record IS NOT NULL;
   CREATE INDEX audit_action ON audit (action);
   CREATE INDEX audit_late ON audit (late_ms) WHERE late_ms IS NOT NULL;`,
];

/**
 * Takes the steps that the file lacks, each in a transaction of its own, so that a crash leaves a whole schema behind.
 * @throws {StartError} when the file is of a newer Portolan, whose schema this one does not know
 */
export function migrate(db: DatabaseSync, file: string, steps: readonly string[] = migrations): void {
  const version = pragmaNumber(db, 'user_version');
  if (version > steps.length) {
    throw new StartError(
      `${file} has the schema version ${version}, and this Portolan knows only versions up to ${steps.length}. Start the newer Portolan that wrote it, or restore a backup from before the upgrade.`,
    );
  }
  for (const [index, step] of steps.entries()) {
    if (index < version) continue;
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(step);
      db.exec(`PRAGMA user_version = ${index + 1}`);
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

export function pragmaNumber(db: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}
