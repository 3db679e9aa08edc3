import type { ServerResponse } from 'node:http';
import { errorTable, type AppError } from '../core/errors.ts';

export const JSON_TYPE = 'application/json; charset=utf-8';

type Headers = Readonly<Record<string, string>>;
/** Text that is ready to be sent. */
type Chunk = string | Uint8Array;

/** What a route answers. It is Express's no more than the routes are. */
export interface Answer {
  readonly status: number;
  readonly headers?: Headers;
  readonly contentType: string;
  readonly body: Chunk | AsyncIterable<Chunk>;
}

/** An answer that is there in one piece. */
export interface TextAnswer extends Answer {
  readonly headers: Headers;
  readonly body: string;
}

/** A success in the envelope of design section 4. */
export function success(data: unknown, status = 200, headers: Headers = {}): TextAnswer {
  return successText(JSON.stringify(data), status, headers);
}

/** The same around JSON text that is stored ready to be sent. */
export function successText(data: string, status = 200, headers: Headers = {}): TextAnswer {
  return { status, headers, contentType: JSON_TYPE, body: `{"success":true,"data":${data}}` };
}

export const notModified = (headers: Headers): TextAnswer => ({ status: 304, headers, contentType: JSON_TYPE, body: '' });

/** A failure in the envelope of design section 4. */
export function failure(error: AppError, requestId: string): Answer {
  const body = { success: false, error: error.message, code: error.code, details: error.details, request_id: requestId };
  return { status: error.status, headers: { ...retryAfter(error), ...challenge(error) }, contentType: JSON_TYPE, body: JSON.stringify(body) };
}

function retryAfter({ code, status, retryAfterS }: AppError): Headers {
  const seconds = retryAfterS ?? (errorTable[code].retryable && status >= 429 ? 1 : undefined);
  return seconds === undefined ? {} : { 'Retry-After': String(Math.ceil(seconds)) };
}

/** How to say who one is. A token that was sent and refused is told apart from none. @see RFC 6750, section 3 */
function challenge({ code, status }: AppError): Headers {
  if (status !== 401) return {};
  return { 'WWW-Authenticate': `Bearer realm="portolan"${code === 'TOKEN_REJECTED' ? ', error="invalid_token"' : ''}` };
}

/** @param head names and values in turn */
export function setHead(response: ServerResponse, head: readonly string[]): void {
  for (let index = 0; index < head.length; index += 2) response.setHeader(head[index] ?? '', head[index + 1] ?? '');
}

/**
 * Sends an answer. A stream is sent as fast as the client reads and no faster; should it break off, the connection is
 * cut, so that no client can take half an answer for a whole one.
 */
export async function send(response: ServerResponse, answer: Answer, withBody: boolean): Promise<void> {
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  response.statusCode = answer.status;
  if (answer.status === 304) return void response.end();
  response.setHeader('Content-Type', answer.contentType);
  const { body } = answer;
  if (typeof body === 'string' || body instanceof Uint8Array) {
    // Encoded here once: Node sets aside three bytes for each character of a text that it writes, which for a page costs more than the rest.
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    response.setHeader('Content-Length', bytes.byteLength);
    return void response.end(withBody ? bytes : undefined);
  }
  if (!withBody) return void response.end();
  await sendStream(response, body);
}

async function sendStream(response: ServerResponse, chunks: AsyncIterable<Chunk>): Promise<void> {
  let resume = (): void => undefined;
  response.on('drain', () => resume());
  response.on('close', () => resume());
  for await (const chunk of chunks) {
    if (response.destroyed) return;
    // When the client is slow, nothing more is read until what was written is on its way.
    if (!response.write(chunk, () => release(chunk))) await new Promise<void>((resolve) => (resume = resolve));
  }
  response.end();
}

/**
 * Gives a sent chunk's memory back at once. To the garbage collector a chunk is one small object, so it would let the large memory
 * behind hundreds of them pile up before it looked.
 */
function release(chunk: Chunk): void {
  if (typeof chunk === 'string' || !(chunk.buffer instanceof ArrayBuffer) || chunk.byteLength < chunk.buffer.byteLength) return;
  chunk.buffer.transfer(0);
}
