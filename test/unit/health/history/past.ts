import type { Verdict } from '../../../../src/core/health-summary.ts';
import { codeOfLatency, latencyOfCode } from '../../../../src/health/history/latency-code.ts';
import { appendGap, appendResult, type Grown, type PastResult } from '../../../../src/health/history/tail.ts';
import type { Past } from '../../../../src/health/history/timeline.ts';
import { addHours } from '../../../../src/health/history/totals.ts';
import type { ClosedHour } from '../../../../src/store/health-port.ts';
import type { RandomSource } from '../../../support/random.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Midnight of a day, UTC. */
export const MIDNIGHT_MS = Date.UTC(2026, 2, 14);

export const result = (atMs: number, changes: Partial<PastResult> = {}): PastResult => ({
  atMs,
  cause: 'auth_required',
  statusCode: 401,
  totalMs: 12,
  verdict: 'up',
  maintenance: false,
  validForMs: 95 * SECOND_MS,
  ...changes,
});

export const failure = (atMs: number, changes: Partial<PastResult> = {}): PastResult => result(atMs, { cause: 'timeout', statusCode: null, totalMs: 5_000, verdict: 'down', ...changes });

/** A mark of the past: a result, or that nothing is known from then on. */
export type Mark = PastResult | { readonly gapAtMs: number };

export const timeOf = (mark: Mark): number => ('gapAtMs' in mark ? mark.gapAtMs : mark.atMs);

/** What a store does with a watch's past, and no more. */
export class KeptPast implements Past {
  tail: Uint8Array = new Uint8Array(0);
  totals: Uint8Array = new Uint8Array(0);
  readonly #hours = new Map<number, Uint8Array>();
  readonly #days = new Map<number, Uint8Array>();

  add(...marks: readonly Mark[]): this {
    for (const mark of marks) this.#take('gapAtMs' in mark ? appendGap(this.tail, mark.gapAtMs) : appendResult(this.tail, mark));
    return this;
  }

