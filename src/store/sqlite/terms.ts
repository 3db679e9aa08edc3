import type { SQLInputValue } from 'node:sqlite';
import type { JsonObject } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { indexLeaves, type Leaf } from '../../query/leaves.ts';
import type { Scalar } from '../../query/narrow.ts';
import type { Connection } from './connection.ts';

/** A value as the index keeps it. */
export type TermValue = number | string | Uint8Array;

/** One row of the index, before its path has a number. */
export interface Term {
  readonly path: string;
  readonly value: TermValue;
}

/** The id has its own index in `records`. */
export const ID_PATH = 'container_registry_id';

/**
 * Stands for "not indexed": a record with more leaves than the index takes has this one row instead, and is a candidate of every
 * query. Paths are numbered from 1, and none is empty.
 */
export const UNINDEXED = { pathId: 0, value: 1 } as const;

const TRUE = new Uint8Array([1]);
const FALSE = new Uint8Array([0]);

/**
 * How the index keeps a scalar: numbers and texts natively, booleans as blobs. Texts are cut; whoever looks one up cuts it the same
 * way and may find others that begin alike. The cut is at a character that *starts* within the limit, so that cut texts have the order
 * of whole ones: `a <= b` implies `cut(a) <= cut(b)`.
 */
export function termValue(value: Scalar): TermValue {
  if (typeof value === 'boolean') return value ? TRUE : FALSE;
  return typeof value === 'string' ? cut(value) : value;
}

export function isCut(text: string): boolean {
  return text.length >= limits.indexedTextLengthMax;
}

function cut(text: string): string {
  if (!isCut(text)) return text;
  const last = text.codePointAt(limits.indexedTextLengthMax - 1) ?? 0;
  return text.slice(0, last > 0xffff ? limits.indexedTextLengthMax + 1 : limits.indexedTextLengthMax);
}

/** The rows that the index holds for a record's view; `null` when they would be too many. */
export function termsOf(view: JsonObject): readonly Term[] | null {
  const leaves = indexLeaves(view);
  return leaves.length > limits.indexedLeavesMax ? null : termsOfLeaves(leaves);
}

/**
 * The rows that the index does hold for a record that has this view now. Steps of the schema add leaves to views, so what was indexed may
 * have more of them than the limit allows by now: the file tells.
 */
export function storedTermsOf(connection: Connection, id: string, view: JsonObject): readonly Term[] | null {
  const isUnindexed = connection.first('SELECT 1 FROM terms WHERE path_id = ? AND value = ? AND id = ?', UNINDEXED.pathId, UNINDEXED.value, id) !== undefined;
  return isUnindexed ? null : termsOfLeaves(indexLeaves(view));
}

function termsOfLeaves(leaves: readonly Leaf[]): readonly Term[] {
  return leaves.flatMap(({ path, value }) => (path === ID_PATH ? [] : [{ path, value: termValue(value) }]));
}

const INSERT = 'INSERT OR IGNORE INTO terms (path_id, value, id) VALUES (?, ?, ?)';
const DELETE = 'DELETE FROM terms WHERE path_id = ? AND value = ? AND id = ?';

/** Changes a record's rows in the index from those of `before` to those of `after`; writes only what differs. */
export function replaceTerms(connection: Connection, paths: PathNumbers, id: string, before: readonly Term[] | null, after: readonly Term[] | null): void {
  const kept = new Set(keysOf(after));
  const there = new Set(keysOf(before));
  for (const [key, term] of rowsOf(before)) if (!kept.has(key)) connection.run(DELETE, ...numbered(paths, term), id);
  for (const [key, term] of rowsOf(after)) if (!there.has(key)) connection.run(INSERT, ...numbered(paths, term), id);
}

export function insertTerms(connection: Connection, paths: PathNumbers, id: string, terms: readonly Term[] | null): void {
  for (const term of terms ?? [null]) connection.run(INSERT, ...numbered(paths, term), id);
}

/**
 * Inserts the rows of many records in the order of the index. Records that come together share pages of it then, and each page is
 * fetched and changed once.
 */
export function insertTermsOfMany(connection: Connection, paths: PathNumbers, records: readonly { readonly id: string; readonly terms: readonly Term[] | null }[]): void {
  const byPath = new Map<number, { value: TermValue; id: string }[]>();
  const put = (pathId: number, value: TermValue, id: string): void => {
    const rows = byPath.get(pathId);
    if (rows === undefined) byPath.set(pathId, [{ value, id }]);
    else rows.push({ value, id });
  };
  for (const { id, terms } of records) {
    if (terms === null) put(UNINDEXED.pathId, UNINDEXED.value, id);
    else for (const { path, value } of terms) put(paths.numberOf(path), value, id);
  }
  for (const [pathId, rows] of [...byPath].sort(([a], [b]) => a - b)) {
    // Nearly the index's own order, which is by bytes of UTF-8; what little differs costs time and nothing else.
    rows.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : a.id < b.id ? -1 : 1));
    for (const { value, id } of rows) connection.run(INSERT, pathId, value, id);
  }
}

function rowsOf(terms: readonly Term[] | null): [string, Term | null][] {
  return (terms ?? [null]).map((term) => [keyOf(term), term]);
}

function keysOf(terms: readonly Term[] | null): string[] {
  return rowsOf(terms).map(([key]) => key);
}

/** No path holds NUL, so the key says where the path ends. */
function keyOf(term: Term | null): string {
  if (term === null) return '';
  const { path, value } = term;
  return `${path}\0${typeof value}${value instanceof Uint8Array ? String(value[0]) : value}`;
}

function numbered(paths: PathNumbers, term: Term | null): [SQLInputValue, SQLInputValue] {
  return term === null ? [UNINDEXED.pathId, UNINDEXED.value] : [paths.numberOf(term.path), term.value];
}

/** The dictionary of paths. Numbers never change once they are committed. */
export interface PathNumbers {
  /** The number of a path; `undefined` when no record ever had it. */
  find(path: string): number | undefined;
  /** The number of a path, given to it now if it has none. Only within a write. */
  numberOf(path: string): number;
  /** Forgets what was learned, after a write was undone. */
  forget(): void;
}

export function createPathNumbers(connection: Connection): PathNumbers {
  const known = new Map<string, number>();
  const remember = (path: string, pathId: number): number => {
    if (known.size >= limits.indexPathsKept) known.clear();
    known.set(path, pathId);
    return pathId;
  };
  const find = (path: string): number | undefined => {
    const cached = known.get(path);
    if (cached !== undefined) return cached;
    const row = connection.first('SELECT path_id FROM paths WHERE path = ?', path);
    return row === undefined ? undefined : remember(path, Number(row[0]));
  };
  return {
    find,
    numberOf(path) {
      const found = find(path);
      if (found !== undefined) return found;
      const row = connection.first('INSERT INTO paths (path) VALUES (?) RETURNING path_id', path);
      return remember(path, Number(row?.[0]));
    },
    forget: () => known.clear(),
  };
}
