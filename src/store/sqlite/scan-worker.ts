/** The scanning thread: runs slices of queries that would hold up the main thread, on a connection of its own that cannot write. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { parseFilter } from '../../query/filter.ts';
import { connect } from './connection.ts';
import { storeErrorOf } from './faults.ts';
import type { Planner } from './plan.ts';
import { createRows } from './rows.ts';
import { CLOSE, type ScanThreadData, type SliceFault, type SliceReply, type SliceRequest } from './scan-protocol.ts';
import { prepareQuery, runSlice, type PreparedQuery } from './slice.ts';
import { createPathNumbers } from './terms.ts';

/** As `nice` has it: 0 is everybody else's, 19 the least. */
const SCAN_NICENESS = 5;

const port = parentPort;
if (port === null) throw new Error('scan-worker runs only as a worker thread.');

// Scans are for what is left of the processors. Linux has a priority for each thread; elsewhere this would slow down the whole process.
if (process.platform === 'linux') setPriority(SCAN_NICENESS);

const connection = connect((workerData as ScanThreadData).file, { readOnly: true, cacheKib: limits.sqliteScanCacheKib });
const planner: Planner = { connection, paths: createPathNumbers(connection), rangeRowsMax: limits.scanRangeRowsMax, lookupsMax: limits.scanLookupsMax };
const rows = createRows(connection, null);
const prepared = new Map<number, PreparedQuery>();

port.on('message', (request: SliceRequest | typeof CLOSE) => {
  if (request !== CLOSE) {
    port.postMessage(answer(request));
    return;
  }
  connection.close();
  port.close();
});

function answer(request: SliceRequest): SliceReply {
  const { requestId, goal, afterId, budget } = request;
  try {
    return { requestId, result: runSlice({ connection, rows }, queryOf(request), goal, afterId, budget, () => systemClock.monotonicMs()) };
  } catch (error) {
    return { requestId, fault: faultOf(storeErrorOf(error)) };
  }
}

/** Queries under way take turns; the one that has waited longest makes room and is prepared again when it comes back. */
function queryOf({ queryId, filterSource, sort }: SliceRequest): PreparedQuery {
  const query = prepared.get(queryId) ?? prepareQuery(planner, parseFilter(filterSource), sort);
  prepared.delete(queryId);
  prepared.set(queryId, query);
  if (prepared.size > limits.scanQueriesKept) prepared.delete(prepared.keys().next().value ?? queryId);
  return query;
}

function faultOf(error: unknown): SliceFault {
  if (error instanceof AppError) return { code: error.code, message: error.message, details: error.details, retryAfterS: error.retryAfterS };
  return { code: null, message: error instanceof Error ? (error.stack ?? error.message) : String(error), details: [], retryAfterS: undefined };
}
