import type { Catalog } from '../../catalog/catalog.ts';
import { SHARE_RIGHTS, VISIBILITIES, type RecordAccess } from '../../core/access.ts';
import { limits } from '../../core/limits.ts';
import type { RecordMeta } from '../../store/port.ts';
import { success, type Answer } from '../answer.ts';
import { etagOf, preconditionOf } from '../etag.ts';
import type { RouteDefinition } from '../route.ts';
import { idOf } from './record-id.ts';
import { ifMatch } from './records.ts';
import { bodyErrors, storeErrors, storeWriteErrors } from './schemas.ts';

const properties = {
  owner: { type: ['string', 'null'], pattern: '^[a-z0-9][a-z0-9._-]{0,63}$', description: 'Name of the user whose record it is; null: nobody’s.' },
  visibility: { enum: VISIBILITIES, description: 'Who sees the record besides those: everybody, every principal, nobody.' },
  shared_with: {
    type: 'array',
    maxItems: limits.sharesPerRecordMax,
    description: 'Users and groups that may read it; with `pull` also use its pull secret, with `write` also change it.',
    items: {
      type: 'object',
      required: ['with', 'may'],
      additionalProperties: false,
      properties: { with: { type: 'string', pattern: '^(user|group):[a-z0-9][a-z0-9._-]{0,63}$' }, may: { enum: SHARE_RIGHTS } },
    },
  },
} as const;

const accessSchema = { type: 'object', required: Object.keys(properties), properties } as const;

/** Who may do what with a record. */
export function accessRoutes(catalog: Catalog): RouteDefinition[] {
  return [
    {
      method: 'GET',
      path: '/container_registry/{id}/access',
      action: 'record:read',
      operationId: 'getContainerRegistryAccess',
      summary: 'Whose a record is, and who may see it',
      parameters: [],
      answers: { 200: { description: 'The owner, the visibility and the shares.', data: accessSchema, headers: ['ETag'] } },
      errors: ['RECORD_NOT_FOUND', ...storeErrors],
      handle: async ({ params, actor }) => answerOf((await catalog.as(actor).get(idOf(params))).meta),
    },
    {
      method: 'PUT',
      path: '/container_registry/{id}/access',
      action: 'record:share',
      operationId: 'setContainerRegistryAccess',
      summary: 'Share a record, hide it, hand it over',
      description: 'Takes any of the three; what is not named stays, and `shared_with` is replaced as a whole. Raises the record’s revision. Whoever names another owner gives the record away.',
      parameters: [],
      requestHeaders: [ifMatch],
      body: {
        description: 'What is to change.',
        schema: { type: 'object', additionalProperties: false, properties },
        examples: {
          hide: { visibility: 'private' },
          share: { shared_with: [{ with: 'group:ops', may: 'write' }, { with: 'user:rita', may: 'pull' }] },
        },
      },
      answers: { 200: { description: 'Who may do what now.', data: accessSchema, headers: ['ETag'] } },
      errors: [...bodyErrors, 'INVALID_REQUEST', 'FORBIDDEN', 'QUOTA_REACHED', 'RECORD_NOT_FOUND', 'REVISION_STALE', ...storeWriteErrors],
      async handle(context) {
        const precondition = preconditionOf(context.header('if-match'));
        return answerOf((await catalog.as(context.actor).setAccess(idOf(context.params), await context.json(), precondition)).meta);
      },
    },
  ];
}

function answerOf(meta: RecordMeta): Answer {
  const { owner, visibility, shared_with } = meta;
  const access: RecordAccess = { owner, visibility, shared_with };
  return success(access, 200, { ETag: etagOf(meta) });
}
