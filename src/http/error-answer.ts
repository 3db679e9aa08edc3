import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../core/errors.ts';
import type { Log } from '../telemetry/logs.ts';
import { failure, send } from './answer.ts';
import type { Exchange } from './exchange.ts';

/** Answers any failure in the envelope. An unknown one is told to the log alone. */
export async function answerError(error: unknown, request: IncomingMessage, response: ServerResponse, { requestId, route }: Exchange, log: Log): Promise<void> {
  const known = asAppError(error);
  if (known === null || known.status === 500 || known.code === 'STORE_DAMAGED') {
    if (!isClientGone(error)) log.error('request failed', { request_id: requestId, route, error });
  }
  if (response.headersSent) return void response.destroy();
  if (known?.status === 413 || known?.status === 415) response.setHeader('Connection', 'close');
  await send(response, failure(known ?? new AppError('INTERNAL'), requestId), request.method !== 'HEAD');
}

function asAppError(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  if (error instanceof URIError || (error instanceof Error && error.message.startsWith('Failed to decode param'))) {
    return new AppError('INVALID_PARAMETER', 'The path is not validly percent-encoded.');
  }
  return null;
}

/** A client that hangs up while an answer streams is no failure of ours. */
function isClientGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE';
}
