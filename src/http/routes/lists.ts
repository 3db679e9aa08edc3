import type { Catalog, PrincipalCatalog } from '../../catalog/catalog.ts';
import { filterOfPeopleQuery } from '../../catalog/people-query.ts';
import { VERDICTS } from '../../core/health-summary.ts';
import type { Json } from '../../core/json.ts';
import { parseFilter } from '../../query/filter.ts';
import { parseFields } from '../../query/project.ts';
import type { StoredRecord } from '../../store/port.ts';
import type { Answer } from '../answer.ts';
import type { Parameter } from '../parameters.ts';
import type { RequestContext, RouteDefinition } from '../route.ts';
import { list } from './list.ts';
import { shownParts, shownText } from '../shown-record.ts';
import { bodyErrors, filterSchema, listParameters, shownRecordSchema, storeErrors } from './schemas.ts';

/** What people narrow a list by. */
export const peopleParameters: readonly Parameter[] = [
  { name: 'q', description: 'Part of an id, name, URL or tag; case does not matter.', schema: { type: 'string', maxLength: 200 } },
  { name: 'tag', description: 'Has this tag.', schema: { type: 'string', maxLength: 256 } },
  { name: 'registry_type', description: 'Is of this type.', schema: { type: 'string', maxLength: 20, enum: ['aios', 'external'] } },
  { name: 'health', description: 'Has this verdict.', schema: { type: 'string', maxLength: 20, enum: VERDICTS } },
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
      handle: async (context) => listRecords(catalog.as(context.actor), await context.json(), context),
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
        return listRecords(catalog.as(context.actor), filterOfPeopleQuery({ q, tag, registryType, health }), context);
      },
    },
  ];
}

async function listRecords(catalog: PrincipalCatalog, filterInput: Json, context: RequestContext): Promise<Answer> {
  const { include, fields } = context.query;
  const filter = parseFilter(filterInput);
  const parts = shownParts(include);
  const shownFields = fields === undefined ? null : parseFields(fields);
  const isPlain = parts.length === 0 && shownFields === null;
  const text = isPlain ? (stored: StoredRecord): string => stored.text : (stored: StoredRecord): string => shownText(stored, parts, shownFields);
  const show = (records: readonly StoredRecord[]): readonly string[] => records.map(text);
  return list(catalog, filter, show, context, isPlain ? () => catalog.readAllText(context.signal) : undefined);
}
