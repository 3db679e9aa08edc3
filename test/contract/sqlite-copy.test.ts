import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { describeStoreCopy } from './store-copy.ts';

const quiet = { info: () => undefined, warn: () => undefined };

describeStoreCopy('sqlite', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'portolan-sqlite-'));
  return {
    open: () => openSqliteStore({ dataDir, log: quiet }),
    dispose: () => rm(dataDir, { recursive: true }),
  };
});
