/** Walks over candidates in the order of their ids and lets the matcher decide about each. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Collection, Document, FindCursor } from 'mongodb';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { EVERY_RECORD } from './candidate-query.ts';
import type { Connection } from './connection.ts';
import { PROJECTION, showDocument, type CatalogDocument, type ShownDocument } from './document.ts';
import { isOutOfTime } from './errors.ts';

export interface Scan {
  /** Narrows the candidates; `null`: all records. */
  readonly query: Document | null;
  /** Only ids after this one. */
  readonly afterId: string | null;
  readonly batchDocuments: number;
  matches(shown: ShownDocument): boolean;
}

/**
 * The matches among the candidates, by id, each id once: of several documents with one id the first by `_id` is shown. Callers
 * narrow only where no id is held twice, or the first document might be passed over and a later one shown in its place.
 *
 * Ends quietly when `signal` aborts. The time that the caller takes between batches does not count.
 * @throws {AppError} `STORE_UNAVAILABLE`, `QUERY_TOO_EXPENSIVE`
 */
export async function* scanMatches(connection: Connection, clock: Clock, scan: Scan, signal: AbortSignal): AsyncGenerator<ShownDocument[]> {
  const collection = await connection.collection();
  const cursor = openCursor(collection, scan, signal);
  const pass: Pass = { clock, signal, rows: 0, lastId: null, sliceStartMs: clock.monotonicMs() };
  let spentMs = 0;
  try {
    for (;;) {
      const startMs = clock.monotonicMs();
      const batch = await nextBatch(connection, cursor);
      if (batch === null) return;
      const found = await matchesAmong(batch, scan, pass);
      spentMs += clock.monotonicMs() - startMs;
      signal.throwIfAborted();
      if (pass.rows > limits.scanRowsMax) throw tooExpensive(`more than ${limits.scanRowsMax} records (limit scanRowsMax)`);
      if (spentMs > limits.scanDeadlineMs) throw tooExpensive(`longer than ${limits.scanDeadlineMs} ms (limit scanDeadlineMs)`);
      if (found.length > 0) yield found;
    }
  } catch (error) {
    if (signal.aborted) return;
    throw isOutOfTime(error) ? tooExpensive(`longer than ${limits.scanDeadlineMs} ms (limit scanDeadlineMs)`) : error;
  } finally {
    // Not waited for: a server that hangs would hold up the answer.
    void cursor.close().catch(() => undefined);
  }
}

/** How far a scan has come. */
interface Pass {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  rows: number;
  lastId: string | null;
  sliceStartMs: number;
}

function openCursor(collection: Collection<CatalogDocument>, scan: Scan, signal: AbortSignal): FindCursor<CatalogDocument> {
  const position = scan.afterId === null ? EVERY_RECORD : { container_registry_id: { $gt: scan.afterId } };
  return collection.find<CatalogDocument>(scan.query === null ? position : { $and: [position, scan.query] }, {
    projection: PROJECTION,
    sort: { container_registry_id: 1, _id: 1 },
    batchSize: scan.batchDocuments,
    allowDiskUse: true,
    maxTimeMS: limits.scanDeadlineMs,
    signal,
  });
}

async function nextBatch(connection: Connection, cursor: FindCursor<CatalogDocument>): Promise<CatalogDocument[] | null> {
  const hasMore = await connection.whileAlive(cursor.hasNext());
  return hasMore ? cursor.readBufferedDocuments() : null;
}

/** Lets other work run between slices of time, because filters and documents may be costly. */
async function matchesAmong(batch: readonly CatalogDocument[], scan: Scan, pass: Pass): Promise<ShownDocument[]> {
  const found: ShownDocument[] = [];
  for (const document of batch) {
    pass.rows += 1;
    const shown = showDocument(document);
    if (shown.id !== pass.lastId && scan.matches(shown)) found.push(shown);
    pass.lastId = shown.id;
    if (pass.clock.monotonicMs() - pass.sliceStartMs < limits.mainSliceMs) continue;
    await nextTurn();
    if (pass.signal.aborted) break;
    pass.sliceStartMs = pass.clock.monotonicMs();
  }
  return found;
}

function tooExpensive(what: string): AppError {
  return new AppError(
    'QUERY_TOO_EXPENSIVE',
    `The query had to look at ${what}. Add a condition of equality, \`$in\` or a range on a field, or ask for a page with \`limit\`.`,
  );
}
