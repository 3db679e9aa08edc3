import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { call, type Reply } from './requests.ts';

export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly examples: Record<string, { readonly value: unknown }> } } };
  readonly responses: Record<string, { readonly description: string; readonly content?: Record<string, object> }>;
}

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, OpenApiOperation>>;
  readonly components: { readonly schemas: Record<string, any> };
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly definition: OpenApiOperation;
}

/** A service's own description of itself, to hold its answers to. */
export interface Api {
  readonly document: OpenApiDocument;
  readonly operations: readonly Operation[];
  /** Fails unless the operation's description has the answer's status, media type, headers and form. */
  expectDescribed(reply: Reply, method: string, path: string): void;
  validateRequest(method: string, path: string, body: unknown): boolean;
}

const pointer = (...segments: string[]): string => segments.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

export async function readApi(url: string): Promise<Api> {
  const document = (await call(url, 'GET', '/openapi.json')).body as OpenApiDocument;
  // OpenAPI's own keywords stand between its schemas, and formats of ours are no assertion for clients.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, 'api');
  const compiled = new Map<string, ValidateFunction>();
  const validatorAt = (place: string): ValidateFunction => {
    const validator = compiled.get(place) ?? ajv.compile({ $ref: `api#${encodeURI(place)}` });
    compiled.set(place, validator);
    return validator;
  };
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, definition]) => ({ method: method.toUpperCase(), path, definition })),
  );
  return {
    document,
    operations,
    expectDescribed(reply, method, path) {
      const shown = `${method} ${path} ${reply.status}`;
      const response = document.paths[path]?.[method.toLowerCase()]?.responses[reply.status];
      expect([shown, response === undefined]).toEqual([shown, false]);
      const contentType = reply.headers.get('content-type')?.split(';')[0] ?? null;
      const described = Object.keys(response?.content ?? {}).map((type) => type.split(';')[0]);
      if (contentType === null) expect([shown, described]).toEqual([shown, []]);
      else expect([shown, described]).toEqual([shown, expect.arrayContaining([contentType])]);
      if (contentType !== 'application/json' || !('schema' in (response?.content?.['application/json'] ?? {}))) return;
      const validate = validatorAt(pointer('paths', path, method.toLowerCase(), 'responses', String(reply.status), 'content', 'application/json', 'schema'));
      validate(reply.body);
      expect([shown, validate.errors]).toEqual([shown, null]);
    },
    validateRequest(method, path, body) {
      return validatorAt(pointer('paths', path, method.toLowerCase(), 'requestBody', 'content', 'application/json', 'schema'))(body);
    },
  };
}
