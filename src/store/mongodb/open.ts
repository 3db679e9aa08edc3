import type { Collection } from 'mongodb';
import { systemClock, type Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import type { Store } from '../health-port.ts';
import { openConnection, type StoreLog } from './connection.ts';
import type { CatalogDocument } from './document.ts';
import { countRecords, findRecords, readAllText, type Searches } from './find.ts';
import { ensureHealthIndexes, healthCollectionsOf } from './health/collections.ts';
import { createMongoHealthStore } from './health/health-store.ts';
import { ensureIndexes, findDuplicateIds, RECORD_INDEXES } from './indexes.ts';
import { deleteRecord, getRecord, insertRecord, replaceRecord } from './records.ts';

export interface MongoStoreOptions {
  /** `mongodb://…` or `mongodb+srv://…`; may hold a password and is never logged. */
  readonly url: string;
  readonly database?: string;
  readonly collection?: string;
  readonly log: StoreLog;
  readonly clock?: Clock;
}

/**
 * The catalog in a MongoDB collection, as the AIOS container registry DB keeps it: an existing database opens as it is.
 * Resolves at once, whether or not the server is there; until it is, calls fail with `STORE_UNAVAILABLE` within two seconds.
 * @throws {StartError} when the URL cannot be understood
 */
export async function openMongoStore(options: MongoStoreOptions): Promise<Store> {
  const { log } = options;
  let idsAreUnique = false;
  const connection = openConnection({
    url: options.url,
    database: options.database ?? 'assets',
    collection: options.collection ?? 'container_registry',
    log,
    async prepare(records) {
      await ensureIndexes(records, RECORD_INDEXES, log);
      await ensureHealthIndexes(healthCollectionsOf(records), log);
      idsAreUnique = await areIdsUnique(records, log);
      log.info('The indexes and ids in MongoDB were checked');
    },
  });
  const searches: Searches = { connection, clock: options.clock ?? systemClock, idsAreUnique: () => idsAreUnique };
  return {
    insert: (record) => connection.run((records) => insertRecord(records, record)),
    get: (id) => connection.run((records) => getRecord(records, id)),
    find: (query, signal) => findRecords(searches, query, signal),
    readAllText: (signal) => readAllText(searches, signal),
    count: (filter, signal) => countRecords(searches, filter, signal),
    replace: (replacement) => connection.run((records) => replaceRecord(records, replacement)),
    delete: (id, expectedRevision) => connection.run((records) => deleteRecord(records, id, expectedRevision)),
    health: createMongoHealthStore(connection),
    ping: () => connection.ping(),
    close: () => connection.close(),
  };
}

/** Unknown counts as no: queries are then slower and still right. @throws {AppError} `STORE_UNAVAILABLE` */
async function areIdsUnique(records: Collection<CatalogDocument>, log: StoreLog): Promise<boolean> {
  try {
    const duplicates = await findDuplicateIds(records);
    if (duplicates.length === 0) return true;
    log.warn('Several documents hold the same id; the first is shown. Delete the others and start again: queries are slow meanwhile', { ids: duplicates });
  } catch (error) {
    if (error instanceof AppError) throw error;
    log.warn('It could not be found out whether ids are held twice; queries are slow meanwhile', { reason: String(error) });
  }
  return false;
}
