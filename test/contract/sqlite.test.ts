import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { describeRecordStore } from './record-store.ts';

const quiet = { info: () => undefined, warn: () => undefined };

describeRecordStore('sqlite', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'portolan-sqlite-'));
  return {
    open: () => openSqliteStore({ dataDir, log: quiet }),
    leftovers: async () => (await readdir(dataDir)).filter((name) => !['portolan.db', 'portolan.lock', 'portolan.pid'].includes(name)),
    dispose: () => rm(dataDir, { recursive: true }),
  };
});
