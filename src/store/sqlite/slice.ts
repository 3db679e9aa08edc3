import { isWithin, type Scope } from '../../core/access.ts';
import { limits } from '../../core/limits.ts';
import { createBest, type Placed } from '../../query/best.ts';
import { compileFilter, type DocumentTest } from '../../query/match.ts';
import type { FilterNode } from '../../query/filter.ts';
import { both, narrowingOf } from '../../query/narrow.ts';
import { narrowingOfScope } from '../../query/narrow-scope.ts';
import { comparePositions, positionOf, type SortKey, type SortPosition } from '../../query/sort.ts';
import type { FindQuery, StoredRecord } from '../port.ts';
import { candidatePage } from './candidates.ts';
import type { Connection } from './connection.ts';
import { planOf, type Plan, type Planner } from './plan.ts';
import { viewReader, type StoredRow } from './row.ts';
import type { Rows } from './rows.ts';
import { countWithin } from './scope.ts';

/** What is looked for, wherever the answer begins and ends. */
export type Question = Pick<FindQuery, 'filter' | 'scope' | 'sort'>;

/** A query made ready to run on one connection. Holds no position and no transaction: every slice brings its own. */
export interface PreparedQuery {
  /** `null`: all records are candidates. */
  readonly plan: Plan | null;
  readonly scope: Scope | null;
  readonly matches: DocumentTest;
  readonly viewOf: ReturnType<typeof viewReader>;
  readonly sort: readonly SortKey[];
  /** Whether the filter is empty, so that records can be counted without being read. */
  readonly matchesAll: boolean;
}

export function prepareQuery(planner: Planner, { filter, scope, sort }: Question): PreparedQuery {
  const narrowing = both([narrowingOf(filter), narrowingOfScope(scope)]);
  const roots = new Set([...rootsOf(filter.root), ...sort.flatMap(({ path }) => path.slice(0, 1))]);
  return {
    plan: narrowing === null ? null : planOf(narrowing, planner),
    scope,
    matches: compileFilter(filter),
    viewOf: viewReader(roots),
    sort,
    matchesAll: filter.root.kind === 'and' && filter.root.of.length === 0,
  };
}

/** The fields that a filter looks at. */
function rootsOf(node: FilterNode): string[] {
  return node.kind === 'field' ? node.path.slice(0, 1) : node.of.flatMap(rootsOf);
}

/** How much one slice may do before it must end. */
export interface SliceBudget {
  readonly rowsMax: number;
  readonly elapsedMsMax: number;
  /** Characters of text, read or brought back. */
  readonly textLengthMax: number;
}

/** What a slice is asked for: matches by id, the first of a sort, or their number. */
export type SliceGoal =
  | { readonly kind: 'find'; readonly limit: number }
  /** The first `limit` in the order of the sort that come after `after` and before `before`. */
  | { readonly kind: 'top'; readonly limit: number; readonly after: SortPosition | null; readonly before: SortPosition | null }
  | { readonly kind: 'count' };

export interface SliceResult {
  readonly found: readonly StoredRecord[];
  readonly top: readonly Placed<StoredRecord>[];
  readonly count: number;
  /** Where the next slice goes on. */
  readonly lastId: string;
  readonly rows: number;
  /** Whether all candidates have been looked at. */
  readonly isDone: boolean;
}

/** What a slice reads from. */
export interface SliceSource {
  readonly connection: Connection;
  readonly rows: Rows;
}

/** Runs a query over the candidates after `afterId`, until it is done, its goal is reached or the budget is used up. */
export function runSlice(source: SliceSource, query: PreparedQuery, goal: SliceGoal, afterId: string, budget: SliceBudget, nowMs: () => number): SliceResult {
  return source.connection.snapshot(() => runWithin(source, query, goal, afterId, budget, nowMs));
}

