import type { Catalog } from '../../catalog/catalog.ts';
import { limits } from '../../core/limits.ts';
import type { PullFormat } from '../../secrets/pull-secret.ts';
import type { RegistryCredentials } from '../../secrets/registry-credentials.ts';
import { JSON_TYPE, success } from '../answer.ts';
import { invalid } from '../parameters.ts';
import type { RouteDefinition } from '../route.ts';
import { idOf } from './record-id.ts';
import { bodyErrors, messageSchema, nullable, storeErrors, storeWriteErrors } from './schemas.ts';
import { NO_STORE } from './sessions.ts';

interface CredentialRoutesOptions {
  readonly catalog: Catalog;
  readonly credentials: RegistryCredentials;
}

const KINDS = ['basic', 'token', 'client'];
const FORMATS = ['dockerconfigjson', 'kubernetes'] as const satisfies readonly PullFormat[];

const prefixSchema = { type: 'string', maxLength: limits.repositoryPrefixLengthMax, description: 'Only for repositories at or below this path; empty: for the whole registry.' } as const;
const expirySchema = nullable('string', 'When it ends, with date and zone; null: nobody knows.');
const tokenHostSchema = nullable('string', 'Host of the token service that may have it besides the registry’s own; with its port where that is not the usual one.');

const inputSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    username: { type: 'string', maxLength: limits.registryUserLengthMax },
    password: { type: 'string', maxLength: limits.registrySecretLengthMax, description: 'With `username`.' },
    token: { type: 'string', maxLength: limits.registrySecretLengthMax, description: 'Sent to the registry as it is, as a Bearer token.' },
    client_id: { type: 'string', maxLength: limits.registryUserLengthMax },
    client_secret: { type: 'string', maxLength: limits.registrySecretLengthMax, description: 'With `client_id`: for a token service that speaks OAuth 2.0.' },
    repository_prefix: prefixSchema,
    expires_at: expirySchema,
    token_host: tokenHostSchema,
  },
} as const;

const viewSchema = {
  type: 'object',
  required: ['kind', 'repository_prefix', 'username', 'expires_at', 'token_host', 'origin', 'usable', 'updated_at'],
  properties: {
    kind: { type: 'string', enum: KINDS },
    repository_prefix: prefixSchema,
    username: nullable('string', 'Of the kind `basic`.'),
    expires_at: expirySchema,
    token_host: tokenHostSchema,
    origin: { type: 'string', description: 'Scheme, host and port of the registry that it is for: what the record’s URL was when it was stored. No other gets it.' },
    usable: { type: 'boolean', description: 'False where the record’s URL is another one by now, where the service lacks the key, and where it has expired.' },
    updated_at: { type: 'string' },
  },
} as const;

/** What it takes to log in to a registry: kept, described, and given out to those who may pull. */
export function credentialRoutes(options: CredentialRoutesOptions): RouteDefinition[] {
  return [listRoute(options), setRoute(options), removeRoute(options), pullRoute(options)];
}

function listRoute({ catalog, credentials }: CredentialRoutesOptions): RouteDefinition {
  return {
    method: 'GET',
    path: '/container_registry/{id}/credentials',
    action: 'credential:read',
    operationId: 'listContainerRegistryCredentials',
    summary: 'Credentials that are kept for a registry',
    description: 'What they are and how far they are good, never what is secret of them.',
    parameters: [],
    answers: { 200: { description: 'In the order of prefixes.', data: { type: 'array', items: viewSchema } } },
    errors: ['FORBIDDEN', 'RECORD_NOT_FOUND', ...storeErrors],
    handle: async ({ params, actor }) => success(await credentials.list(await catalog.as(actor).getFor(idOf(params), 'credential:read'))),
  };
}

