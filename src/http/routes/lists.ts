import type { Catalog } from '../../catalog/catalog.ts';
import { filterOfPeopleQuery } from '../../catalog/people-query.ts';
import type { Json } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { parseFilter, type Filter } from '../../query/filter.ts';
import { parseFields } from '../../query/project.ts';
import { decodeCursor, encodeCursor, parseSort, positionOf } from '../../query/sort.ts';
import type { FindQuery, StoredRecord } from '../../store/port.ts';
import { viewOf } from '../../store/stored-record.ts';
import { JSON_TYPE, successText, type Answer } from '../answer.ts';
import { flag, type Parameter } from '../parameters.ts';
import type { RequestContext, RouteDefinition } from '../route.ts';
import { shownParts, shownText } from '../shown-record.ts';
import { bodyErrors, filterSchema, listParameters, shownRecordSchema, storeErrors } from './schemas.ts';

const peopleParameters: readonly Parameter[] = [
  { name: 'q', description: 'Part of an id, name, URL or tag; case does not matter.', schema: { type: 'string', maxLength: 200 } },
  { name: 'tag', description: 'Has this tag.', schema: { type: 'string', maxLength: 256 } },
  { name: 'registry_type', description: 'Is of this type.', schema: { type: 'string', maxLength: 20, enum: ['aios', 'external'] } },
  { name: 'health', description: 'Has this verdict.', schema: { type: 'string', maxLength: 20, enum: ['up', 'degraded', 'auth_failed', 'down', 'unknown'] } },
];

const answers = {
  200: { description: 'The records that match, by id unless sorted otherwise.', data: { type: 'array', items: shownRecordSchema }, headers: ['Link', 'X-Total-Count'] },
} as const;

export function listRoutes(catalog: Catalog): RouteDefinition[] {
  const common = { action: 'record:read', answers, compressed: true } as const;
  return [
    {
      ...common,
      method: 'POST',
      path: '/container_registries',
      operationId: 'queryContainerRegistries',
      summary: 'Find records by a MongoDB filter',
      hot: true,
      parameters: listParameters,
      body: {
        description: 'The filter; `{}` matches every record.',
        schema: filterSchema,
        examples: {
          tags: { container_registry_tags: { $in: ['ai', 'internal'] } },
          metadata: { 'container_registry_metadata.region': 'us-west-2', 'container_registry_storage_info.memory_size': { $gte: 4096 } },
          everything: {},
        },
      },
      errors: [...bodyErrors, 'INVALID_FILTER', 'OPERATOR_NOT_ALLOWED', 'LIMIT_EXCEEDED', 'INVALID_CURSOR', 'QUERY_TOO_EXPENSIVE', ...storeErrors],
      handle: async (context) => list(catalog, await context.json(), context),
    },
    {
      ...common,
      method: 'GET',
      path: '/container_registries',
      operationId: 'listContainerRegistries',
      summary: 'Find records by a few words',
      parameters: [...peopleParameters, ...listParameters],
      errors: ['LIMIT_EXCEEDED', 'INVALID_CURSOR', 'QUERY_TOO_EXPENSIVE', ...storeErrors],
      handle: async (context) => {
        const { q, tag, registry_type: registryType, health } = context.query;
        return list(catalog, filterOfPeopleQuery({ q, tag, registryType, health }), context);
      },
    },
  ];
}

async function list(catalog: Catalog, filterInput: Json, context: RequestContext): Promise<Answer> {
  const { query, signal } = context;
  const filter = parseFilter(filterInput);
  const headers: Record<string, string> = {};
  const show = showing(query['include'], query['fields']);
  const request = pageRequest(filter, query);
  if (flag(query, 'count')) headers['X-Total-Count'] = String(await catalog.count(filter, signal));
  if (request.limit !== null) return page(catalog, { ...request, limit: request.limit }, show.text, context, headers);
  const texts = show.plain && Object.keys(filter.source).length === 0 ? catalog.readAllText(signal) : batchTexts(catalog.find(request, signal), show.text);
  return { status: 200, headers, contentType: JSON_TYPE, body: await streamed(texts) };
}

interface Showing {
  /** Records are shown exactly as they are stored. */
  readonly plain: boolean;
  readonly text: (stored: StoredRecord) => string;
}

function showing(include: string | undefined, fieldsText: string | undefined): Showing {
  const parts = shownParts(include);
  const fields = fieldsText === undefined ? null : parseFields(fieldsText);
  const plain = parts.length === 0 && fields === null;
  return { plain, text: plain ? (stored) => stored.text : (stored) => shownText(stored, parts, fields) };
}

/** A cursor or a sort asks for pages even where no size is given: neither makes sense of an endless answer. */
function pageRequest(filter: Filter, query: RequestContext['query']): FindQuery {
  const sort = query['sort'] === undefined ? [] : parseSort(query['sort']);
  const after = query['cursor'] === undefined ? null : decodeCursor(query['cursor'], sort, filter);
  const paged = query['limit'] !== undefined || sort.length > 0 || after !== null;
  return { filter, sort, after, limit: paged ? Number(query['limit'] ?? limits.pageSizeDefault) : null };
}

async function page(
  catalog: Catalog,
  request: FindQuery & { readonly limit: number },
  text: Showing['text'],
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
  return successText(`[${shown.map(text).join(',')}]`, 200, headers);
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
async function* batchTexts(batches: AsyncIterable<readonly StoredRecord[]>, text: Showing['text']): AsyncIterable<string> {
  for await (const batch of batches) {
    let chunk = '';
    for (const stored of batch) {
      chunk = chunk === '' ? text(stored) : `${chunk},${text(stored)}`;
      if (chunk.length < limits.streamChunkLength) continue;
      yield chunk;
      chunk = '';
    }
    if (chunk !== '') yield chunk;
  }
}

/**
 * Chunks of joined records as one envelope. The first chunk is awaited here, so that a query that cannot begin is
 * answered by an error and not by a connection that breaks off.
 */
async function streamed(texts: AsyncIterable<string | Uint8Array>): Promise<AsyncIterable<string | Uint8Array>> {
  const iterator = texts[Symbol.asyncIterator]();
  let next = await iterator.next();
  return (async function* () {
    try {
      yield '{"success":true,"data":[';
      for (let first = true; next.done !== true; first = false) {
        if (!first) yield ',';
        yield next.value;
        next = await iterator.next();
      }
      yield ']}';
    } finally {
      await iterator.return?.();
    }
  })();
}
