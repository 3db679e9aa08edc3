import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { createBest } from '../../query/best.ts';
import { compileFilter } from '../../query/match.ts';
import type { Filter } from '../../query/filter.ts';
import { comparePositions, positionOf } from '../../query/sort.ts';
import type { FindQuery, StoredRecord } from '../port.ts';
import { EVERY_RECORD, candidateQueryOf } from './candidate-query.ts';
import type { Connection } from './connection.ts';
import { storedRecordOf, viewOfShown } from './document.ts';
import { scanMatches, type Scan } from './scan.ts';

export interface Searches {
  readonly connection: Connection;
  readonly clock: Clock;
  /** Whether it is known that no id is held by several documents, so that candidates may be narrowed. */
  idsAreUnique(): boolean;
}

/** @throws {AppError} `STORE_UNAVAILABLE`, `QUERY_TOO_EXPENSIVE`; `INVALID_PARAMETER` for a sort without a limit */
export async function* findRecords(searches: Searches, query: FindQuery, signal: AbortSignal): AsyncGenerator<readonly StoredRecord[]> {
  const { sort, limit } = query;
  if (signal.aborted || (limit !== null && limit <= 0)) return;
  if (sort.length === 0) yield* findById(searches, query, signal);
  else if (limit !== null) yield* findSorted(searches, query, limit, signal);
  else throw new AppError('INVALID_PARAMETER', 'Records can be sorted only in pages; give a `limit`.');
}

function scanOf(searches: Searches, filter: Filter, afterId: string | null, limit: number | null): Scan {
  const test = compileFilter(filter);
  return {
    query: searches.idsAreUnique() ? candidateQueryOf(filter) : null,
    afterId,
    batchDocuments: Math.min(limits.storeBatchRecords, limit ?? limits.storeBatchRecords),
    matches: (shown) => test(viewOfShown(shown)),
  };
}

async function* findById(searches: Searches, query: FindQuery, signal: AbortSignal): AsyncGenerator<readonly StoredRecord[]> {
  let wanted = query.limit ?? Infinity;
  const scan = scanOf(searches, query.filter, query.after?.id ?? null, query.limit);
  for await (const batch of scanMatches(searches.connection, searches.clock, scan, signal)) {
    const page = batch.slice(0, wanted);
    yield page.map(storedRecordOf);
    wanted -= page.length;
    if (wanted <= 0) return;
  }
}

/** Sees every candidate and keeps the best ones: the order is the matcher's own, which no index of MongoDB has. */
async function* findSorted(searches: Searches, query: FindQuery, limit: number, signal: AbortSignal): AsyncGenerator<readonly StoredRecord[]> {
  const { sort, after } = query;
  const best = createBest<StoredRecord>(sort, limit);
  const scan = scanOf(searches, query.filter, null, null);
  for await (const batch of scanMatches(searches.connection, searches.clock, scan, signal)) {
    for (const shown of batch) {
      const position = positionOf(viewOfShown(shown), shown.id, sort);
      const end = best.bound();
      if (after !== null && comparePositions(sort, position, after) <= 0) continue;
      if (end !== null && comparePositions(sort, position, end) >= 0) continue;
      const value = storedRecordOf(shown);
      best.take({ position, value, textLength: value.text.length });
    }
  }
  if (signal.aborted) return;
  for (let from = 0; from < best.list.length; from += limits.storeBatchRecords) {
    yield best.list.slice(from, from + limits.storeBatchRecords).map(({ value }) => value);
  }
}

export async function* readAllText(searches: Searches, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const scan: Scan = { query: null, afterId: null, batchDocuments: limits.storeBatchRecords, matches: () => true };
  for await (const batch of scanMatches(searches.connection, searches.clock, scan, signal)) {
    yield Buffer.from(batch.map((shown) => JSON.stringify(shown.record)).join(','));
  }
}

/** @throws {AppError} `STORE_UNAVAILABLE`, `QUERY_TOO_EXPENSIVE` */
export async function countRecords(searches: Searches, filter: Filter, signal: AbortSignal): Promise<number> {
  const { connection } = searches;
  if (searches.idsAreUnique() && matchesEverything(filter)) {
    const records = await connection.collection();
    return connection.whileAlive(records.countDocuments(EVERY_RECORD, { maxTimeMS: limits.scanDeadlineMs }));
  }
  let count = 0;
  for await (const batch of scanMatches(connection, searches.clock, scanOf(searches, filter, null, null), signal)) count += batch.length;
  return count;
}

function matchesEverything({ root }: Filter): boolean {
  return root.kind === 'and' && root.of.length === 0;
}
