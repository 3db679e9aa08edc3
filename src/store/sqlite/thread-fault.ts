import { AppError, type ErrorCode, type ErrorDetail } from '../../core/errors.ts';

/** An error on its way between threads, which would lose its class. `code` is `null` for errors that are none of a caller's business. */
export interface ThreadFault {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly details: readonly ErrorDetail[];
  readonly retryAfterS: number | undefined;
}

export function faultOf(error: unknown): ThreadFault {
  if (error instanceof AppError) return { code: error.code, message: error.message, details: error.details, retryAfterS: error.retryAfterS };
  return { code: null, message: error instanceof Error ? (error.stack ?? error.message) : String(error), details: [], retryAfterS: undefined };
}

export function errorOf({ code, message, details, retryAfterS }: ThreadFault): Error {
  if (code === null) return new Error(message);
  return new AppError(code, message, { details, ...(retryAfterS === undefined ? {} : { retryAfterS }) });
}

/** Sent to a thread instead of a request: close the file and end. */
export const CLOSE = 'close';
