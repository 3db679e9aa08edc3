import { compareText } from '../../src/query/compare.ts';
import type { Leaf } from '../../src/query/leaves.ts';
import type { Bound, Narrowing, RangeNarrowing, Scalar } from '../../src/query/narrow.ts';

/** What a store's index answers to a narrowing: whether a document with these leaves is among the candidates. */
export function narrowingHolds(narrowing: Narrowing, leaves: readonly Leaf[]): boolean {
  switch (narrowing.kind) {
    case 'and':
      return narrowing.of.every((part) => narrowingHolds(part, leaves));
    case 'or':
      return narrowing.of.some((part) => narrowingHolds(part, leaves));
    case 'in':
      return leaves.some((leaf) => leaf.path === narrowing.path.join('.') && narrowing.values.includes(leaf.value));
    case 'range':
      return leaves.some((leaf) => leaf.path === narrowing.path.join('.') && isWithin(leaf.value, narrowing));
  }
}

function isWithin(value: Scalar, { type, above, below }: RangeNarrowing): boolean {
  if (typeof value !== type) return false;
  const order = (bound: Bound<Scalar>): number =>
    typeof value === 'string' ? compareText(value, String(bound.value)) : Number(value) - Number(bound.value);
  if (above !== undefined && !(above.inclusive ? order(above) >= 0 : order(above) > 0)) return false;
  return below === undefined || (below.inclusive ? order(below) <= 0 : order(below) < 0);
}
