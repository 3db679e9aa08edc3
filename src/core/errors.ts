/**
 * The one table of errors. `docs/errors.md` is generated from it; the HTTP layer answers with it; callers switch on `code`.
 */
export interface ErrorRow {
  readonly status: number;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
  readonly meaning: string;
  readonly remedy: string;
}

const row = (status: number, retryable: boolean, meaning: string, remedy: string): ErrorRow => ({
  status,
  retryable,
  meaning,
  remedy,
});

export const errorTable = {
  INVALID_JSON: row(400, false, 'The body is not JSON text in UTF-8.', 'Mend the text at the line and column that the message names.'),
  INVALID_RECORD: row(400, false, 'The record breaks a rule of its schema.', 'Mend the fields listed in `details`; /docs shows the schema.'),
  INVALID_FILTER: row(400, false, 'The filter is not a valid MongoDB filter over a record’s fields.', 'Mend the part that `details` names; /docs lists fields and operators.'),
  INVALID_UPDATE: row(400, false, 'The update is not a valid MongoDB update, or cannot be applied to this record.', 'Mend the path that `details` names. The record is unchanged.'),
  OPERATOR_NOT_ALLOWED: row(400, false, 'The filter or update uses an operator that Portolan does not offer.', 'Use one of the operators that the message lists.'),
  IMMUTABLE_FIELD: row(400, false, 'The update changes a field that cannot change.', 'Leave the field out; to change an id, create a new record and delete the old one.'),
  INVALID_PARAMETER: row(400, false, 'A query parameter, path parameter or header is not understood.', 'Mend the parameter that `details` names.'),
  INVALID_CURSOR: row(400, false, 'The cursor is damaged or belongs to another query.', 'Start again without a cursor and follow the `Link` headers.'),
  LIMIT_EXCEEDED: row(400, false, 'The request is larger or more complicated than a limit allows.', 'Ask for less, in several requests.'),
  QUERY_TOO_EXPENSIVE: row(400, false, 'The query had to look at more records, or for longer, than one query may.', 'Add a condition of equality, `$in` or a range, which an index can serve, or ask for a page with `limit`.'),
  HOST_NOT_ALLOWED: row(403, false, 'Portolan is bound to loopback and answers only to names of this machine.', 'Call it as localhost or 127.0.0.1, or bind it to an address with `HOST`.'),
  RECORD_NOT_FOUND: row(404, false, 'No document found', 'Check the id; list the catalog with GET /container_registries.'),
  ROUTE_NOT_FOUND: row(404, false, 'There is nothing at this path.', 'See /docs for all paths.'),
  METHOD_NOT_ALLOWED: row(405, false, 'The path exists but does not take this method.', 'Use a method that the `Allow` header names.'),
  NOT_ACCEPTABLE: row(406, false, 'The answer cannot be given in the media type asked for.', 'Accept application/json.'),
  ID_EXISTS: row(409, false, 'There is a record with this id already.', 'Update it with PUT, or choose another id.'),
  REVISION_STALE: row(412, false, 'The record has changed since it was read.', 'Read it again, apply your change to what it says now, and send the new ETag.'),
  BODY_TOO_LARGE: row(413, false, 'The body is larger than its limit.', 'Send less.'),
  RECORD_TOO_LARGE: row(413, false, 'The record would become larger than a record may be.', 'Keep large things elsewhere and note where they are.'),
  UNSUPPORTED_MEDIA_TYPE: row(415, false, 'The body is not declared as JSON, or in an encoding that is not understood.', 'Send `Content-Type: application/json`.'),
  REGISTRY_UNREACHABLE: row(422, true, 'With `verify=true` a record is stored only if its registry answers, and it did not.', 'Mend the URL or the registry, or create the record without `verify`.'),
  RATE_LIMITED: row(429, true, 'Too many requests from one address.', 'Wait as long as `Retry-After` says.'),
  INTERNAL: row(500, false, 'internal error', 'Report the request id; the cause stands in the service’s log.'),
  STORE_UNAVAILABLE: row(503, true, 'The store does not answer.', 'Try again after `Retry-After`; /ready says when it is back.'),
  STORE_DAMAGED: row(503, false, 'The store’s file is damaged.', 'Stop the service and restore the file from a backup.'),
  OVERLOADED: row(503, true, 'More work is waiting than can be done soon.', 'Try again after `Retry-After`.'),
  NOT_READY: row(503, true, 'The service is starting or stopping.', 'Try again after `Retry-After`.'),
  STORE_FULL: row(507, true, 'The disk under the store is full; nothing was written.', 'Make room; the service goes on by itself.'),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** One place in the input that is wrong. `path` is dotted, from the body's root; empty for the whole. */
export interface ErrorDetail {
  readonly path: string;
  readonly message: string;
}

interface AppErrorOptions {
  readonly details?: readonly ErrorDetail[];
  readonly retryAfterS?: number;
  readonly cause?: unknown;
}

/** An error that a caller may see: its message is a sentence for people, its code is stable. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: readonly ErrorDetail[];
  readonly retryAfterS: number | undefined;

  constructor(code: ErrorCode, message?: string, options: AppErrorOptions = {}) {
    super(message ?? errorTable[code].meaning, { cause: options.cause });
    this.code = code;
    this.details = options.details ?? [];
    this.retryAfterS = options.retryAfterS;
  }

  get status(): number {
    return errorTable[this.code].status;
  }
}

/** Why the service cannot start. The message is one sentence for the operator: what is wrong, where, what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
