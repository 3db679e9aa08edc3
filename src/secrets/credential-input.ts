import { AppError, type ErrorDetail } from '../core/errors.ts';
import { isJsonObject, type Json } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { RegistrySecret } from '../core/registry-credential.ts';
import { REPOSITORY_NAME } from '../core/repository-name.ts';
import { parseTimeMs } from '../core/time.ts';

/** A credential as somebody stores it. */
export interface CredentialInput {
  readonly secret: RegistrySecret;
  /** Empty: for the whole registry. */
  readonly prefix: string;
  readonly expiresAtMs: number | null;
  /** In lower case. */
  readonly tokenHost: string | null;
}

/** The fields of each kind, the one that names it first. */
const KINDS = { basic: ['username', 'password'], token: ['token'], client: ['client_id', 'client_secret'] } as const;
const SECRET_FIELDS: readonly string[] = Object.values(KINDS).flat();
const FIELDS: readonly string[] = [...SECRET_FIELDS, 'repository_prefix', 'expires_at', 'token_host'];

const CONTROL = /\p{Cc}/u;
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const PREFIX = new RegExp(`^${REPOSITORY_NAME}$`);
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::\d{1,5})?$/;

const ONE_KIND = 'must be one of: username and password; token; client_id and client_secret';

/**
 * Reads the body of a request that stores a credential. No message repeats a value of it.
 * @throws {AppError} `INVALID_REQUEST` naming all that is wrong
 */
export function parseCredentialInput(body: Json, nowMs: number): CredentialInput {
  if (!isJsonObject(body)) throw invalid([{ path: '', message: ONE_KIND }]);
  const [unknown] = Object.keys(body).filter((key) => !FIELDS.includes(key));
  const mistakes: ErrorDetail[] = unknown === undefined ? [] : [{ path: unknown.slice(0, limits.auditedPathLengthMax), message: `is not known here; the body takes ${FIELDS.join(', ')}` }];
  const note = (path: string, message: string): null => {
    mistakes.push({ path, message });
    return null;
  };
  const secret = secretOf(body, note);
  const prefix = prefixOf(body['repository_prefix'], note);
  const expiresAtMs = expiryOf(body['expires_at'], nowMs, note);
  const tokenHost = tokenHostOf(body['token_host'], note);
  if (secret === null || prefix === null || mistakes.length > 0) throw invalid(mistakes);
  return { secret, prefix, expiresAtMs, tokenHost };
}

function invalid(details: readonly ErrorDetail[]): AppError {
  const first = details[0] ?? { path: '', message: ONE_KIND };
  return new AppError('INVALID_REQUEST', `${first.path === '' ? 'The credential' : first.path} ${first.message}.`, { details });
}

/** Puts a mistake down. */
type Note = (path: string, message: string) => null;

type Fields = Readonly<Record<string, Json | undefined>>;

function secretOf(body: Fields, note: Note): RegistrySecret | null {
  const given = SECRET_FIELDS.filter((field) => body[field] !== undefined);
  const kind = (['basic', 'token', 'client'] as const).find((name) => KINDS[name].some((field) => given.includes(field)));
  if (kind === undefined || given.some((field) => !(KINDS[kind] as readonly string[]).includes(field))) return note('', ONE_KIND);
  const text = (field: string, lengthMax: number): string => textOf(body[field], field, lengthMax, note);
  switch (kind) {
    case 'basic': {
      const username = text('username', limits.registryUserLengthMax);
      // Whoever reads `name:password` takes the first colon for the end of the name (RFC 7617 section 2).
      if (username.includes(':')) note('username', 'must not hold a colon, which no registry could read');
      return { kind, username, password: text('password', limits.registrySecretLengthMax) };
    }
    case 'token': {
      const token = text('token', limits.registrySecretLengthMax);
      if (token !== '' && !VISIBLE_ASCII.test(token)) note('token', 'must consist of visible ASCII characters, because it is sent in a header');
      return { kind, token };
    }
    case 'client':
      return { kind, clientId: text('client_id', limits.registryUserLengthMax), clientSecret: text('client_secret', limits.registrySecretLengthMax) };
  }
}

/** Empty where it is no good. */
function textOf(value: Json | undefined, field: string, lengthMax: number, note: Note): string {
  const mistake =
    value === undefined ? 'is missing'
    : typeof value !== 'string' || value === '' || value.length > lengthMax ? `must be a text of 1 to ${lengthMax} characters`
    : CONTROL.test(value) ? 'must not hold control characters, such as ends of lines'
    : !value.isWellFormed() ? 'must be text in valid Unicode'
    : null;
  if (mistake === null && typeof value === 'string') return value;
  note(field, mistake ?? '');
  return '';
}

function prefixOf(value: Json | undefined, note: Note): string | null {
  if (value === undefined || value === null || value === '') return '';
  if (typeof value === 'string' && value.length <= limits.repositoryPrefixLengthMax && PREFIX.test(value)) return value;
  return note('repository_prefix', 'must be a repository’s path without the registry’s host and without a slash at its end, as in team/apps');
}

function expiryOf(value: Json | undefined, nowMs: number, note: Note): number | null {
  if (value === undefined || value === null) return null;
  const timeMs = typeof value === 'string' ? parseTimeMs(value) : null;
  if (timeMs === null) return note('expires_at', 'must be a time with date and zone, as in 2030-01-31T22:00:00Z');
  return timeMs > nowMs ? timeMs : note('expires_at', 'must be in the future');
}

function tokenHostOf(value: Json | undefined, note: Note): string | null {
  if (value === undefined || value === null) return null;
  const host = typeof value === 'string' ? value.toLowerCase() : '';
  if (host.length <= limits.tokenHostLengthMax && HOST.test(host) && URL.canParse(`https://${host}`)) return host;
  return note('token_host', 'must be a host, with its port where that is not the usual one, as in auth.example.com or 10.0.0.7:5001');
}
