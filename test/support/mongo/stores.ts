import { randomUUID } from 'node:crypto';
import { MongoClient, type Collection, type Document } from 'mongodb';
import type { Clock } from '../../../src/core/clock.ts';
import { openMongoStore } from '../../../src/store/mongodb/open.ts';
import type { RecordStore } from '../../../src/store/port.ts';

/** A log that remembers. */
export interface RememberedLog {
  readonly lines: { readonly level: 'info' | 'warn'; readonly message: string; readonly fields: Readonly<Record<string, unknown>> | undefined }[];
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export function rememberingLog(): RememberedLog {
  const lines: RememberedLog['lines'] = [];
  return {
    lines,
    info: (message, fields) => lines.push({ level: 'info', message, fields }),
    warn: (message, fields) => lines.push({ level: 'warn', message, fields }),
  };
}

export interface MongoFixture {
  readonly database: string;
  /** The collection as a foreign program sees it. */
  readonly documents: Collection;
  readonly store: RecordStore;
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

/** Waits until `condition` holds, looking every 50 ms; fails after `timeoutMs`. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`not so within ${timeoutMs} ms: ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
