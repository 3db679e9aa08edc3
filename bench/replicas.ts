import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { startMongo } from '../test/support/peers.ts';
import { callJson, forAll } from './harness/json-calls.ts';
import { atMost, shown, type Line } from './harness/line.ts';
import { scrape } from './harness/scrape.ts';
import type { Service } from './harness/service.ts';
import type { Bench } from './harness/workspace.ts';
import { watchedRecordAt } from './records.ts';

const RECORDS = 300;
const INTERVAL_S = 10;
const PORTS = 64;
const PROCESSES = 3;
/** Slow enough that the one that is killed has probes under way. */
const ANSWER_AFTER_MS = 1_000;
const WARM_UP_MS = 12_000;
const BEFORE_KILL_MS = 5_000;
/** Probes that the killed process has under way, at least. */
const INTERRUPTED = 5;
const LOOK_EVERY_MS = 50;
/** Longer than the bar: a registry that nobody takes over is found out. */
const AFTER_KILL_MS = 32_000;
/** Nothing asks for a probe earlier than this share of an interval, as all registries are well; 0.95 of it is the least that jitter makes. */
const DOUBLE_WITHIN = 0.7;

export const replicas: Bench = {
  name: 'replicas',
  about: `${PROCESSES} processes on one MongoDB, ${RECORDS} registries every ${INTERVAL_S} s; one is killed: how long registries stay unprobed, and double probes`,
  async run(workspace) {
    const registries = await workspace.openRegistries(PORTS, ANSWER_AFTER_MS);
    const mongo = workspace.keep(await startMongo());
    const database = `portolan-bench-${randomUUID()}`;
    const variables = { MONGO_URL: mongo.url, MONGO_DATABASE: database };
    try {
      const services = await Promise.all(Array.from({ length: PROCESSES }, start));
      const numbers = Array.from({ length: RECORDS }, (_, number) => number);
      await forAll(numbers, (number) => callJson(portOf(services, number), 'POST', '/container_registry', watchedRecordAt(number, registries.urlOf(number), INTERVAL_S)));
      await delay(WARM_UP_MS);
      const beginMs = Date.now();
      await delay(BEFORE_KILL_MS);
      process.kill((await busyOne(services)).pid, 'SIGKILL');
      await delay(AFTER_KILL_MS);
      const endMs = Date.now();
      const visits: (readonly number[])[] = [];
      for (const number of numbers) visits.push(await registries.visits(number));
      await Promise.all(services.map((service) => service.stop()));
      return linesOf(visits, beginMs, endMs);
    } finally {
      await drop(mongo.url, database);
    }

    async function start() {
      return workspace.startService(await workspace.emptyFolder(), variables);
    }
  },
};

const portOf = (services: readonly Service[], number: number): number => services[number % services.length]?.port ?? 0;

/** The first that is seen with so many probes under way: they are what its death interrupts. */
async function busyOne(services: readonly Service[]): Promise<Service> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < 3 * INTERVAL_S * 1000) {
    for (const service of services) if ((await scrape(service.port)).sum('portolan_probes_in_flight') >= INTERRUPTED) return service;
    await delay(LOOK_EVERY_MS);
  }
  throw new Error(`No process has ever had ${INTERRUPTED} probes under way.`);
}

async function drop(url: string, database: string): Promise<void> {
  const client = new MongoClient(url);
  await client.db(database).dropDatabase();
  await client.close();
}

interface Gap {
  readonly ms: number;
  readonly endsWithProbe: boolean;
}

/** Times between the probes of a registry that reach into the window. What has lasted until its end counts, too. */
function gapsOf(visitsMs: readonly number[], beginMs: number, endMs: number): readonly Gap[] {
  const upToEnd = visitsMs.filter((atMs) => atMs <= endMs);
  const gaps = upToEnd.slice(1).map((atMs, index) => ({ atMs, ms: atMs - (upToEnd[index] ?? atMs), endsWithProbe: true }));
  return [...gaps.filter(({ atMs }) => atMs > beginMs), { ms: endMs - (upToEnd.at(-1) ?? 0), endsWithProbe: false }];
}

function linesOf(visits: readonly (readonly number[])[], beginMs: number, endMs: number): Line[] {
  const gaps = visits.flatMap((times) => gapsOf(times, beginMs, endMs));
  const probes = gaps.filter(({ endsWithProbe }) => endsWithProbe);
  const doubles = probes.filter(({ ms }) => ms < DOUBLE_WITHIN * INTERVAL_S * 1000).length;
  const longestS = Math.max(...gaps.map(({ ms }) => ms)) / 1000;
  const doublePercent = (100 * doubles) / probes.length;
  return [
    { figure: 'one of three replicas killed: longest without a probe', measured: `${shown(longestS)} s, interval ${INTERVAL_S} s`, floor: '-', value: longestS, unit: 's', bar: atMost(INTERVAL_S + 20) },
    { figure: 'one of three replicas killed: double probes', measured: `${doubles} of ${probes.length}`, floor: '-', value: doublePercent, unit: '%', bar: atMost(1) },
  ];
}
