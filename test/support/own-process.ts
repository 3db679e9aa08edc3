import { rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { openConnection } from './network.ts';
import { call, newRecord } from './requests.ts';
import { spawnService, temporaryFolder, type SpawnedService } from './service.ts';

export interface OwnProcess {
  /** Starts the service on the test's own data folder, which may be of a process that ended before. */
  readonly start: (variables?: Record<string, string>) => Promise<SpawnedService>;
  /** A connection to the service started last. */
  readonly connect: () => Promise<Socket>;
}

/** For each test of a file: a data folder, and processes and connections that do not outlive the test. */
export function useOwnProcess(): OwnProcess {
  let folder = '';
  let service: SpawnedService | null = null;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    if (service !== null && service.child.exitCode === null && service.child.signalCode === null) await service.kill();
    service = null;
    await rm(folder, { recursive: true, force: true });
  });

  return {
    async start(variables = {}) {
      service = await spawnService({ DATA_DIR: folder, RATE_LIMIT_PER_MINUTE: '0', ...variables });
      return service;
    },
    async connect() {
      const socket = await openConnection(service?.url ?? '');
      sockets.push(socket);
      return socket;
    },
  };
}

/** Fills a catalog with about `megabytes` of records; resolves to their number. */
export async function fillCatalog(url: string, megabytes: number): Promise<number> {
  const text = 'x'.repeat(50_000);
  const count = megabytes * 20;
  for (let n = 0; n < count; n += 10) {
    const ids = Array.from({ length: 10 }, (_unused, offset) => `big-${n + offset}`);
    const replies = await Promise.all(ids.map((id) => call(url, 'POST', '/container_registry', { body: newRecord(id, { container_registry_metadata: { text } }) })));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]));
  }
  return count;
}

/** What a process printed, as the JSON lines that it must be. */
export const logLines = (text: string): Record<string, unknown>[] => text.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
