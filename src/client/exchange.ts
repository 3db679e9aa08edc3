import { isJsonObject, type JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { parsed, readEnvelope, type Reply } from './envelope.ts';
import { ClientError } from './errors.ts';
import { chunksOf, linesOf } from './lines.ts';
import type { Bearer } from './session.ts';
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
  /** Instead of `body`: what is sent while it comes. It can be sent once. */
  readonly upload?: Upload;
}

export interface Upload {
  readonly contentType: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** One request and its answer, in the shapes that answers have. All fail with `ClientError`. */
export interface Exchange {
  /** What the envelope holds. */
  data(call: Call): Promise<Reply>;
  /** Likewise of an answer that takes long to make, as long as it shows signs of life. */
  longData(call: Call): Promise<unknown>;
  /** A JSON object that stands in no envelope. */
  document(call: Call): Promise<JsonObject>;
  /** A stream of JSON lines, each as it comes. */
  lines(call: Call): AsyncGenerator<unknown, void, undefined>;
  /** A file, which is read as it comes. @throws {ClientError} also while it is read */
  download(call: Call, options: DownloadOptions): Promise<Download>;
}

interface DownloadOptions {
  readonly contentType: string;
  /** How long the file may take to be made, before anything comes. */
  readonly headTimeoutMs: number;
}

interface Download {
  readonly headers: Headers;
  readonly chunks: AsyncGenerator<Uint8Array, void, undefined>;
}

interface ExchangeOptions {
  readonly base: URL;
  readonly fetch: Send;
  readonly timeoutMs: number;
  /** Whose token goes along. It goes to `base` alone, as everything does. */
  readonly bearer: Bearer;
}

/** Redirects are never followed: what a caller sends, tokens above all, is for the service that it named. */
export function createExchange({ base, fetch: send, timeoutMs, bearer }: ExchangeOptions): Exchange {
  const name = base.href.replace(/\/+$/, '');
  const failure = (error: unknown, waitedMs = timeoutMs): ClientError => (error instanceof ClientError ? error : transportError(error, name, waitedMs));

  async function begin(call: Call, accept: string, token: string | null, signal: AbortSignal): Promise<Response> {
    return send(urlOf(base, call), {
      method: call.method,
      redirect: 'manual',
      signal,
      headers: headersOf(call, accept, token),
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.upload === undefined ? {} : { body: call.upload.chunks, duplex: 'half' as const }),
    });
  }

  async function whole(call: Call, token: string | null): Promise<{ response: Response; text: string }> {
    try {
      const response = await begin(call, 'application/json', token, AbortSignal.timeout(timeoutMs));
      return { response, text: await readText(response, name) };
    } catch (error) {
      throw failure(error);
    }
  }

  /** A token that is rejected is renewed once, where it can be. */
  async function authorized<T>(attempt: (token: string | null) => Promise<T>): Promise<T> {
    const token = await bearer.token();
    try {
      return await attempt(token);
    } catch (error) {
      if (token === null || !(error instanceof ClientError) || error.code !== 'TOKEN_REJECTED') throw error;
      const renewed = await bearer.renewed(token);
      if (renewed === null) throw error;
      return attempt(renewed);
    }
  }

  /** An answer of this type, whose body is still to come. */
  function opened(call: Call, contentType: string, headTimeoutMs: number, patience: AbortController, isMoving = (): boolean => false): Promise<Response> {
    return authorized(async (token) => {
      const answer = await within(headTimeoutMs, patience, begin(call, contentType, token, patience.signal), isMoving);
      if (answer.ok && answer.headers.get('content-type')?.startsWith(contentType) === true) return answer;
      readEnvelope(answer, await within(timeoutMs, patience, readText(answer, name)), name);
      throw new ClientError('NOT_PORTOLAN', `The answer of ${name} to ${call.method} ${call.path} is not ${contentType}.`);
    });
  }

