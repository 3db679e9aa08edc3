import { setTimeout as delay } from 'node:timers/promises';
import { randomSource } from '../test/support/random.ts';
import { callJson, forAll } from './harness/json-calls.ts';
import { atMost, shown, type Line } from './harness/line.ts';
import type { Registries } from './harness/registries.ts';
import type { Breakdown } from './harness/registries-process.ts';
import { median } from './harness/statistics.ts';
import type { Bench } from './harness/workspace.ts';
import { idAt, watchedRecordAt } from './records.ts';

const SEED = 20_260_103;
const INTERVAL_S = 30;
/** Registries that refuse; as many hang. */
const EACH = 40;
const WATCHED_PATIENCE_MS = 20_000;
/** After the last breakdown; longer than any bar. */
const DOWN_PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 1_000;

export const detection: Bench = {
  name: 'detection',
  about: `time from a registry’s failing to its verdict down, at an interval of ${INTERVAL_S} s`,
  async run(workspace) {
    const registries = await workspace.openRegistries(2 * EACH);
    const { port } = await workspace.startService(await workspace.emptyFolder());
    const all = Array.from({ length: 2 * EACH }, (_, number) => number);
    await forAll(all, (number) => callJson(port, 'POST', '/container_registry', watchedRecordAt(number, registries.urlOf(number), INTERVAL_S)));
    await until(WATCHED_PATIENCE_MS, async () => (await withStatus(port, 'up')) === all.length);

    const brokenAtMs = await registries.breakDown(breakdowns(registries));
    await until(DOWN_PATIENCE_MS, async () => (await withStatus(port, 'down')) === all.length);
    const delaysS = await forAll(all, async (number) => ((await downAtMs(port, number)) - (brokenAtMs[number] ?? 0)) / 1000);
    return linesOf(delaysS.filter((_, number) => isRefusing(number)), delaysS.filter((_, number) => !isRefusing(number)));
  },
};

const isRefusing = (number: number): boolean => number % 2 === 0;

/** Each at a random moment of its own part of the interval, so that few trials stand for all moments. */
function breakdowns(registries: Registries): readonly Breakdown[] {
  const random = randomSource(SEED);
  return Array.from({ length: 2 * EACH }, (_, number) => ({
    port: registries.portOf(number),
    afterMs: (Math.floor(number / 2) + random.int(1_000) / 1_000) * ((INTERVAL_S * 1000) / EACH),
    how: isRefusing(number) ? 'refuses' : 'hangs',
  }));
}

async function withStatus(port: number, status: string): Promise<number> {
  return ((await callJson(port, 'GET', `/container_registries/health?status=${status}`)) as unknown[]).length;
}

async function downAtMs(port: number, number: number): Promise<number> {
  const events = (await callJson(port, 'GET', `/container_registry/${idAt(number)}/health/events`)) as { to: string; at: string }[];
  const down = events.find(({ to }) => to === 'down');
  if (down === undefined) throw new Error(`Registry ${number} has never been down.`);
  return Date.parse(down.at);
}

async function until(patienceMs: number, isSo: () => Promise<boolean>): Promise<void> {
  const startedMs = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startedMs > patienceMs) throw new Error(`What was waited for has not come about within ${patienceMs / 1000} s.`);
    await delay(LOOK_EVERY_MS);
  }
}

function linesOf(refusing: readonly number[], hanging: readonly number[]): Line[] {
  const line = (figure: string, values: readonly number[], value: number, barS: number): Line => ({
    figure,
    measured: `${shown(value)} s, of ${values.length}`,
    floor: '-',
    value,
    unit: 's',
    bar: atMost(barS),
  });
  return [
    line('a registry refuses: down after, at worst', refusing, Math.max(...refusing), 36),
    line('a registry refuses: down after, median', refusing, median(refusing), 20),
    line('a registry hangs: down after, at worst', hanging, Math.max(...hanging), 50),
  ];
}
