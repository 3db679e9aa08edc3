import { packFigures } from '../../../../src/health/history/figures.ts';
import { addHours, uptimes } from '../../../../src/health/history/totals.ts';
import type { ClosedHour } from '../../../../src/store/health-port.ts';
import { DAY_MS, failure, HOUR_MS, KeptPast, MIDNIGHT_MS, MINUTE_MS, result, SECOND_MS } from './past.ts';

const nothing = new Uint8Array(0);
const midnightHour = MIDNIGHT_MS / HOUR_MS;
const NONE = { '24h': null, '7d': null, '30d': null, '90d': null };

/** An hour that was watched all the time, down for a part of it. */
const hour = (number: number, downS = 0, changes: { maintenanceS?: number; unknownS?: number } = {}): ClosedHour => {
  const { maintenanceS = 0, unknownS = 0 } = changes;
  const coverage = { up: 10 * (3_600 - downS - maintenanceS - unknownS), degraded: 0, authFailed: 0, down: 10 * downS, maintenance: 10 * maintenanceS };
  return { hour: number, results: nothing, figures: packFigures({ hour: number, coverage, results: 120, good: 120, failures: 0, latency: { p50: 1, p95: 1, p99: 1 } }) };
};

const hours = (from: number, count: number, downS = 0): ClosedHour[] => Array.from({ length: count }, (_, index) => hour(from + index, downS));

describe('uptimes', () => {
  it('are null as long as nobody has watched', () => {
    expect(uptimes(nothing, nothing, MIDNIGHT_MS)).toEqual(NONE);
    expect(uptimes(nothing, new KeptPast().add({ gapAtMs: MIDNIGHT_MS }, result(MIDNIGHT_MS + 1, { cause: 'blocked', verdict: 'unknown' })).tail, MIDNIGHT_MS + HOUR_MS)).toEqual(NONE);
  });

  it('tell the running hour at once', () => {
    const { tail } = new KeptPast().add(result(MIDNIGHT_MS), failure(MIDNIGHT_MS + 30 * SECOND_MS));
    expect(uptimes(nothing, tail, MIDNIGHT_MS + 40 * SECOND_MS)).toEqual({ '24h': 0.75, '7d': 0.75, '30d': 0.75, '90d': 0.75 });
  });

  it('count degraded and auth_failed as usable, and neither maintenance nor time that nobody watched', () => {
    const validForMs = 10 * MINUTE_MS;
    const { tail } = new KeptPast().add(
      result(MIDNIGHT_MS, { verdict: 'degraded', validForMs }),
      result(MIDNIGHT_MS + 10 * MINUTE_MS, { verdict: 'auth_failed', cause: 'http_4xx', validForMs }),
      failure(MIDNIGHT_MS + 20 * MINUTE_MS, { maintenance: true, validForMs }),
      failure(MIDNIGHT_MS + 40 * MINUTE_MS, { validForMs }),
    );
    expect(uptimes(nothing, tail, MIDNIGHT_MS + HOUR_MS)['24h']).toBeCloseTo(2 / 3, 9);
  });

  it('end with the last hours of a window, each its own', () => {
    const totals = addHours(nothing, [...hours(midnightHour - 90 * 24, 60 * 24, 360), ...hours(midnightHour - 30 * 24, 23 * 24, 180), ...hours(midnightHour - 7 * 24, 6 * 24, 36), ...hours(midnightHour - 24, 24)]);
    const told = uptimes(totals, nothing, MIDNIGHT_MS);
    expect(told['24h']).toBe(1);
    expect(told['7d']).toBeCloseTo(1 - (0.01 * 6) / 7, 9);
    expect(told['30d']).toBeCloseTo(1 - (0.05 * 23 + 0.01 * 6) / 30, 9);
    expect(told['90d']).toBeCloseTo(1 - (0.1 * 60 + 0.05 * 23 + 0.01 * 6) / 90, 9);
  });

  it('count an hour that the window cuts with its share', () => {
    const totals = addHours(nothing, [hour(midnightHour - 24, 3_600), ...hours(midnightHour - 23, 23)]);
    expect(uptimes(totals, nothing, MIDNIGHT_MS)['24h']).toBeCloseTo(23 / 24, 9);
    expect(uptimes(totals, nothing, MIDNIGHT_MS + 45 * MINUTE_MS)['24h']).toBeCloseTo(23 / 23.25, 9);
  });

  it('forget a result once its window is past, though no other has come', () => {
    const past = new KeptPast().add(failure(MIDNIGHT_MS, { validForMs: HOUR_MS / 2 }));
    expect(uptimes(past.totals, past.tail, MIDNIGHT_MS + 2 * DAY_MS)).toEqual({ '24h': null, '7d': 0, '30d': 0, '90d': 0 });
    expect(uptimes(past.totals, past.tail, MIDNIGHT_MS + 91 * DAY_MS)).toEqual(NONE);
  });

  it('follow a result that speaks for days, hour by hour, before the next one closes them', () => {
    const { tail } = new KeptPast().add(failure(MIDNIGHT_MS, { validForMs: DAY_MS }), result(MIDNIGHT_MS + HOUR_MS / 2, { validForMs: 3 * DAY_MS }));
    expect(uptimes(nothing, tail, MIDNIGHT_MS + 10 * HOUR_MS)['24h']).toBeCloseTo(0.95, 9);
    expect(uptimes(nothing, tail, MIDNIGHT_MS + 30 * HOUR_MS)['24h']).toBe(1);
  });
});

describe('totals', () => {
  it('are not believed in what a clock ahead had added', () => {
    const totals = addHours(addHours(nothing, [hour(midnightHour - 1)]), hours(midnightHour + 48, 3, 3_600));
    expect(uptimes(totals, nothing, MIDNIGHT_MS)).toMatchObject({ '7d': 1, '30d': 1, '90d': 1 });
  });

  it('replace an hour that is closed again, and drop what a clock ahead had added', () => {
    const wrong = addHours(nothing, [hour(midnightHour - 1, 3_600), ...hours(midnightHour + 9_000, 3, 3_600)]);
    const right = addHours(wrong, [hour(midnightHour - 1)]);
    expect(uptimes(right, nothing, MIDNIGHT_MS)).toEqual({ '24h': 1, '7d': 1, '30d': 1, '90d': 1 });
    expect(right).toEqual(addHours(nothing, [hour(midnightHour - 1)]));
  });

  it('stay below 20 bytes for a registry that could be used all the time, and below 1,000 for one that never was for long', () => {
    const steady = hours(midnightHour - 100 * 24, 100 * 24);
    const troubled = steady.map(({ hour: number }) => hour(number, 13, { maintenanceS: 7, unknownS: 600 }));
    expect(addHours(nothing, steady).length).toBeLessThan(20);
    expect(addHours(nothing, troubled).length).toBeLessThan(1_000);
  });

  it('take no bytes for days that nobody watched', () => {
    const one = addHours(nothing, hours(midnightHour - 80 * 24, 1));
    expect(addHours(one, hours(midnightHour, 1)).length - one.length).toBeLessThan(10);
  });

  it('are as they were when no hour was closed', () => {
    const totals = addHours(nothing, [hour(midnightHour)]);
    expect(addHours(totals, [])).toBe(totals);
  });
});
