import { limits } from '../../../src/core/limits.ts';
import { createBest, type Placed } from '../../../src/query/best.ts';
import { comparePositions, type SortKey } from '../../../src/query/sort.ts';
import { randomSource, seedOfRun, type RandomSource } from '../../support/random.ts';

const sort: readonly SortKey[] = [{ path: ['n'], direction: -1 }];
const MEBI = 1024 * 1024;

const placed = (n: number, id: string, textLength = 10): Placed<string> => ({ position: { values: [n], id }, value: id, textLength });

const valuesOf = (given: readonly Placed<string>[], limit: number): string[] => {
  const best = createBest<string>(sort, limit);
  for (const one of given) best.take(one);
  return best.list.map(({ value }) => value);
};

/** What a page shows of all of them, and whether there is more: sorted whole, then cut. */
function pageOf(all: readonly Placed<string>[], limit: number): { shown: string[]; hasMore: boolean } {
  const sorted = all.toSorted((a, b) => comparePositions(sort, a.position, b.position));
  const shown: string[] = [];
  let textLength = 0;
  for (const { value, textLength: length } of sorted) {
    textLength += length;
    if (shown.length >= limit || (shown.length > 0 && textLength > limits.pageTextMax)) return { shown, hasMore: true };
    shown.push(value);
  }
  return { shown, hasMore: false };
}

function shuffled<T>(items: readonly T[], rng: RandomSource): T[] {
  return items.map((item) => ({ item, key: rng.int(1_000_000) })).sort((a, b) => a.key - b.key).map(({ item }) => item);
}

describe('the best of a sort', () => {
  it('are the first in its order, however they come', () => {
    expect(valuesOf([placed(1, 'a'), placed(3, 'b'), placed(2, 'c'), placed(3, 'a')], 3)).toEqual(['a', 'b', 'c']);
  });

  it('tell what cannot be among them any more', () => {
    const best = createBest<string>(sort, 2);
    best.take(placed(1, 'a'));
    expect(best.bound()).toBeNull();
    best.take(placed(2, 'b'));
    expect(best.bound()).toEqual({ values: [1], id: 'a' });
    best.take(placed(0, 'c'));
    expect(best.list.map(({ value }) => value)).toEqual(['b', 'a']);
  });

  it('of large ones are as many as a page shows, and one more', () => {
    const large = Array.from({ length: 50 }, (_unused, index) => placed(index, `r${index}`, MEBI));
    expect(valuesOf(large, 1_001)).toEqual(['r49', 'r48', 'r47', 'r46', 'r45']);
    expect(valuesOf([placed(1, 'a', 9 * MEBI), placed(3, 'b', 9 * MEBI), placed(2, 'c', 9 * MEBI)], 10)).toEqual(['b', 'c']);
  });

  const seed = seedOfRun();
  it(`never leave out what a page would show (seed ${seed})`, () => {
    const rng = randomSource(seed);
    for (let round = 0; round < 300; round++) {
      const all = Array.from({ length: rng.int(40) }, (_unused, index) => placed(rng.int(8), `r${index}`, rng.chance(0.3) ? rng.int(3 * MEBI) : rng.int(1_000)));
      const limit = 1 + rng.int(12);
      const { shown, hasMore } = pageOf(all, limit);
      const kept = valuesOf(shuffled(all, rng), limit + 1);
      expect(kept.slice(0, shown.length)).toEqual(shown);
      expect(kept.length > shown.length).toBe(hasMore);
      expect(kept.length).toBeLessThanOrEqual(Math.max(2, shown.length + 1));
    }
  });
});
