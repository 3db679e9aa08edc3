import { setImmediate as nextTurn } from 'node:timers/promises';
import { limits } from '../../core/limits.ts';
import { connect, type Connection } from './connection.ts';
import { RESULT, resultCodeOf } from './faults.ts';

/** Reads the whole catalog as text. */
export interface TextReader {
  /** @see RecordStore.readAllText */
  readAll(signal: AbortSignal): AsyncGenerator<Uint8Array>;
  close(): void;
}

/**
 * Has a connection of its own, opened when first needed, so that reading everything does not push out of the other one's cache what is
 * asked for often.
 */
export function createTextReader(file: string): TextReader {
  let connection: Connection | null = null;
  return {
    readAll(signal) {
      connection ??= connect(file, { readOnly: true, cacheKib: limits.sqliteTextCacheKib, lengthMax: limits.textChunkBytesMax });
      return readAllText(connection, signal);
    },
    close() {
      connection?.close();
    },
  };
}

/**
 * The texts in id order, joined by commas, in chunks of about `limits.textChunkBytes`. SQLite joins them and hands them over as
 * bytes, so that no text is decoded and encoded again. Every chunk is a read of its own, and other work gets its turn in between.
 */
async function* readAllText(connection: Connection, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let afterId = '';
  let records: number = limits.textChunkRecordsMin;
  while (!signal.aborted) {
    const chunk = readChunk(connection, afterId, records);
    if (chunk === null) return;
    yield chunk.text;
    afterId = chunk.lastId;
    const bytesEach = chunk.text.byteLength / chunk.records;
    records = Math.ceil(Math.min(limits.textChunkRecordsMax, limits.textChunkBytes / bytesEach));
    await nextTurn();
  }
}

interface Chunk {
  readonly text: Uint8Array;
  readonly lastId: string;
  readonly records: number;
}

const JOIN = `SELECT CAST(group_concat(doc, ',') AS BLOB), max(id), count(*) FROM (SELECT id, doc FROM records WHERE id > ? ORDER BY id LIMIT ?)`;

/** The next so many records, or fewer where these happen to be too large together; `null` when none is left. */
function readChunk(connection: Connection, afterId: string, records: number): Chunk | null {
  for (let wanted = records; ; wanted = Math.ceil(wanted / 8)) {
    try {
      const [text, lastId, count] = connection.first(JOIN, afterId, wanted) ?? [];
      return text instanceof Uint8Array ? { text, lastId: lastId as string, records: Number(count) } : null;
    } catch (error) {
      if (resultCodeOf(error) !== RESULT.TOOBIG || wanted === 1) throw error;
    }
  }
}
