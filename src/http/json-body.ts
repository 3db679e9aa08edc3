import type { IncomingMessage } from 'node:http';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { parse as parseTolerantly, printParseErrorCode, type ParseError } from 'jsonc-parser';
import { AppError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { limits } from '../core/limits.ts';

// Takes any media type, because the reason for a refusal is ours to give.
const readRaw: RequestHandler = express.raw({ type: () => true, limit: limits.bodyBytesMax });

/**
 * Reads a body as JSON.
 * @throws {AppError} `UNSUPPORTED_MEDIA_TYPE`, `BODY_TOO_LARGE`, `INVALID_JSON` with line and column
 */
export async function readJsonBody(request: Request, response: Response): Promise<Json> {
  refuseOtherMedia(request.headers['content-type']);
  await new Promise<void>((resolve, reject) => {
    readRaw(request, response, (error: unknown) => (error instanceof Error ? reject(bodyError(error)) : resolve()));
  });
  const body: unknown = request.body;
  return parseJson(body instanceof Uint8Array ? body : new Uint8Array());
}

/**
 * Reads a body that came as it is, with a `Content-Length` within the limit, as JSON.
 * @throws {AppError} `INVALID_JSON` with line and column
 */
export async function readPlainJson(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', resolve);
    request.once('error', () => reject(bodyCutShort()));
  });
  const [only] = chunks;
  return parseJson(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
}

function bodyCutShort(): AppError {
  return new AppError('INVALID_JSON', 'The body ended before the length that Content-Length announced.');
}

function refuseOtherMedia(contentType: string | undefined): void {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';').map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length).replaceAll('"', '');
  if ((type === 'application/json' || /^application\/[\w.-]+\+json$/.test(type)) && (charset === undefined || charset === 'utf-8' || charset === 'utf8')) return;
  const shown = contentType === undefined ? 'no Content-Type' : `Content-Type: ${contentType.slice(0, 100)}`;
  throw new AppError('UNSUPPORTED_MEDIA_TYPE', `The body came with ${shown}. Send Content-Type: application/json, in UTF-8.`);
}

/** Names of body-parser's failures. @see https://expressjs.com/en/resources/middleware/body-parser.html#errors */
function bodyError(error: Error): Error {
  const type = 'type' in error ? error.type : undefined;
  switch (type) {
    case 'entity.too.large':
      return new AppError('BODY_TOO_LARGE', `The body is larger than ${limits.bodyBytesMax} bytes.`);
    case 'encoding.unsupported':
      return new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body’s Content-Encoding is not understood. Send it plain, or with gzip, deflate or br.');
    case 'request.aborted':
    case 'request.size.invalid':
      return bodyCutShort();
    default:
      // What remains are bytes that are not what Content-Encoding says.
      return 'status' in error && error.status === 400
        ? new AppError('INVALID_JSON', 'The body cannot be decompressed as its Content-Encoding says.')
        : error;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws {AppError} `INVALID_JSON` that says where */
export function parseJson(bytes: Uint8Array): Json {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new AppError('INVALID_JSON', 'The body is not text in UTF-8.');
  }
  if (text.trim() === '') throw new AppError('INVALID_JSON', 'The body is empty. Send a JSON object; {} is the smallest.');
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new AppError('INVALID_JSON', `The body is not valid JSON${whereWrong(text)}.`);
  }
}

function whereWrong(text: string): string {
  const error = firstError(text);
  if (error === null) return '';
  const before = text.slice(0, error.offset);
  const line = before.split('\n').length;
  const column = error.offset - (before.lastIndexOf('\n') + 1) + 1;
  const found = error.offset >= text.length ? 'the end of the text' : JSON.stringify(text.slice(error.offset, error.offset + 12));
  const code = printParseErrorCode(error.error);
  const expected = code === 'CommaExpected' ? `a comma or a closing ${openStructure(before)}` : EXPECTATIONS[code];
  return ` at line ${line}, column ${column}: found ${found}${expected === undefined ? '' : ` where ${expected} was expected`}`;
}

const EXPECTATIONS: Readonly<Record<string, string>> = {
  PropertyNameExpected: 'a property name in double quotes',
  ValueExpected: 'a value',
  ColonExpected: 'a colon',
  CloseBraceExpected: 'a comma or a closing brace',
  CloseBracketExpected: 'a comma or a closing bracket',
  EndOfFileExpected: 'the end of the text',
  UnexpectedEndOfString: 'a closing quote',
};

/** What is still open at the end of text that is valid so far. */
function openStructure(text: string): 'brace' | 'bracket' {
  const open: string[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]+|\\.)*"|[[\]{}]/g)) {
    if (token === '{' || token === '[') open.push(token);
    else if (token === '}' || token === ']') open.pop();
  }
  return open.at(-1) === '{' ? 'brace' : 'bracket';
}

/** The tolerant parser knows positions; it recurses, so on absurdly deep text it may give up, and the position is left out. */
function firstError(text: string): ParseError | null {
  const errors: ParseError[] = [];
  try {
    parseTolerantly(text, errors, { allowTrailingComma: false, disallowComments: true });
  } catch {
    return null;
  }
  return errors[0] ?? null;
}
