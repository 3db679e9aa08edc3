/** The scanning thread: runs slices of queries that would hold up the main thread, on a connection of its own that cannot write. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';
import { parseFilter } from '../../query/filter.ts';
import { connect } from './connection.ts';
import { storeErrorOf } from './faults.ts';
import type { Planner } from './plan.ts';
import { createRows } from './rows.ts';
import type { ScanThreadData, ScanReply, ScanRequest, SliceRequest } from './scan-protocol.ts';
import { prepareQuery, runSlice, type PreparedQuery, type SliceResult } from './slice.ts';
import { summarize } from './summary.ts';
import { createPathNumbers } from './terms.ts';
import { CLOSE, faultOf } from './thread-fault.ts';

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

port.on('message', (request: ScanRequest | typeof CLOSE) => {
  if (request !== CLOSE) {
    port.postMessage(answer(request));
    return;
  }
  connection.close();
  port.close();
});

function answer(request: ScanRequest): ScanReply {
  const { requestId } = request;
  try {
    return { requestId, result: 'summaryOf' in request ? summarize(connection, request.summaryOf) : sliceOf(request) };
  } catch (error) {
    return { requestId, fault: faultOf(storeErrorOf(error)) };
  }
}

function sliceOf(request: SliceRequest): SliceResult {
  const { goal, afterId, budget } = request;
  return runSlice({ connection, rows }, queryOf(request), goal, afterId, budget, () => systemClock.monotonicMs());
}

/** Queries under way take turns; the one that has waited longest makes room and is prepared again when it comes back. */
function queryOf({ queryId, filterSource, scope, sort }: SliceRequest): PreparedQuery {
  const query = prepared.get(queryId) ?? prepareQuery(planner, { filter: parseFilter(filterSource), scope, sort });
  prepared.delete(queryId);
  prepared.set(queryId, query);
  if (prepared.size > limits.scanQueriesKept) prepared.delete(prepared.keys().next().value ?? queryId);
  return query;
}
