import type { Connection } from './connection.ts';
import type { RowCache } from './row-cache.ts';
import { ROW_COLUMNS, StoredRow } from './row.ts';

/** Reads records by id or in the order of ids. */
export interface Rows {
  one(id: string): StoredRow | null;
  /** Those of the ids that are there, in the order given. */
  listed(ids: readonly string[]): readonly StoredRow[];
  /** All after an id, in order. Nothing else may be read from the same connection by this function until the iteration ends. */
  after(id: string): Iterable<StoredRow>;
}

const READ_ONE = `SELECT ${ROW_COLUMNS} FROM records WHERE id = ?`;
/** The list comes as JSON text. One statement for many ids costs half as much as a statement for each. */
const READ_LISTED = `SELECT records.${ROW_COLUMNS} FROM json_each(?) AS listed CROSS JOIN records ON records.id = listed.value`;
const READ_AFTER = `SELECT ${ROW_COLUMNS} FROM records WHERE id > ? ORDER BY id`;

/** @param cache keeps what was read by id; only where every change to the records is seen */
export function createRows(connection: Connection, cache: RowCache | null): Rows {
  const read = (columns: ConstructorParameters<typeof StoredRow>[0]): StoredRow => {
    const row = new StoredRow(columns);
    cache?.put(row);
    return row;
  };
  return {
    one(id) {
      const cached = cache?.get(id);
      if (cached !== undefined) return cached;
      const columns = connection.first(READ_ONE, id);
      return columns === undefined ? null : read(columns);
    },
    listed(ids) {
      const cached = ids.map((id) => cache?.get(id));
      const missing = ids.filter((_id, index) => cached[index] === undefined);
      if (missing.length === 0) return cached.filter((row) => row !== undefined);
      const fresh = new Map(connection.all(READ_LISTED, JSON.stringify(missing)).map((columns) => [columns[0], read(columns)]));
      return ids.map((id, index) => cached[index] ?? fresh.get(id)).filter((row) => row !== undefined);
    },
    *after(id) {
      for (const columns of connection.iterate(READ_AFTER, id)) yield new StoredRow(columns);
    },
  };
}
