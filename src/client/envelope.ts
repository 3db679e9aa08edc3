import type { ErrorDetail } from '../core/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { ClientError } from './errors.ts';

/** The envelope's `data`, and what its headers say. */
export interface Reply {
  readonly data: unknown;
  readonly headers: Headers;
}

/** @throws {ClientError} what the envelope tells, or `NOT_PORTOLAN` where it is none */
export function readEnvelope(response: Response, text: string, serviceUrl: string): Reply {
  const body = parsed(text);
  if (isJsonObject(body)) {
    if (response.ok && body['success'] === true && body['data'] !== undefined) return { data: body['data'], headers: response.headers };
    if (body['success'] === false && typeof body['error'] === 'string' && typeof body['code'] === 'string') {
      throw answeredError(body['code'], body['error'], body, response);
    }
  }
  const location = response.headers.get('location');
  const what = location === null ? `answered ${response.status}, but not as Portolan does` : `answered ${response.status} and sends callers on to ${location}, where they do not go by themselves`;
  throw new ClientError('NOT_PORTOLAN', `${serviceUrl} ${what}.`, { status: response.status });
}

/** JSON text as a value; null where it is none. */
export function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

function answeredError(code: string, message: string, body: JsonObject, response: Response): ClientError {
  const retryAfterS = Number(response.headers.get('retry-after') ?? Number.NaN);
  const requestId = body['request_id'];
  return new ClientError(code, message, {
    status: response.status,
    details: detailsOf(body['details'] ?? null),
    requestId: typeof requestId === 'string' ? requestId : undefined,
    retryAfterS: Number.isFinite(retryAfterS) ? retryAfterS : undefined,
  });
}

function detailsOf(value: Json): ErrorDetail[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((detail) => {
    if (!isJsonObject(detail)) return [];
    const { path, message } = detail;
    return typeof path === 'string' && typeof message === 'string' ? [{ path, message }] : [];
  });
}
