import { appendResult, type PastResult } from '../src/health/history/tail.ts';
import type { Past } from '../src/health/history/timeline.ts';
import { addHours } from '../src/health/history/totals.ts';
import type { ClosedHour } from '../src/store/health-port.ts';
import type { RandomSource } from '../test/support/random.ts';

export const INTERVAL_MS = 30_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const DAYS = 30;
/** Results are kept so long, figures of hours for longer. */
export const DAYS_OF_RESULTS = 7;

/** What is known of a registry that has been watched for thirty days. */
export interface Life extends Past {
  readonly totals: Uint8Array;
  readonly nowMs: number;
  readonly results: number;
  /** All hours that have ended, with the results of those that are kept no more. */
  readonly closed: readonly ClosedHour[];
  readonly bytes: number;
}

export interface LifeOptions {
  readonly random: RandomSource;
  /** How likely a spell of another outcome begins with a result, from 0 to 1. */
  readonly trouble: number;
  readonly nowMs: number;
}

/** Thirty days of probes at 30 s with the jitter of the schedule. */
export function lifeOf({ random, trouble, nowMs }: LifeOptions): Life {
  const closed: ClosedHour[] = [];
  let tail: Uint8Array = new Uint8Array(0);
  let totals: Uint8Array = new Uint8Array(0);
  let results = 0;
  for (let atMs = nowMs - DAYS * DAY_MS; atMs < nowMs; atMs += jittered(random)) {
    const grown = appendResult(tail, resultAt(atMs, random, trouble));
    totals = addHours(totals, grown.closed);
    closed.push(...grown.closed);
    ({ tail } = grown);
    results++;
  }
  const bytes = closed.reduce((sum, hour) => sum + hour.results.length + hour.figures.length, tail.length);
  return { hours: hoursOf(closed, nowMs), days: daysOf(closed), tail, totals, nowMs, results, closed, bytes };
}

const jittered = (random: RandomSource): number => Math.round(INTERVAL_MS * (0.95 + random.int(1_000) / 10_000));

export function resultAt(atMs: number, random: RandomSource, trouble: number): PastResult {
  const base = { atMs, totalMs: 8 + random.int(400) / 10, maintenance: false, validForMs: 3 * INTERVAL_MS + 5_000 };
  if (!random.chance(trouble)) return { ...base, cause: 'auth_required', statusCode: 401, verdict: 'up' };
  return random.pick<PastResult>([
    { ...base, cause: 'timeout', statusCode: null, verdict: 'down' },
    { ...base, cause: 'http_5xx', statusCode: 503, verdict: 'down' },
    { ...base, cause: 'auth_required', statusCode: 401, verdict: 'degraded' },
  ]);
}

const hoursOf = (closed: readonly ClosedHour[], nowMs: number): Past['hours'] => closed.filter(({ hour }) => hour * HOUR_MS >= nowMs - DAYS_OF_RESULTS * DAY_MS);

function daysOf(closed: readonly ClosedHour[]): Past['days'] {
  const byDay = Map.groupBy(closed, ({ hour }) => Math.floor(hour / 24));
  return [...byDay].map(([day, hours]) => ({ day, figures: Buffer.concat(hours.map(({ figures }) => figures)) }));
}
