import { StartError } from '../../core/errors.ts';
import { isDamage, RESULT, resultCodeOf } from './faults.ts';

/** Why a folder cannot hold the store, as a sentence for the operator. */
export function folderUnusable(dataDir: string, error: unknown): StartError {
  return new StartError(`Portolan cannot keep its data in ${dataDir}: ${reasonOf(error)}. Mend that, or name another folder with DATA_DIR.`);
}

/** Why an existing store's file cannot be opened. */
export function fileUnusable(file: string, error: unknown): unknown {
  if (error instanceof StartError) return error;
  if (isDamage(error)) {
    return new StartError(`${file} is damaged or not a database (${messageOf(error)}). Restore it from a backup; Portolan does not overwrite it.`);
  }
  return resultCodeOf(error) === null ? error : new StartError(`${file} cannot be used: ${reasonOf(error)}. Mend that and start again.`);
}

function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'EEXIST':
    case 'ENOTDIR':
      return 'it, or something on the way to it, is a file and not a folder';
    case 'EACCES':
    case 'EPERM':
      return 'this process may not write there';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOSPC':
      return 'the disk is full';
    default:
      return sqliteReasonOf(error);
  }
}

function sqliteReasonOf(error: unknown): string {
  switch (resultCodeOf(error)) {
    case RESULT.READONLY:
    case RESULT.CANTOPEN:
      return 'this process may not write there, or the file system is read-only';
    case RESULT.FULL:
      return 'the disk is full';
    case RESULT.BUSY:
      return 'another program has locked it';
    default:
      return messageOf(error);
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}
