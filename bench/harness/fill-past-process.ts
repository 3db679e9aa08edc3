import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { decodeHour } from '../../src/health/history/tail.ts';
import type { ClosedHour, HealthStore } from '../../src/store/health-port.ts';
import { FILE_NAME } from '../../src/store/sqlite/store-file.ts';
import { randomSource } from '../../test/support/random.ts';
import { DAY_MS, DAYS_OF_RESULTS, HOUR_MS, lifeOf, type Life } from '../lives.ts';
import { idAt, VANTAGE } from '../records.ts';
import { answerParent } from './parent.ts';
import { enrolAll, insertRecords, openStore, writeStates, type WatchedRecords } from './watched-store.ts';

export interface FillPastOrder extends WatchedRecords {
  readonly records: number;
  /** So many of them have the results of a week; the others only what is told of all at once. */
  readonly withWeek: number;
  /** So many of those have the figures of thirty days. */
  readonly withMonth: number;
}

/** Bytes of the file for each result. */
export interface BytesEach {
  readonly hours: number;
  readonly days: number;
}

const SEED = 20_260_104;
/** Different pasts; each is lived by many registries. One of them is in trouble. */
const LIVES = 6;
const LEASE_MS = 60_000;
const EMPTY = new Uint8Array();

/** Fills a store with history, by the store's own ways and in the order of time, so that its pages are as full as they would be. */
async function fillPast(order: FillPastOrder): Promise<BytesEach> {
  const nowMs = Date.now();
  const lives = Array.from({ length: LIVES }, (_, index) => lifeOf({ random: randomSource(SEED + index), trouble: index === 0 ? 0.2 : 0.002, nowMs }));
  await (await openStore(order.dataDir)).close();
  insertRecords(order, 0, order.withWeek);
  const first = await openStore(order.dataDir);
  await enrolAll(first.health);
  await writePast(first.health, order, lives, nowMs);
  await first.close();
  const bytes = bytesEach(order, lives, nowMs);
  insertRecords(order, order.withWeek, order.records);
  const store = await openStore(order.dataDir);
  await writeStates(store.health, { ...order, lives, dueFromMs: nowMs + DAY_MS / 2 });
  await store.close();
  return bytes;
}

const lifeAt = (lives: readonly Life[], number: number): Life => lives[number % lives.length] as Life;

/** The hours whose results are kept, as of now. */
const firstHourKept = (nowMs: number): number => Math.floor(nowMs / HOUR_MS) - DAYS_OF_RESULTS * 24;

async function writePast(health: HealthStore, { withWeek, withMonth }: FillPastOrder, lives: readonly Life[], nowMs: number): Promise<void> {
  const numbers = new Map(Array.from({ length: withWeek }, (_, number) => [idAt(number), number]));
  const firstHour = firstHourKept(nowMs);
  const close = (hoursOf: (number: number) => readonly ClosedHour[]): Promise<void> => closeHours(health, withWeek, nowMs, (id) => hoursOf(numbers.get(id) ?? 0));
  await close((number) => (number < withMonth ? lifeAt(lives, number).closed.filter(({ hour }) => hour < firstHour) : []));
  for (let hour = firstHour; hour <= nowMs / HOUR_MS; hour++) await close((number) => lifeAt(lives, number).closed.filter((closed) => closed.hour === hour));
  while (await health.prune({ hour: firstHour, day: 0, eventMs: 0 }, 10_000));
}

/** One result of each registry ends these hours of it. Next time they come in another order. */
async function closeHours(health: HealthStore, watches: number, nowMs: number, hoursOf: (id: string) => readonly ClosedHour[]): Promise<void> {
  const claims = await health.claim({ vantage: VANTAGE, nowMs, leaseMs: LEASE_MS, limit: watches });
  if (claims.length < watches) throw new Error(`${claims.length} of ${watches} watches could be claimed.`);
  const next = { staleAtMs: null, intervalMs: 0, state: '', tail: EMPTY, totals: EMPTY };
  await health.complete(
    claims.map((claim) => ({ claim, next: { ...next, dueAtMs: 1 + Math.floor(Math.random() * 1_000_000) }, verdict: null, event: null, closedHours: hoursOf(claim.id) })),
  );
}

function bytesEach({ dataDir, withWeek, withMonth }: FillPastOrder, lives: readonly Life[], nowMs: number): BytesEach {
  const db = new DatabaseSync(join(dataDir, FILE_NAME), { readOnly: true });
  const bytesOf = (table: string): number => Number(db.prepare('SELECT sum(pgsize) AS bytes FROM dbstat WHERE name = ?').get(table)?.['bytes']);
  const [hours, days] = [bytesOf('hours'), bytesOf('days')];
  db.close();
  const counts = lives.map(({ closed }) => ({ week: resultsIn(closed, firstHourKept(nowMs)), month: resultsIn(closed, 0) }));
  let [inHours, inDays] = [0, 0];
  for (let number = 0; number < withWeek; number++) {
    const { week, month } = counts[number % LIVES] as { week: number; month: number };
    inHours += week;
    inDays += number < withMonth ? month : week;
  }
  return { hours: hours / inHours, days: days / inDays };
}

function resultsIn(closed: readonly ClosedHour[], firstHour: number): number {
  return closed.filter(({ hour }) => hour >= firstHour).reduce((sum, { results }) => sum + (decodeHour(results)?.results.length ?? 0), 0);
}

answerParent(fillPast);