function runWithin(source: SliceSource, query: PreparedQuery, goal: SliceGoal, afterId: string, budget: SliceBudget, nowMs: () => number): SliceResult {
  if (goal.kind === 'count' && query.matchesAll) return { found: [], top: [], count: countWithin(source.connection, query.scope), lastId: afterId, rows: 0, isDone: true };
  const endMs = nowMs() + budget.elapsedMsMax;
  const taking = takerFor(query, goal);
  let lastId = afterId;
  let rows = 0;
  let textLength = 0;
  for (const { id, row } of walk(source, query, afterId, () => taking.wanted())) {
    lastId = id;
    rows += 1;
    if (row !== null) {
      textLength += row.text.length;
      // First, because it needs no view.
      if (isWithin(query.scope, row)) {
        const view = query.viewOf(row);
        if (query.matches(view)) taking.take(row, view);
      }
    }
    if (taking.wanted() <= 0 || rows >= budget.rowsMax || textLength >= budget.textLengthMax || nowMs() >= endMs) {
      return { ...taking.result(), lastId, rows, isDone: false };
    }
  }
  return { ...taking.result(), lastId, rows, isDone: true };
}

/** Candidates that are asked of the index at once. */
const CANDIDATES_MIN = 16;
const CANDIDATES_MAX = 512;
/** A page that was not enough had many candidates that did not match, so the next one is larger. */
const CANDIDATES_GROWTH = 3;
/** Of so many more candidates, a few are usually outside the scope; another page for those few would cost as much as the first. */
const SPARE_WITHIN_SCOPE = 0.25;
/** Records that are read at once: cheaper than one by one, and few enough to hold in memory when they are at their largest. */
const READ_TOGETHER = 32;

interface Step {
  readonly id: string;
  /** `null` where a step only says how far the index has been read. */
  readonly row: StoredRow | null;
}

/** Candidates in the order of their ids. `wanted` says how many more are needed if all of them match. */
function* walk({ connection, rows }: SliceSource, { plan, scope }: PreparedQuery, afterId: string, wanted: () => number): Generator<Step> {
  if (plan === null) {
    for (const row of rows.after(afterId)) yield { id: row.id, row };
    return;
  }
  let from = afterId;
  const wantedFirst = scope === null ? wanted() : Math.ceil(wanted() * (1 + SPARE_WITHIN_SCOPE));
  for (let size = Math.min(CANDIDATES_MAX, Math.max(CANDIDATES_MIN, wantedFirst)); ; size = Math.min(CANDIDATES_MAX, size * CANDIDATES_GROWTH)) {
    const { ids, through } = candidatePage(connection, plan, from, size);
    for (let next = 0; next < ids.length; ) {
      const together = ids.slice(next, next + Math.max(1, Math.min(READ_TOGETHER, wanted())));
      for (const row of rows.listed(together)) yield { id: row.id, row };
      next += together.length;
    }
    if (through === null) return;
    yield { id: through, row: null };
    from = through;
  }
}

interface Taker {
  take(row: StoredRow, view: Parameters<DocumentTest>[0]): void;
  /** How many more matches there is room for. */
  wanted(): number;
  result(): Pick<SliceResult, 'found' | 'top' | 'count'>;
}

function takerFor(query: PreparedQuery, goal: SliceGoal): Taker {
  switch (goal.kind) {
    case 'find': {
      const found: StoredRecord[] = [];
      let foundLength = 0;
      return {
        take(row) {
          found.push(row.record);
          foundLength += row.text.length;
        },
        wanted: () => (foundLength >= limits.storeBatchTextMax ? 0 : goal.limit - found.length),
        result: () => ({ found, top: [], count: 0 }),
      };
    }
    case 'count': {
      let count = 0;
      return { take: () => void (count += 1), wanted: () => Infinity, result: () => ({ found: [], top: [], count }) };
    }
    case 'top': {
      const best = createBest<StoredRecord>(query.sort, goal.limit, goal.before);
      return {
        take(row, view) {
          const position = positionOf(view, row.id, query.sort);
          if (goal.after !== null && comparePositions(query.sort, position, goal.after) <= 0) return;
          best.take({ position, value: row.record, textLength: row.text.length });
        },
        wanted: () => Infinity,
        result: () => ({ found: [], top: best.list, count: 0 }),
      };
    }
  }
}
