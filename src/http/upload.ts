import type { IncomingMessage } from 'node:http';
import { pipeline, Readable, type Duplex } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { systemClock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { liftBodyDeadline } from './body-deadline.ts';

/** A body that is read while it comes. */
export interface Upload {
  /** One of the media types that were asked for. */
  readonly type: string;
  /** Decompressed. Nothing more is received than is taken. */
  readonly chunks: AsyncIterable<Buffer>;
}

const DECOMPRESSORS: Readonly<Record<string, () => Duplex>> = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress };

/**
 * Takes a body of any size, for as long as it comes on: it may not be still for longer than other requests take, nor trickle.
 * @throws {AppError} `UNSUPPORTED_MEDIA_TYPE`; while it is read, `INVALID_JSON` where it cannot be decompressed
 */
export function openUpload(request: IncomingMessage, types: readonly string[]): Upload {
  const type = mediaTypeOf(request.headers['content-type'], types);
  const encoding = (request.headers['content-encoding'] ?? 'identity').toLowerCase();
  const decompressor = DECOMPRESSORS[encoding];
  if (decompressor === undefined && encoding !== 'identity') {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body’s Content-Encoding is not understood. Send it plain, or with gzip, deflate or br.');
  }
  liftBodyDeadline(request);
  return { type, chunks: decompressor === undefined ? paced(request) : decompressed(paced(request), decompressor()) };
}

function mediaTypeOf(contentType: string | undefined, types: readonly string[]): string {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';').map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length).replaceAll('"', '') ?? 'utf-8';
  if (types.includes(type) && (charset === 'utf-8' || charset === 'utf8')) return type;
  const shown = contentType === undefined ? 'no Content-Type' : `Content-Type: ${contentType.slice(0, 100)}`;
  throw new AppError('UNSUPPORTED_MEDIA_TYPE', `The body came with ${shown}. Send Content-Type: ${types.join(' or ')}, in UTF-8.`);
}

/** Only the time that the client is waited for counts, not what is made of its bytes. */
async function* paced(request: IncomingMessage): AsyncGenerator<Buffer> {
  const iterator = (request as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let bytes = 0;
  let waitedMs = 0;
  for (;;) {
    const startedMs = systemClock.monotonicMs();
    const impatience = setTimeout(() => request.destroy(new Error('The body stands still.')), limits.requestTimeoutMs);
    const next = await iterator.next().finally(() => clearTimeout(impatience));
    if (next.done === true) return;
    waitedMs += systemClock.monotonicMs() - startedMs;
    bytes += next.value.length;
    if (waitedMs > limits.requestTimeoutMs && bytes < (waitedMs / 1000) * limits.uploadBytesPerSMin) request.destroy(new Error('The body trickles.'));
    yield next.value;
  }
}

/** Codes of zlib's and Brotli's. @see https://nodejs.org/api/zlib.html#constants */
function isDecompression(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return /^(Z_|ERR_BROTLI|ERR__ERROR)/.test(code);
}

async function* decompressed(chunks: AsyncIterable<Buffer>, decompressor: Duplex): AsyncGenerator<Buffer> {
  let wrong: unknown = null;
  pipeline(Readable.from(chunks, { objectMode: false }), decompressor, (error) => (wrong = error));
  try {
    for await (const chunk of decompressor) yield chunk as Buffer;
  } catch (error) {
    if (!isDecompression(error)) throw wrong ?? error;
    throw new AppError('INVALID_JSON', 'The body cannot be decompressed as its Content-Encoding says.', { cause: error });
  }
}
