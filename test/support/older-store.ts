import { DatabaseSync } from 'node:sqlite';

const FIRST_TABLES = ['records', 'paths', 'terms'];
const HEALTH_TABLES = ['watches', 'watch_states', 'hours', 'days', 'events', 'vantages'];

/** Makes the file of a closed store one that has been through the first so many steps of the schema only. */
export function takeBackTo(step: 1 | 2, file: string): void {
  const db = new DatabaseSync(file);
  const kept = step === 1 ? FIRST_TABLES : [...FIRST_TABLES, ...HEALTH_TABLES];
  for (const { name } of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all()) {
    if (!kept.includes(String(name))) db.exec(`DROP TABLE ${String(name)}`);
  }
  for (const column of ['owner', 'visibility', 'shared_with']) db.exec(`ALTER TABLE records DROP COLUMN ${column}`);
  forget(db, "path IN ('meta.owner', 'meta.visibility') OR path LIKE 'meta.shared_with.%'");
  if (step === 1) {
    db.exec(`UPDATE records SET health = '{"status":"unknown"}'`);
    forget(db, "path LIKE 'health.%' AND path <> 'health.status'");
  }
  db.exec(`PRAGMA user_version = ${step}`);
  db.close();
}

function forget(db: DatabaseSync, paths: string): void {
  db.exec(`DELETE FROM terms WHERE path_id IN (SELECT path_id FROM paths WHERE ${paths})`);
  db.exec(`DELETE FROM paths WHERE ${paths}`);
}
