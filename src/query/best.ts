import { limits } from '../core/limits.ts';
import { comparePositions, type SortKey, type SortPosition } from './sort.ts';

export interface Placed<T> {
  readonly position: SortPosition;
  readonly value: T;
  /** Characters that the value holds in memory. */
  readonly textLength: number;
}

/** The first of many in the order of a sort, gathered in whatever order they come. */
export interface Best<T> {
  take(placed: Placed<T>): void;
  /** Whatever does not come before this cannot be among them any more; null: everything still can. */
  bound(): SortPosition | null;
  /** In order. */
  readonly list: readonly Placed<T>[];
}

/**
 * Keeps the first `limit`, and of large ones only so many as a page shows, and one more that shows that there is a next page: memory is
 * bounded by `limits.pageTextMax` and the largest of them.
 * @param before only what comes before this position is of interest
 */
export function createBest<T>(sort: readonly SortKey[], limit: number, before: SortPosition | null = null): Best<T> {
  const list: Placed<T>[] = [];
  let textLength = 0;

  const isFull = (): boolean => list.length >= limit || (list.length > 1 && textLength > limits.pageTextMax);
  const bound = (): SortPosition | null => (isFull() ? (list.at(-1)?.position ?? null) : before);
  const isTooMuch = (): boolean => list.length > limit || (list.length > 2 && textLength - (list.at(-1)?.textLength ?? 0) > limits.pageTextMax);

  function placeOf(position: SortPosition): number {
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = list[middle];
      if (other !== undefined && comparePositions(sort, other.position, position) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    list,
    bound,
    take(placed) {
      const end = bound();
      if (end !== null && comparePositions(sort, placed.position, end) >= 0) return;
      list.splice(placeOf(placed.position), 0, placed);
      textLength += placed.textLength;
      while (isTooMuch()) textLength -= list.pop()?.textLength ?? 0;
    },
  };
}
