import type { ErrorCode, ErrorDetail } from '../core/errors.ts';

/**
 * What can go wrong: what the service answers (`docs/errors.md`), or that it gave no answer worth the name.
 * A service newer than its client may answer with codes that stand in no list yet.
 */
export type ClientErrorCode = ErrorCode | 'BAD_SERVICE_URL' | 'SERVICE_AWAY' | 'SERVICE_TIMEOUT' | 'NOT_PORTOLAN' | 'DIGEST_DIFFERS' | (string & Record<never, never>);

interface ClientErrorOptions {
  readonly status?: number | undefined;
  readonly details?: readonly ErrorDetail[] | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterS?: number | undefined;
  readonly cause?: unknown;
}

/**
 * A call that failed. The message is a sentence for people; the service's own words are in it as they came, so whoever
 * shows it on a terminal makes it safe first.
 */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  /** HTTP status; null where no answer came. */
  readonly status: number | null;
  /** The places in the input that are wrong, as the service lists them. */
  readonly details: readonly ErrorDetail[];
  /** By which the service's log knows the request. */
  readonly requestId: string | null;
  /** Seconds to wait before trying again, where the service says so. */
  readonly retryAfterS: number | null;

  constructor(code: ClientErrorCode, message: string, options: ClientErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = options.status ?? null;
    this.details = options.details ?? [];
    this.requestId = options.requestId ?? null;
    this.retryAfterS = options.retryAfterS ?? null;
  }
}
