import { setTimeout as delay } from 'node:timers/promises';
import type { FillWatchedOrder } from './harness/fill-watched-process.ts';
import type { Helper } from './harness/helper.ts';
import { atMost, shown, type Line } from './harness/line.ts';
import type { Load, LoadResult } from './harness/load.ts';
import { cpuMs, residentMb } from './harness/process-figures.ts';
import { percentileBetween, scrape } from './harness/scrape.ts';
import type { Service } from './harness/service.ts';
import type { Bench, Workspace } from './harness/workspace.ts';

const RECORDS = 10_000;
const INTERVAL_S = 60;
const PORTS = 256;
/** Somebody reads records all the time: enough of them to tell percentiles, too few to matter for the processor. */
const READS_PER_S = 100;
const READERS = 4;
/** The first probes are due so long after the store has its records; … */
const DUE_AFTER_MS = 24_000;
/** … before that, readers find out how the service answers when it has nothing else to do. */
const IDLE_WARM_UP_MS = 3_000;
const IDLE_MS = 8_000;
const WARM_UP_MS = 12_000;
const MEASURED_MS = 40_000;

export const schedule: Bench = {
  name: 'schedule',
  about: `${RECORDS} registries every ${INTERVAL_S} s by one process: lag, processor, memory, and what readers notice`,
  async run(workspace) {
    const registries = await workspace.openRegistries(PORTS);
    const { dataDir, dueFromMs } = await fill(workspace, registries.ports);
    const service = await workspace.startService(dataDir);
    const load = workspace.startLoadGenerator();
    await read(load, service, IDLE_WARM_UP_MS);
    const idle = await read(load, service, IDLE_MS);
    const leftMs = dueFromMs - Date.now();
    if (leftMs < 0) throw new Error(`Probes were due ${-leftMs} ms before the service was found idle: this machine needs a longer DUE_AFTER_MS.`);
    workspace.say(`probes begin in ${Math.round(leftMs / 1000)} s`);
    await delay(leftMs);
    await read(load, service, WARM_UP_MS);
    return measure(load, service, idle);
  },
};

async function fill(workspace: Workspace, ports: readonly number[]): Promise<{ dataDir: string; dueFromMs: number }> {
  const dataDir = await workspace.emptyFolder();
  const filler = workspace.startHelper<FillWatchedOrder, number>('harness/fill-watched-process.ts');
  const dueFromMs = await filler.ask({ dataDir, ports, records: RECORDS, intervalS: INTERVAL_S, dueAfterMs: DUE_AFTER_MS });
  await filler.stop();
  return { dataDir, dueFromMs };
}

async function read(load: Helper<Load, LoadResult>, { port }: Service, elapsedMs: number): Promise<LoadResult> {
  return load.ask({ port, connections: READERS, requests: { kind: 'read', records: RECORDS, seed: 1 }, until: { elapsedMs }, perS: READS_PER_S, expectedStatus: 200 });
}

async function measure(load: Helper<Load, LoadResult>, service: Service, idle: LoadResult): Promise<Line[]> {
  const before = await scrape(service.port);
  const startedMs = performance.now();
  const cpuBeforeMs = cpuMs(service.pid);
  let peakMb = 0;
  const sampling = setInterval(() => (peakMb = Math.max(peakMb, residentMb(service.pid))), 1_000);
  const reading = await read(load, service, MEASURED_MS);
  clearInterval(sampling);
  const cores = (cpuMs(service.pid) - cpuBeforeMs) / (performance.now() - startedMs);
  const after = await scrape(service.port);

  const probesPerS = ((after.sum('portolan_probes_total') - before.sum('portolan_probes_total')) * 1000) / (performance.now() - startedMs);
  const lagS = percentileBetween(before.buckets('portolan_scheduler_lag_seconds'), after.buckets('portolan_scheduler_lag_seconds'), 99);
  return linesOf({ lagS, cores, peakMb, probesPerS, reading, idle });
}

interface Measured {
  readonly lagS: number;
  readonly cores: number;
  readonly peakMb: number;
  readonly probesPerS: number;
  readonly reading: LoadResult;
  readonly idle: LoadResult;
}

function linesOf({ lagS, cores, peakMb, probesPerS, reading, idle }: Measured): Line[] {
  const name = `${RECORDS} registries every ${INTERVAL_S} s`;
  return [
    { figure: `${name}: scheduler lag, p99`, measured: `at most ${shown(lagS)} s; ${shown(probesPerS)} probes a second`, floor: '-', value: lagS, unit: 's', bar: atMost(5) },
    { figure: `${name}: processor`, measured: `${shown(cores)} of a core, ${READS_PER_S} reads a second included`, floor: '-', value: cores, unit: 'cores', bar: atMost(0.2) },
    { figure: `${name}: memory`, measured: `peak ${shown(peakMb)} MB resident`, floor: '-', value: peakMb, unit: 'MB', bar: atMost(250) },
    {
      figure: `${name}: GET by id, p99`,
      measured: `${shown(reading.p99Ms)} ms; p50 ${shown(reading.p50Ms)} ms`,
      floor: `before probes are due ${shown(idle.p99Ms)} ms; p50 ${shown(idle.p50Ms)} ms`,
      value: reading.p99Ms / idle.p99Ms,
      unit: 'times',
      bar: atMost(3),
    },
  ];
}
