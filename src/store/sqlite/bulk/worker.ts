/** The bulk thread: inserts many records in one transaction, on a connection of its own, while the main thread leaves the writing to it. */
import { parentPort, workerData } from 'node:worker_threads';
import { limits } from '../../../core/limits.ts';
import { createAuditLog } from '../access/audit.ts';
import { connect } from '../connection.ts';
import { storeErrorOf } from '../faults.ts';
import { insertRow, newRowsOf } from '../records.ts';
import { setWritePragmas } from '../store-file.ts';
import { createPathNumbers, insertTermsOfMany } from '../terms.ts';
import { CLOSE, faultOf } from '../thread-fault.ts';
import { recordsOf, type BulkOutcome, type BulkReply, type BulkRequest, type BulkThreadData } from './protocol.ts';

const port = parentPort;
if (port === null) throw new Error('The bulk thread runs only as a worker thread.');

const connection = connect((workerData as BulkThreadData).file, { readOnly: false, cacheKib: limits.sqliteCacheKib });
setWritePragmas(connection.db);
const paths = createPathNumbers(connection);
const audit = createAuditLog(connection);

port.on('message', (request: BulkRequest | typeof CLOSE) => {
  if (request !== CLOSE) {
    port.postMessage(answer(request));
    return;
  }
  connection.close();
  port.close();
});

function answer(request: BulkRequest): BulkReply {
  try {
    const rows = recordsOf(request).map(newRowsOf);
    connection.db.exec('BEGIN IMMEDIATE');
    const outcomes = rows.map((row): BulkOutcome => (insertRow(connection, row) ? 'inserted' : 'exists'));
    const isInserted = (_: unknown, index: number): boolean => outcomes[index] === 'inserted';
    insertTermsOfMany(connection, paths, rows.filter(isInserted));
    // The main thread has appended, too, since the last time.
    audit.forget();
    audit.append(request.told.filter(isInserted).filter((row) => row !== null));
    connection.db.exec('COMMIT');
    return { outcomes };
  } catch (error) {
    if (connection.db.isTransaction) connection.db.exec('ROLLBACK');
    paths.forget();
    return { fault: faultOf(storeErrorOf(error)) };
  }
}
