import { deleteMany, matchesEverything, updateMany } from '../../catalog/bulk/change-many.ts';
import { importRecords } from '../../catalog/bulk/import.ts';
import { elementsOf, linesOf, type Piece } from '../../catalog/bulk/pieces.ts';
import type { Catalog, PrincipalCatalog } from '../../catalog/catalog.ts';
import { filterOfPeopleQuery } from '../../catalog/people-query.ts';
import { VISIBILITIES } from '../../core/access.ts';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { VERDICTS } from '../../core/health-summary.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { parseFilter, type Filter } from '../../query/filter.ts';
import { SUMMARY_TYPES } from '../../store/port.ts';
import { success } from '../answer.ts';
import { ahead, begun, inTime } from '../begun.ts';
import { bodies, createBodyCheck } from '../body-check.ts';
import { flag, type Parameter, type Query } from '../parameters.ts';
import type { RequestContext, RouteDefinition } from '../route.ts';
import { shownText } from '../shown-record.ts';
import type { Upload } from '../upload.ts';
import { peopleParameters } from './lists.ts';
import { bodyErrors, exampleRecord, filterSchema, recordSchema, storeErrors, storeWriteErrors, updateSchema } from './schemas.ts';

const NDJSON = 'application/x-ndjson';

const dryRun: Parameter = { name: 'dry_run', description: '`true`: tell what would happen, and change nothing.', schema: { type: 'boolean' } };
const all: Parameter = { name: 'all', description: '`true` confirms that a filter which matches every record is meant.', schema: { type: 'boolean' } };

/** Many records at once. Everything holds for each of them that holds for one. */
export function bulkRoutes(catalog: Catalog, clock: Pick<Clock, 'monotonicMs'>): RouteDefinition[] {
  return [importRoute(catalog, clock), exportRoute(catalog), updateRoute(catalog), deleteRoute(catalog), summaryRoute(catalog)];
}

function importRoute(catalog: Catalog, clock: Pick<Clock, 'monotonicMs'>): RouteDefinition {
  return {
    method: 'POST',
    path: '/container_registries/import',
    action: 'record:create',
    operationId: 'importContainerRegistries',
    summary: 'Add many registries, or bring them up to date',
    description:
      'Takes records one a line, or in an array, of any number; lines may be those of an export. Answers while the body is still coming: a line `{"line", "id", "outcome", "code", "error"}` for each record in their order, once it is durable, and at the end `{"summary": …}`. The outcome is `created`, `updated`, `unchanged` or `failed`; a record that fails stops no other. An answer without a summary has broken off: what it tells of is there.',
    parameters: [
      { name: 'mode', description: '`create` (default): an id that is there already fails. `upsert`: that record is updated with the fields given.', schema: { type: 'string', maxLength: 20, enum: ['create', 'upsert'] } },
      dryRun,
      { name: 'visibility', description: 'Of new records whose `meta` does not say. Default: `internal`.', schema: { type: 'string', maxLength: 20, enum: VISIBILITIES } },
    ],
    body: {
      description: 'The records.',
      schema: { type: 'array', items: recordSchema },
      alternatives: { [NDJSON]: 'A record on each line.' },
      examples: { two: [exampleRecord, { container_registry_name: 'edge-7', container_registry_public_url: 'https://edge-7.example.com' }] },
    },
    answers: { 200: { description: 'What came of each record, a line of JSON each.', contentType: NDJSON } },
    errors: ['UNSUPPORTED_MEDIA_TYPE', 'INVALID_JSON', 'TOO_MANY_STREAMS'],
    async handle(context) {
      const { mode, visibility } = context.query;
      const upload = context.upload([NDJSON, 'application/json']);
      context.beginStream();
      const options = { mode: mode === 'upsert' ? 'upsert' : 'create', dryRun: flag(context.query, 'dry_run'), visibility } as const;
      const outcomes = importRecords(catalog.as(context.actor), piecesOf(upload), options, clock);
      return { status: 200, contentType: NDJSON, body: await begun(ahead(jsonLines(outcomes), limits.importAnswerTextMax)) };
    },
  };
}

