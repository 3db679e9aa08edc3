import { openBareStore, rowsOf, SERVICE_PRAGMAS } from '../harness/bare-store.ts';
import { answerParent } from '../harness/parent.ts';
import { newRecordAt } from '../records.ts';

export interface InsertOrder {
  readonly dataDir: string;
  readonly firstIndex: number;
  readonly records: number;
}

/** Stores records with one commit for each, and tells how many milliseconds that took. What is stored is worked out before the clock starts. */
async function insertRecords({ dataDir, firstIndex, records }: InsertOrder): Promise<number> {
  const rows = Array.from({ length: records }, (_, offset) => rowsOf(newRecordAt(firstIndex + offset)));
  const store = openBareStore(dataDir, SERVICE_PRAGMAS);
  const startedMs = performance.now();
  for (const row of rows) {
    store.db.exec('BEGIN IMMEDIATE');
    store.insert(row);
    store.db.exec('COMMIT');
  }
  const elapsedMs = performance.now() - startedMs;
  store.db.close();
  return elapsedMs;
}

answerParent(insertRecords);
