import type { Observation } from '../../src/health/observation.ts';
import { healthSettingsOf } from '../../src/health/settings.ts';
import { parseState, vantageHealthOf } from '../../src/health/watch-state.ts';
import { completionOfResult } from '../../src/health/watching/completion.ts';
import type { ClaimedWatch, HealthStore, Store, Watch } from '../../src/store/health-port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { createLog } from '../../src/telemetry/logs.ts';
import type { Life } from '../lives.ts';
import { idAt, newRecordAt, VANTAGE, watchedRecordAt } from '../records.ts';
import { MEMORY_FIRST, openBareStore, rowsOf } from './bare-store.ts';

/** Which registries a store's records are about. */
export interface WatchedRecords {
  readonly dataDir: string;
  /** Ports of loopback on which the registries answer, one after the other. */
  readonly ports: readonly number[];
  readonly intervalS: number;
}

/** Results that a state is made from: about as many as it looks back on. */
const RESULTS = 10;
/** Enrolled, claimed and completed at once. */
const BATCH = 250;
const LEASE_MS = 60_000;

export function openStore(dataDir: string): Promise<Store> {
  return openSqliteStore({ dataDir, log: createLog({ level: 'warn', format: 'json', fd: 2 }) });
}

/** Puts records into a store that nobody has open. */
export function insertRecords({ dataDir, ports, intervalS }: WatchedRecords, from: number, to: number): void {
  const bare = openBareStore(dataDir, MEMORY_FIRST);
  bare.db.exec('BEGIN IMMEDIATE');
  for (let index = from; index < to; index++) {
    const url = `http://127.0.0.1:${ports[index % ports.length] ?? 0}/r/${index}`;
    bare.insert(rowsOf({ ...newRecordAt(index), record: watchedRecordAt(index, url, intervalS) }));
  }
  bare.db.exec('COMMIT');
  bare.db.close();
}

/** Makes a watch for each record that has none; they are due at once. */
export async function enrolAll(health: HealthStore): Promise<void> {
  let afterId: string | null = null;
  do afterId = await health.enrol({ vantage: VANTAGE, afterId, limit: BATCH, dueFromMs: 1, dueUntilMs: 1 });
  while (afterId !== null);
}

/** Claims all that is due, a batch after the other, until nothing is. */
export async function forAllDue(health: HealthStore, work: (claims: readonly ClaimedWatch[]) => Promise<void>): Promise<void> {
  for (;;) {
    const claims = await health.claim({ vantage: VANTAGE, nowMs: Date.now(), leaseMs: LEASE_MS, limit: BATCH });
    if (claims.length === 0) return;
    await work(claims);
  }
}

export interface States {
  readonly records: number;
  readonly intervalS: number;
  /** The next probes are due from then on, evenly over one interval. */
  readonly dueFromMs: number;
  /** What the registries have been through; none: what a few results have left. */
  readonly lives: readonly Life[];
}

/** Gives every watch that is due the state of one that has been up all the time, by the store's own ways. */
export async function writeStates(health: HealthStore, { records, intervalS, dueFromMs, lives }: States): Promise<void> {
  const numbers = new Map(Array.from({ length: records }, (_, index) => [idAt(index), index]));
  await enrolAll(health);
  await forAllDue(health, async (claims) => {
    const completions = claims.map((claim) => {
      const number = numbers.get(claim.id) ?? 0;
      const dueAtMs = Math.floor(dueFromMs + (number / records) * intervalS * 1000);
      const { state, ...next } = watchedUntil(claim, dueAtMs, intervalS * 1000);
      const life = lives[number % lives.length];
      const past = life === undefined ? {} : { tail: life.tail, totals: life.totals };
      return { claim, next: { ...next, state, ...past, dueAtMs }, verdict: vantageHealthOf(parseState(state, dueAtMs)), event: null, closedHours: [] };
    });
    await health.complete(completions);
  });
}

/** A watch after some good results, the last one an interval before the next is due. */
function watchedUntil(claim: ClaimedWatch, dueAtMs: number, intervalMs: number): Omit<Watch, 'id' | 'vantage'> {
  const settings = healthSettingsOf(JSON.parse(claim.record.text) as Parameters<typeof healthSettingsOf>[0]);
  let watch: ClaimedWatch = { ...claim, state: '' };
  for (let left = RESULTS; left > 0; left--) {
    const { next } = completionOfResult(watch, resultOf(claim, dueAtMs - left * intervalMs), settings, 0.5);
    watch = { ...watch, ...next };
  }
  const { staleAtMs, state, tail, totals } = watch;
  return { dueAtMs, staleAtMs, intervalMs, state, tail, totals };
}

function resultOf({ record }: ClaimedWatch, atMs: number): Observation {
  const { container_registry_public_url: url } = JSON.parse(record.text) as { container_registry_public_url: string };
  return {
    atMs,
    url: `${url}/v2/`,
    cause: 'ok',
    healthy: true,
    acceptedCredential: null,
    statusCode: 200,
    reason: 'OK',
    totalMs: 2.5,
    dnsMs: null,
    connectMs: 0.7,
    tlsMs: null,
    firstByteMs: 1.2,
    certificate: null,
    retryAfterMs: null,
    flavor: 'distribution',
    challenge: null,
  };
}
