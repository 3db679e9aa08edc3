import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { limits } from '../../core/limits.ts';

export type Row = readonly SQLOutputValue[];

/** One connection to the store's file, with its statements prepared once and kept. Rows are arrays of columns. */
export interface Connection {
  readonly db: DatabaseSync;
  all(sql: string, ...parameters: SQLInputValue[]): readonly Row[];
  first(sql: string, ...parameters: SQLInputValue[]): Row | undefined;
  /** Rows one by one. The statement is busy until the iteration ends, so nothing may ask the same within it. */
  iterate(sql: string, ...parameters: SQLInputValue[]): IterableIterator<Row>;
  /** @returns the number of rows changed */
  run(sql: string, ...parameters: SQLInputValue[]): number;
  /** Adds one row. @returns its number */
  insert(sql: string, ...parameters: SQLInputValue[]): number;
  /** Runs several reads in one transaction: they see one state, and take the locks of the write-ahead log only once. */
  snapshot<T>(reads: () => T): T;
  close(): void;
}

interface ConnectionOptions {
  readonly readOnly: boolean;
  /** Page cache of this connection. */
  readonly cacheKib: number;
  /** Largest value that a statement may make; beyond it the statement fails with TOOBIG. */
  readonly lengthMax?: number;
}

/** Opens an existing file; the caller sees to it that there is one. @throws SQLite's own errors */
export function connect(file: string, { readOnly, cacheKib, lengthMax }: ConnectionOptions): Connection {
  const db = new DatabaseSync(file, { readOnly, timeout: limits.sqliteBusyTimeoutMs, ...(lengthMax === undefined ? {} : { limits: { length: lengthMax } }) });
  db.exec(`PRAGMA cache_size = -${cacheKib}`);
  const prepare = statementCache(db);
  const begin = db.prepare('BEGIN');
  const end = db.prepare('COMMIT');
  return {
    db,
    all: (sql, ...parameters) => rowsOf(prepare(sql).all(...parameters)),
    first: (sql, ...parameters) => rowOf(prepare(sql).get(...parameters)),
    iterate: (sql, ...parameters) => prepare(sql).iterate(...parameters) as unknown as IterableIterator<Row>,
    run: (sql, ...parameters) => Number(prepare(sql).run(...parameters).changes),
    insert: (sql, ...parameters) => Number(prepare(sql).run(...parameters).lastInsertRowid),
    snapshot: (reads) => {
      begin.run();
      try {
        return reads();
      } finally {
        if (db.isTransaction) end.run();
      }
    },
    close: () => db.close(),
  };
}

/** The types of `node:sqlite` do not know that `returnArrays` changes what comes back. */
function rowsOf(rows: unknown): readonly Row[] {
  return rows as readonly Row[];
}

function rowOf(row: unknown): Row | undefined {
  return row as Row | undefined;
}

/** The shapes of queries are few, but clients choose them: the one that was used longest ago makes room. */
function statementCache(db: DatabaseSync): (sql: string) => StatementSync {
  const statements = new Map<string, StatementSync>();
  let last: { sql: string; statement: StatementSync } | null = null;
  return (sql) => {
    if (last?.sql === sql) return last.statement;
    let statement = statements.get(sql);
    if (statement === undefined) statement = db.prepare(sql, { returnArrays: true });
    else statements.delete(sql);
    statements.set(sql, statement);
    if (statements.size > limits.sqliteStatementsMax) statements.delete(statements.keys().next().value ?? '');
    last = { sql, statement };
    return statement;
  };
}
