import { MongoBulkWriteError, MongoError, MongoNetworkError, MongoRuntimeError, MongoServerError, MongoSystemError } from 'mongodb';
import { AppError } from '../../core/errors.ts';

/** Codes of servers that cannot serve now but may soon: no primary, shutting down, cut off, majority not reached. */
const UNAVAILABLE_CODES: ReadonlySet<unknown> = new Set([
  6, 7, 63, 64, 89, 91, 100, 134, 150, 189, 202, 234, 262, 358, 9001, 10058, 10107, 11600, 11602, 13388, 13435, 13436,
]);

/** OutOfDiskSpace. @see https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
const OUT_OF_DISK_SPACE = 14_031;
const DUPLICATE_KEY = 11_000;
const MAX_TIME_EXPIRED = 50;

/** Errors of a driver that has lost, or not yet found, a server. It has no common class for them. */
const DISCONNECTED_NAMES: ReadonlySet<string> = new Set([
  'MongoClientClosedError',
  'MongoExpiredSessionError',
  'MongoNotConnectedError',
  'MongoOperationTimeoutError',
  'MongoServerClosedError',
  'MongoStalePrimaryError',
  'MongoTopologyClosedError',
  'MongoWaitQueueTimeoutError',
]);

export function storeUnavailable(cause: unknown): AppError {
  return new AppError('STORE_UNAVAILABLE', 'MongoDB does not answer. Try again shortly; /ready says when it is back.', { retryAfterS: 1, cause });
}

/** The driver's error in the words of the store's port; what is not about MongoDB's being away or full stays what it is. */
export function storeErrorOf(error: unknown): unknown {
  const wrapped = errorInBulk(error);
  if (wrapped !== null) return storeErrorOf(wrapped);
  if (isSocketError(error)) return storeUnavailable(error);
  if (!(error instanceof MongoError)) return error;
  if (error instanceof MongoServerError && hasCode(error, OUT_OF_DISK_SPACE)) {
    return new AppError('STORE_FULL', 'The disk under MongoDB is full; nothing was written. Make room, the service goes on by itself.', { cause: error });
  }
  return isUnavailable(error) ? storeUnavailable(error) : error;
}

/** A bulk write that did not get through is reported as one that the server refused, around what has really happened. */
function errorInBulk(error: unknown): Error | null {
  return error instanceof MongoBulkWriteError && error.errorResponse instanceof Error ? error.errorResponse : null;
}

/** Codes of sockets whose other side has gone. A server that dies between two messages is not always told of by an error of the driver's own. */
const SOCKET_CODES: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ERR_STREAM_PREMATURE_CLOSE']);

function isSocketError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && SOCKET_CODES.has(error.code);
}

/** What the driver meets at run time and no server has answered: connections cut off in the middle of a message are among it. */
function isUnavailable(error: MongoError): boolean {
  if (error instanceof MongoNetworkError || error instanceof MongoSystemError || error instanceof MongoRuntimeError || DISCONNECTED_NAMES.has(error.name)) return true;
  return UNAVAILABLE_CODES.has(error.code) || error.hasErrorLabel('RetryableWriteError') || isFailedWriteConcern(error);
}

/** The write stands on one server and the majority has not confirmed it: it may yet be rolled back. */
function isFailedWriteConcern(error: MongoError): boolean {
  return error.name === 'MongoWriteConcernError';
}

/** What was to be made is there already; of a bulk write, nothing else has gone wrong. */
export function isDuplicateKey(error: unknown): boolean {
  if (error instanceof MongoBulkWriteError) {
    const failures = [error.writeErrors].flat();
    return failures.length > 0 && failures.every(({ code }) => code === DUPLICATE_KEY);
  }
  return error instanceof MongoServerError && hasCode(error, DUPLICATE_KEY);
}

/** Positions of what a bulk write found there already; `null` when anything else has gone wrong, too. */
export function duplicatesIn(error: unknown): readonly number[] | null {
  return error instanceof MongoBulkWriteError && isDuplicateKey(error) ? [error.writeErrors].flat().map(({ index }) => index) : null;
}

/** The server gave the work up after its `maxTimeMS`: too slow for a single record, too much for a query. */
export function isOutOfTime(error: unknown): boolean {
  return error instanceof MongoServerError && hasCode(error, MAX_TIME_EXPIRED);
}

function hasCode(error: MongoServerError, code: number): boolean {
  return error.code === code;
}
