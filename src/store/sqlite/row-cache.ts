import type { StoredRow } from './row.ts';

/** Records that were asked for lately, as they are in the file now. */
export interface RowCache {
  get(id: string): StoredRow | undefined;
  put(row: StoredRow): void;
  /** To be called with every change of a record, before anything is read again. */
  drop(id: string): void;
  /** To be called when changes were undone: what was read among them never was. */
  clear(): void;
}

/**
 * Keeps rows in two generations: when the young one has taken in half of what there is room for, it becomes the old one and the old
 * one is forgotten, except for what was asked for meanwhile. That is nearly as good as forgetting what was not asked for longest, and
 * costs nothing to keep track of.
 */
export function createRowCache(textLengthMax: number): RowCache {
  let young = new Map<string, StoredRow>();
  let old = new Map<string, StoredRow>();
  let youngLength = 0;
  const put = (row: StoredRow): void => {
    if (youngLength + row.text.length > textLengthMax / 2) {
      old = young;
      young = new Map();
      youngLength = 0;
    }
    young.set(row.id, row);
    youngLength += row.text.length;
  };
  return {
    get(id) {
      const row = young.get(id);
      if (row !== undefined) return row;
      const kept = old.get(id);
      if (kept !== undefined) put(kept);
      return kept;
    },
    put,
    drop(id) {
      young.delete(id);
      old.delete(id);
    },
    clear() {
      young.clear();
      old.clear();
      youngLength = 0;
    },
  };
}
