import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { limits } from '../../src/core/limits.ts';
import { describeRecordStore } from './record-store.ts';
import { neverAborted, newRecord } from './store-fixture.ts';

const quiet = { info: () => undefined, warn: () => undefined };

describeRecordStore('sqlite', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'portolan-sqlite-'));
  return {
    open: () => openSqliteStore({ dataDir, log: quiet }),
    leftovers: async () => (await readdir(dataDir)).filter((name) => !['portolan.db', 'portolan.lock', 'portolan.pid'].includes(name)),
    dispose: () => rm(dataDir, { recursive: true }),
  };
});

describe('the SQLite store’s text of the whole catalog', () => {
  it('comes in chunks that are never much larger than a few records, also when small records are followed by large ones', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'portolan-sqlite-'));
    const store = await openSqliteStore({ dataDir, log: quiet });
    try {
      const records = [
        ...Array.from({ length: 600 }, (_unused, index) => newRecord(`a${String(index).padStart(3, '0')}`)),
        ...Array.from({ length: 12 }, (_unused, index) => newRecord(`b${String(index).padStart(2, '0')}`, { container_registry_metadata: { note: 'é'.repeat(450_000) } })),
        newRecord('c'),
      ];
      await Promise.all(records.map((record) => store.insert(record)));
      const chunks: Uint8Array[] = [];
      for await (const chunk of store.readAllText(null, neverAborted)) chunks.push(chunk);
      expect(Math.max(...chunks.map(({ byteLength }) => byteLength))).toBeLessThanOrEqual(limits.textChunkBytesMax);
      const ids = (JSON.parse(`[${chunks.map((chunk) => Buffer.from(chunk).toString()).join(',')}]`) as { container_registry_id: string }[]).map((record) => record.container_registry_id);
      expect(ids).toEqual(records.map(({ record }) => record.container_registry_id));
    } finally {
      await store.close();
      await rm(dataDir, { recursive: true });
    }
  });
});