function piecesOf({ type, chunks }: Upload): AsyncIterable<Piece> {
  return type === NDJSON ? linesOf(chunks, limits.importLineBytesMax) : elementsOf(chunks, limits.importLineBytesMax);
}

async function* jsonLines(batches: AsyncIterable<readonly object[]>): AsyncGenerator<string> {
  for await (const batch of batches) yield batch.map((value) => `${JSON.stringify(value)}\n`).join('');
}

function exportRoute(catalog: Catalog): RouteDefinition {
  return {
    method: 'GET',
    path: '/container_registries/export',
    action: 'record:read',
    operationId: 'exportContainerRegistries',
    summary: 'All registries, a line each',
    description: 'The eight fields of each record and its `meta`, by id, in the form that an import takes. Nothing secret is among them: credentials are not part of records.',
    compressed: true,
    parameters: [...peopleParameters, { name: 'meta', description: '`false` leaves `meta` out.', schema: { type: 'boolean' } }],
    answers: { 200: { description: 'A record on each line.', contentType: NDJSON } },
    errors: ['LIMIT_EXCEEDED', 'QUERY_TOO_EXPENSIVE', 'TOO_MANY_STREAMS', ...storeErrors],
    async handle(context) {
      context.beginStream();
      return { status: 200, contentType: NDJSON, body: await begun(exported(catalog.as(context.actor), context)) };
    },
  };
}

function exported(records: PrincipalCatalog, { query, signal }: RequestContext): AsyncIterable<string | Uint8Array> {
  const withMeta = query['meta'] !== 'false';
  const { q, tag, registry_type: registryType, health } = query;
  const filter = filterOfPeopleQuery({ q, tag, registryType, health });
  return Object.keys(filter).length === 0 ? records.readAllLines(withMeta, signal) : matchingLines(records, filter, withMeta, signal);
}

async function* matchingLines(records: PrincipalCatalog, filter: JsonObject, withMeta: boolean, signal: AbortSignal): AsyncGenerator<string> {
  const parts = withMeta ? (['meta'] as const) : [];
  for await (const batch of records.find({ filter: parseFilter(filter), sort: [], after: null, limit: null }, signal)) {
    yield batch.map((stored) => `${shownText(stored, parts)}\n`).join('');
  }
}

const count = { type: 'integer', minimum: 0 } as const;

const reportSchema = {
  type: 'object',
  required: ['matched', 'changed', 'unchanged', 'failed', 'forbidden', 'failures'],
  properties: {
    matched: { ...count, description: 'The sum of the next four.' },
    changed: { ...count, description: 'Updated, or deleted.' },
    unchanged: { ...count, description: 'Those that were as asked already.' },
    failed: count,
    forbidden: { ...count, description: 'Those that you see and may not change.' },
    failures: {
      type: 'array',
      maxItems: limits.changeFailuresShown,
      description: 'The first of those that failed.',
      items: { type: 'object', required: ['id', 'code', 'error'], properties: { id: { type: 'string' }, code: { type: 'string' }, error: { type: 'string' } } },
    },
  },
} as const;

const filterErrors = ['INVALID_REQUEST', 'INVALID_FILTER', 'OPERATOR_NOT_ALLOWED', 'LIMIT_EXCEEDED', 'ALL_NOT_CONFIRMED', 'QUERY_TOO_EXPENSIVE'] as const;
const byFilter = { answers: { 200: { description: 'What came of it.', data: reportSchema } } } as const;

const updateBody = { type: 'object', required: ['filter', 'update'], additionalProperties: false, properties: { filter: filterSchema, update: updateSchema } } as const;
const deleteBody = { type: 'object', required: ['filter'], additionalProperties: false, properties: { filter: filterSchema } } as const;

/** What is in them is checked by those who know filters and updates. */
const anything = { type: 'object' } as const;
const checkUpdate = createBodyCheck(bodies.compile<{ filter: Json; update: Json }>({ ...updateBody, properties: { filter: anything, update: anything } }));
const checkDelete = createBodyCheck(bodies.compile<{ filter: Json }>({ ...deleteBody, properties: { filter: anything } }));