function setRoute({ catalog, credentials }: CredentialRoutesOptions): RouteDefinition {
  return {
    method: 'PUT',
    path: '/container_registry/{id}/credentials',
    action: 'credential:write',
    secret: true,
    operationId: 'setContainerRegistryCredentials',
    summary: 'Keep credentials for a registry',
    description:
      'A user name and password, or a token, or a client id and secret; one for each repository prefix. Sealed at once and never shown again. Probes log in with it, and it is sent nowhere but to the registry that the record names now, and its token service.',
    parameters: [],
    body: {
      description: 'One kind of credential.',
      schema: inputSchema,
      examples: {
        basic: { username: 'robot', password: 'hunter2hunter2', expires_at: '2030-01-31T00:00:00Z' },
        hub: { username: 'robot', password: 'hunter2hunter2', token_host: 'auth.docker.io' },
        token: { token: 'eyJhbGciOi...', repository_prefix: 'team' },
        client: { client_id: 'portolan', client_secret: 'hunter2hunter2' },
      },
    },
    answers: { 200: { description: 'What is kept.', data: viewSchema } },
    errors: [...bodyErrors, 'INVALID_REQUEST', 'LIMIT_EXCEEDED', 'FORBIDDEN', 'RECORD_NOT_FOUND', 'CONFLICT', 'SECRETS_LOCKED', ...storeWriteErrors],
    async handle({ params, actor, json }) {
      const record = await catalog.as(actor).getFor(idOf(params), 'credential:write');
      return success(await credentials.set(actor, record, await json()));
    },
  };
}

function removeRoute({ catalog, credentials }: CredentialRoutesOptions): RouteDefinition {
  return {
    method: 'DELETE',
    path: '/container_registry/{id}/credentials',
    action: 'credential:write',
    operationId: 'deleteContainerRegistryCredentials',
    summary: 'Forget credentials of a registry',
    parameters: [{ name: 'repository_prefix', description: 'Those of this prefix. Default: those of the whole registry.', schema: { type: 'string', maxLength: limits.repositoryPrefixLengthMax } }],
    answers: { 200: { description: 'They are forgotten.', data: messageSchema } },
    errors: ['FORBIDDEN', 'RECORD_NOT_FOUND', 'CREDENTIAL_NOT_FOUND', ...storeWriteErrors],
    async handle({ params, query, actor }) {
      const record = await catalog.as(actor).getFor(idOf(params), 'credential:write');
      await credentials.remove(actor, record, query['repository_prefix'] ?? '');
      return success({ message: 'Credential deleted' });
    },
  };
}

function pullRoute({ catalog, credentials }: CredentialRoutesOptions): RouteDefinition {
  return {
    method: 'GET',
    path: '/container_registry/{id}/pull-secret',
    action: 'credential:use',
    secret: true,
    operationId: 'getContainerRegistryPullSecret',
    summary: 'What clients need to pull from a registry',
    description: 'For the owner, and for those with whom the record is shared for pulling. Each use is told to the audit.',
    parameters: [
      { name: 'format', description: 'Default: `dockerconfigjson`, a `config.json` of Docker; `kubernetes`: the manifest of a Secret.', schema: { type: 'string', maxLength: 20, enum: FORMATS } },
      { name: 'name', description: 'Of the Secret. Default: made from the record’s id.', schema: { type: 'string', maxLength: 253 } },
      { name: 'namespace', description: 'Of the Secret. Default: none.', schema: { type: 'string', maxLength: 63 } },
    ],
    answers: { 200: { description: 'The document, without an envelope.', data: { type: 'object' }, contentType: 'application/json' } },
    errors: ['FORBIDDEN', 'RECORD_NOT_FOUND', 'CREDENTIAL_NOT_FOUND', 'CREDENTIAL_UNSUITABLE', 'SECRETS_LOCKED', ...storeWriteErrors],
    async handle({ params, query, actor }) {
      const { format = 'dockerconfigjson', name, namespace } = query;
      const misplaced = format === 'kubernetes' ? undefined : ['name', 'namespace'].find((parameter) => query[parameter] !== undefined);
      if (misplaced !== undefined) throw invalid(misplaced, 'is for `format=kubernetes` only');
      const record = await catalog.as(actor).getFor(idOf(params), 'credential:use');
      const document = await credentials.pullSecret(actor, record, { format: format as PullFormat, name, namespace });
      return { status: 200, headers: NO_STORE, contentType: JSON_TYPE, body: JSON.stringify(document) };
    },
  };
}
