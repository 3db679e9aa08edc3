import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { AppError, StartError } from '../core/errors.ts';
import type { Store } from '../store/health-port.ts';
import { unpackBackup, type BackupManifest, type UnpackedBackup } from '../store/sqlite/backup-file.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import { FILE_NAME } from '../store/sqlite/store-file.ts';
import { copyLoosely, copyStore, partsOfOtherLength, partsThatDiffer, type CopyOutcome, type CopyProgress, type Sums } from './copying.ts';
import { finishBackup } from './finishing.ts';
import { UNFINISHED_BACKUP, UNFINISHED_RESTORE } from './unfinished.ts';

/** A backup that lies ready to be read once. */
export interface Backup {
  readonly file: string;
  readonly bytes: number;
  /** Of the file, in base64. */
  readonly sha256: string;
  readonly manifest: BackupManifest;
  /** Removes it. */
  remove(): Promise<void>;
}

export interface BackupParts {
  readonly store: Store;
  /** Where there is room for it meanwhile. */
  readonly folder: string;
  readonly version: string;
  readonly clock: Clock;
}

const quiet = { info: () => undefined, warn: () => undefined };

/** Makes a backup of a store that goes on being used: of one moment where the store has such a thing, otherwise row by row. */
export async function makeBackup({ store, folder, version, clock }: BackupParts): Promise<Backup> {
  const workDir = await mkdtemp(join(folder, UNFINISHED_BACKUP));
  const remove = (): Promise<void> => rm(workDir, { recursive: true, force: true });
  const file = join(workDir, FILE_NAME);
  const { snapshotTo } = store.copy;
  try {
    const manifest = { made_at: new Date(clock.nowMs()).toISOString(), version, is_one_moment: snapshotTo !== null };
    await (snapshotTo === null ? copyInto(workDir, store) : snapshotTo(file));
    return { file, ...(await finishBackup({ folder: workDir, manifest })), remove };
  } catch (error) {
    await remove();
    throw whyNotMade(error);
  }
}

/** The copy is a store of its own while it is being made, and fails to open as one does: most of all for want of room. */
function whyNotMade(error: unknown): unknown {
  if (error instanceof StartError) return new AppError('STORE_UNAVAILABLE', `The backup cannot be made: ${error.message}`, { cause: error, retryAfterS: 10 });
  return error;
}

async function copyInto(folder: string, source: Store): Promise<void> {
  const target = await openSqliteStore({ dataDir: folder, log: quiet });
  try {
    await copyLoosely(source.copy, target.copy);
  } finally {
    await target.close();
  }
}

export interface Restored extends CopyOutcome {
  readonly manifest: BackupManifest;
}

/**
 * Fills an empty store from a backup. Broken off, it goes on when it is called again with the same file.
 * @param folder where there is room for a copy of the file meanwhile
 * @throws {AppError} `BACKUP_UNUSABLE`, and then nothing was written; as `copyStore`
 */
export async function restoreBackup(file: string, target: Store, folder: string, onProgress: (progress: CopyProgress) => void): Promise<Restored> {
  const workDir = await mkdtemp(join(folder, UNFINISHED_RESTORE));
  try {
    const unpacked = await unpackBackup(file, workDir);
    const { manifest } = unpacked;
    const source = await openSqliteStore({ dataDir: workDir, log: quiet });
    try {
      return { manifest, ...(await copyStore(source, target, onProgress, (sums) => refuseOther(file, unpacked, sums))) };
    } finally {
      await source.close();
    }
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

function refuseOther(file: string, { manifest: { parts }, isOfOlderSchema }: UnpackedBackup, found: Sums): void {
  const differing = isOfOlderSchema ? partsOfOtherLength(parts, found) : partsThatDiffer(parts, found);
  if (differing.length === 0) return;
  throw new AppError('BACKUP_UNUSABLE', `${file} is not what was backed up, in: ${differing.join(', ')}. Nothing was restored.`);
}
