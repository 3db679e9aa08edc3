import type { ErrorDetail } from '../core/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { ClientError } from './errors.ts';
import type { Send } from './transport.ts';
import { transportError } from './transport-error.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the service's URL, each segment percent-encoded. */
  readonly path: string;
  /** What is undefined is left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly ifMatch?: string | undefined;
}

/** The envelope's `data`, and what its headers say. */
export interface Reply {
  readonly data: unknown;
  readonly headers: Headers;
}

export type Exchange = (call: Call) => Promise<Reply>;

interface ExchangeOptions {
  readonly base: URL;
  readonly fetch: Send;
  readonly timeoutMs: number;
}

/**
 * One request and its whole answer. Redirects are never followed: what a caller sends is for the service that it named.
 * @throws {ClientError} for every failure
 */
export function createExchange({ base, fetch: send, timeoutMs }: ExchangeOptions): Exchange {
  const name = base.href.replace(/\/+$/, '');
  return async (call) => {
    const { response, text } = await sendAndRead(call).catch((error: unknown) => {
      throw error instanceof ClientError ? error : transportError(error, name, timeoutMs);
    });
    return readEnvelope(response, text, name);
  };

  async function sendAndRead(call: Call): Promise<{ response: Response; text: string }> {
    const response = await send(urlOf(base, call), {
      method: call.method,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      headers: headersOf(call),
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
    return { response, text: await readText(response, name) };
  }
}

function urlOf(base: URL, { path, query = {} }: Call): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, '')}${path}`;
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

function headersOf({ body, ifMatch }: Call): Record<string, string> {
  return {
    Accept: 'application/json',
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(ifMatch === undefined ? {} : { 'If-Match': ifMatch }),
  };
}

/** Reads no more than a service would send; leaving the loop ends the connection. */
async function readText(response: Response, serviceUrl: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > limits.clientAnswerBytesMax) {
      throw new ClientError('NOT_PORTOLAN', `${serviceUrl} sends an endless answer, so it is not Portolan.`, { status: response.status });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readEnvelope(response: Response, text: string, serviceUrl: string): Reply {
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

function parsed(text: string): Json {
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
