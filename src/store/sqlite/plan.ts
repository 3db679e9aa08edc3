import { limits } from '../../core/limits.ts';
import { compareText } from '../../query/compare.ts';
import type { Bound, Narrowing, RangeNarrowing } from '../../query/narrow.ts';
import type { Connection } from './connection.ts';
import { ID_PATH, isCut, termValue, type PathNumbers, type TermValue } from './terms.ts';

/**
 * A narrowing in terms of this file's index, as candidates are read from it: paths are numbers, values are cut, and ids stand apart.
 * All kinds but `range` and `led` can be entered at any id without reading what comes before.
 */
export type Plan =
  | { readonly kind: 'terms'; readonly pathId: number; readonly values: readonly TermValue[] }
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'idRange'; readonly low: Bound<string>; readonly high: Bound<TermValue> }
  | RangePlan
  | { readonly kind: 'or' | 'and'; readonly of: readonly Plan[] }
  /** The candidates of `leader` that pass the tests. */
  | { readonly kind: 'led'; readonly leader: RangePlan; readonly tests: readonly Plan[] };

/** The index has these by value, so all of its rows are read and put in the order of ids for every page. */
export interface RangePlan {
  readonly kind: 'range';
  readonly pathId: number;
  readonly low: Bound<TermValue>;
  readonly high: Bound<TermValue>;
  readonly rows: number;
}

/** What a plan is made with. */
export interface Planner {
  readonly connection: Connection;
  readonly paths: Pick<PathNumbers, 'find'>;
  /** Ranges with more rows than this are not read whole; going over the records is better then. */
  readonly rangeRowsMax: number;
  /** Plans that enter the index more often than this for one page are not followed. */
  readonly lookupsMax: number;
}

/** Below and above everything of its type. SQLite puts numbers before texts and texts before blobs. */
const LEAST_NUMBER: Bound<TermValue> = { value: -Infinity, inclusive: true };
const LEAST_TEXT: Bound<string> = { value: '', inclusive: true };
const AFTER_NUMBERS: Bound<TermValue> = { value: '', inclusive: false };
export const AFTER_TEXTS: Bound<TermValue> = { value: new Uint8Array([0]), inclusive: false };

const NOTHING: Plan = { kind: 'ids', ids: [] };

/** Decides how the candidates of a narrowing are found; `null` when going over all records is better. */
export function planOf(narrowing: Narrowing, planner: Planner): Plan | null {
  const plan = planner.connection.snapshot(() => resolve(narrowing, planner));
  return plan === null || lookupsOf(plan) > planner.lookupsMax ? null : plan;
}

function resolve(narrowing: Narrowing, planner: Planner): Plan | null {
  if ('of' in narrowing) {
    const parts = narrowing.of.map((part) => resolve(part, planner));
    return narrowing.kind === 'or' ? anyOf(parts) : allOf(parts, planner);
  }
  const path = narrowing.path.join('.');
  if (path === ID_PATH) return planOfIds(narrowing);
  const pathId = planner.paths.find(path);
  if (pathId === undefined) return NOTHING;
  return narrowing.kind === 'in' ? { kind: 'terms', pathId, values: termValues(narrowing.values) } : planOfRange(pathId, narrowing, planner);
}

function anyOf(parts: readonly (Plan | null)[]): Plan | null {
  const plans = parts.filter((part) => part !== null);
  return plans.length < parts.length ? null : { kind: 'or', of: plans };
}

/** A range leads only where the others would have more rows to look at; otherwise it is left to the matcher. */
function allOf(parts: readonly (Plan | null)[], { connection }: Planner): Plan | null {
  const plans = parts.filter((part) => part !== null);
  const enterable = plans.filter(isEnterable);
  const [range] = plans.filter((plan) => plan.kind === 'range').sort((a, b) => a.rows - b.rows);
  if (range === undefined) return enterable.length > 0 ? { kind: 'and', of: enterable } : (plans[0] ?? null);
  const isLeader = enterable.slice(0, limits.leadersTried).every((plan) => countRows(connection, plan, range.rows) >= range.rows);
  return isLeader ? { kind: 'led', leader: range, tests: enterable } : { kind: 'and', of: enterable };
}

function isEnterable(plan: Plan): boolean {
  if (plan.kind === 'range' || plan.kind === 'led') return false;
  return 'of' in plan ? plan.of.every(isEnterable) : true;
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

function planOfRange(pathId: number, narrowing: RangeNarrowing, { connection, rangeRowsMax }: Planner): RangePlan | null {
  const range = { pathId, ...boundsOf(narrowing) };
  const { sql, parameters } = between('value', range.low, range.high);
  const row = connection.first(`SELECT count(*) FROM (SELECT 1 FROM terms WHERE path_id = ? AND ${sql} LIMIT ?)`, pathId, ...parameters, rangeRowsMax + 1);
  const rows = Number(row?.[0]);
  return rows > rangeRowsMax ? null : { kind: 'range', ...range, rows };
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

/** How many rows a plan would read, as far as `rowsMax`. */
function countRows(connection: Connection, plan: Plan, rowsMax: number): number {
  switch (plan.kind) {
    case 'terms': {
      let rows = 0;
      for (const value of plan.values) {
        if (rows >= rowsMax) break;
        const row = connection.first('SELECT count(*) FROM (SELECT 1 FROM terms WHERE path_id = ? AND value = ? LIMIT ?)', plan.pathId, value, rowsMax - rows);
        rows += Number(row?.[0]);
      }
      return rows;
    }
    case 'ids':
      return plan.ids.length;
    case 'or':
      return plan.of.reduce((rows, part) => (rows >= rowsMax ? rows : rows + countRows(connection, part, rowsMax - rows)), 0);
    case 'and':
      return Math.min(...plan.of.slice(0, limits.leadersTried).map((part) => countRows(connection, part, rowsMax)));
    // Ids within bounds lead well, too, but how many there are is not worth counting.
    case 'idRange':
    case 'range':
    case 'led':
      return rowsMax;
  }
}

/** How often the index is entered for one page, at most. */
function lookupsOf(plan: Plan): number {
  switch (plan.kind) {
    case 'terms':
      return plan.values.length;
    case 'ids':
      return plan.ids.length;
    case 'or':
      return plan.of.reduce((sum, part) => sum + lookupsOf(part), 0);
    case 'and':
      return Math.max(...plan.of.map(lookupsOf));
    case 'idRange':
    case 'range':
    case 'led':
      return 1;
  }
}

/** `column` between two bounds, as SQL. */
export function between(column: string, low: Bound<TermValue>, high: Bound<TermValue>): { sql: string; parameters: [TermValue, TermValue] } {
  return {
    sql: `${column} ${low.inclusive ? '>=' : '>'} ? AND ${column} ${high.inclusive ? '<=' : '<'} ?`,
    parameters: [low.value, high.value],
  };
}
