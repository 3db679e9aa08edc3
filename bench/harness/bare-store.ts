import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { viewOfHealth } from '../../src/core/health-summary.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { limits } from '../../src/core/limits.ts';
import { pause } from '../../src/health/verdict.ts';
import { initialState } from '../../src/health/watch-state.ts';
import type { NewRecord } from '../../src/store/port.ts';
import { composeText, ROW_COLUMNS } from '../../src/store/sqlite/row.ts';
import { FILE_NAME } from '../../src/store/sqlite/store-file.ts';
import { termsOf } from '../../src/store/sqlite/terms.ts';
import { viewOfMeta } from '../../src/store/stored-record.ts';
import { VANTAGE } from '../records.ts';

/** Memory instead of durability: should the machine go down, there is nothing here to lose. */
export const MEMORY_FIRST = 'PRAGMA cache_size = -1000000; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF';

/** As durable as the store's own connection, and with as much memory. */
export const SERVICE_PRAGMAS = `PRAGMA cache_size = -${limits.sqliteCacheKib}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${limits.walCheckpointPages}`;

/** What one record puts into the tables of the store's file. */
export interface Rows {
  readonly record: readonly SQLInputValue[];
  readonly terms: readonly (readonly [path: string, value: SQLInputValue])[];
}

export function rowsOf({ record, meta, health }: NewRecord): Rows {
  const { doc, ends } = composeText(record);
  const terms = termsOf({ ...(record as unknown as JsonObject), health: viewOfHealth(health), meta: viewOfMeta(meta) }) ?? [];
  return {
    record: [record.container_registry_id, doc, ends, meta.revision, meta.created_at, meta.updated_at, JSON.stringify(health), meta.owner, meta.visibility, JSON.stringify(meta.shared_with)],
    terms: terms.map(({ path, value }) => [path, value]),
  };
}

export interface BareStore {
  readonly db: DatabaseSync;
  insert(rows: Rows): void;
  /** The watch of a record that asks not to be probed, once that has been found out. */
  insertPaused(id: string): void;
}

/** The store's file without the store: its statements, and nothing around them. */
export function openBareStore(dataDir: string, pragmas: string): BareStore {
  const db = new DatabaseSync(join(dataDir, FILE_NAME));
  db.exec(pragmas);
  const insertRecord = db.prepare(`INSERT INTO records (${ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`);
  const insertTerm = db.prepare('INSERT OR IGNORE INTO terms (path_id, value, id) VALUES (?, ?, ?)');
  const insertPath = db.prepare('INSERT INTO paths (path) VALUES (?) RETURNING path_id');
  const insertWatch = db.prepare('INSERT INTO watches (id, vantage) VALUES (?, ?) RETURNING watch_id');
  const insertState = db.prepare("INSERT INTO watch_states (watch_id, due_at_ms, stale_at_ms, interval_ms, state, tail, totals) VALUES (?, NULL, NULL, 0, ?, x'', x'')");
  const paused = JSON.stringify(pause(initialState(0), 0).state);
  const pathIds = new Map(db.prepare('SELECT path, path_id FROM paths').all().map(({ path, path_id: pathId }) => [path, pathId]));
  const numberOf = (path: string): SQLInputValue => {
    const known = pathIds.get(path) ?? insertPath.get(path)?.['path_id'] ?? null;
    pathIds.set(path, known);
    return known;
  };
  return {
    db,
    insert({ record, terms }) {
      insertRecord.run(...record);
      for (const [path, value] of terms) insertTerm.run(numberOf(path), value, record[0] ?? null);
    },
    insertPaused(id) {
      insertState.run(insertWatch.get(id, VANTAGE)?.['watch_id'] ?? null, paused);
    },
  };
}
