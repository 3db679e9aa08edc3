import { readFileSync } from 'node:fs';
import { errorTable, type ErrorCode } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Parameter } from './parameters.ts';
import type { RouteDefinition } from './route.ts';

/** Schemas of `schemas/`, by the name that they have in the document. */
const SCHEMA_FILES = {
  ContainerRegistry: 'container-registry.schema.json',
  ShownRecord: 'shown-record.schema.json',
  Filter: 'filter.schema.json',
  Update: 'update.schema.json',
  ProbeResult: 'probe-result.schema.json',
  RegistryHealth: 'registry-health.schema.json',
  HealthHistory: 'health-history.schema.json',
  HealthEvent: 'health-event.schema.json',
} as const;

/** Errors that any request can get, whatever it asks for. */
const COMMON_ERRORS: readonly ErrorCode[] = ['INVALID_PARAMETER', 'HOST_NOT_ALLOWED', 'NOT_ACCEPTABLE', 'RATE_LIMITED', 'INTERNAL'];

/** Errors of whatever asks who the caller is. */
const ACCESS_ERRORS: readonly ErrorCode[] = ['AUTHENTICATION_REQUIRED', 'TOKEN_REJECTED', 'FORBIDDEN'];

const BEARER = 'bearer';

/** What the HTTP parser answers by itself, before there is a request to route: no body, and the connection is closed. */
const PARSER_REFUSALS = {
  431: { description: `The request’s headers are together larger than ${limits.requestHeaderBytesMax} bytes. This answer has no body.` },
} as const;

const HEADERS: Readonly<Record<string, string>> = {
  ETag: 'Entity tag of the record’s revision.',
  Location: 'Path of the new record.',
  Link: 'The next page, with rel="next"; missing on the last.',
  'X-Total-Count': 'Number of all matches, when asked for.',
  'Repr-Digest': 'SHA-256 of the file (RFC 9530).',
  'Content-Length': 'Bytes of the file.',
};

type JsonMap = Record<string, unknown>;

/** The API as OpenAPI 3.1: routes, parameters, schemas and errors, all from what the service itself runs on. */
export function buildOpenApi(routes: readonly RouteDefinition[], version: string): JsonMap {
  const paths: Record<string, JsonMap> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Portolan',
      version,
      summary: 'Catalog of OCI registries',
      description: 'One catalog of every OCI registry that an organisation runs or relies on.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: { schemas: { ...readSchemas(), Error: errorSchema }, securitySchemes: { [BEARER]: bearerScheme } },
  };
}

/** The files of `schemas/` as components: a file's own `$defs` stay inside it, so references to them get the component's path. */
export function readSchemas(): JsonMap {
  return Object.fromEntries(
    Object.entries(SCHEMA_FILES).map(([name, file]) => {
      const text = readFileSync(new URL(`../../schemas/${file}`, import.meta.url), 'utf8');
      const schema = JSON.parse(text.replaceAll('"#/$defs/', `"#/components/schemas/${name}/$defs/`)) as JsonMap;
      // Both are said once for the whole document.
      delete schema['$schema'];
      delete schema['$id'];
      return [name, schema];
    }),
  );
}

const bearerScheme = {
  type: 'http',
  scheme: 'bearer',
  description:
    'An access token of POST /api/v1/auth/login, or an API token of POST /api/v1/tokens. Where Portolan is bound to loopback, or AUTH=off, nobody has to log in, and no token is looked at.',
} as const;

/** @see https://spec.openapis.org/oas/v3.1.0.html#operation-object : an empty requirement is one that everybody meets */
function securityOf({ action }: RouteDefinition): JsonMap[] {
  if (action === 'open') return [];
  return action === 'anybody' ? [{}, { [BEARER]: [] }] : [{ [BEARER]: [] }];
}

/** Errors that a route can answer with, whatever its service does. */
function errorsOf({ action, secret, errors }: RouteDefinition): readonly ErrorCode[] {
  return [...errors, ...(secret === true ? (['INSECURE_TRANSPORT'] as const) : []), ...(action === 'open' ? [] : ACCESS_ERRORS), ...COMMON_ERRORS];
}

/** What a caller needs to be allowed, in words; nothing where everybody may call. */
export function rightOf({ action, alsoBy }: RouteDefinition): string {
  if (action === 'open' || action === 'anybody') return '';
  return `Needs the permission \`${action}\`${alsoBy === undefined ? '' : ` or \`${alsoBy}\``}.`;
}

function operation(route: RouteDefinition): JsonMap {
  const description = [route.description, rightOf(route)].filter((text) => text !== undefined && text !== '').join(' ');
  const pathParameters = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    description: route.pathParameters?.[name ?? ''] ?? 'The record’s id.',
    schema: { type: 'string' },
  }));
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...(description === '' ? {} : { description }),
    security: securityOf(route),
    parameters: [...pathParameters, ...route.parameters.map((parameter) => describe(parameter, 'query')), ...(route.requestHeaders ?? []).map((header) => describe(header, 'header'))],
    ...(route.body === undefined ? {} : { requestBody: requestBody(route.body) }),
    responses: { ...successes(route), ...failures(errorsOf(route)), ...PARSER_REFUSALS },
  };
}

const describe = ({ name, description, schema }: Parameter, place: 'query' | 'header'): JsonMap => ({ name, in: place, required: false, description, schema });

function requestBody({ description, schema, examples, alternatives = {} }: NonNullable<RouteDefinition['body']>): JsonMap {
  const shown = Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));
  const others = Object.fromEntries(Object.entries(alternatives).map(([type, what]) => [type, { schema: { type: 'string', description: what } }]));
  return { required: true, description, content: { 'application/json': { schema, examples: shown }, ...others } };
}

function successes(route: RouteDefinition): JsonMap {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, answer]) => {
      const headers = (answer.headers ?? []).map((name) => [name, { description: HEADERS[name], schema: { type: 'string' } }]);
      return [
        status,
        {
          description: answer.description,
          ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) as JsonMap }),
          ...content(answer),
        },
      ];
    }),
  );
}

function content({ data, contentType, alternative }: RouteDefinition['answers'][number]): JsonMap {
  const other = alternative === undefined ? {} : { [alternative.contentType.replaceAll('; ', ';')]: { schema: { type: 'string', description: alternative.description } } };
  if (contentType !== undefined) return { content: { [contentType.replaceAll('; ', ';')]: {}, ...other } };
  if (data === undefined) return {};
  const schema = { type: 'object', required: ['success', 'data'], properties: { success: { const: true }, data } };
  return { content: { 'application/json': { schema }, ...other } };
}

/** One response for each status, naming all the codes that it can come with. */
function failures(codes: readonly ErrorCode[]): JsonMap {
  const byStatus = Map.groupBy(new Set(codes), (code) => errorTable[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, grouped]) => [
      status,
      {
        description: grouped.map((code) => `\`${code}\`: ${errorTable[code].meaning}`).join(' '),
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    ]),
  );
}

const errorSchema = {
  type: 'object',
  required: ['success', 'error', 'code', 'details', 'request_id'],
  properties: {
    success: { const: false },
    error: { type: 'string', description: 'What is wrong and what to do, in a sentence.' },
    code: { type: 'string', enum: Object.keys(errorTable) },
    details: {
      type: 'array',
      items: { type: 'object', required: ['path', 'message'], properties: { path: { type: 'string' }, message: { type: 'string' } } },
    },
    request_id: { type: 'string' },
  },
} as const;
