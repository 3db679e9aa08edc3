import { openBareStore, rowsOf, SERVICE_PRAGMAS } from '../harness/bare-store.ts';
import { answerParent } from '../harness/parent.ts';
import { newRecordAt } from '../records.ts';

export interface BulkOrder {
  readonly dataDir: string;
  readonly firstIndex: number;
  readonly records: number;
}

/** As many as people put into one transaction who write a loop around their inserts. */
const TOGETHER = 1_000;

/** Stores records and their index in large transactions, and tells how many milliseconds that took. What is stored is worked out while the clock stands. */
async function insertMany({ dataDir, firstIndex, records }: BulkOrder): Promise<number> {
  const store = openBareStore(dataDir, SERVICE_PRAGMAS);
  let elapsedMs = 0;
  for (let done = 0; done < records; done += TOGETHER) {
    const rows = Array.from({ length: Math.min(TOGETHER, records - done) }, (_, offset) => rowsOf(newRecordAt(firstIndex + done + offset)));
    const startedMs = performance.now();
    store.db.exec('BEGIN IMMEDIATE');
    for (const row of rows) store.insert(row);
    store.db.exec('COMMIT');
    elapsedMs += performance.now() - startedMs;
  }
  store.db.close();
  return elapsedMs;
}

answerParent(insertMany);
