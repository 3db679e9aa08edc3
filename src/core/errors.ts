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
  ALL_NOT_CONFIRMED: row(400, false, 'The filter matches every record, and the request does not say that this is meant.', 'Add a condition to the filter, or `all=true` to the request.'),
  INVALID_CURSOR: row(400, false, 'The cursor is damaged or belongs to another query.', 'Start again without a cursor and follow the `Link` headers.'),
  LIMIT_EXCEEDED: row(400, false, 'The request is larger or more complicated than a limit allows.', 'Ask for less, in several requests.'),
  QUERY_TOO_EXPENSIVE: row(400, false, 'The query had to look at more records, or for longer, than one query may.', 'Add a condition of equality, `$in` or a range, which an index can serve, or ask for a page with `limit`.'),
  INVALID_REQUEST: row(400, false, 'The body is not what this path takes.', 'Mend the fields that `details` names; /docs shows an example.'),
  AUTHENTICATION_REQUIRED: row(401, false, 'Portolan must know who asks for this, and the request does not say.', 'Log in with POST /api/v1/auth/login, or send an API token: `Authorization: Bearer …`.'),
  LOGIN_FAILED: row(401, false, 'The user name or the password is wrong, or the user may not log in.', 'Check both; an administrator can set a new password.'),
  TOKEN_REJECTED: row(401, false, 'The token is unknown, expired or revoked.', 'Log in again, or have a new API token made.'),
  FORBIDDEN: row(403, false, 'You may see this but not do it.', 'Ask the owner or an administrator for the right; GET /api/v1/auth/me tells what you may do.'),
  INSECURE_TRANSPORT: row(403, false, 'Secrets are not taken or given over plain HTTP on an address that others can reach.', 'Use HTTPS: set TLS_CERT_FILE and TLS_KEY_FILE, or TRUST_PROXY where a proxy ends TLS. ALLOW_HTTP=true gives this protection up.'),
  QUOTA_REACHED: row(403, false, 'You own as many as one principal may own.', 'Delete what is no longer needed, or have the limit raised.'),
  HOST_NOT_ALLOWED: row(403, false, 'Portolan is bound to loopback and answers only to names of this machine.', 'Call it as localhost or 127.0.0.1. Behind a proxy set AUTH=on and TRUST_PROXY; for others bind it to an address with HOST.'),
  RECORD_NOT_FOUND: row(404, false, 'No document found', 'Check the id; list the catalog with GET /container_registries.'),
  USER_NOT_FOUND: row(404, false, 'There is no such user.', 'Check the name; GET /api/v1/users lists all.'),
  TOKEN_NOT_FOUND: row(404, false, 'There is no such token of yours.', 'Check the id; GET /api/v1/tokens lists yours.'),
  CREDENTIAL_NOT_FOUND: row(404, false, 'No such credential is kept for this registry.', 'GET /container_registry/{id}/credentials lists those that are.'),
  ROUTE_NOT_FOUND: row(404, false, 'There is nothing at this path.', 'See /docs for all paths.'),
  METHOD_NOT_ALLOWED: row(405, false, 'The path exists but does not take this method.', 'Use a method that the `Allow` header names.'),
  NOT_ACCEPTABLE: row(406, false, 'The answer cannot be given in the media type asked for.', 'Accept application/json.'),
  ID_EXISTS: row(409, false, 'There is a record with this id already.', 'Update it with PUT, or choose another id.'),
  USER_EXISTS: row(409, false, 'There is a user of this name already.', 'Change it with PUT /api/v1/users/{name}, or choose another name.'),
  LAST_ADMINISTRATOR: row(409, false, 'This would leave Portolan without an administrator who can log in.', 'Make another user an administrator first.'),
  CREDENTIAL_UNSUITABLE: row(409, false, 'What is kept for this registry is nothing that these clients can log in with.', 'Keep a user name and password, or one that has not expired, with PUT /container_registry/{id}/credentials.'),
  CONFLICT: row(409, false, 'Somebody else changed the same thing at the same time.', 'Look at what it is now, and try again.'),
  BACKUP_UNDER_WAY: row(409, false, 'A backup is being made already.', 'Wait until it is there, or try again after `Retry-After`.'),
  TARGET_NOT_EMPTY: row(409, false, 'The store to be filled is not empty.', 'Name an empty one. What is in a store is never written over.'),
  BACKUP_UNUSABLE: row(400, false, 'The file is not a whole backup of Portolan.', 'Take another backup; this one was left alone.'),
  COPY_DIFFERS: row(500, false, 'What was copied is not what was read.', 'The source is as it was. Empty the target and begin again.'),
  REVISION_STALE: row(412, false, 'The record has changed since it was read.', 'Read it again, apply your change to what it says now, and send the new ETag.'),
  BODY_TOO_LARGE: row(413, false, 'The body is larger than its limit.', 'Send less.'),
  RECORD_TOO_LARGE: row(413, false, 'The record would become larger than a record may be.', 'Keep large things elsewhere and note where they are.'),
  UNSUPPORTED_MEDIA_TYPE: row(415, false, 'The body is not declared as JSON, or in an encoding that is not understood.', 'Send `Content-Type: application/json`.'),
  REGISTRY_UNREACHABLE: row(422, true, 'With `verify=true` a record is stored only if its registry answers, and it did not.', 'Mend the URL or the registry, or create the record without `verify`.'),
  RATE_LIMITED: row(429, true, 'Too many requests from one principal, or from one address.', 'Wait as long as `Retry-After` says.'),
  LOGIN_SLOWED: row(429, true, 'Too many failed logins for this user or from this address.', 'Wait as long as `Retry-After` says. An administrator can set a new password.'),
  TOO_MANY_STREAMS: row(429, true, 'Too many streamed answers are being read by one principal.', 'Let one end, or ask for pages with `limit`.'),
  INTERNAL: row(500, false, 'internal error', 'Report the request id; the cause stands in the service’s log.'),
  STORE_UNAVAILABLE: row(503, true, 'The store does not answer.', 'Try again after `Retry-After`; /ready says when it is back.'),
  STORE_DAMAGED: row(503, false, 'The store’s file is damaged.', 'Stop the service and restore the file from a backup.'),
  SECRETS_LOCKED: row(503, false, 'The key that this secret is sealed with is not among those that the service was given.', 'Give the service its key again with SECRET_KEY or SECRET_KEY_FILE. Nothing was changed.'),
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

interface StartErrorOptions {
  /** Where a program can do something about it. */
  readonly reason?: 'store_in_use' | 'store_half_filled';
  readonly cause?: unknown;
}

/** Why the service cannot start. The message is one sentence for the operator: what is wrong, where, what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly reason: StartErrorOptions['reason'];

  constructor(message: string, options: StartErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.reason = options.reason;
  }
}
