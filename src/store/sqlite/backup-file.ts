/** What a backup is besides a file of the embedded store: the list of what is in it. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '../../core/errors.ts';
import type { CopyPart, PartSum } from '../copy-port.ts';
import { APPLICATION_ID, migrations, pragmaNumber } from './schema.ts';
import { FILE_NAME } from './store-file.ts';

export interface BackupManifest {
  /** ISO 8601 in UTC. */
  readonly made_at: string;
  /** Of the Portolan that made it. */
  readonly version: string;
  /** Whether all of it is of one moment; otherwise writes during the backup may or may not be in it. */
  readonly is_one_moment: boolean;
  readonly parts: Readonly<Record<CopyPart, PartSum>>;
}

export interface UnpackedBackup {
  readonly manifest: BackupManifest;
  /** Whether opening it takes steps of the schema, after which its rows may say more than those that the list is of. */
  readonly isOfOlderSchema: boolean;
}

/** Adds the list to a file that nobody has open, which is then whole by itself, without a log beside it. */
export function writeManifest(file: string, manifest: BackupManifest): void {
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA journal_mode = DELETE; CREATE TABLE backup_manifest (text TEXT NOT NULL)');
    db.prepare('INSERT INTO backup_manifest (text) VALUES (?)').run(JSON.stringify(manifest));
  } finally {
    db.close();
  }
}

/**
 * Checks a backup and lays a copy of it into `folder`, as a store that can be opened; the backup itself is never written to.
 * @throws {AppError} `BACKUP_UNUSABLE`
 */
export async function unpackBackup(file: string, folder: string): Promise<UnpackedBackup> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const copy = join(folder, FILE_NAME);
  await copyFile(file, copy).catch((error: unknown) => {
    throw unusable(file, error instanceof Error ? error.message : String(error));
  });
  return readManifest(copy, file);
}

function readManifest(copy: string, file: string): UnpackedBackup {
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(copy);
    if (pragmaNumber(db, 'application_id') !== APPLICATION_ID) throw unusable(file, 'it is no file of Portolan');
    const version = pragmaNumber(db, 'user_version');
    if (version > migrations.length) throw unusable(file, `a newer Portolan made it (schema ${version}; this one knows ${migrations.length})`);
    const faults = db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
    if (faults !== 'ok') throw unusable(file, `it is damaged: ${String(faults)}`);
    const text = db.prepare("SELECT text FROM backup_manifest").get()?.['text'];
    const manifest = JSON.parse(String(text)) as BackupManifest;
    db.exec('DROP TABLE backup_manifest');
    return { manifest, isOfOlderSchema: version < migrations.length };
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unusable(file, error instanceof Error ? error.message : String(error));
  } finally {
    db?.close();
  }
}

function unusable(file: string, reason: string): AppError {
  return new AppError('BACKUP_UNUSABLE', `${file} is not a whole backup of Portolan: ${reason}. Nothing was restored.`);
}
