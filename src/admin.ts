import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { resetAdministrator } from './auth/administrator.ts';
import { createPasswordHasher } from './auth/passwords.ts';
import { loadConfig } from './config/load.ts';
import type { Config } from './config/settings.ts';
import { systemClock } from './core/clock.ts';
import { AppError, StartError } from './core/errors.ts';
import { openStore } from './open-store.ts';
import { restoreBackup, type Restored } from './operations/backup.ts';
import { copyStore, refuseHalfFilled, type CopyOutcome, type CopyProgress } from './operations/copying.ts';
import { FILE_NAME } from './store/sqlite/store-file.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Who works on the store directly has nobody to tell of what the store finds in passing. */
const quiet = { info: () => undefined, warn: () => undefined };

/**
 * Gives the user `admin` this password in the store that the service's own configuration names, without the service.
 * @returns whether the user had to be made, and where that store is
 * @throws {StartError} when the store cannot be opened; with the reason `store_in_use` while a service has it open
 */
export async function resetAdmin(variables: Variables, password: string): Promise<{ readonly outcome: 'made' | 'reset'; readonly store: string }> {
  const config = loadConfig(variables);
  const store = await openStore(config, quiet);
  try {
    const outcome = await resetAdministrator({ entries: store.entries, hasher: createPasswordHasher(), clock: systemClock }, password);
    return { outcome, store: placeOf(config) };
  } finally {
    await store.close();
  }
}

/**
 * Fills the store that the service's own configuration names from a backup. Broken off, it goes on when it is called again.
 * @throws {StartError} when the store cannot be opened
 * @throws {AppError} `BACKUP_UNUSABLE`, `TARGET_NOT_EMPTY`, `COPY_DIFFERS`
 */
export async function restoreStore(variables: Variables, file: string, onProgress: (progress: CopyProgress) => void): Promise<Restored & { readonly store: string }> {
  const config = loadConfig(variables);
  const store = await openStore(config, quiet);
  try {
    return { store: placeOf(config), ...(await restoreBackup(file, store, config.mongoUrl === '' ? config.dataDir : tmpdir(), onProgress)) };
  } finally {
    await store.close();
  }
}

/** Two stores: folders, or `mongodb://…` with the database in the path; without `from`, that is the one of the configuration. */
interface Move {
  readonly from: string | undefined;
  readonly to: string;
}

/**
 * Copies everything from one store into another, which must be empty. Broken off, it goes on when it is called again.
 * @throws {StartError} when a store cannot be opened, or the source is itself half filled
 * @throws {AppError} `TARGET_NOT_EMPTY`, `COPY_DIFFERS`
 */
export async function migrateStore(variables: Variables, { from, to }: Move, onProgress: (progress: CopyProgress) => void): Promise<CopyOutcome & { readonly from: string; readonly to: string }> {
  const config = loadConfig(variables);
  const [source, target] = [from === undefined ? config : configOf(config, from), configOf(config, to)];
  refuseMissing(source);
  if (isSamePlace(source, target)) throw new AppError('TARGET_NOT_EMPTY', `${placeOf(target)} is where everything is already. Name another store.`);
  const read = await openStore(source, quiet);
  try {
    await refuseHalfFilled(read);
    const filled = await openStore(target, quiet);
    try {
      return { from: placeOf(source), to: placeOf(target), ...(await copyStore(read, filled, onProgress)) };
    } finally {
      await filled.close();
    }
  } finally {
    await read.close();
  }
}

const MONGO_URL = /^mongodb(?:\+srv)?:\/\/[^/]*(?:\/([^?]*))?/;

type Place = Pick<Config, 'mongoUrl' | 'mongoDatabase' | 'dataDir'>;

function configOf({ mongoDatabase, dataDir }: Config, place: string): Place {
  const mongo = MONGO_URL.exec(place);
  if (mongo === null) return { mongoUrl: '', mongoDatabase, dataDir: place };
  const database = decodeURIComponent(mongo[1] ?? '');
  return { mongoUrl: place, mongoDatabase: database === '' ? mongoDatabase : database, dataDir };
}

/** Opening a folder makes a store of it; to move from, there must be one. */
function refuseMissing({ mongoUrl, dataDir }: Place): void {
  if (mongoUrl !== '' || existsSync(join(dataDir, FILE_NAME))) return;
  throw new StartError(`There is no store in ${resolve(dataDir)}. Name the folder of the store to move with --from, or with DATA_DIR.`);
}

function isSamePlace(a: Place, b: Place): boolean {
  if (a.mongoUrl === '' || b.mongoUrl === '') return a.mongoUrl === b.mongoUrl && resolve(a.dataDir) === resolve(b.dataDir);
  return a.mongoUrl === b.mongoUrl && a.mongoDatabase === b.mongoDatabase;
}

function placeOf({ mongoUrl, mongoDatabase, dataDir }: Place): string {
  return mongoUrl === '' ? resolve(dataDir) : `MongoDB, database ${mongoDatabase}`;
}