  async function* chunksWithin(answer: Response, patience: AbortController): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* chunksOf(answer.body, (chunk) => within(timeoutMs, patience, chunk));
    } catch (error) {
      throw failure(error);
    } finally {
      patience.abort();
    }
  }

  return {
    data: (call) =>
      authorized(async (token) => {
        const { response, text } = await whole(call, token);
        return readEnvelope(response, text, name);
      }),
    document: (call) =>
      authorized(async (token) => {
        const { response, text } = await whole(call, token);
        const body = parsed(text);
        if (!response.ok || !isJsonObject(body)) return readEnvelope(response, text, name).data as JsonObject;
        return body;
      }),
    async longData(call) {
      const { response, chunks } = await download(call, { contentType: 'application/json', headTimeoutMs: timeoutMs });
      const text = await textOf(chunks, response.status, name);
      return readEnvelope(response, text, name).data;
    },
    async *lines(given) {
      const patience = new AbortController();
      const { call, isMoving } = watched(given);
      try {
        const response = await opened(call, 'application/x-ndjson', timeoutMs, patience, isMoving);
        yield* linesOf(response, name, (chunk) => within(timeoutMs, patience, chunk, isMoving));
      } catch (error) {
        throw failure(error);
      } finally {
        // Whoever stops reading wants no more of it sent.
        patience.abort();
      }
    },
    async download(call, options) {
      const { response, chunks } = await download(call, options);
      return { headers: response.headers, chunks };
    },
  };

  async function download(call: Call, { contentType, headTimeoutMs }: DownloadOptions): Promise<{ response: Response; chunks: Download['chunks'] }> {
    const patience = new AbortController();
    try {
      const response = await opened(call, contentType, headTimeoutMs, patience);
      return { response, chunks: chunksWithin(response, patience) };
    } catch (error) {
      patience.abort();
      throw failure(error, headTimeoutMs);
    }
  }
}

/** A call that tells whether its upload still moves, or waits for whoever writes it: no answer is late meanwhile. */
function watched(call: Call): { readonly call: Call; readonly isMoving: () => boolean } {
  if (call.upload === undefined) return { call, isMoving: () => false };
  const { contentType, chunks } = call.upload;
  let isWaiting = false;
  let hasMoved = false;
  const passed = (async function* () {
    isWaiting = true;
    for await (const chunk of chunks) {
      isWaiting = false;
      hasMoved = true;
      yield chunk;
      isWaiting = true;
    }
    isWaiting = false;
    hasMoved = true;
  })();
  const isMoving = (): boolean => {
    const moved = isWaiting || hasMoved;
    hasMoved = false;
    return moved;
  };
  return { call: { ...call, upload: { contentType, chunks: passed } }, isMoving };
}

/** Waits no longer than so; the time that the caller takes between two chunks does not count. */
async function within<T>(timeoutMs: number, patience: AbortController, waiting: Promise<T>, isMoving = (): boolean => false): Promise<T> {
  const look = (): void => {
    if (isMoving()) timer.refresh();
    else patience.abort(new DOMException('no answer', 'TimeoutError'));
  };
  const timer = setTimeout(look, timeoutMs);
  try {
    return await waiting;
  } finally {
    clearTimeout(timer);
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

function headersOf({ body, ifMatch, upload }: Call, accept: string, token: string | null): Record<string, string> {
  return {
    Accept: accept,
    ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(upload === undefined ? {} : { 'Content-Type': upload.contentType }),
    ...(ifMatch === undefined ? {} : { 'If-Match': ifMatch }),
  };
}

/** Reads no more than a service would send; leaving the loop ends the connection. */
async function readText({ body, status }: Response, serviceUrl: string): Promise<string> {
  const chunks: AsyncIterable<Uint8Array> | null = body;
  return chunks === null ? '' : textOf(chunks, status, serviceUrl);
}

async function textOf(chunks: AsyncIterable<Uint8Array>, status: number, serviceUrl: string): Promise<string> {
  const gathered: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > limits.clientAnswerBytesMax) throw new ClientError('NOT_PORTOLAN', `${serviceUrl} sends an endless answer, so it is not Portolan.`, { status });
    gathered.push(chunk);
  }
  return Buffer.concat(gathered).toString('utf8');
}
