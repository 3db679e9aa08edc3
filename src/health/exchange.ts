import type { Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { abortReason } from '../outgoing/abort.ts';
import { AnswerReader, type NeedsBody } from './answer-reader.ts';
import { ProbeFailure } from './failure.ts';
import type { Answer } from './judge-answer.ts';

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  readonly userAgent: string;
  readonly accept: string;
  /** Value of the header of that name. */
  readonly authorization?: string | null;
  /** A form (`application/x-www-form-urlencoded`), as `URLSearchParams` writes it: ASCII without ends of lines. */
  readonly form?: string | null;
}

/** What becomes known while an answer comes; kept when the rest of it never does. */
export interface Witness {
  /** From the request to the first byte of its answer, summed over requests. */
  firstByteMs: number | null;
  status: number | null;
  reasonPhrase: string;
}

export interface ExchangeOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly needsBody: NeedsBody;
  readonly witness: Witness;
}

/** What may stand in the value of a header (RFC 9110 section 5.5), without what is not ASCII. */
const HEADER_VALUE = /^[\x20-\x7e]+$/;

/**
 * Without compression, so that nothing is ever inflated. `URL` leaves no character in a path or a host that could end a line.
 * Keep-alive is left as it is: whoever destroys the socket ends it, and a server that does it first makes both ends work more.
 * @throws {ProbeFailure} `probe_failed` when what is to be said of the caller could end a line
 */
function textOf({ method, url, userAgent, accept, authorization = null, form = null }: Request): string {
  let more = '';
  if (authorization !== null) {
    if (!HEADER_VALUE.test(authorization)) throw new ProbeFailure('probe_failed', 'The credentials hold characters that no header may hold.');
    more = `authorization: ${authorization}\r\n`;
  }
  if (form !== null) more += `content-type: application/x-www-form-urlencoded\r\ncontent-length: ${Buffer.byteLength(form, 'latin1')}\r\n`;
  const head = `${method} ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nuser-agent: ${userAgent}\r\naccept: ${accept}\r\naccept-encoding: identity\r\n`;
  return `${head}${more}\r\n${form ?? ''}`;
}

/**
 * One request on a connection of its own, and as much of its answer as is needed to judge it. The rest may still be arriving, so
 * the caller destroys the socket at once. Written on the bare socket, because a client that can do more, made anew for one
 * request, takes a third more of the processor for it and leaves more behind to be collected.
 * @throws {ProbeFailure} when the server misbehaves; the socket's error; the signal's reason when it aborts
 */
export function exchange(socket: Socket, request: Request, { signal, clock, needsBody, witness }: ExchangeOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = textOf(request);
    const reader = new AnswerReader(needsBody, witness);
    const sentMs = clock.monotonicMs();
    let hasBegun = false;

    /** Dead sockets stay in memory for a while, and would keep all that their listeners know. */
    function leave(): void {
      signal.removeEventListener('abort', onAbort);
      socket.off('data', onData);
      socket.off('error', fail);
      socket.off('close', onClose);
    }
    function fail(error: Error): void {
      leave();
      reject(error);
    }
    function onAbort(): void {
      fail(abortReason(signal));
    }
    function onData(chunk: Buffer): void {
      if (!hasBegun) witness.firstByteMs = (witness.firstByteMs ?? 0) + clock.monotonicMs() - sentMs;
      hasBegun = true;
      try {
        const answer = reader.push(chunk);
        if (answer === null) return;
        leave();
        resolve(answer);
      } catch (error) {
        fail(error as Error);
      }
    }
    /** Comes after everything that was sent has been read. */
    function onClose(): void {
      leave();
      try {
        resolve(reader.end());
      } catch (error) {
        fail(error as Error);
      }
    }

    if (signal.aborted) {
      reject(abortReason(signal));
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('data', onData);
    socket.on('error', fail);
    socket.on('close', onClose);
    socket.write(text, 'latin1');
  });
}
