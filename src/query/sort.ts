import type { Json } from '../core/json.ts';

/** One key of a sort: `-meta.created_at` is `{ path: ['meta', 'created_at'], direction: -1 }`. */
export interface SortKey {
  readonly path: readonly string[];
  readonly direction: 1 | -1;
}

/** A place in a sorted walk: the values of the sort keys, then the id that decides between equals. */
export interface SortPosition {
  readonly values: readonly Json[];
  readonly id: string;
}