function updateRoute(catalog: Catalog): RouteDefinition {
  return {
    ...byFilter,
    method: 'POST',
    path: '/container_registries/update',
    action: 'record:update',
    operationId: 'updateContainerRegistries',
    summary: 'Change every record that matches',
    description: 'The update is that of a single record, and applied to each of those that you may change. What one record refuses stops no other. A long answer begins with blanks.',
    parameters: [dryRun, all],
    body: {
      description: 'Which records, and what is to become of them.',
      schema: updateBody,
      examples: { tag: { filter: { 'container_registry_metadata.region': 'us-west-2' }, update: { $addToSet: { container_registry_tags: 'west' } } } },
    },
    errors: [...bodyErrors, ...filterErrors, 'INVALID_UPDATE', 'IMMUTABLE_FIELD', ...storeWriteErrors],
    async handle(context) {
      const { filter, update } = checkUpdate(await context.json());
      const chosen = chosenBy(filter, context.query);
      return inTime(updateMany(catalog.as(context.actor), chosen, update, trialOf(context.query), context.signal));
    },
  };
}

function deleteRoute(catalog: Catalog): RouteDefinition {
  return {
    ...byFilter,
    method: 'POST',
    path: '/container_registries/delete',
    action: 'record:delete',
    operationId: 'deleteContainerRegistries',
    summary: 'Take every record that matches out of the catalog',
    description: 'Deletes those that you may delete. The registries themselves are left alone. A long answer begins with blanks.',
    parameters: [dryRun, all],
    body: { description: 'Which records.', schema: deleteBody, examples: { gone: { filter: { container_registry_tags: 'decommissioned' } } } },
    errors: [...bodyErrors, ...filterErrors, ...storeWriteErrors],
    async handle(context) {
      const { filter } = checkDelete(await context.json());
      const chosen = chosenBy(filter, context.query);
      return inTime(deleteMany(catalog.as(context.actor), chosen, trialOf(context.query), context.signal));
    },
  };
}

function chosenBy(input: Json, query: Query): Filter {
  const filter = parseFilter(input);
  if (!matchesEverything(filter) || flag(query, 'all')) return filter;
  throw new AppError('ALL_NOT_CONFIRMED', 'This filter matches every record. Add a condition to it, or `all=true` to the request if all of them are meant.', {
    details: [{ path: 'filter', message: 'matches every record' }],
  });
}

const trialOf = (query: Query): { readonly dryRun: boolean } => ({ dryRun: flag(query, 'dry_run') });

const countsOf = (words: readonly string[]): object => ({ type: 'object', required: words, properties: Object.fromEntries(words.map((word) => [word, count])) });

const summarySchema = {
  type: 'object',
  required: ['total', 'by_tag', 'by_type', 'by_verdict', 'by_visibility'],
  properties: {
    total: count,
    by_tag: {
      type: 'array',
      maxItems: limits.summaryTagsMax,
      description: 'The most frequent first.',
      items: { type: 'object', required: ['tag', 'count'], properties: { tag: { type: 'string' }, count } },
    },
    by_type: { ...countsOf(SUMMARY_TYPES), description: '`unknown` where a record gives no type.' },
    by_verdict: countsOf(VERDICTS),
    by_visibility: countsOf(VISIBILITIES),
  },
} as const;

function summaryRoute(catalog: Catalog): RouteDefinition {
  return {
    method: 'GET',
    path: '/container_registries/summary',
    action: 'record:read',
    operationId: 'summarizeContainerRegistries',
    summary: 'How many registries there are, of which kinds',
    description: 'Counts the records that you see, by tag, type, verdict and visibility.',
    compressed: true,
    parameters: [],
    answers: { 200: { description: 'The counts.', data: summarySchema } },
    errors: ['QUERY_TOO_EXPENSIVE', ...storeErrors],
    async handle({ actor }) {
      const { total, byTag, byType, byVerdict, byVisibility } = await catalog.as(actor).summary();
      return success({ total, by_tag: byTag, by_type: byType, by_verdict: byVerdict, by_visibility: byVisibility });
    },
  };
}
