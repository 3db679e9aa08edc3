import type { TimelineStep } from '../../../../src/health/history/timeline-step.ts';
import { timeline, type Past, type TimelineQuery } from '../../../../src/health/history/timeline.ts';
import { uptimes } from '../../../../src/health/history/totals.ts';
import { decodeHour, type PastResult } from '../../../../src/health/history/tail.ts';
import { codeOfLatency } from '../../../../src/health/history/latency-code.ts';
import { randomSource, seedOfRun } from '../../../support/random.ts';
import { DAY_MS, HOUR_MS, KeptPast, MIDNIGHT_MS, MINUTE_MS, Oracle, randomMarks, SECOND_MS, timeOf, type Mark } from './past.ts';

const SEED = seedOfRun();
const SEEDS = Array.from({ length: 4 }, (_, index) => (SEED + index) >>> 0);

const lifeOf = (seed: number, days: number): { marks: Mark[]; past: KeptPast; oracle: Oracle; nowMs: number } => {
  const nowMs = MIDNIGHT_MS + days * DAY_MS;
  const marks = randomMarks(randomSource(seed), MIDNIGHT_MS + 37 * MINUTE_MS + 123, nowMs).filter((mark) => timeOf(mark) < nowMs);
  return { marks, past: new KeptPast().add(...marks), oracle: new Oracle(marks, MIDNIGHT_MS, nowMs), nowMs };
};

const secondsOf = ({ up_s, degraded_s, auth_failed_s, down_s, unknown_s, maintenance_s }: TimelineStep): Record<string, number> => ({ up_s, degraded_s, auth_failed_s, down_s, unknown_s, maintenance_s });

function expectEqual(query: TimelineQuery, past: Past, oracle: Oracle, nowMs: number, withPercentiles: boolean): void {
  for (const step of timeline(query, past, nowMs)) {
    const expected = oracle.between(Date.parse(step.from), Date.parse(step.to));
    expect({ from: step.from, ...secondsOf(step), results: step.results, failures: step.failures }).toEqual({ from: step.from, ...expected.seconds, results: expected.results, failures: expected.failures });
    if (expected.availability === null) expect(step.availability).toBeNull();
    else expect(step.availability).toBeCloseTo(expected.availability, 9);
    if (withPercentiles) expect([step.p50_ms, step.p95_ms, step.p99_ms]).toEqual(expected.percentiles);
  }
}

describe.each(SEEDS)('history of a random life, TEST_SEED=%i', (seed) => {
  const { marks, past, oracle, nowMs } = lifeOf(seed, 4);
  const whole: TimelineQuery = { fromMs: MIDNIGHT_MS, toMs: nowMs, stepMs: HOUR_MS };

  it('tells from results what brute force tells, whatever the step', () => {
    expectEqual(whole, past.fromResults, oracle, nowMs, true);
    expectEqual({ ...whole, stepMs: 7 * MINUTE_MS + 300 }, past.fromResults, oracle, nowMs, true);
    expectEqual({ fromMs: MIDNIGHT_MS + 10 * HOUR_MS + 100, toMs: MIDNIGHT_MS + 12 * HOUR_MS, stepMs: 10 * SECOND_MS }, past.fromResults, oracle, nowMs, true);
    expectEqual({ ...whole, stepMs: 3 * DAY_MS }, past.fromResults, oracle, nowMs, true);
  });

  it('tells from figures what brute force tells, in steps of whole hours', () => {
    expectEqual(whole, past.fromFigures, oracle, nowMs, true);
    expectEqual({ ...whole, stepMs: 6 * HOUR_MS }, past.fromFigures, oracle, nowMs, false);
    expectEqual({ ...whole, stepMs: DAY_MS }, past.fromFigures, oracle, nowMs, false);
  });

  it('counts nothing twice where results and figures of an hour are both there', () => {
    expectEqual({ ...whole, stepMs: 90 * MINUTE_MS }, past, oracle, nowMs, false);
  });

  it('fills every step exactly, also where figures of hours are spread over finer steps', () => {
    const steps = timeline({ fromMs: MIDNIGHT_MS + 1, toMs: nowMs + HOUR_MS, stepMs: 7 * MINUTE_MS + 1 }, past.fromFigures, nowMs);
    for (const step of steps) {
      const seconds = Object.values(secondsOf(step));
      expect(Math.min(...seconds)).toBeGreaterThanOrEqual(0);
      expect(Math.round(1000 * seconds.reduce((sum, each) => sum + each, 0))).toBe(Date.parse(step.to) - Date.parse(step.from));
    }
    const total = oracle.between(MIDNIGHT_MS, nowMs);
    expect(steps.reduce((sum, step) => sum + step.results, 0)).toBe(total.results);
    expect(steps.reduce((sum, step) => sum + step.failures, 0)).toBe(total.failures);
  });

  it('gives back every result as it was added, latencies within 3 percent', () => {
    const added = marks.filter((mark): mark is PastResult => !('gapAtMs' in mark));
    const kept = [...past.hours.map(({ results }) => results), past.tail].flatMap((packed) => decodeHour(packed)!.results);
    const plain = ({ cause, statusCode, verdict, maintenance }: PastResult): unknown => ({ cause, statusCode, verdict, maintenance });
    expect(kept.map(plain)).toEqual(added.map(plain));
    expect(kept.map(({ totalMs }) => codeOfLatency(totalMs))).toEqual(added.map(({ totalMs }) => codeOfLatency(totalMs)));
  });

  it('tells the uptime that brute force tells', () => {
    const long = lifeOf(seed, 9);
    const told = uptimes(long.past.totals, long.past.tail, long.nowMs);
    const expected = (days: number): number | null => long.oracle.between(Math.max(MIDNIGHT_MS, long.nowMs - days * DAY_MS), long.nowMs).availability;
    for (const [window, days] of [['24h', 1], ['7d', 7], ['30d', 30], ['90d', 90]] as const) {
      const uptime = expected(days);
      if (uptime === null) expect(told[window]).toBeNull();
      else expect(told[window]).toBeCloseTo(uptime, 9);
    }
  });

  it('keeps its order whatever the clock does', () => {
    const random = randomSource(seed);
    const wild = new KeptPast();
    let shiftMs = 0;
    for (const mark of marks) {
      if (random.chance(0.01)) shiftMs = random.int(2_000 * DAY_MS) - 1_000 * DAY_MS;
      wild.add('gapAtMs' in mark ? { gapAtMs: mark.gapAtMs + shiftMs } : { ...mark, atMs: mark.atMs + shiftMs });
    }
    for (const { results } of wild.hours) {
      const times = decodeHour(results)!.results.map(({ atMs }) => atMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
    for (const step of timeline({ fromMs: MIDNIGHT_MS - 500 * DAY_MS, toMs: nowMs, stepMs: DAY_MS }, wild, nowMs)) {
      expect(step.unknown_s).toBeGreaterThanOrEqual(0);
      expect(Object.values(secondsOf(step)).reduce((sum, each) => sum + each, 0)).toBeCloseTo(86_400, 3);
    }
    for (const uptime of Object.values(uptimes(wild.totals, wild.tail, nowMs)) as (number | null)[]) if (uptime !== null) expect(uptime >= 0 && uptime <= 1).toBe(true);
  });
});
