/** The checkpointing thread: moves pages from the write-ahead log into the file, on a connection of its own, while others read and write. */
import { parentPort, workerData } from 'node:worker_threads';
import { limits } from '../../../core/limits.ts';
import { connect } from '../connection.ts';
import { setWritePragmas } from '../store-file.ts';
import { CLOSE } from '../thread-fault.ts';
import type { CHECKPOINT, CheckpointReply, CheckpointThreadData } from './protocol.ts';

const port = parentPort;
if (port === null) throw new Error('The checkpointing thread runs only as a worker thread.');

// Pages go from one file to the other; none is looked into.
const connection = connect((workerData as CheckpointThreadData).file, { readOnly: false, cacheKib: limits.sqliteCheckpointCacheKib });
setWritePragmas(connection.db);

port.on('message', (message: typeof CHECKPOINT | typeof CLOSE) => {
  if (message === CLOSE) {
    connection.close();
    port.close();
    return;
  }
  port.postMessage(checkpoint());
});

function checkpoint(): CheckpointReply {
  try {
    // It waits for nobody, and nobody for it: pages that somebody still reads from the log stay there for the next time.
    connection.first('PRAGMA wal_checkpoint(PASSIVE)');
    return { failure: null };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
