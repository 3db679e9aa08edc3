import type { Scope } from '../../core/access.ts';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { createBest } from '../../query/best.ts';
import type { Condition, Filter, FilterNode } from '../../query/filter.ts';
import type { FindQuery, RecordSummary, StoredRecord } from '../port.ts';
import type { Planner } from './plan.ts';
import type { Rows } from './rows.ts';
import type { ScanThread } from './scan-thread.ts';
import { prepareQuery, runSlice, type Question, type SliceBudget, type SliceGoal, type SliceResult } from './slice.ts';

/** How far one query may go: all slices in the scanning thread together, and each of the two kinds of slices. */
export interface QueryLimits {
  readonly scanRowsMax: number;
  readonly scanDeadlineMs: number;
  /** After this long, a single slice is not going to end. */
  readonly scanStuckMs: number;
  readonly scanQueueMax: number;
  readonly mainSlice: SliceBudget;
  readonly scanSlice: SliceBudget;
}

export const defaultQueryLimits: QueryLimits = {
  scanRowsMax: limits.scanRowsMax,
  scanDeadlineMs: limits.scanDeadlineMs,
  scanStuckMs: limits.scanStuckMs,
  scanQueueMax: limits.scanQueueMax,
  mainSlice: { rowsMax: limits.mainSliceRowsMax, elapsedMsMax: limits.mainSliceMs, textLengthMax: limits.mainSliceTextMax },
  scanSlice: { rowsMax: limits.scanSliceRowsMax, elapsedMsMax: limits.scanThreadSliceMs, textLengthMax: limits.scanSliceTextMax },
};

export interface Queries {
  find(query: FindQuery, signal: AbortSignal): AsyncGenerator<readonly StoredRecord[]>;
  count(filter: Filter, scope: Scope | null, signal: AbortSignal): Promise<number>;
  summary(scope: Scope | null): Promise<RecordSummary>;
}

interface QueriesOptions {
  /** Of the main thread. */
  readonly planner: Planner;
  readonly rows: Rows;
  readonly scan: ScanThread;
  readonly clock: Clock;
  readonly queryLimits: QueryLimits;
}

/**
 * Answers queries from slices: the first one here, when the index narrows the query and matching is cheap; what is left then goes
 * on in the scanning thread, where the queries under way take turns.
 */
