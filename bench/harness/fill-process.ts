import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { createLog } from '../../src/telemetry/logs.ts';
import { newRecordAt } from '../records.ts';
import { openBareStore, rowsOf } from './bare-store.ts';
import { answerParent } from './parent.ts';

export interface FillOrder {
  readonly dataDir: string;
  readonly records: number;
}

/** Memory instead of durability: should the machine go down, there is nothing here to lose. */
const PRAGMAS = 'PRAGMA cache_size = -1000000; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF';

/**
 * Fills a store. The adapter makes the file; the rows are those that it would write, in the order of time, so that the file
 * looks as if it had grown by requests, which would take minutes.
 */
async function fill({ dataDir, records }: FillOrder): Promise<number> {
  const store = await openSqliteStore({ dataDir, log: createLog({ level: 'warn', format: 'json', fd: 2 }) });
  await store.close();
  const bare = openBareStore(dataDir, PRAGMAS);
  bare.db.exec('BEGIN IMMEDIATE');
  for (let index = 0; index < records; index++) bare.insert(rowsOf(newRecordAt(index)));
  bare.db.exec('COMMIT');
  bare.db.close();
  return records;
}

answerParent(fill);
