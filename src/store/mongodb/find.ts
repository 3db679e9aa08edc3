import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { compileFilter } from '../../query/match.ts';
import type { Filter } from '../../query/filter.ts';
import { comparePositions, positionOf, type SortKey, type SortPosition } from '../../query/sort.ts';
import type { FindQuery, StoredRecord } from '../port.ts';
import { EVERY_RECORD, candidateQueryOf } from './candidate-query.ts';
import type { Connection } from './connection.ts';
import { storedRecordOf, viewOfShown, type ShownDocument } from './document.ts';
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

interface Candidate {
  readonly position: SortPosition;
  readonly shown: ShownDocument;
}

/** Sees every candidate and keeps the best ones: the order is the matcher's own, which no index of MongoDB has. */
async function* findSorted(searches: Searches, query: FindQuery, limit: number, signal: AbortSignal): AsyncGenerator<readonly StoredRecord[]> {
  const { sort, after } = query;
  const best: Candidate[] = [];
  const scan = scanOf(searches, query.filter, null, null);
  for await (const batch of scanMatches(searches.connection, searches.clock, scan, signal)) {
    for (const shown of batch) {
      const position = positionOf(viewOfShown(shown), shown.id, sort);
      if (after === null || comparePositions(sort, position, after) > 0) keepBest(best, { position, shown }, sort, limit);
    }
  }
  if (signal.aborted) return;
  for (let from = 0; from < best.length; from += limits.storeBatchRecords) {
    yield best.slice(from, from + limits.storeBatchRecords).map(({ shown }) => storedRecordOf(shown));
  }
}

/** Inserts in order and drops what is beyond the limit. */
function keepBest(best: Candidate[], candidate: Candidate, sort: readonly SortKey[], limit: number): void {
  let low = 0;
  let high = best.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = best[middle];
    if (other !== undefined && comparePositions(sort, other.position, candidate.position) < 0) low = middle + 1;
    else high = middle;
  }
  if (low >= limit) return;
  best.splice(low, 0, candidate);
  if (best.length > limit) best.pop();
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
