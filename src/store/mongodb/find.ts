import type { Document } from 'mongodb';
import { isWithin, type Scope } from '../../core/access.ts';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { createBest } from '../../query/best.ts';
import { compileFilter } from '../../query/match.ts';
import { parseFilter, type Filter } from '../../query/filter.ts';
import { comparePositions, positionOf } from '../../query/sort.ts';
import type { FindQuery, StoredRecord } from '../port.ts';
import { EVERY_RECORD, candidateQueryOf, scopeQueryOf } from './candidate-query.ts';
import type { Connection } from './connection.ts';
import { BOOKKEEPING, storedRecordOf, viewOfShown, type ShownDocument } from './document.ts';
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

function scanOf(searches: Searches, { filter, scope }: Pick<FindQuery, 'filter' | 'scope'>, afterId: string | null, limit: number | null): Scan {
  const test = compileFilter(filter);
  return {
    query: searches.idsAreUnique() ? candidateQueryOf(filter, scope) : null,
    afterId,
    batchDocuments: Math.min(limits.storeBatchRecords, limit ?? limits.storeBatchRecords),
    matches: (shown) => isWithin(scope, shown.meta) && test(viewOfShown(shown)),
  };
}

async function* findById(searches: Searches, query: FindQuery, signal: AbortSignal): AsyncGenerator<readonly StoredRecord[]> {
  let wanted = query.limit ?? Infinity;
  const scan = scanOf(searches, query, query.after?.id ?? null, query.limit);
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
  const scan = scanOf(searches, query, null, null);
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

export async function* readAllText(searches: Searches, scope: Scope | null, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const batch of allShown(searches, scope, signal)) yield Buffer.from(batch.map(({ record }) => JSON.stringify(record)).join(','));
}

export async function* readAllLines(searches: Searches, scope: Scope | null, withMeta: boolean, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const lineOf = ({ record, meta }: ShownDocument): string => `${JSON.stringify(withMeta ? { ...record, meta } : record)}\n`;
  for await (const batch of allShown(searches, scope, signal)) yield Buffer.from(batch.map(lineOf).join(''));
}

function allShown(searches: Searches, scope: Scope | null, signal: AbortSignal): AsyncGenerator<readonly ShownDocument[]> {
  const query = searches.idsAreUnique() ? candidateQueryOf(EVERYTHING, scope) : null;
  const scan: Scan = { query, afterId: null, batchDocuments: limits.storeBatchRecords, matches: ({ meta }) => isWithin(scope, meta) };
  return scanMatches(searches.connection, searches.clock, scan, signal);
}

/** @throws {AppError} `STORE_UNAVAILABLE`, `QUERY_TOO_EXPENSIVE` */
export async function countRecords(searches: Searches, filter: Filter, scope: Scope | null, signal: AbortSignal): Promise<number> {
  const { connection } = searches;
  if (searches.idsAreUnique() && matchesEverything(filter)) return countDocuments(connection, scope === null ? EVERY_RECORD : { $and: [EVERY_RECORD, scopeQueryOf(scope)] });
  let count = 0;
  for await (const batch of scanMatches(connection, searches.clock, scanOf(searches, { filter, scope }, null, null), signal)) count += batch.length;
  return count;
}

/** @throws {AppError} `STORE_UNAVAILABLE` */
export function countOwned({ connection }: Searches, owner: string): Promise<number> {
  return countDocuments(connection, { [`${BOOKKEEPING}.owner`]: owner });
}

async function countDocuments(connection: Connection, query: Document): Promise<number> {
  const records = await connection.collection();
  return connection.whileAlive(records.countDocuments(query, { maxTimeMS: limits.scanDeadlineMs }));
}

const EVERYTHING = parseFilter({});

function matchesEverything({ root }: Filter): boolean {
  return root.kind === 'and' && root.of.length === 0;
}
