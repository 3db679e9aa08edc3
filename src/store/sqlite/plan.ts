import { compareText } from '../../query/compare.ts';
import type { Bound, Narrowing, RangeNarrowing } from '../../query/narrow.ts';
import { ID_PATH, isCut, termValue, type PathNumbers, type TermValue } from './terms.ts';

/** A narrowing in terms of this file's index: paths are numbers, values are cut, and ids stand apart. */
export type Plan =
  | { readonly kind: 'terms'; readonly pathId: number; readonly values: readonly TermValue[] }
  | { readonly kind: 'termRange'; readonly pathId: number; readonly low: Bound<TermValue>; readonly high: Bound<TermValue> }
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'idRange'; readonly low: Bound<string>; readonly high: Bound<TermValue> }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Plan[] };

/** Below and above everything of its type. SQLite puts numbers before texts and texts before blobs. */
const LEAST_NUMBER: Bound<TermValue> = { value: -Infinity, inclusive: true };
const LEAST_TEXT: Bound<string> = { value: '', inclusive: true };
const AFTER_NUMBERS: Bound<TermValue> = { value: '', inclusive: false };
const AFTER_TEXTS: Bound<TermValue> = { value: new Uint8Array([0]), inclusive: false };

const NOTHING: Plan = { kind: 'ids', ids: [] };

/** Looks up the numbers of a narrowing's paths; a path that no record has leads to nothing. */
export function planOf(narrowing: Narrowing, paths: Pick<PathNumbers, 'find'>): Plan {
  if ('of' in narrowing) {
    return { kind: narrowing.kind, of: narrowing.of.map((part) => planOf(part, paths)) };
  }
  const path = narrowing.path.join('.');
  if (path === ID_PATH) return planOfIds(narrowing);
  const pathId = paths.find(path);
  if (pathId === undefined) return NOTHING;
  return narrowing.kind === 'in' ? { kind: 'terms', pathId, values: termValues(narrowing.values) } : { kind: 'termRange', pathId, ...boundsOf(narrowing) };
}

function planOfIds(narrowing: Extract<Narrowing, { path: unknown }>): Plan {
  if (narrowing.kind === 'in') return { kind: 'ids', ids: narrowing.values.filter((value) => typeof value === 'string').sort(compareText) };
  if (narrowing.type === 'number') return NOTHING;
  return { kind: 'idRange', low: narrowing.above ?? LEAST_TEXT, high: narrowing.below ?? AFTER_TEXTS };
}

/** Texts that are cut to the same one are looked up once. */
function termValues(values: readonly (string | number | boolean)[]): TermValue[] {
  return [...new Set(values.map(termValue))];
}

function boundsOf(range: RangeNarrowing): { low: Bound<TermValue>; high: Bound<TermValue> } {
  if (range.type === 'number') return { low: range.above ?? LEAST_NUMBER, high: range.below ?? AFTER_NUMBERS };
  return {
    low: range.above === undefined ? LEAST_TEXT : cutBound(range.above),
    high: range.below === undefined ? AFTER_TEXTS : cutBound(range.below),
  };
}

/** What lies beyond a bound may be cut to the bound itself. */
function cutBound({ value, inclusive }: Bound<string>): Bound<TermValue> {
  return { value: termValue(value), inclusive: inclusive || isCut(value) };
}
