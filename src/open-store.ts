import type { Config } from './config/settings.ts';
import { removeUnfinished } from './operations/unfinished.ts';
import type { Store } from './store/health-port.ts';
import type { Log } from './telemetry/logs.ts';

/** Opens the store that the configuration names. The driver of the store that is not used is never loaded. @throws {StartError} */
export async function openStore({ mongoUrl, mongoDatabase, dataDir }: Pick<Config, 'mongoUrl' | 'mongoDatabase' | 'dataDir'>, log: Pick<Log, 'info' | 'warn'>): Promise<Store> {
  if (mongoUrl !== '') {
    const { openMongoStore } = await import('./store/mongodb/open.ts');
    return openMongoStore({ url: mongoUrl, database: mongoDatabase, log });
  }
  const { openSqliteStore } = await import('./store/sqlite/open.ts');
  const store = await openSqliteStore({ dataDir, log });
  // The folder is this process's alone from here on.
  await removeUnfinished(dataDir).catch((error: unknown) => log.warn('what a killed process left of a backup or a restore cannot be removed', { folder: dataDir, error }));
  return store;
}
