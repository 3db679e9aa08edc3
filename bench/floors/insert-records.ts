import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { JsonObject } from '../../src/core/json.ts';
import { limits } from '../../src/core/limits.ts';
import { composeText, ROW_COLUMNS } from '../../src/store/sqlite/row.ts';
import { FILE_NAME } from '../../src/store/sqlite/store-file.ts';
import { termsOf } from '../../src/store/sqlite/terms.ts';
import { newRecordAt } from '../records.ts';
import { answerParent } from '../harness/parent.ts';

export interface InsertOrder {
  readonly dataDir: string;
  readonly firstIndex: number;
  readonly records: number;
}

/** What one record puts into the tables, worked out before the clock starts. */
interface Rows {
  readonly record: readonly SQLInputValue[];
  readonly terms: readonly (readonly [path: string, value: SQLInputValue])[];
}

/** The least that has to be done to store records durably, one commit for each: the store's statements and nothing around them. */
async function insertRecords({ dataDir, firstIndex, records }: InsertOrder): Promise<number> {
  const rows = Array.from({ length: records }, (_, offset) => rowsAt(firstIndex + offset));
  const db = new DatabaseSync(join(dataDir, FILE_NAME));
  // As in the store's own connection.
  db.exec(`PRAGMA cache_size = -${limits.sqliteCacheKib}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${limits.walCheckpointPages}`);
  const pathIds = new Map(db.prepare('SELECT path, path_id FROM paths').all().map(({ path, path_id: pathId }) => [path, pathId]));
  const insertRecord = db.prepare(`INSERT INTO records (${ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`);
  const insertTerm = db.prepare('INSERT OR IGNORE INTO terms (path_id, value, id) VALUES (?, ?, ?)');
  const startedMs = performance.now();
  for (const { record, terms } of rows) {
    db.exec('BEGIN IMMEDIATE');
    insertRecord.run(...record);
    insertTerms(insertTerm, record[0] ?? null, terms, pathIds);
    db.exec('COMMIT');
  }
  const elapsedMs = performance.now() - startedMs;
  db.close();
  return elapsedMs;
}

function insertTerms(statement: StatementSync, id: SQLInputValue, terms: Rows['terms'], pathIds: ReadonlyMap<SQLInputValue | undefined, SQLInputValue | undefined>): void {
  for (const [path, value] of terms) {
    const pathId = pathIds.get(path);
    if (pathId === undefined) throw new Error(`The store has no number for the path ${path}.`);
    statement.run(pathId, value, id);
  }
}

function rowsAt(index: number): Rows {
  const { record, meta, health } = newRecordAt(index);
  const { doc, ends } = composeText(record);
  const terms = termsOf({ ...(record as unknown as JsonObject), health: { ...health }, meta: { ...meta } }) ?? [];
  return {
    record: [record.container_registry_id, doc, ends, meta.revision, meta.created_at, meta.updated_at, JSON.stringify(health)],
    terms: terms.map(({ path, value }) => [path, value]),
  };
}

answerParent(insertRecords);
