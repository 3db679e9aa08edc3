import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { AppError, type ErrorDetail } from '../core/errors.ts';
import type { Json } from '../core/json.ts';

/** Compiles the schemas of bodies. */
export const bodies = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });

/** JSON Schema of a body that is an object; what it does not name is refused. */
export interface BodySchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
  readonly additionalProperties: false;
}

/**
 * Makes the check of a body from the schema that documents it, compiled by `bodies`.
 * @returns hands the body back as what the schema says it is; throws `INVALID_REQUEST` naming each mistake
 */
export function createBodyCheck<T>(validate: ValidateFunction<T>): (body: Json) => T {
  const fields = Object.keys((validate.schema as BodySchema).properties);
  return (body) => {
    if (validate(body)) return body;
    throw refusal((validate.errors ?? []).map((error) => mistakeOf(error, fields)));
  };
}

const DETAILS_MAX = 20;

function refusal(mistakes: readonly ErrorDetail[]): AppError {
  const [first] = mistakes;
  const more = mistakes.length > 1 ? ` (and ${mistakes.length - 1} more)` : '';
  const subject = first === undefined || first.path === '' ? 'The body' : `The field "${first.path}"`;
  return new AppError('INVALID_REQUEST', `${subject} ${first?.message ?? 'is not valid'}${more}.`, { details: mistakes.slice(0, DETAILS_MAX) });
}

function mistakeOf(error: ErrorObject, fields: readonly string[]): ErrorDetail {
  const params = error.params as Readonly<Record<string, unknown>>;
  const own = params['missingProperty'] ?? params['additionalProperty'];
  const path = [...error.instancePath.split('/').slice(1), ...(typeof own === 'string' ? [own] : [])].join('.').slice(0, 100);
  return { path, message: describe(error, params, fields) };
}

function describe({ keyword, message }: ErrorObject, params: Readonly<Record<string, unknown>>, fields: readonly string[]): string {
  switch (keyword) {
    case 'required':
      return 'is missing';
    case 'additionalProperties':
      return `is not known here; the body takes ${fields.join(', ')}`;
    case 'enum':
      return `must be one of ${(params['allowedValues'] as unknown[]).map(String).join(', ')}`;
    case 'type':
      return `must be of the type ${[params['type']].flat().join(' or ')}`;
    case 'pattern':
      return `must match ${String(params['pattern'])}`;
    default:
      return message ?? 'is not valid';
  }
}
