import type { Client, Dispatcher } from 'undici';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import { abortReason } from '../outgoing/abort.ts';
import { ProbeFailure } from './failure.ts';
import { needsBody, type Answer } from './judge-answer.ts';

/** Ends a connection that has served its purpose. Made once, because an error with its stack costs as much as half a probe. */
export const ENOUGH = new Error('The rest of the answer is not needed.');

export interface ExchangeOptions {
  readonly path: string;
  readonly userAgent: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Hears of the head before the body comes, which may never end. */
  readonly onHead: (status: number, reasonPhrase: string) => void;
  readonly onFirstByte: (sinceRequestMs: number) => void;
}

/**
 * One `GET` without credentials, and as much of its answer as is needed to judge it. The rest may still be arriving, so the
 * caller destroys the client at once. Nothing is inflated: no compressed answer was asked for.
 * @throws {ProbeFailure} when the server misbehaves; undici's and the dialler's errors; the signal's reason when it aborts
 */
export function exchange(client: Client, options: ExchangeOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(abortReason(options.signal));
      void client.destroy(ENOUGH);
    };
    const done = (): void => options.signal.removeEventListener('abort', onAbort);
    options.signal.addEventListener('abort', onAbort, { once: true });
    const handler = answerHandler(
      options,
      (answer) => {
        done();
        resolve(answer);
      },
      (error) => {
        done();
        reject(error);
      },
    );
    const headers = ['user-agent', options.userAgent, 'accept', '*/*', 'accept-encoding', 'identity'];
    client.dispatch({ method: 'GET', path: options.path, headers }, handler);
    if (options.signal.aborted) onAbort();
  });
}

function answerHandler(options: ExchangeOptions, resolve: (answer: Answer) => void, reject: (error: Error) => void): Dispatcher.DispatchHandler {
  let sentMs = 0;
  let interimAnswers = 0;
  let head: Pick<Answer, 'status' | 'headers'> = { status: 0, headers: {} };
  const chunks: Buffer[] = [];
  let bytes = 0;
  const body = (): Buffer => Buffer.concat(chunks).subarray(0, limits.probeBodyBytesMax);
  return {
    onRequestStart() {
      sentMs = options.clock.monotonicMs();
    },
    onResponseStarted() {
      if (interimAnswers === 0) options.onFirstByte(options.clock.monotonicMs() - sentMs);
    },
    onResponseStart(controller, status, headers, reasonPhrase) {
      if (status < 200) {
        interimAnswers += 1;
        if (interimAnswers > limits.probeInterimAnswersMax) controller.abort(new ProbeFailure('protocol', 'The server sends one interim answer after another.'));
        return;
      }
      head = { status, headers };
      options.onHead(status, reasonPhrase ?? '');
      if (!needsBody(status, headers)) resolve({ ...head, body: null, truncated: false });
    },
    onResponseData(_controller, chunk) {
      if (!needsBody(head.status, head.headers) || bytes > limits.probeBodyBytesMax) return;
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > limits.probeBodyBytesMax) resolve({ ...head, body: body(), truncated: true });
    },
    onResponseEnd() {
      resolve({ ...head, body: body(), truncated: false });
    },
    onResponseError(_controller, error) {
      reject(error);
    },
  };
}
