import type { DatabaseSync } from 'node:sqlite';
import { limits } from '../core/limits.ts';
import { messageOf, UsageError } from './failure.ts';
import type { Terminal } from './terminal.ts';

const LOOK_AGAIN_MS = 50;
const SQLITE_BUSY = 5;

/**
 * Does some work while no other process does any under the same lock: an exclusive transaction on an empty database. That is a lock of the
 * operating system on an open file, which ends with the process, however that ends; a file that merely exists would have to be removed by hand.
 */
export async function withFileLock<T>(path: string, wait: Terminal['wait'], work: () => Promise<T>): Promise<T> {
  const sqlite = await import('node:sqlite');
  const db = open(sqlite.DatabaseSync, path);
  try {
    for (let waitedMs = 0; !tryLock(db, path); waitedMs += LOOK_AGAIN_MS) {
      if (waitedMs >= limits.sessionLockTimeoutMs) {
        throw new UsageError(`Another portolan has been renewing a session for ${limits.sessionLockTimeoutMs / 1000} s, and holds ${path}. End it, or wait for it.`);
      }
      await wait(LOOK_AGAIN_MS);
    }
    return await work();
  } finally {
    db.close();
  }
}

function open(DatabaseClass: typeof DatabaseSync, path: string): DatabaseSync {
  try {
    return new DatabaseClass(path, { timeout: 0 });
  } catch (error) {
    throw notLockable(path, error);
  }
}

function tryLock(db: DatabaseSync, path: string): boolean {
  try {
    db.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY) return false;
    throw notLockable(path, error);
  }
}

const notLockable = (path: string, error: unknown): UsageError => new UsageError(`${path} cannot be locked: ${messageOf(error)}.`);
