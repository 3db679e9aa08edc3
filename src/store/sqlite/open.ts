import { resolve } from 'node:path';
import type { AuditEntry } from '../../core/audit.ts';
import { systemClock, type Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import type { Log } from '../../telemetry/logs.ts';
import type { Store } from '../health-port.ts';
import type { RecordBatch } from '../port.ts';
import { createAudit, createAuditLog } from './access/audit.ts';
import { createEntries, deleteOwned } from './access/entries.ts';
import { InsertionTexts } from './bulk/protocol.ts';
import { createBulkThread } from './bulk/thread.ts';
import { createCheckpoints } from './checkpoint/checkpoints.ts';
import { createCheckpointThread } from './checkpoint/thread.ts';
import { connect, type Connection } from './connection.ts';
import { createCopy } from './copy/copy.ts';
import { isDamage, storeDamaged, storeErrorOf, storeUnavailable } from './faults.ts';
import { lockFolder } from './folder-lock.ts';
import { createHealth } from './health/health.ts';
import { createSchedule } from './health/schedule.ts';
import { createQueries, defaultQueryLimits, type QueryLimits } from './queries.ts';
import { createRecords } from './records.ts';
import { createRowCache } from './row-cache.ts';
import { createRows } from './rows.ts';
import { createScanThread } from './scan-thread.ts';
import { countOwned } from './scope.ts';
import { fileUnusable } from './start-errors.ts';
import { makeFolder, openStoreFile } from './store-file.ts';
import { createPathNumbers } from './terms.ts';
import { createTextReader } from './text.ts';
import { createWriter } from './writer.ts';

export interface SqliteOptions {
  /** Where the store's file lies; created when it is not there. */
  readonly dataDir: string;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly clock?: Clock;
  /** Instead of those of `core/limits.ts`. */
  readonly queryLimits?: Partial<QueryLimits>;
}

/**
 * Opens the embedded store: one file of Node's built-in SQLite, for one process at a time.
 * @throws {StartError} when the folder or the file cannot be used; an existing file is then as it was
 */
export async function openSqliteStore({ dataDir, log, clock = systemClock, queryLimits }: SqliteOptions): Promise<Store> {
  const folder = resolve(dataDir);
  makeFolder(folder);
  const lock = lockFolder(folder);
  try {
    const { connection, file, isNew } = openStoreFile(folder);
    if (isNew) log.info('A new, empty store was created.', { file });
    try {
      return assemble({ connection, file, log, clock, queryLimits: { ...defaultQueryLimits, ...queryLimits }, release: () => lock.release() });
    } catch (error) {
      connection.close();
      throw fileUnusable(file, error);
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface Parts {
  readonly connection: Connection;
  readonly file: string;
  readonly log: Pick<Log, 'warn'>;
  readonly clock: Clock;
  readonly queryLimits: QueryLimits;
  readonly release: () => void;
}

function assemble({ connection, file, log, clock, queryLimits, release }: Parts): Store {
  const paths = createPathNumbers(connection);
  const cache = createRowCache(limits.rowCacheTextMax);
  const rows = createRows(connection, cache);
  const records = createRecords(connection, rows, cache, paths);
  const schedule = createSchedule();
  const auditLog = createAuditLog(connection);
  const writer = createWriter(connection, clock, {
    committed: () => {
      schedule.committed();
      checkpoints.committed();
    },
    undone: () => {
      paths.forget();
      cache.clear();
      schedule.undone();
      auditLog.forget();
    },
  });
  const checkpointThread = createCheckpointThread(file);
  const checkpoints = createCheckpoints({ connection, thread: checkpointThread, lend: (work) => writer.lend(work), log });
  const scan = createScanThread({ file, log, stuckMs: queryLimits.scanStuckMs });
  const queries = createQueries({ planner: { connection, paths, rangeRowsMax: limits.mainRangeRowsMax, lookupsMax: limits.mainLookupsMax }, rows, scan, clock, queryLimits });
  const texts = createTextReader(file);
  const bulk = createBulkThread({ file, log });
  let closing: Promise<void> | null = null;
  let damage: unknown = null;

  const failureOf = (error: unknown): unknown => {
    if (closing !== null && !(error instanceof AppError)) return storeUnavailable('The store is closed.', error);
    if (isDamage(error)) damage = error;
    return storeErrorOf(error);
  };
  const guarded = async <T>(work: () => T | Promise<T>): Promise<T> => {
    try {
      if (closing !== null) throw storeUnavailable('The store is closed.');
      return await work();
    } catch (error) {
      throw failureOf(error);
    }
  };
  async function* guardedWalk<T>(walk: () => AsyncGenerator<T>): AsyncGenerator<T> {
    try {
      if (closing !== null) throw storeUnavailable('The store is closed.');
      yield* walk();
    } catch (error) {
      throw failureOf(error);
    }
  }
  const read = guarded;
  const write = <T>(change: () => T): Promise<T> => guarded(() => writer.write(change));
  const openReader = (): Connection => connect(file, { readOnly: true, cacheKib: limits.sqliteTextCacheKib });
  const health = createHealth({
    connection,
    openReader,
    records,
    schedule,
    read,
    write,
  });
  /** Preparing a change may fail as the change itself may. */
  const writeAudited = <T>(prepare: () => () => T, hasEffect: (outcome: T) => boolean, audit: AuditEntry | undefined): Promise<T> =>
    guarded(() => writer.write(auditLog.audited(prepare(), hasEffect, audit)));
  const newBatch = (): RecordBatch => {
    const texts = new InsertionTexts();
    return {
      add: (record, audit) => texts.add({ record, audit }),
      insert: (positions) =>
        guarded(() => (positions.length === 0 ? [] : writer.lend(() => bulk.run(texts.requestOf(positions)).finally(() => auditLog.forget())))),
    };
  };
  const deleting = (id: string, expectedRevision: number | undefined) => {
    const change = records.delete(id, expectedRevision);
    return () => {
      const outcome = change();
      if (outcome === 'deleted') {
        schedule.recordDeleted(id);
        deleteOwned(connection, 'credential', id);
      }
      return outcome;
    };
  };

  return {
    health,
    entries: createEntries({ connection, audited: auditLog.audited, read, write }),
    audit: createAudit({ connection, log: auditLog, read, write }),
    copy: createCopy({ connection, records, rows: createRows(connection, null), watches: health, openReader, read, write }),
    insert: (record, audit) => writeAudited(() => records.insert(record), (outcome) => outcome === 'inserted', audit),
    newBatch,
    replace: (replacement, audit) => writeAudited(() => records.replace(replacement), (isReplaced) => isReplaced, audit),
    delete: (id, expectedRevision, audit) => writeAudited(() => deleting(id, expectedRevision), (outcome) => outcome === 'deleted', audit),
    get: (id) => guarded(() => rows.one(id)?.record ?? null),
    find: (query, signal) => guardedWalk(() => queries.find(query, signal)),
    readAllText: (scope, signal) => guardedWalk(() => texts.readAll(scope, signal)),
    readAllLines: (scope, withMeta, signal) => guardedWalk(() => texts.readLines(scope, withMeta, signal)),
    count: (filter, scope, signal) => guarded(() => queries.count(filter, scope, signal)),
    summary: (scope) => guarded(() => queries.summary(scope)),
    countOwned: (owner) => guarded(() => countOwned(connection, owner)),
    ping: () =>
      guarded(() => {
        connection.first('SELECT 1 FROM records LIMIT 1');
        if (damage !== null) throw storeDamaged(damage);
      }),
    close() {
      closing ??= closeAll();
      return closing;
    },
  };

  async function closeAll(): Promise<void> {
    await Promise.all([writer.drain(), checkpoints.settled()]);
    // Before the connection: whoever closes last folds the write-ahead log into the file, and only this one can write.
    await Promise.all([scan.close(), bulk.close(), checkpointThread.close()]);
    texts.close();
    connection.close();
    release();
  }
}
