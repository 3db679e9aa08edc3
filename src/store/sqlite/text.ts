import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Scope } from '../../core/access.ts';
import { limits } from '../../core/limits.ts';
import { connect, type Connection } from './connection.ts';
import { RESULT, resultCodeOf } from './faults.ts';
import { conditionOf, type ScopeCondition } from './scope.ts';

/** Reads the whole catalog as text. */
export interface TextReader {
  /** @see RecordStore.readAllText */
  readAll(scope: Scope | null, signal: AbortSignal): AsyncGenerator<Uint8Array>;
  /** @see RecordStore.readAllLines */
  readLines(scope: Scope | null, withMeta: boolean, signal: AbortSignal): AsyncGenerator<Uint8Array>;
  close(): void;
}

/**
 * Has a connection of its own, opened when first needed, so that reading everything does not push out of the other one's cache what is
 * asked for often.
 */
export function createTextReader(file: string): TextReader {
  let connection: Connection | null = null;
  const read = (form: Form, scope: Scope | null, signal: AbortSignal): AsyncGenerator<Uint8Array> => {
    connection ??= connect(file, { readOnly: true, cacheKib: limits.sqliteTextCacheKib, lengthMax: limits.textChunkBytesMax });
    return readAllText(connection, queryOf(form, scope), signal);
  };
  return {
    readAll: (scope, signal) => read(JOINED, scope, signal),
    readLines: (scope, withMeta, signal) => read(withMeta ? LINES_WITH_META : LINES, scope, signal),
    close() {
      connection?.close();
    },
  };
}

/**
 * The texts in id order, joined, in chunks of about `limits.textChunkBytes`. SQLite joins them and hands them over as
 * bytes, so that no text is decoded and encoded again. Every chunk is a read of its own, and other work gets its turn in between.
 */
async function* readAllText(connection: Connection, query: JoinQuery, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let afterId = '';
  let records: number = limits.textChunkRecordsMin;
  while (!signal.aborted) {
    const chunk = readChunk(connection, query, afterId, records);
    if (chunk === null) return;
    if (chunk.text.byteLength > 0) yield chunk.text;
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

/** Reads and joins some records after an id. */
interface JoinQuery {
  readonly sql: string;
  readonly parameters: ScopeCondition['parameters'];
}

/** What each record is told as, what stands between two of them, and what at the end of a chunk; all as SQL. */
interface Form {
  readonly record: string;
  readonly between: string;
  readonly end: string;
}

const JOINED: Form = { record: 'doc', between: "','", end: "''" };
const LINES: Form = { record: 'doc', between: 'char(10)', end: 'char(10)' };

/** The record but for its last brace. Of a blob the end is known; in a text every character would have to be counted up to it. */
const OPEN_RECORD = 'substr(CAST(doc AS BLOB), 1, octet_length(doc) - 1)';
/** As `JSON.stringify` writes it. */
const META = `json_object('created_at', created_at, 'updated_at', updated_at, 'revision', revision, 'owner', owner, 'visibility', visibility, 'shared_with', json(shared_with))`;
/** Behind the record's own fields. One call joins all: each `||` would copy the record once more. */
const LINES_WITH_META: Form = { ...LINES, record: `concat(${OPEN_RECORD}, ',"meta":', ${META}, '}')` };

/** So many records are looked at and not so many found, because a chunk must not take longer where few are within the scope. */
function queryOf({ record, between, end }: Form, scope: Scope | null): JoinQuery {
  const within = scope === null ? null : conditionOf(scope);
  const told = within === null ? record : `CASE WHEN ${within.sql} THEN ${record} END`;
  const sql = `SELECT CAST(group_concat(told, ${between}) || ${end} AS BLOB), max(id), count(*) FROM (SELECT id, ${told} AS told FROM records WHERE id > ? ORDER BY id LIMIT ?)`;
  return { sql, parameters: within?.parameters ?? [] };
}

const NO_TEXT = new Uint8Array(0);

/** The next so many records, or fewer where these happen to be too large together; `null` when none is left. */
function readChunk(connection: Connection, { sql, parameters }: JoinQuery, afterId: string, records: number): Chunk | null {
  for (let wanted = records; ; wanted = Math.ceil(wanted / 8)) {
    try {
      const [text, lastId, count] = connection.first(sql, ...parameters, afterId, wanted) ?? [];
      if (typeof lastId !== 'string') return null;
      return { text: text instanceof Uint8Array ? text : NO_TEXT, lastId, records: Number(count) };
    } catch (error) {
      if (resultCodeOf(error) !== RESULT.TOOBIG || wanted === 1) throw error;
    }
  }
}
