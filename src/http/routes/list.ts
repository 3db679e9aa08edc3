import type { PrincipalCatalog, Search } from '../../catalog/catalog.ts';
import { limits } from '../../core/limits.ts';
import type { Filter } from '../../query/filter.ts';
import { decodeCursor, encodeCursor, parseSort, positionOf } from '../../query/sort.ts';
import type { StoredRecord } from '../../store/port.ts';
import { viewOf } from '../../store/stored-record.ts';
import { JSON_TYPE, successText, type Answer } from '../answer.ts';
import { begun } from '../begun.ts';
import { flag } from '../parameters.ts';
import type { RequestContext } from '../route.ts';

/** The JSON texts of some records, in their order, as a client is to see them. */
export type Show = (records: readonly StoredRecord[]) => readonly string[] | Promise<readonly string[]>;

/**
 * Answers with the records that match: streamed, or in pages where `limit`, `cursor` or `sort` asks for them.
 * @param stored every record as it is stored; where the filter lets all pass, they need not be read one by one
 */
export async function list(catalog: PrincipalCatalog, filter: Filter, show: Show, context: RequestContext, stored?: () => AsyncIterable<Uint8Array>): Promise<Answer> {
  const { query, signal } = context;
  const headers: Record<string, string> = {};
  const request = pageRequest(filter, query);
  if (request.limit === null) context.beginStream();
  if (flag(query, 'count')) headers['X-Total-Count'] = String(await catalog.count(filter, signal));
  if (request.limit !== null) return page(catalog, { ...request, limit: request.limit }, show, context, headers);
  const isWhole = stored !== undefined && Object.keys(filter.source).length === 0;
  const texts = isWhole ? stored() : batchTexts(catalog.find(request, signal), show);
  return { status: 200, headers, contentType: JSON_TYPE, body: await streamed(texts) };
}

/** A cursor or a sort asks for pages even where no size is given: neither makes sense of an endless answer. */
function pageRequest(filter: Filter, query: RequestContext['query']): Search {
  const sort = query['sort'] === undefined ? [] : parseSort(query['sort']);
  const after = query['cursor'] === undefined ? null : decodeCursor(query['cursor'], sort, filter);
  const paged = query['limit'] !== undefined || sort.length > 0 || after !== null;
  return { filter, sort, after, limit: paged ? Number(query['limit'] ?? limits.pageSizeDefault) : null };
}

async function page(
  catalog: PrincipalCatalog,
  request: Search & { readonly limit: number },
  show: Show,
  { url, signal }: RequestContext,
  headers: Record<string, string>,
): Promise<Answer> {
  // One more than asked for tells whether there is a next page.
  const found = await collectPage(catalog.find({ ...request, limit: request.limit + 1 }, signal));
  const shown = found.isCut ? found.records.slice(0, -1) : found.records.slice(0, request.limit);
  const last = shown.at(-1);
  if (found.records.length > shown.length && last !== undefined) {
    const position = positionOf(request.sort.length === 0 ? {} : viewOf(last), last.id, request.sort);
    headers['Link'] = `<${withCursor(url, encodeCursor(position, request.sort, request.filter))}>; rel="next"`;
  }
  return successText(`[${(await show(shown)).join(',')}]`, 200, headers);
}

/** A page is held in memory whole, so it is cut when its records are large: the last one found then begins the next page. */
async function collectPage(batches: AsyncIterable<readonly StoredRecord[]>): Promise<{ records: readonly StoredRecord[]; isCut: boolean }> {
  const records: StoredRecord[] = [];
  let textLength = 0;
  for await (const batch of batches) {
    for (const stored of batch) {
      records.push(stored);
      textLength += stored.text.length;
      if (textLength > limits.pageTextMax && records.length > 1) return { records, isCut: true };
    }
  }
  return { records, isCut: false };
}

function withCursor(url: string, cursor: string): string {
  const [path = '', search] = url.split('?');
  const parameters = new URLSearchParams(search);
  parameters.set('cursor', cursor);
  return `${path}?${parameters.toString()}`;
}

/** Texts of records, joined by commas into chunks of a fair size: what a slow reader has not taken yet is held in memory. */
async function* batchTexts(batches: AsyncIterable<readonly StoredRecord[]>, show: Show): AsyncIterable<string> {
  for await (const batch of batches) {
    let chunk = '';
    for (const text of await show(batch)) {
      chunk = chunk === '' ? text : `${chunk},${text}`;
      if (chunk.length < limits.streamChunkLength) continue;
      yield chunk;
      chunk = '';
    }
    if (chunk !== '') yield chunk;
  }
}

/** Chunks of joined records as one envelope. */
async function streamed(texts: AsyncIterable<string | Uint8Array>): Promise<AsyncIterable<string | Uint8Array>> {
  const chunks = await begun(texts);
  return (async function* () {
    yield '{"success":true,"data":[';
    let isFirst = true;
    for await (const chunk of chunks) {
      if (!isFirst) yield ',';
      yield chunk;
      isFirst = false;
    }
    yield ']}';
  })();
}
