import type { Catalog } from '../../catalog/catalog.ts';
import { VISIBILITIES, type Visibility } from '../../core/access.ts';
import { AppError } from '../../core/errors.ts';
import type { RecordFields } from '../../core/record.ts';
import type { ProbeResult } from '../../health/probe.ts';
import type { CheckedRecord } from '../../health/watching/counted-checks.ts';
import type { StoredRecord } from '../../store/port.ts';
import { recordOf } from '../../store/stored-record.ts';
import { notModified, success, successText, type TextAnswer } from '../answer.ts';
import { etagOf, isNotModified, preconditionOf } from '../etag.ts';
import { flag, type Parameter } from '../parameters.ts';
import type { RouteDefinition } from '../route.ts';
import { shownText, shownParts } from '../shown-record.ts';
import { idOf } from './record-id.ts';
import { bodyErrors, exampleRecord, includeParameter, probeResultSchema, recordSchema, shownRecordSchema, storeErrors, storeWriteErrors, updateSchema, writtenSchema } from './schemas.ts';

interface RecordRoutesOptions {
  readonly catalog: Catalog;
  readonly checkHealth: (record: CheckedRecord, signal: AbortSignal, options?: { debug: boolean }) => Promise<ProbeResult>;
}

export const ifMatch: Parameter = {
  name: 'If-Match',
  description: 'Entity tags, one of which must be the record’s; otherwise nothing changes and the answer is 412.',
  schema: { type: 'string', maxLength: 8_192 },
};
const ifNoneMatch: Parameter = {
  name: 'If-None-Match',
  description: 'Entity tags that the caller has; when one is the record’s, the answer is 304 without a body.',
  schema: { type: 'string', maxLength: 8_192 },
};

export function recordRoutes({ catalog, checkHealth }: RecordRoutesOptions): RouteDefinition[] {
  return [createRoute(catalog, checkHealth), getRoute(catalog), updateRoute(catalog), deleteRoute(catalog), checkRoute(catalog, checkHealth)];
}

function createRoute(catalog: Catalog, checkHealth: RecordRoutesOptions['checkHealth']): RouteDefinition {
  return {
    method: 'POST',
    path: '/container_registry',
    action: 'record:create',
    operationId: 'createContainerRegistry',
    summary: 'Add a registry to the catalog',
    description: 'Only the name and the public URL are required. A registry that is down can be recorded; `verify=true` asks for the opposite.',
    parameters: [
      { name: 'verify', description: '`true`: store the record only if its registry answers now.', schema: { type: 'boolean' } },
      { name: 'visibility', description: 'Who sees the record: everybody; every principal; its owner, and those it is shared with. Default: `internal`.', schema: { type: 'string', maxLength: 10, enum: VISIBILITIES } },
    ],
    body: {
      description: 'The record.',
      schema: recordSchema,
      examples: { whole: exampleRecord, smallest: { container_registry_name: 'edge-7', container_registry_public_url: 'https://edge-7.example.com' } },
    },
    answers: { 201: { description: 'The record is stored.', data: writtenSchema, headers: ['Location', 'ETag'] } },
    errors: [...bodyErrors, 'INVALID_RECORD', 'RECORD_TOO_LARGE', 'QUOTA_REACHED', 'ID_EXISTS', 'REGISTRY_UNREACHABLE', ...storeWriteErrors],
    async handle(context) {
      const admit = async (record: RecordFields): Promise<void> => refuseUnreachable(await checkHealth({ fields: record, createdAt: null }, context.signal));
      const { query, actor } = context;
      const visibility = query['visibility'] as Visibility | undefined;
      const { id, meta } = await catalog.as(actor).create(await context.json(), { visibility, admit: flag(query, 'verify') ? admit : undefined });
      return success({ message: 'Container registry created', id }, 201, {
        Location: `/container_registry/${encodeURIComponent(id)}`,
        ETag: etagOf(meta),
      });
    },
  };
}

function refuseUnreachable(result: ProbeResult): void {
  if (result.reachable) return;
  throw new AppError('REGISTRY_UNREACHABLE', `The registry does not answer at ${result.url}: ${result.reason} Nothing was stored.`, {
    details: [{ path: 'container_registry_public_url', message: result.cause }],
  });
}

