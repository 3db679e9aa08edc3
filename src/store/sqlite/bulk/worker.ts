/** The bulk thread: inserts many records in one transaction, on a connection of its own, while the main thread leaves the writing to it. */
import { parentPort, workerData } from 'node:worker_threads';
import { limits } from '../../../core/limits.ts';
import { auditRowOf } from '../../audit-chain.ts';
import { createAuditLog } from '../access/audit.ts';
import { connect } from '../connection.ts';
import { storeErrorOf } from '../faults.ts';
import { insertRow, newRowsOf, type NewRows } from '../records.ts';
import { setWritePragmas } from '../store-file.ts';
import { createPathNumbers, insertTermsOfMany } from '../terms.ts';
import { CLOSE, faultOf } from '../thread-fault.ts';
import { insertionsIn, release, type BulkOutcome, type BulkReply, type BulkRequest, type BulkThreadData } from './protocol.ts';

const port = parentPort;
if (port === null) throw new Error('The bulk thread runs only as a worker thread.');

const connection = connect((workerData as BulkThreadData).file, { readOnly: false, cacheKib: limits.sqliteBulkCacheKib });
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
    connection.db.exec('BEGIN IMMEDIATE');
    // The main thread has appended, too, since the last time.
    audit.forget();
    const indexed: Pick<NewRows, 'id' | 'terms'>[] = [];
    const outcomes: BulkOutcome[] = [];
    for (const { record, audit: entry } of insertionsIn(request)) {
      const { id, columns, terms } = newRowsOf(record);
      const isInserted = insertRow(connection, columns);
      outcomes.push(isInserted ? 'inserted' : 'exists');
      if (isInserted) indexed.push({ id, terms });
      if (isInserted && entry !== undefined) audit.append([auditRowOf(entry)]);
    }
    release(request);
    insertTermsOfMany(connection, paths, indexed);
    connection.db.exec('COMMIT');
    return { outcomes };
  } catch (error) {
    if (connection.db.isTransaction) connection.db.exec('ROLLBACK');
    paths.forget();
    return { fault: faultOf(storeErrorOf(error)) };
  }
}
