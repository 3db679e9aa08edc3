import { limits } from '../../core/limits.ts';
import { compileFilter, type DocumentTest } from '../../query/match.ts';
import type { Filter, FilterNode } from '../../query/filter.ts';
import { narrowingOf } from '../../query/narrow.ts';
import { comparePositions, positionOf, type SortKey, type SortPosition } from '../../query/sort.ts';
import type { StoredRecord } from '../port.ts';
import { candidatePage } from './candidates.ts';
import type { Connection, Row } from './connection.ts';
import { planOf, type Plan, type Planner } from './plan.ts';
import { recordOfRow, ROW_COLUMNS, viewReader } from './row.ts';

/** A query made ready to run on one connection. Holds no position and no transaction: every slice brings its own. */
export interface PreparedQuery {
  /** `null`: all records are candidates. */
  readonly plan: Plan | null;
  readonly matches: DocumentTest;
  readonly viewOf: (row: Row) => ReturnType<ReturnType<typeof viewReader>>;
  readonly sort: readonly SortKey[];
}

export function prepareQuery(planner: Planner, filter: Filter, sort: readonly SortKey[]): PreparedQuery {
  const narrowing = narrowingOf(filter);
  const roots = new Set([...rootsOf(filter.root), ...sort.flatMap(({ path }) => path.slice(0, 1))]);
  return {
    plan: narrowing === null ? null : planOf(narrowing, planner),
    matches: compileFilter(filter),
    viewOf: viewReader(roots),
    sort,
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

export interface Placed {
  readonly position: SortPosition;
  readonly record: StoredRecord;
}

export interface SliceResult {
  readonly found: readonly StoredRecord[];
  readonly top: readonly Placed[];
  readonly count: number;
  /** Where the next slice goes on. */
  readonly lastId: string;
  readonly rows: number;
  /** Whether all candidates have been looked at. */
  readonly isDone: boolean;
}

/** Runs a query over the candidates after `afterId`, until it is done, its goal is reached or the budget is used up. */
export function runSlice(connection: Connection, query: PreparedQuery, goal: SliceGoal, afterId: string, budget: SliceBudget, nowMs: () => number): SliceResult {
  return connection.snapshot(() => runWithin(connection, query, goal, afterId, budget, nowMs));
}

function runWithin(connection: Connection, query: PreparedQuery, goal: SliceGoal, afterId: string, budget: SliceBudget, nowMs: () => number): SliceResult {
  const endMs = nowMs() + budget.elapsedMsMax;
  const taking = takerFor(query, goal);
  let lastId = afterId;
  let rows = 0;
  let textLength = 0;
  const wanted = goal.kind === 'find' ? Math.min(goal.limit, CANDIDATES_MAX) : CANDIDATES_MAX;
  for (const { id, row } of walk(connection, query.plan, afterId, wanted)) {
    lastId = id;
    rows += 1;
    if (row !== null) {
      textLength += (row[1] as string).length;
      const view = query.viewOf(row);
      if (query.matches(view)) taking.take(id, row, view);
    }
    if (taking.isFull() || rows >= budget.rowsMax || textLength >= budget.textLengthMax || nowMs() >= endMs) {
      return { ...taking.result(), lastId, rows, isDone: false };
    }
  }
  return { ...taking.result(), lastId, rows, isDone: true };
}

/** Candidates that are asked of the index at once. */
const CANDIDATES_MIN = 64;
const CANDIDATES_MAX = 512;

/** Candidates in the order of their ids. A step without a row only says how far the index has been read. */
function* walk(connection: Connection, plan: Plan | null, afterId: string, wanted: number): Generator<{ id: string; row: Row | null }> {
  if (plan === null) {
    for (const row of connection.iterate(`SELECT ${ROW_COLUMNS} FROM records WHERE id > ? ORDER BY id`, afterId)) yield { id: row[0] as string, row };
    return;
  }
  let from = afterId;
  for (let size = Math.max(CANDIDATES_MIN, wanted); ; size = Math.min(CANDIDATES_MAX, size * 2)) {
    const { ids, through } = candidatePage(connection, plan, from, size);
    for (const id of ids) {
      const row = connection.first(`SELECT ${ROW_COLUMNS} FROM records WHERE id = ?`, id);
      if (row !== undefined) yield { id, row };
    }
    if (through === null) return;
    yield { id: through, row: null };
    from = through;
  }
}

interface Taker {
  take(id: string, row: Row, view: Parameters<DocumentTest>[0]): void;
  isFull(): boolean;
  result(): Pick<SliceResult, 'found' | 'top' | 'count'>;
}

function takerFor(query: PreparedQuery, goal: SliceGoal): Taker {
  switch (goal.kind) {
    case 'find': {
      const found: StoredRecord[] = [];
      let foundLength = 0;
      return {
        take(_id, row) {
          const record = recordOfRow(row);
          found.push(record);
          foundLength += record.text.length;
        },
        isFull: () => found.length >= goal.limit || foundLength >= limits.storeBatchTextMax,
        result: () => ({ found, top: [], count: 0 }),
      };
    }
    case 'count': {
      let count = 0;
      return { take: () => void (count += 1), isFull: () => false, result: () => ({ found: [], top: [], count }) };
    }
    case 'top': {
      const top: Placed[] = [];
      return {
        take(id, row, view) {
          const position = positionOf(view, id, query.sort);
          if (isBetween(query.sort, position, goal, top)) insertPlaced(query.sort, top, { position, record: recordOfRow(row) }, goal.limit);
        },
        isFull: () => false,
        result: () => ({ found: [], top, count: 0 }),
      };
    }
  }
}

function isBetween(sort: readonly SortKey[], position: SortPosition, goal: Extract<SliceGoal, { kind: 'top' }>, top: readonly Placed[]): boolean {
  if (goal.after !== null && comparePositions(sort, position, goal.after) <= 0) return false;
  const last = top.length >= goal.limit ? (top.at(-1)?.position ?? null) : goal.before;
  return last === null || comparePositions(sort, position, last) < 0;
}

/** Puts `placed` where it belongs among those in order, and lets go of what is then too many. */
export function insertPlaced(sort: readonly SortKey[], ordered: Placed[], placed: Placed, limit: number): void {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = ordered[middle];
    if (other !== undefined && comparePositions(sort, other.position, placed.position) < 0) low = middle + 1;
    else high = middle;
  }
  ordered.splice(low, 0, placed);
  if (ordered.length > limit) ordered.pop();
}
