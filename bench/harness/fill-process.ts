import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { createLog } from '../../src/telemetry/logs.ts';
import { newRecordAt } from '../records.ts';
import { answerParent } from './parent.ts';

export interface FillOrder {
  readonly dataDir: string;
  readonly records: number;
}

/** Insertions that are under way together: the store may put them into one transaction. */
const TOGETHER = 500;

/** Fills a store through its adapter; over HTTP it would take minutes. Answers with the number of records. */
async function fill({ dataDir, records }: FillOrder): Promise<number> {
  const store = await openSqliteStore({ dataDir, log: createLog({ level: 'warn', format: 'json', fd: 2 }) });
  try {
    for (let first = 0; first < records; first += TOGETHER) {
      const indexes = Array.from({ length: Math.min(TOGETHER, records - first) }, (_, offset) => first + offset);
      await Promise.all(indexes.map((index) => store.insert(newRecordAt(index))));
    }
  } finally {
    await store.close();
  }
  return records;
}

answerParent(fill);