function getRoute(catalog: Catalog): RouteDefinition {
  return {
    method: 'GET',
    path: '/container_registry/{id}',
    action: 'record:read',
    operationId: 'getContainerRegistry',
    summary: 'Read one record',
    hot: true,
    parameters: [includeParameter],
    requestHeaders: [ifNoneMatch],
    answers: {
      200: { description: 'The eight fields; with `include`, the objects asked for beside them.', data: shownRecordSchema, headers: ['ETag'] },
      304: { description: 'The record is still the one that `If-None-Match` names.' },
    },
    errors: ['RECORD_NOT_FOUND', ...storeErrors],
    async handle({ params, query, header, actor }) {
      const stored = await catalog.as(actor).get(idOf(params));
      const parts = shownParts(query['include']);
      return parts.length === 0 ? recordAnswer(stored, header('if-none-match')) : successText(shownText(stored, parts));
    },
  };
}

/** The answer to a plain read: the stored text as it is, with its ETag, or 304. */
export function recordAnswer(stored: StoredRecord, ifNoneMatchText: string | undefined): TextAnswer {
  const etag = etagOf(stored.meta);
  return isNotModified(ifNoneMatchText, etag) ? notModified({ ETag: etag }) : successText(stored.text, 200, { ETag: etag });
}

function updateRoute(catalog: Catalog): RouteDefinition {
  return {
    method: 'PUT',
    path: '/container_registry/{id}',
    action: 'record:update',
    operationId: 'updateContainerRegistry',
    summary: 'Change a record',
    description:
      'Takes a MongoDB update document or a plain object of the fields to replace, never both. It is applied to the record, the outcome is checked whole, and written only if nobody else has changed the record meanwhile. Never creates a record.',
    parameters: [],
    requestHeaders: [ifMatch],
    body: {
      description: 'The update.',
      schema: updateSchema,
      examples: {
        operators: { $set: { container_registry_name: 'updated-name' } },
        fields: { container_registry_name: 'updated-name' },
        tags: { $addToSet: { container_registry_tags: 'gpu' } },
      },
    },
    answers: { 200: { description: 'The record is as asked, whether or not anything had to be changed.', data: writtenSchema, headers: ['ETag'] } },
    errors: [
      ...bodyErrors, 'INVALID_UPDATE', 'INVALID_FILTER', 'OPERATOR_NOT_ALLOWED', 'LIMIT_EXCEEDED', 'IMMUTABLE_FIELD', 'INVALID_RECORD', 'RECORD_TOO_LARGE',
      'FORBIDDEN', 'RECORD_NOT_FOUND', 'REVISION_STALE', ...storeWriteErrors,
    ],
    async handle(context) {
      const precondition = preconditionOf(context.header('if-match'));
      const { id, meta } = await catalog.as(context.actor).update(idOf(context.params), await context.json(), precondition);
      return success({ message: 'Container registry updated', id }, 200, { ETag: etagOf(meta) });
    },
  };
}

function deleteRoute(catalog: Catalog): RouteDefinition {
  return {
    method: 'DELETE',
    path: '/container_registry/{id}',
    action: 'record:delete',
    operationId: 'deleteContainerRegistry',
    summary: 'Take a registry out of the catalog',
    description: 'Removes the record. The registry itself is left alone.',
    parameters: [],
    requestHeaders: [ifMatch],
    answers: { 200: { description: 'The record is gone.', data: writtenSchema } },
    errors: ['FORBIDDEN', 'RECORD_NOT_FOUND', 'REVISION_STALE', ...storeWriteErrors],
    async handle({ params, header, actor }) {
      const id = idOf(params);
      await catalog.as(actor).delete(id, preconditionOf(header('if-match')));
      return success({ message: 'Container registry deleted', id });
    },
  };
}

function checkRoute(catalog: Catalog, checkHealth: RecordRoutesOptions['checkHealth']): RouteDefinition {
  return {
    method: 'GET',
    path: '/check_container_health/{id}',
    action: 'record:probe',
    operationId: 'checkContainerHealth',
    summary: 'Probe a registry now',
    description: 'Asks the registry for `/v2/` and tells what came of it. A registry that does not answer is a 200 with `reachable: false`: an outage is news, not an error.',
    parameters: [{ name: 'debug', description: '`true` adds the probe’s own log.', schema: { type: 'boolean' } }],
    answers: { 200: { description: 'The result of the probe.', data: probeResultSchema } },
    errors: ['RECORD_NOT_FOUND', ...storeErrors],
    async handle({ params, query, signal, actor }) {
      const stored = await catalog.as(actor).getFor(idOf(params), 'record:probe');
      return success(await checkHealth({ fields: recordOf(stored), createdAt: stored.meta.created_at }, signal, { debug: flag(query, 'debug') }));
    },
  };
}
