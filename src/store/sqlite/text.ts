import { setImmediate as nextTurn } from 'node:timers/promises';
import { limits } from '../../core/limits.ts';
import type { Connection } from './connection.ts';

/**
 * The JSON texts of all records in id order, joined by commas, in chunks of about `limits.textChunkBytes`. SQLite joins them and
 * hands them over as bytes, so that no text is decoded and encoded again. Every chunk is a read of its own, and other work gets its
 * turn in between.
 */
export async function* readAllText(connection: Connection, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let afterId = '';
  while (!signal.aborted) {
    const lastId = endOfChunk(connection, afterId);
    if (lastId === null) return;
    const row = connection.first(JOIN, afterId, lastId);
    const text = row?.[0];
    if (text instanceof Uint8Array) yield text;
    afterId = lastId;
    await nextTurn();
  }
}

const JOIN = `SELECT CAST(group_concat(doc, ',') AS BLOB) FROM (SELECT doc FROM records WHERE id > ? AND id <= ? ORDER BY id)`;
const SIZES = 'SELECT id, octet_length(doc) FROM records WHERE id > ? ORDER BY id LIMIT ?';

/** The last id of the next chunk; `null` when no record is left. At least one record, however large. */
function endOfChunk(connection: Connection, afterId: string): string | null {
  let bytes = 0;
  let lastId: string | null = null;
  for (const [id, size] of connection.all(SIZES, afterId, limits.textChunkRecordsMax)) {
    bytes += Number(size);
    if (lastId !== null && bytes > limits.textChunkBytes) break;
    lastId = id as string;
  }
  return lastId;
}
