import type { Collection } from 'mongodb';
import { systemClock, type Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import type { Store } from '../health-port.ts';
import { createMongoAudit } from './access/audit.ts';
import { createAuditAppender } from './access/audit-appender.ts';
import { accessCollectionsOf, ensureAccessIndexes } from './access/collections.ts';
import { createMongoEntries, removeOwned } from './access/entries.ts';
import { newBatchOf } from './batch.ts';
import { openConnection, type StoreLog } from './connection.ts';
import { createMongoCopy } from './copy/copy.ts';
import type { CatalogDocument } from './document.ts';
import { countOwned, countRecords, findRecords, readAllLines, readAllText, type Searches } from './find.ts';
import { ensureHealthIndexes, healthCollectionsOf } from './health/collections.ts';
import { createMongoHealthStore } from './health/health-store.ts';
import { ensureIndexes, findDuplicateIds, RECORD_INDEXES } from './indexes.ts';
import { deleteRecord, getRecord, insertRecord, replaceRecord } from './records.ts';
import { summarize } from './summary.ts';

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
  const { log, clock = systemClock } = options;
  let idsAreUnique = false;
  const connection = openConnection({
    url: options.url,
    database: options.database ?? 'assets',
    collection: options.collection ?? 'container_registry',
    log,
    async prepare(records) {
      await ensureIndexes(records, RECORD_INDEXES, log);
      await ensureHealthIndexes(healthCollectionsOf(records), log);
      await ensureAccessIndexes(accessCollectionsOf(records), log);
      idsAreUnique = await areIdsUnique(records, log);
      log.info('The indexes and ids in MongoDB were checked');
    },
  });
  const searches: Searches = { connection, clock, idsAreUnique: () => idsAreUnique };
  const appender = createAuditAppender(connection, clock, log);
  const { runAudited, runTold } = appender;
  return {
    insert: (record, audit) => runAudited((records) => insertRecord(records, record), (outcome) => outcome === 'inserted', audit),
    newBatch: () => newBatchOf(runTold),
    summary: (scope) => summarize(searches, scope),
    get: (id) => connection.run((records) => getRecord(records, id)),
    find: (query, signal) => findRecords(searches, query, signal),
    readAllText: (scope, signal) => readAllText(searches, scope, signal),
    readAllLines: (scope, withMeta, signal) => readAllLines(searches, scope, withMeta, signal),
    count: (filter, scope, signal) => countRecords(searches, filter, scope, signal),
    countOwned: (owner) => countOwned(searches, owner),
    replace: (replacement, audit) => runAudited((records) => replaceRecord(records, replacement), (isReplaced) => isReplaced, audit),
    delete: (id, expectedRevision, audit) => runAudited((records) => deleteWithCredentials(records, id, expectedRevision), (outcome) => outcome === 'deleted', audit),
    health: createMongoHealthStore(connection),
    entries: createMongoEntries(connection, runAudited),
    audit: createMongoAudit(connection, appender),
    copy: createMongoCopy(connection),
    ping: () => connection.ping(),
    async close() {
      await appender.close();
      await connection.close();
    },
  };
}

/** The record first: credentials that are left behind, should the second step fail, are of no use to any other record. */
async function deleteWithCredentials(records: Collection<CatalogDocument>, id: string, expectedRevision: number | undefined): ReturnType<typeof deleteRecord> {
  const outcome = await deleteRecord(records, id, expectedRevision);
  if (outcome === 'deleted') await removeOwned(accessCollectionsOf(records).entries, 'credential', id);
  return outcome;
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
