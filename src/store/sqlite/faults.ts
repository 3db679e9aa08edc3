import { AppError } from '../../core/errors.ts';

/** Primary result codes. @see https://www.sqlite.org/rescode.html */
export const RESULT = {
  BUSY: 5,
  LOCKED: 6,
  NOMEM: 7,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  TOOBIG: 18,
  NOTADB: 26,
} as const;

/** Extended codes of IOERR that say more than "the disk failed". */
const IOERR_SHORT_READ = 522;
const IOERR_WRITE = 778;
const IOERR_SHMSIZE = 4874;
const IOERR_CORRUPTFS = 8458;

/** SQLite's extended result code, as `node:sqlite` adds it to its errors, or `null` when the error is not SQLite's. */
function extendedCodeOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return null;
  return typeof error.errcode === 'number' ? error.errcode : null;
}

/** SQLite's primary result code, or `null` when the error is not SQLite's. */
export function resultCodeOf(error: unknown): number | null {
  const extended = extendedCodeOf(error);
  return extended === null ? null : extended & 0xff;
}

/** Whether the error says that the file's content cannot be what SQLite wrote. */
export function isDamage(error: unknown): boolean {
  const extended = extendedCodeOf(error);
  if (extended === IOERR_SHORT_READ || extended === IOERR_CORRUPTFS) return true;
  const code = resultCodeOf(error);
  return code === RESULT.CORRUPT || code === RESULT.NOTADB;
}

function isFull(error: unknown): boolean {
  const extended = extendedCodeOf(error);
  return resultCodeOf(error) === RESULT.FULL || extended === IOERR_WRITE || extended === IOERR_SHMSIZE;
}

/** SQLite's error in the words of the store's port. What is none of SQLite's, or a mistake in our statements, stays what it is. */
export function storeErrorOf(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (isDamage(error)) return storeDamaged(error);
  if (isFull(error)) {
    return new AppError('STORE_FULL', 'The disk under the store is full; nothing was written. Make room, the service goes on by itself.', { cause: error, retryAfterS: 10 });
  }
  switch (resultCodeOf(error)) {
    case RESULT.BUSY:
    case RESULT.LOCKED:
      return storeUnavailable('The store is busy. Try again shortly.', error);
    case RESULT.READONLY:
    case RESULT.IOERR:
    case RESULT.CANTOPEN:
    case RESULT.NOMEM:
      return storeUnavailable('The store cannot be reached on its disk. Try again shortly; the log says what the disk answered.', error);
    default:
      return error;
  }
}

export function storeUnavailable(message: string, cause?: unknown): AppError {
  return new AppError('STORE_UNAVAILABLE', message, { retryAfterS: 1, cause });
}

export function storeDamaged(cause: unknown): AppError {
  return new AppError('STORE_DAMAGED', 'The store’s file is damaged. Stop the service and restore portolan.db from a backup.', { cause });
}
