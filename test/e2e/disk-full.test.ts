import { cp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { itWithMounts, seenBy, withSmallDisk } from '../support/mount.ts';
import { call, newRecord, type Reply } from '../support/requests.ts';
import { spawnService, temporaryFolder } from '../support/service.ts';

const metadata = { text: 'x'.repeat(20_000) };
const create = (url: string, id: string): Promise<Reply> => call(url, 'POST', '/container_registry', { body: newRecord(id, { container_registry_metadata: metadata }) });
const idsAt = async (url: string): Promise<string[]> =>
  ((await call(url, 'GET', '/container_registries?fields=container_registry_name')).body.data as { container_registry_id: string }[]).map((record) => record.container_registry_id);

describe('a full disk', () => {
  itWithMounts('abuse 32: writes are refused, reads go on, and with room again everything works without a restart', async () => {
    const folder = await temporaryFolder();
    const copy = await temporaryFolder();
    const service = await spawnService({ DATA_DIR: folder, RATE_LIMIT_PER_MINUTE: '0' }, { prefix: withSmallDisk(folder, '8m') });
    try {
      const { url } = service;
      const disk = seenBy(service.child.pid ?? 0, folder);
      const acknowledged: string[] = [];
      const tryWrites = async (name: string, count: number): Promise<Reply | null> => {
        for (let n = 0; n < count; n++) {
          const reply = await create(url, `${name}-${n}`);
          if (reply.status !== 201) return reply;
          acknowledged.push(`${name}-${n}`);
        }
        return null;
      };
      expect(await tryWrites('before', 20)).toBeNull();

      await writeFile(`${disk}/filler`, Buffer.alloc(8 * 1024 * 1024)).catch((error: unknown) => expect(error).toMatchObject({ code: 'ENOSPC' }));
      const refused = await tryWrites('during', 500);
      expect([503, 507]).toContain(refused?.status);
      expect(['STORE_FULL', 'STORE_UNAVAILABLE']).toContain(refused?.body.code);
      expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
      const update = await call(url, 'PUT', '/container_registry/before-0', { body: { $set: { 'container_registry_metadata.more': metadata.text } } });
      expect([503, 507]).toContain(update.status);

      expect((await idsAt(url)).sort()).toEqual([...acknowledged].sort());
      expect((await call(url, 'GET', '/container_registry/before-0')).body.data.container_registry_metadata).toEqual(metadata);
      expect((await call(url, 'POST', '/container_registries?limit=5', { body: { container_registry_name: 'registry before-1' } })).body.data).toHaveLength(1);
      expect((await call(url, 'GET', '/health')).status).toBe(200);

      await rm(`${disk}/filler`);
      await delay(200);
      expect(await tryWrites('after', 20)).toBeNull();
      expect((await call(url, 'PUT', '/container_registry/before-0', { body: { container_registry_name: 'renamed' } })).status).toBe(200);
      expect((await call(url, 'GET', '/ready')).status).toBe(200);
      expect((await idsAt(url)).sort()).toEqual([...acknowledged].sort());

      // The disk vanishes with the process, so the restart happens on what a sudden end would have left of it.
      service.child.kill('SIGSTOP');
      await cp(disk, copy, { recursive: true });
      await service.kill();
      const restarted = await spawnService({ DATA_DIR: copy });
      try {
        expect((await idsAt(restarted.url)).sort()).toEqual([...acknowledged].sort());
        expect((await call(restarted.url, 'GET', '/container_registry/before-0')).body.data.container_registry_name).toBe('renamed');
      } finally {
        await restarted.stop();
      }
    } finally {
      if (service.child.exitCode === null && service.child.signalCode === null) await service.kill();
      await Promise.all([folder, copy].map((path) => rm(path, { recursive: true, force: true })));
    }
  }, 60_000);

  itWithMounts('has no room for a backup: none is given out, nothing is left of it, and the service goes on', async () => {
    const folder = await temporaryFolder();
    const service = await spawnService({ DATA_DIR: folder, RATE_LIMIT_PER_MINUTE: '0' }, { prefix: withSmallDisk(folder, '24m') });
    try {
      const { url } = service;
      for (let n = 0; n < 120; n++) expect((await create(url, `r-${n}`)).status).toBe(201);
      const disk = seenBy(service.child.pid ?? 0, folder);
      const { bavail, bsize } = await statfs(disk);
      // Room for some records more, and not for all of them again.
      await writeFile(`${disk}/filler`, Buffer.alloc(bavail * bsize - 1_500_000));
      const refused = await call(url, 'POST', '/api/v1/backup');
      expect([503, 507]).toContain(refused.status);
      expect(['STORE_FULL', 'STORE_UNAVAILABLE']).toContain(refused.body.code);
      expect((await readdir(disk)).filter((name) => name.startsWith('unfinished'))).toEqual([]);
      expect((await create(url, 'after')).status).toBe(201);
      await rm(`${disk}/filler`);
      expect((await idsAt(url)).length).toBe(121);
    } finally {
      await service.kill();
      await rm(folder, { recursive: true, force: true });
    }
  }, 60_000);

  itWithMounts('from the start on is told in one sentence', async () => {
    const folder = await temporaryFolder();
    try {
      await expect(spawnService({ DATA_DIR: folder }, { prefix: withSmallDisk(folder, '4k') })).rejects.toThrow(/^The service did not start:\nportolan: [^\n]*full[^\n]*\.\n$/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