export function createQueries({ planner, rows, scan, clock, queryLimits }: QueriesOptions): Queries {
  let nextQueryId = 1;
  const nowMs = (): number => clock.monotonicMs();

  /** A first slice on the main thread, or nothing done when the query does not belong here. */
  const firstSlice = (question: Question, goal: SliceGoal, afterId: string): SliceResult => {
    const nothing: SliceResult = { found: [], top: [], count: 0, lastId: afterId, rows: 0, isDone: false };
    if (hasPattern(question.filter.root)) return nothing;
    const prepared = prepareQuery(planner, question);
    return prepared.plan === null ? nothing : runSlice({ connection: planner.connection, rows }, prepared, goal, afterId, queryLimits.mainSlice, nowMs);
  };

  const refuseCrowd = (): void => {
    if (scan.waiting() < queryLimits.scanQueueMax) return;
    throw new AppError('OVERLOADED', `${queryLimits.scanQueueMax} queries are waiting to be scanned for. Try again shortly.`, { retryAfterS: 2 });
  };

  /** Slices of one query in the scanning thread, each when the one before has been dealt with. */
  async function* scanSlices({ filter, scope, sort }: Question, goalOf: () => SliceGoal, startId: string, signal: AbortSignal): AsyncGenerator<SliceResult> {
    refuseCrowd();
    const queryId = nextQueryId++;
    let afterId = startId;
    let rows = 0;
    let spentMs = 0;
    for (;;) {
      if (signal.aborted) return;
      const startMs = nowMs();
      const result = await scan.run({ queryId, filterSource: filter.source, scope, sort, goal: goalOf(), afterId, budget: queryLimits.scanSlice });
      // What the caller takes between slices does not count.
      spentMs += nowMs() - startMs;
      rows += result.rows;
      afterId = result.lastId;
      yield result;
      if (result.isDone) return;
      refuseTooExpensive(rows, spentMs, queryLimits);
    }
  }

  async function* findById(query: FindQuery, signal: AbortSignal): AsyncGenerator<readonly StoredRecord[]> {
    let left = query.limit ?? Infinity;
    const goalOf = (): SliceGoal => ({ kind: 'find', limit: Math.min(left, limits.storeBatchRecords) });
    const first = firstSlice(query, goalOf(), query.after?.id ?? '');
    left -= first.found.length;
    if (first.found.length > 0) yield first.found;
    if (first.isDone || left <= 0) return;
    for await (const slice of scanSlices(query, goalOf, first.lastId, signal)) {
      left -= slice.found.length;
      if (slice.found.length > 0) yield slice.found;
      if (left <= 0) return;
    }
  }

  async function* findSorted(query: FindQuery, limit: number, signal: AbortSignal): AsyncGenerator<readonly StoredRecord[]> {
    const { sort, after } = query;
    const best = createBest<StoredRecord>(sort, limit);
    const goalOf = (): SliceGoal => ({ kind: 'top', limit, after, before: best.bound() });
    const take = (slice: SliceResult): void => {
      for (const placed of slice.top) best.take(placed);
    };
    const first = firstSlice(query, goalOf(), '');
    take(first);
    if (!first.isDone) {
      for await (const slice of scanSlices(query, goalOf, first.lastId, signal)) take(slice);
      if (signal.aborted) return;
    }
    yield* inBatches(best.list.map(({ value }) => value));
  }

  return {
    async *find(query, signal) {
      if (signal.aborted || (query.limit !== null && query.limit <= 0)) return;
      if (query.sort.length === 0) yield* findById(query, signal);
      else if (query.limit !== null) yield* findSorted(query, query.limit, signal);
      else throw new AppError('INVALID_PARAMETER', 'Records can be sorted only in pages; give a `limit`.');
    },

    async summary(scope) {
      refuseCrowd();
      return scan.summarize(scope);
    },

    async count(filter, scope, signal) {
      const question: Question = { filter, scope, sort: [] };
      const goal: SliceGoal = { kind: 'count' };
      const first = firstSlice(question, goal, '');
      let count = first.count;
      if (first.isDone) return count;
      for await (const slice of scanSlices(question, () => goal, first.lastId, signal)) count += slice.count;
      return count;
    },
  };
}

function* inBatches(records: readonly StoredRecord[]): Generator<readonly StoredRecord[]> {
  for (let start = 0; start < records.length; start += limits.storeBatchRecords) yield records.slice(start, start + limits.storeBatchRecords);
}

/** A pattern on a long text may take a while, so filters with one are never matched on the main thread. */
function hasPattern(node: FilterNode): boolean {
  return node.kind === 'field' ? conditionHasPattern(node.condition) : node.of.some(hasPattern);
}

function conditionHasPattern(condition: Condition): boolean {
  switch (condition.kind) {
    case 'regex':
      return true;
    case 'every':
      return condition.of.some(conditionHasPattern);
    case 'not':
    case 'elementValue':
      return conditionHasPattern(condition.condition);
    case 'elementDocument':
      return hasPattern(condition.node);
    default:
      return false;
  }
}

function refuseTooExpensive(rows: number, spentMs: number, { scanRowsMax, scanDeadlineMs }: QueryLimits): void {
  const what =
    rows > scanRowsMax ? `at more than ${scanRowsMax} records (limit scanRowsMax)` : spentMs > scanDeadlineMs ? `for longer than ${scanDeadlineMs} ms (limit scanDeadlineMs)` : null;
  if (what === null) return;
  throw new AppError('QUERY_TOO_EXPENSIVE', `The query had to look ${what}. Add a condition of equality, \`$in\` or a range on a field, or ask for a page with \`limit\`.`);
}
