import { randomUUID } from 'node:crypto';
import { MongoClient, type Collection, type Document } from 'mongodb';
import type { Clock } from '../../../src/core/clock.ts';
import { openMongoStore } from '../../../src/store/mongodb/open.ts';
import type { Store } from '../../../src/store/health-port.ts';
import { rememberingLog, type RememberedLog } from '../remembering-log.ts';
import { until } from '../until.ts';

export { rememberingLog, until };

export interface MongoFixture {
  readonly database: string;
  /** The collection as a foreign program sees it. */
  readonly documents: Collection;
  readonly store: Store;
  readonly log: RememberedLog;
  /** Resolves when the store has checked indexes and ids: from then on it narrows candidates. */
  checked(): Promise<void>;
  /** Drops the database and closes everything. */
  close(): Promise<void>;
}

/** A store over a database of its own, in which `documents` stand already. */
export async function openFixture(url: string, documents: readonly Document[] = [], clock?: Clock): Promise<MongoFixture> {
  const database = `portolan-test-${randomUUID()}`;
  const client = new MongoClient(url);
  const collection = client.db(database).collection('container_registry');
  if (documents.length > 0) await collection.insertMany([...documents]);
  const log = rememberingLog();
  const store = await openMongoStore({ url, database, log, ...(clock === undefined ? {} : { clock }) });
  return {
    database,
    documents: collection,
    store,
    log,
    checked: () => until(() => log.lines.some(({ message }) => message.includes('were checked'))),
    async close() {
      await store.close();
      await client.db(database).dropDatabase();
      await client.close();
    },
  };
}
