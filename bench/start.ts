import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcess } from './harness/ending.ts';
import { HttpConnection } from './harness/http-connection.ts';
import { atMost, shown, type Line } from './harness/line.ts';
import { residentMb } from './harness/process-figures.ts';
import { pidOf, spawnService } from './harness/service.ts';
import { median } from './harness/statistics.ts';
import type { Bench } from './harness/workspace.ts';

const RECORDS = 100_000;
const ROUNDS = 7;
const IDLE_ROUNDS = 3;
/** How long a process is left alone before its memory is read. */
const SETTLE_MS = 2_000;
const RETRY_MS = 2;
const PATIENCE_MS = 30_000;

export const start: Bench = {
  name: 'start',
  about: 'from the start of the process to its first 200, empty and with 100,000 records; memory when idle',
  async run(workspace) {
    const filled = await workspace.filledFolder(RECORDS);
    const cases = [
      { name: 'empty', folder: () => workspace.emptyFolder(), seconds: [] as number[], idleMb: [] as number[] },
      { name: '100,000 records', folder: async () => filled, seconds: [] as number[], idleMb: [] as number[] },
    ];
    // The first start ever compiles everything; Node keeps that for the later ones, as on any machine.
    await startOnce(workspace.folder, filled, false);
    for (let round = 0; round < ROUNDS; round++) {
      for (const each of cases) {
        const { seconds, idleMb } = await startOnce(workspace.folder, await each.folder(), round < IDLE_ROUNDS);
        each.seconds.push(seconds);
        if (idleMb !== null) each.idleMb.push(idleMb);
      }
    }
    return cases.flatMap(({ name, seconds, idleMb }) => linesOf(name, median(seconds), Math.max(...idleMb)));
  },
};

function linesOf(name: string, seconds: number, idleMb: number): Line[] {
  return [
    { figure: `start to first 200, ${name}`, measured: `${shown(seconds)} s`, floor: '-', value: seconds, unit: 's', bar: atMost(0.6) },
    { figure: `idle memory, ${name}`, measured: `${shown(idleMb)} MB resident`, floor: '-', value: idleMb, unit: 'MB', bar: atMost(130) },
  ];
}

async function startOnce(folder: string, dataDir: string, settle: boolean): Promise<{ seconds: number; idleMb: number | null }> {
  const port = await freePort();
  const startedMs = performance.now();
  const { child, logFile } = spawnService(folder, dataDir, port);
  try {
    while (!(await isReady(port))) {
      if (child.exitCode !== null || performance.now() - startedMs > PATIENCE_MS) throw new Error(`The service did not start; see ${logFile}.`);
      await delay(RETRY_MS);
    }
    const seconds = (performance.now() - startedMs) / 1000;
    if (!settle) return { seconds, idleMb: null };
    await delay(SETTLE_MS);
    return { seconds, idleMb: residentMb(pidOf(child)) };
  } finally {
    await endProcess(child);
  }
}

const READY = Buffer.from('GET /ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');

async function isReady(port: number): Promise<boolean> {
  const connection = await HttpConnection.open(port).catch(() => null);
  if (connection === null) return false;
  const { status } = await connection.send(READY);
  connection.close();
  return status === 200;
}

/** A port that nobody has now; the service cannot tell which it took before it has started. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  return port;
}
