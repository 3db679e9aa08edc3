import { hash } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import type { Json, JsonObject } from '../core/json.ts';
import { isJsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Filter } from './filter-tree.ts';
import type { SortKey, SortPosition, SortValue } from './sort.ts';

/** Long enough that cursors of different queries are not confused by chance; it is no secret and no signature. */
const DIGEST_LENGTH = 16;

/**
 * Writes a place in the walk of one filter and sort as an opaque text for a URL.
 * @throws {AppError} `LIMIT_EXCEEDED` when the record's own values are too long for a URL
 */
export function encodeCursor(position: SortPosition, sort: readonly SortKey[], filter: Filter): string {
  const values = position.values.map((value) => (value === undefined ? [] : [value]));
  const content: Json = { values, id: position.id, query: digestOf(values, position.id, sort, filter) };
  const cursor = Buffer.from(JSON.stringify(content)).toString('base64url');
  if (cursor.length > limits.cursorLengthMax) {
    const message = `The values that the records are sorted by are too long to be carried in a cursor of ${limits.cursorLengthMax} characters (limit cursorLengthMax); sort by other fields.`;
    throw new AppError('LIMIT_EXCEEDED', message, { details: [{ path: 'sort', message }] });
  }
  return cursor;
}

/**
 * Reads a cursor that `encodeCursor` wrote for the same filter and sort.
 * @throws {AppError} `INVALID_CURSOR` when it is damaged or of another query
 */
export function decodeCursor(cursor: string, sort: readonly SortKey[], filter: Filter): SortPosition {
  const content = contentOf(cursor);
  const { values, id, query } = content;
  if (!Array.isArray(values) || values.length !== sort.length || !values.every(isWrapped)) throw damaged();
  if (typeof id !== 'string' || id.length > limits.idLengthMax || !id.isWellFormed()) throw damaged();
  if (query !== digestOf(values, id, sort, filter)) throw damaged();
  return { values: values.map(([value]): SortValue => value), id };
}

/** An empty array stands for `undefined`, which JSON does not have. */
function isWrapped(value: Json): value is [] | [Json] {
  return Array.isArray(value) && value.length <= 1;
}

function contentOf(cursor: string): JsonObject {
  if (cursor.length > limits.cursorLengthMax) throw damaged();
  try {
    const content: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (isJsonObject(content)) return content;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw damaged();
}

function digestOf(values: Json, id: string, sort: readonly SortKey[], filter: Filter): string {
  const keys = sort.map(({ path, direction }) => [direction, ...path]);
  const text = JSON.stringify([filter.source, keys, values, id]);
  // In one go, which leaves no hash object behind for the collector of garbage.
  return hash('sha256', text, 'base64url').slice(0, DIGEST_LENGTH);
}

function damaged(): AppError {
  const message = 'The cursor is damaged or belongs to another query; repeat the query without a cursor and follow its Link headers.';
  return new AppError('INVALID_CURSOR', message, { details: [{ path: 'cursor', message }] });
}
