import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from '../../core/errors.ts';
import { RESULT, resultCodeOf } from './faults.ts';
import { folderUnusable } from './start-errors.ts';

/** Holds a data folder for this process. */
export interface FolderLock {
  release(): void;
}

/**
 * Takes the folder for this process alone, by an exclusive transaction on an empty database beside the store's own. It is a lock of the
 * operating system on an open file, so it ends with the process, however that ends, and can never be stale.
 *
 * The process id stands in a file of its own: opening and closing the locked file would lose the lock (POSIX drops all of
 * a process's locks on a file with the first descriptor of it that is closed).
 *
 * @throws {StartError} when another process, or this one, holds the folder, or it cannot be written to
 */
export function lockFolder(dataDir: string): FolderLock {
  const lockFile = join(dataDir, 'portolan.lock');
  const pidFile = join(dataDir, 'portolan.pid');
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(lockFile, { timeout: 0 });
    db.exec('BEGIN EXCLUSIVE');
    writeFileSync(pidFile, `${process.pid}\n`);
  } catch (error) {
    db?.close();
    throw lockFailure(error, dataDir, lockFile, pidFile);
  }
  const held = db;
  return { release: () => held.close() };
}

function lockFailure(error: unknown, dataDir: string, lockFile: string, pidFile: string): unknown {
  const code = resultCodeOf(error);
  if (code === RESULT.BUSY) {
    return new StartError(`${dataDir} is in use by another Portolan (pid ${pidIn(pidFile)}). Stop that one, or give this one a folder of its own with DATA_DIR.`, { reason: 'store_in_use' });
  }
  if (code === RESULT.NOTADB || code === RESULT.CORRUPT) {
    return new StartError(`${lockFile} is not the empty file that Portolan locks. Remove it, if no other program needs it.`);
  }
  return folderUnusable(dataDir, error);
}

function pidIn(pidFile: string): string {
  try {
    const pid = readFileSync(pidFile, 'utf8').trim();
    return /^\d{1,10}$/.test(pid) ? pid : 'unknown';
  } catch {
    return 'unknown';
  }
}
