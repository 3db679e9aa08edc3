import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { createLog } from '../../src/telemetry/logs.ts';
import { pausedRecordAt } from '../records.ts';
import { MEMORY_FIRST, openBareStore, rowsOf } from './bare-store.ts';
import { answerParent } from './parent.ts';

export interface FillOrder {
  readonly dataDir: string;
  readonly records: number;
}

/**
 * Fills a store. The adapter makes the file; the rows are those that it would write, in the order of time, so that the file
 * looks as if it had grown by requests, which would take minutes.
 */
async function fill({ dataDir, records }: FillOrder): Promise<number> {
  const store = await openSqliteStore({ dataDir, log: createLog({ level: 'warn', format: 'json', fd: 2 }) });
  await store.close();
  const bare = openBareStore(dataDir, MEMORY_FIRST);
  bare.db.exec('BEGIN IMMEDIATE');
  for (let index = 0; index < records; index++) {
    const record = pausedRecordAt(index);
    bare.insert(rowsOf(record));
    bare.insertPaused(record.record.container_registry_id);
  }
  bare.db.exec('COMMIT');
  bare.db.close();
  return records;
}

answerParent(fill);
