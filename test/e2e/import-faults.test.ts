/** An import into the service as a process of its own, and what is left when either of them comes to grief. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { useOwnProcess } from '../support/own-process.ts';
import { call, newRecord } from '../support/requests.ts';

const { start } = useOwnProcess();

interface Outcome {
  readonly id?: string;
  readonly outcome?: string;
  readonly code?: string;
  readonly summary?: Readonly<Record<string, number>>;
}

/** Begins an import whose body is still to come. */
function beginImport(url: string, query = ''): ClientRequest {
  const { hostname, port } = new URL(url);
  return request({ hostname, port, method: 'POST', path: `/container_registries/import${query}`, headers: { 'Content-Type': 'application/x-ndjson' } });
}

/** What is told of each line, as far as it comes. */
async function outcomesOf(sending: ClientRequest, onOutcome: (outcome: Outcome) => void = () => undefined): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  for await (const line of createInterface({ input: response })) {
    // A killed service leaves half a line behind.
    if (!line.endsWith('}')) break;
    const outcome = JSON.parse(line) as Outcome;
    outcomes.push(outcome);
    onOutcome(outcome);
  }
  return outcomes;
}

describe('kill -9 during an import', () => {
  const RECORDS = 4_000;
  const recordAt = (index: number): Record<string, unknown> =>
    newRecord(`r-${index}`, { container_registry_tags: [`tag-${index % 2}`], container_registry_metadata: { index, text: 'x'.repeat(500) }, container_registry_config: { health: { enabled: false } } });
  const lines = Array.from({ length: RECORDS }, (_unused, index) => `${JSON.stringify(recordAt(index))}\n`);

  it('abuse 32: loses nothing that was acknowledged, leaves no half record, and all can be sent again', async () => {
    let service = await start();
    const acknowledged = new Set<string>();
    for (const patience of [100, 700, 1_500]) {
      const sending = beginImport(service.url, '?mode=upsert');
      sending.on('error', () => undefined).end(lines.join(''));
      const telling = outcomesOf(sending, ({ id, outcome }) => {
        if (id !== undefined && outcome !== 'failed') acknowledged.add(id);
        if (acknowledged.size > patience) service.child.kill('SIGKILL');
      });
      await telling.catch(() => undefined);
      await service.exited;

      service = await start();
      const stored = (await call(service.url, 'GET', '/container_registries')).body.data as { container_registry_id: string; container_registry_metadata: { index: number } }[];
      const ids = new Set(stored.map(({ container_registry_id: id }) => id));
      expect([...acknowledged].filter((id) => !ids.has(id))).toEqual([]);
      expect(stored).toEqual(stored.map(({ container_registry_metadata: { index } }) => expect.objectContaining(recordAt(index))));
      // The index tells of the same records.
      const found = await Promise.all([0, 1].map(async (tag) => ((await call(service.url, 'POST', '/container_registries', { body: { container_registry_tags: `tag-${tag}` } })).body.data as unknown[]).length));
      expect(found.reduce((sum, count) => sum + count, 0)).toBe(stored.length);
    }
    expect(acknowledged.size).toBeLessThan(RECORDS);

    const sending = beginImport(service.url, '?mode=upsert');
    sending.end(lines.join(''));
    const outcomes = await outcomesOf(sending);
    expect(outcomes.filter(({ id, outcome }) => id !== undefined && acknowledged.has(id) && outcome !== 'unchanged')).toEqual([]);
    expect(outcomes.at(-1)?.summary).toMatchObject({ lines: RECORDS, updated: 0, failed: 0 });
    expect((await call(service.url, 'GET', '/container_registries/summary')).body.data.total).toBe(RECORDS);
  }, 120_000);
});

describe('a line of a gigabyte', () => {
  const GIGABYTE = 1024 ** 3;
  const residentBytes = (pid: number): number => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024;

  it('fails by itself, in bounded memory, and those around it are imported', async () => {
    const { url, child } = await start();
    const pid = child.pid ?? 0;
    const sending = beginImport(url);
    const telling = outcomesOf(sending);
    const send = async (part: string | Buffer): Promise<void> => {
      if (!sending.write(part)) await once(sending, 'drain');
    };
    await send(`${JSON.stringify(newRecord('before'))}\n"`);
    await delay(500);
    const idle = residentBytes(pid);
    let peak = idle;
    const part = Buffer.alloc(1024 ** 2, 'x');
    for (let sent = 0; sent < GIGABYTE; sent += part.length) {
      await send(part);
      peak = Math.max(peak, residentBytes(pid));
    }
    await send(`"\n${JSON.stringify(newRecord('after'))}\n`);
    sending.end();
    expect((await telling).map(({ outcome, code }) => code ?? outcome)).toEqual(['created', 'RECORD_TOO_LARGE', 'created', undefined]);
    expect(peak - idle).toBeLessThan(GIGABYTE / 8);
  }, 120_000);
});