  #take({ tail, closed }: Grown): void {
    this.tail = tail;
    this.totals = addHours(this.totals, closed);
    for (const hour of closed) this.#close(hour);
  }

  #close({ hour, results, figures }: ClosedHour): void {
    const day = Math.floor(hour / 24);
    this.#hours.set(hour, results);
    this.#days.set(day, Buffer.concat([this.#days.get(day) ?? new Uint8Array(0), figures]));
  }

  get hours(): Past['hours'] {
    return [...this.#hours].map(([hour, results]) => ({ hour, results })).toSorted((a, b) => a.hour - b.hour);
  }

  get days(): Past['days'] {
    return [...this.#days].map(([day, figures]) => ({ day, figures })).toSorted((a, b) => a.day - b.day);
  }

  /** Only the results, or only the figures: each must do by itself. */
  get fromResults(): Past {
    return { hours: this.hours, days: [], tail: this.tail };
  }

  get fromFigures(): Past {
    return { hours: [], days: this.days, tail: this.tail };
  }
}

const INTERVALS_MS = [10 * SECOND_MS, 30 * SECOND_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS] as const;
const OUTCOMES = [
  { cause: 'ok', statusCode: 200, verdict: 'up' },
  { cause: 'auth_required', statusCode: 401, verdict: 'up' },
  { cause: 'auth_required', statusCode: 401, verdict: 'degraded' },
  { cause: 'rate_limited', statusCode: 429, verdict: 'degraded' },
  { cause: 'http_4xx', statusCode: 403, verdict: 'auth_failed' },
  { cause: 'refused', statusCode: null, verdict: 'up' },
  { cause: 'refused', statusCode: null, verdict: 'down' },
  { cause: 'http_5xx', statusCode: 503, verdict: 'down' },
  { cause: 'blocked', statusCode: null, verdict: 'unknown' },
  { cause: 'probe_failed', statusCode: null, verdict: 'up' },
] as const;

/** Results as a prober with a troubled life makes them: spells of equal outcomes, pauses, stops, a clock that is set back a little. */
export function randomMarks(random: RandomSource, fromMs: number, toMs: number): Mark[] {
  const marks: Mark[] = [];
  let atMs = fromMs;
  while (atMs < toMs) {
    const intervalMs = random.pick(INTERVALS_MS);
    const outcome = random.pick(OUTCOMES);
    const maintenance = random.chance(0.1);
    const spell = 1 + random.int(random.pick([3, 40, 400]));
    for (let index = 0; index < spell && atMs < toMs; index++) {
      marks.push(result(atMs, { ...outcome, maintenance, totalMs: random.int(300_000) / 10, validForMs: 3 * intervalMs + 5 * SECOND_MS }));
      atMs += random.chance(0.05) ? SECOND_MS : Math.round(intervalMs * (0.95 + random.int(100) / 1_000));
    }
    if (random.chance(0.1)) marks.push({ gapAtMs: Math.min(atMs, toMs - 1) });
    if (random.chance(0.2)) atMs += random.int(random.pick([MINUTE_MS, HOUR_MS, 10 * HOUR_MS]));
    if (random.chance(0.1)) atMs -= random.int(10 * MINUTE_MS);
  }
  return marks;
}

const TICK_MS = 100;

/** The same past by brute force: what was known at each tenth of a second, and all results in a list. */
export class Oracle {
  readonly #fromTick: number;
  readonly #known: (Verdict | 'maintenance')[];
  readonly #results: { readonly tick: number; readonly result: PastResult }[] = [];

  constructor(marks: readonly Mark[], fromMs: number, toMs: number) {
    this.#fromTick = Math.floor(fromMs / TICK_MS);
    const length = Math.ceil(toMs / TICK_MS) - this.#fromTick;
    this.#known = new Array<Verdict>(length).fill('unknown');
    let tick = 0;
    let untilTick = 0;
    for (const mark of marks) {
      tick = Math.max(tick, Math.floor(timeOf(mark) / TICK_MS));
      this.#fill('unknown', tick, Math.max(tick, untilTick));
      if ('gapAtMs' in mark) {
        untilTick = tick;
        continue;
      }
      const stated = tick + Math.floor(mark.validForMs / TICK_MS);
      untilTick = mark.cause === 'probe_failed' ? Math.max(tick, Math.min(stated, untilTick)) : stated;
      const known = mark.maintenance && mark.verdict !== 'unknown' ? 'maintenance' : mark.verdict;
      this.#fill(known, tick, untilTick);
      if (mark.verdict === 'unknown') untilTick = tick;
      this.#results.push({ tick, result: mark });
    }
  }

  #fill(known: Verdict | 'maintenance', fromTick: number, toTick: number): void {
    this.#known.fill(known, Math.max(0, fromTick - this.#fromTick), Math.max(0, toTick - this.#fromTick));
  }

  /** Seconds of each kind, and results, between two times. */
  between(fromMs: number, toMs: number): OracleSum {
    const from = fromMs / TICK_MS - this.#fromTick;
    const to = toMs / TICK_MS - this.#fromTick;
    const ticks = { up: 0, degraded: 0, auth_failed: 0, down: 0, unknown: 0, maintenance: 0 };
    for (let tick = from; tick < to; tick++) ticks[this.#known[tick] ?? 'unknown']++;
    const within = this.#results.filter(({ tick }) => tick - this.#fromTick >= from && tick - this.#fromTick < to).map(({ result: each }) => each);
    const good = within.filter(({ cause }) => ['ok', 'auth_required', 'rate_limited'].includes(cause)).map(({ totalMs }) => latencyOfCode(codeOfLatency(totalMs))).toSorted((a, b) => a - b);
    const usable = ticks.up + ticks.degraded + ticks.auth_failed;
    return {
      seconds: Object.fromEntries(Object.entries(ticks).map(([kind, count]) => [`${kind}_s`, count / 10])),
      availability: usable + ticks.down === 0 ? null : usable / (usable + ticks.down),
      results: within.length,
      failures: within.filter(({ cause }) => ['refused', 'timeout', 'http_4xx', 'http_5xx'].includes(cause)).length,
      percentiles: [0.5, 0.95, 0.99].map((share) => good[Math.ceil(share * good.length - 1e-9) - 1] ?? null),
    };
  }
}

export interface OracleSum {
  readonly seconds: Readonly<Record<string, number>>;
  readonly availability: number | null;
  readonly results: number;
  readonly failures: number;
  readonly percentiles: readonly (number | null)[];
}
