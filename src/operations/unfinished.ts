import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Folders in which files lie while they are being made or read; `mkdtemp` adds six characters. */
export const UNFINISHED_BACKUP = 'unfinished-backup-';
export const UNFINISHED_RESTORE = 'unfinished-restore-';

const UNFINISHED = /^unfinished-(?:backup|restore)-[A-Za-z0-9]{6}$/;

/** Removes what killed processes left of backups and restores, from a folder that nobody else works in now. */
export async function removeUnfinished(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => UNFINISHED.test(name));
  await Promise.all(names.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}
