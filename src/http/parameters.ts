import { AppError } from '../core/errors.ts';

/** One query parameter of a route: what documentation shows and what its text must look like. */
export interface Parameter {
  readonly name: string;
  readonly description: string;
  readonly schema: ParameterSchema;
}

export type ParameterSchema =
  | { readonly type: 'string'; readonly maxLength: number; readonly enum?: readonly string[] }
  | { readonly type: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly type: 'boolean' };

export type Query = Readonly<Record<string, string>>;

const NO_QUERY: Query = Object.freeze(Object.create(null) as Record<string, string>);

/**
 * Reads the query string. Names are taken literally (`status[$ne]` is a name, never an operator), each may come once,
 * and one that the route does not know is refused rather than ignored.
 * @throws {AppError} `INVALID_PARAMETER`
 */
export function readQuery(url: string, parameters: readonly Parameter[]): Query {
  const start = url.indexOf('?');
  if (start < 0) return NO_QUERY;
  const query: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    const parameter = parameters.find((candidate) => candidate.name === name);
    if (parameter === undefined) throw invalid(name, `is not a parameter here; there ${listNames(parameters)}`);
    if (query[name] !== undefined) throw invalid(name, 'is given twice');
    const complaint = complaintAbout(value, parameter.schema);
    if (complaint !== null) throw invalid(name, complaint);
    query[name] = value;
  }
  return query;
}

function complaintAbout(value: string, schema: ParameterSchema): string | null {
  switch (schema.type) {
    case 'integer':
      return /^\d{1,10}$/.test(value) && Number(value) >= schema.minimum && Number(value) <= schema.maximum
        ? null
        : `must be a whole number from ${schema.minimum} to ${schema.maximum}`;
    case 'boolean':
      return value === 'true' || value === 'false' ? null : 'must be true or false';
    case 'string':
      if (value.length > schema.maxLength) return `must not be longer than ${schema.maxLength} characters`;
      if (value === '') return 'must not be empty';
      if (!value.isWellFormed() || value.includes('\0')) return 'must be well-formed text';
      return schema.enum === undefined || schema.enum.includes(value) ? null : `must be one of ${schema.enum.join(', ')}`;
  }
}

function listNames(parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return 'are none';
  return `${parameters.length === 1 ? 'is' : 'are'} ${parameters.map(({ name }) => name).join(', ')}`;
}

export function invalid(path: string, message: string): AppError {
  const shown = path.slice(0, 100);
  return new AppError('INVALID_PARAMETER', `The parameter "${shown}" ${message}.`, { details: [{ path: shown, message }] });
}

export const flag = (query: Query, name: string): boolean => query[name] === 'true';
