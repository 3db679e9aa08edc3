import type { ErrorCode } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { Parameter } from '../parameters.ts';
import { limits } from '../../core/limits.ts';

/** References into the OpenAPI document's components, which come from `schemas/`. */
export const recordSchema = { $ref: '#/components/schemas/ContainerRegistry' } as const;
export const shownRecordSchema = { $ref: '#/components/schemas/ShownRecord' } as const;
export const filterSchema = { $ref: '#/components/schemas/Filter' } as const;
export const updateSchema = { $ref: '#/components/schemas/Update' } as const;
export const probeResultSchema = { $ref: '#/components/schemas/ProbeResult' } as const;

export const registryHealthSchema = { $ref: '#/components/schemas/RegistryHealth' } as const;
export const historySchema = { $ref: '#/components/schemas/HealthHistory' } as const;
export const eventSchema = { $ref: '#/components/schemas/HealthEvent' } as const;

export const writtenSchema = {
  type: 'object',
  required: ['message', 'id'],
  properties: { message: { type: 'string' }, id: { type: 'string' } },
} as const;

export const messageSchema = { type: 'object', required: ['message'], properties: { message: { type: 'string' } } } as const;

export const stringList = { type: 'array', items: { type: 'string' } } as const;

export const nullable = (type: string, description: string): object => ({ type: [type, 'null'], description });

/** Errors of every route that reads a JSON body. */
export const bodyErrors: readonly ErrorCode[] = ['INVALID_JSON', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];
/** Errors of every route that needs the store. */
export const storeErrors: readonly ErrorCode[] = ['STORE_UNAVAILABLE', 'STORE_DAMAGED', 'OVERLOADED'];
/** Errors of every route that writes to it. */
export const storeWriteErrors: readonly ErrorCode[] = ['STORE_FULL', ...storeErrors];

export const includeParameter: Parameter = {
  name: 'include',
  description: 'Adds these objects to each record: `health`, `meta`, or `health,meta`.',
  schema: { type: 'string', maxLength: 20, enum: ['health', 'meta', 'health,meta', 'meta,health'] },
};

/** How a list is cut, ordered and shown; the same for the list of programs and that of people. */
export const listParameters: readonly Parameter[] = [
  {
    name: 'limit',
    description: 'Records on a page at most; large records make it shorter. Whether there is a next page, the `Link` header tells. Without `limit`, `cursor` and `sort` everything streams.',
    schema: { type: 'integer', minimum: 1, maximum: limits.pageSizeMax },
  },
  { name: 'cursor', description: 'Where the page begins: taken from the `Link` header of the page before.', schema: { type: 'string', maxLength: limits.cursorLengthMax } },
  { name: 'sort', description: 'Fields to order by, separated by commas; `-` before a field turns its order round. Comes in pages.', schema: { type: 'string', maxLength: 1_000 } },
  { name: 'fields', description: 'Fields to show, separated by commas, dotted where they lie deeper. The id always comes.', schema: { type: 'string', maxLength: 1_000 } },
  { name: 'count', description: '`true` adds the header `X-Total-Count`.', schema: { type: 'boolean' } },
  includeParameter,
];

/** The reference's own example of a record. */
export const exampleRecord: Json = {
  container_registry_id: 'b3c38f52-8f2e-43a3-9aa9-bd9a4c75e509',
  container_registry_name: 'internal-ai-registry',
  container_registry_metadata: { environment: 'production', owner: 'mlops-team', region: 'us-west-2' },
  container_registry_tags: ['ai', 'training', 'internal', 'fast-pull'],
  container_registry_public_url: 'http://10.13.21.22:32633',
  container_registry_image_prefix: '10.13.21.22:32633',
  container_registry_config: { auth_required: true, mirror_enabled: false, storage_backend: 's3', max_layer_size_mb: 500 },
  container_registry_storage_info: { storage_type: 's3', storage_size: -1, memory_size: 8192, registry_type: 'aios' },
};
