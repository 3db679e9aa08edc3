import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { startBlackbox, type Blackbox } from './harness/blackbox.ts';
import { callJson, forAll } from './harness/json-calls.ts';
import { atLeast, shown } from './harness/line.ts';
import { cpuMs } from './harness/process-figures.ts';
import type { Registries } from './harness/registries.ts';
import { scrape } from './harness/scrape.ts';
import type { Service } from './harness/service.ts';
import { median } from './harness/statistics.ts';
import type { Bench } from './harness/workspace.ts';
import { watchedRecordAt } from './records.ts';

const RECORDS = 1_000;
const INTERVAL_S = 5;
const PORTS = 64;
/** Until all are watched at their interval, and most is compiled. */
const WARM_UP_MS = 20_000;
const ROUNDS = 3;
const ROUND_MS = 10_000;
/** The service looks for what is due this often, and begins all of it together; the peer is asked in the same manner. */
const BURST_MS = 200;

export const probes: Bench = {
  name: 'probes',
  about: `processor time of a probe with verdict, history and metrics written, against blackbox_exporter: ${RECORDS} registries every ${INTERVAL_S} s each`,
  async run(workspace) {
    const registries = await workspace.openRegistries(PORTS);
    const service = await workspace.startService(await workspace.emptyFolder());
    const blackbox = workspace.keep(await startBlackbox(workspace.folder));
    const numbers = Array.from({ length: RECORDS }, (_, number) => number);
    await forAll(numbers, (number) => callJson(service.port, 'POST', '/container_registry', watchedRecordAt(number, registries.urlOf(number), INTERVAL_S)));
    const asking = workspace.keep(askAgainAndAgain(blackbox, registries));
    await delay(WARM_UP_MS);

    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound(service, blackbox, asking));
    await asking.stop();
    return [
      {
        figure: 'probes per CPU-second',
        measured: `${shown(median(rounds.map((round) => round.service)))} µs a probe; a scrape of all metrics ${shown(median(rounds.map((round) => round.scrapeMs)))} ms besides`,
        floor: `blackbox_exporter ${shown(median(rounds.map((round) => round.blackbox)))} µs`,
        value: median(rounds.map((round) => round.blackbox / round.service)),
        unit: 'times',
        bar: atLeast(2.5),
      },
    ];
  },
};

/** Processor time of one probe in microseconds, and of one scrape. */
interface Round {
  readonly service: number;
  readonly blackbox: number;
  readonly scrapeMs: number;
}

/** Both at once, so that whatever else the machine does meets both alike. */
async function measureRound(service: Service, blackbox: Blackbox, asking: Asking): Promise<Round> {
  const before = (await scrape(service.port)).sum('portolan_probes_total');
  const start = { atMs: performance.now(), asked: asking.answered(), serviceMs: cpuMs(service.pid), blackboxMs: cpuMs(blackbox.pid) };
  await delay(ROUND_MS);
  const end = { atMs: performance.now(), asked: asking.answered(), serviceMs: cpuMs(service.pid), blackboxMs: cpuMs(blackbox.pid) };
  const counted = (await scrape(service.port)).sum('portolan_probes_total') - before;
  // Up to the end of the scrape, which takes a while itself.
  const made = (counted * (end.atMs - start.atMs)) / (performance.now() - start.atMs);
  const asked = end.asked - start.asked;
  if (made < asked / 2) throw new Error(`The service made ${Math.round(made)} probes while blackbox_exporter was asked for ${asked}.`);
  return { service: ((end.serviceMs - start.serviceMs) * 1000) / made, blackbox: ((end.blackboxMs - start.blackboxMs) * 1000) / asked, scrapeMs: cpuMs(service.pid) - end.serviceMs };
}

interface Asking {
  /** Probes that the peer has made and told of. */
  answered(): number;
  stop(): Promise<void>;
}

/** Has the peer probe the same registries at the same rate, in bursts like ours, over connections that stay open. */
function askAgainAndAgain(blackbox: Blackbox, registries: Registries): Asking {
  const agent = new Agent({ keepAlive: true });
  const startedMs = performance.now();
  let next = 0;
  let answered = 0;
  let failure: unknown = null;
  const ask = async (number: number): Promise<void> => {
    const path = blackbox.probePath(registries.urlOf(number % RECORDS));
    const answer = await new Promise<string>((resolve, reject) => {
      get({ host: '127.0.0.1', port: blackbox.port, path, agent }, (response) => void text(response).then(resolve, reject)).once('error', reject);
    });
    if (!answer.includes('\nprobe_success 1\n')) throw new Error(`blackbox_exporter finds a registry unwell:\n${answer}`);
    answered += 1;
  };
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedMs) / 1000) * (RECORDS / INTERVAL_S));
    while (next < due) ask(next++).catch((error: unknown) => (failure ??= error));
  }, BURST_MS);
  return {
    answered() {
      if (failure !== null) throw failure as Error;
      return answered;
    },
    async stop() {
      clearInterval(timer);
      agent.destroy();
    },
  };
}
