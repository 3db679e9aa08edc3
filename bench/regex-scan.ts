import { setTimeout as delay } from 'node:timers/promises';
import { atMost, shown } from './harness/line.ts';
import type { Load } from './harness/load.ts';
import { median } from './harness/statistics.ts';
import type { Bench } from './harness/workspace.ts';
import { everyNameRegex } from './records.ts';

const RECORDS = 100_000;
const CLIENTS = 16;
const ROUND_MS = 6_000;
const ROUNDS = 3;

export const regexScan: Bench = {
  name: 'regex-scan',
  about: 'whether a regular expression over every name holds up 16 clients who read by id',
  async run(workspace) {
    const { port } = await workspace.startService(await workspace.filledFolder(RECORDS));
    const readers = workspace.startLoadGenerator();
    const searcher = workspace.startLoadGenerator();
    const reads: Load = { port, connections: CLIENTS, requests: { kind: 'read', records: RECORDS, seed: 3 }, until: { elapsedMs: ROUND_MS }, expectedStatus: 200 };
    const searches: Load = { ...reads, connections: 1, requests: { kind: 'find', path: `/container_registries?limit=1000`, filters: [everyNameRegex] } };
    await readers.ask({ ...reads, until: { elapsedMs: 1_000 } });

    const alone: number[] = [];
    const beside: number[] = [];
    const searchMs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(await delayDuring(port, () => readers.ask(reads)));
      beside.push(
        await delayDuring(port, async () => {
          const [, search] = await Promise.all([readers.ask(reads), searcher.ask(searches)]);
          searchMs.push(search.p50Ms);
        }),
      );
    }
    return [
      {
        figure: 'regex over every name beside 16 readers: delay of the event loop, p99',
        measured: `${shown(median(beside))} ms; one search takes ${shown(median(searchMs))} ms`,
        floor: `the readers alone ${shown(median(alone))} ms`,
        value: median(beside),
        unit: 'ms',
        bar: atMost(50),
      },
    ];
  },
};

/** The service's own figure, which begins anew with each scrape. */
async function delayDuring(port: number, work: () => Promise<unknown>): Promise<number> {
  await delay(100);
  await eventLoopDelayMs(port);
  await work();
  return eventLoopDelayMs(port);
}

async function eventLoopDelayMs(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const seconds = /^portolan_event_loop_delay_p99_seconds (\S+)$/m.exec(text)?.[1];
  if (seconds === undefined) throw new Error('/metrics does not tell the delay of the event loop.');
  return Number(seconds) * 1000;
}
