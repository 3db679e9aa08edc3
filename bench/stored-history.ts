import type { BytesEach, FillPastOrder } from './harness/fill-past-process.ts';
import { atMost, shown, type Line } from './harness/line.ts';
import { median } from './harness/statistics.ts';
import type { Workspace } from './harness/workspace.ts';
import { DAY_MS, DAYS, HOUR_MS } from './lives.ts';
import { idAt } from './records.ts';

const RECORDS = 10_000;
/** Enough for the pages of the file to be as full as those of many more. */
const WITH_WEEK = 300;
const WITH_MONTH = 20;
/** Probes of these records are due in half a day and later, so that none is made meanwhile. */
const INTERVAL_S = 86_400;
const HISTORY_ROUNDS = 4;
const SUMMARY_ROUNDS = 5;

/** What the store and the endpoints make of history. */
export async function storedHistoryLines(workspace: Workspace): Promise<Line[]> {
  const dataDir = await workspace.emptyFolder();
  const startedMs = performance.now();
  const filler = workspace.startHelper<FillPastOrder, BytesEach>('harness/fill-past-process.ts');
  const bytes = await filler.ask({ dataDir, records: RECORDS, ports: [9], intervalS: INTERVAL_S, withWeek: WITH_WEEK, withMonth: WITH_MONTH });
  await filler.stop();
  workspace.say(`filled a store with the history of ${WITH_WEEK} of ${RECORDS} records in ${Math.round((performance.now() - startedMs) / 1000)} s`);
  const { port } = await workspace.startService(dataDir);
  return [
    bytesLine(bytes),
    await historyLine(port, 'by the hour', HOUR_MS),
    await historyLine(port, 'in steps of 40 minutes', (2 / 3) * HOUR_MS),
    await summaryLine(port),
  ];
}

function bytesLine({ hours, days }: BytesEach): Line {
  const value = hours + days;
  return { figure: 'history on disk: bytes of a result', measured: `${shown(hours)} for a week in hours, ${shown(days)} for 400 days in figures`, floor: '-', value, unit: 'bytes', bar: atMost(6) };
}

async function historyLine(port: number, steps: string, stepMs: number): Promise<Line> {
  const toMs = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS;
  const query = `from=${new Date(toMs - DAYS * DAY_MS).toISOString()}&to=${new Date(toMs).toISOString()}&step=${stepMs / 1000}`;
  const paths = Array.from({ length: HISTORY_ROUNDS * WITH_MONTH }, (_, index) => `/container_registry/${idAt(index % WITH_MONTH)}/health/history?${query}`);
  const ms = await latencyMs(port, paths, WITH_MONTH);
  return { figure: `GET …/health/history: ${DAYS} days ${steps}`, measured: `${shown(ms)} ms`, floor: '-', value: ms, unit: 'ms', bar: atMost(20) };
}

async function summaryLine(port: number): Promise<Line> {
  const ms = await latencyMs(port, Array.from({ length: SUMMARY_ROUNDS + 3 }, () => '/container_registries/health'), 3);
  return { figure: `GET /container_registries/health: all ${RECORDS}`, measured: `${shown(ms)} ms`, floor: '-', value: ms, unit: 'ms', bar: atMost(100) };
}

/** The median time to the end of an answer, one after the other. @param warmUps the first ones, which compile and do not count */
async function latencyMs(port: number, paths: readonly string[], warmUps: number): Promise<number> {
  const timesMs: number[] = [];
  for (const path of paths) {
    const startedMs = performance.now();
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { 'accept-encoding': 'identity' } });
    const { byteLength } = await response.arrayBuffer();
    if (!response.ok || byteLength === 0) throw new Error(`${path} was answered with ${response.status}.`);
    timesMs.push(performance.now() - startedMs);
  }
  return median(timesMs.slice(warmUps));
}
