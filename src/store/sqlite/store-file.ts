/** Finds, checks and creates the store's file. None of this ever puts an empty store in the place of one that was there. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { connect, type Connection } from './connection.ts';
import { APPLICATION_ID, migrate, PAGE_BYTES, pragmaNumber } from './schema.ts';
import { fileUnusable, folderUnusable } from './start-errors.ts';

export const FILE_NAME = 'portolan.db';

/** Files that SQLite keeps beside a database. Where they lie without it, somebody has lost it. */
const COMPANIONS = ['-wal', '-journal'];

/** @throws {StartError} */
export function makeFolder(dataDir: string): void {
  try {
    // Records are nobody else's business; a folder that is there already keeps the mode that its owner chose.
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw folderUnusable(dataDir, error);
  }
}

/**
 * Opens the folder's store, and creates one where none ever was. Only while the folder is locked.
 * @returns `isNew` when there was none
 * @throws {StartError}
 */
export function openStoreFile(dataDir: string): { connection: Connection; file: string; isNew: boolean } {
  const file = join(dataDir, FILE_NAME);
  const isNew = !isThere(file);
  if (isNew) create(dataDir, file);
  let connection: Connection | null = null;
  try {
    connection = connect(file, { readOnly: false, cacheKib: limits.sqliteCacheKib });
    checkOwner(connection.db, file);
    setWritePragmas(connection.db);
    migrate(connection.db, file);
    tryWriting(connection.db);
    return { connection, file, isNew };
  } catch (error) {
    connection?.close();
    throw fileUnusable(file, error);
  }
}

/** How every connection that writes treats the file. */
export function setWritePragmas(db: DatabaseSync): void {
  // The write-ahead log lets the scanning thread read while others write; FULL has every commit on the disk before it counts.
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${limits.walCheckpointPages}`);
  db.exec(`PRAGMA journal_size_limit = ${limits.walBytesKept}`);
}

function isThere(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    const orphan = COMPANIONS.map((suffix) => file + suffix).find((path) => existsSync(path));
    if (orphan === undefined) return false;
    throw new StartError(`${orphan} is there but ${file} is missing. Restore ${FILE_NAME} from where it went; if its records are not needed, remove ${orphan}.`);
  }
  if (!found.isFile()) throw new StartError(`${file} is not a file. Move it away, or name another folder with DATA_DIR.`);
  if (found.size === 0) throw new StartError(`${file} is empty, though Portolan never leaves it so: its content was lost. Restore it from a backup; if its records are not needed, remove it.`);
  return true;
}

/** Before anything is changed in a file that may be another program's. */
function checkOwner(db: DatabaseSync, file: string): void {
  const applicationId = pragmaNumber(db, 'application_id');
  if (applicationId === APPLICATION_ID) return;
  throw new StartError(`${file} is a database of another program (application id ${applicationId}). Move it away, or name another folder with DATA_DIR.`);
}

/** SQLite opens files that it may not write to for reading only, and says nothing, not even when a write begins. */
function tryWriting(db: DatabaseSync): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    db.exec(`PRAGMA user_version = ${pragmaNumber(db, 'user_version')}`);
  } finally {
    db.exec('ROLLBACK');
  }
}

/** Builds the file under another name, so that whatever carries the right one is whole, whenever the power fails. */
function create(dataDir: string, file: string): void {
  const unfinished = `${file}.new`;
  try {
    for (const suffix of ['', '-journal']) rmSync(unfinished + suffix, { force: true });
    const db = new DatabaseSync(unfinished);
    try {
      db.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA synchronous = EXTRA; PRAGMA application_id = ${APPLICATION_ID}`);
      migrate(db, unfinished);
    } finally {
      db.close();
    }
    renameSync(unfinished, file);
    syncFolder(dataDir);
  } catch (error) {
    throw folderUnusable(dataDir, error);
  }
}

/** Without this a power failure may undo the renaming. */
function syncFolder(dataDir: string): void {
  const folder = openSync(dataDir, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
