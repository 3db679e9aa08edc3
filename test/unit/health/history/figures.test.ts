import { decodeFigures, figuresOf, packFigures, type HourFigures } from '../../../../src/health/history/figures.ts';
import { codeOfLatency, latencyOfCode } from '../../../../src/health/history/latency-code.ts';
import { failure, HOUR_MS, KeptPast, MIDNIGHT_MS, result, SECOND_MS } from './past.ts';

const day = Math.floor(MIDNIGHT_MS / HOUR_MS / 24);
const figures = (hourOfDay: number, changes: Partial<HourFigures> = {}): HourFigures => ({
  hour: day * 24 + hourOfDay,
  coverage: { up: 35_000, degraded: 0, authFailed: 0, down: 600, maintenance: 0 },
  results: 121,
  good: 119,
  failures: 2,
  latency: { p50: 90, p95: 101, p99: 120 },
  ...changes,
});

describe('figures of an hour', () => {
  it('are read back as they were packed, several hours of a day one after the other', () => {
    const hours = [
      figures(0),
      figures(7, { coverage: { up: 1, degraded: 2, authFailed: 3, down: 4, maintenance: 35_990 }, results: 100_000, good: 1, failures: 2 }),
      figures(22, { coverage: { up: 0, degraded: 0, authFailed: 0, down: 36_000, maintenance: 0 }, results: 5, good: 0, failures: 5, latency: null }),
      figures(23, { coverage: { up: 0, degraded: 0, authFailed: 0, down: 0, maintenance: 0 }, results: 0, good: 0, failures: 0, latency: null }),
    ];
    expect(decodeFigures(Buffer.concat(hours.map(packFigures)), day)).toEqual(hours);
  });

  it('take 10 bytes in a good hour and 16 at most in any that comes by schedule', () => {
    expect(packFigures(figures(3, { coverage: { up: 36_000, degraded: 0, authFailed: 0, down: 0, maintenance: 0 }, results: 120, good: 120, failures: 0 })).length).toBe(10);
    expect(packFigures(figures(3)).length).toBeLessThanOrEqual(16);
  });

  it('of an hour that was closed twice are those of the later closing', () => {
    const packed = Buffer.concat([figures(5), figures(4), figures(5, { results: 7, good: 5, failures: 2 })].map(packFigures));
    expect(decodeFigures(packed, day).map(({ hour, results }) => [hour - day * 24, results])).toEqual([[4, 121], [5, 7]]);
  });

  it('of a later version are passed over', () => {
    const later = Uint8Array.of(3, 9 | (2 << 5), 1, 1);
    expect(decodeFigures(Buffer.concat([packFigures(figures(1)), later, packFigures(figures(2))]), day)).toEqual([figures(1), figures(2)]);
  });

  it('tell percentiles of good results alone, by nearest rank', () => {
    const past = new KeptPast();
    for (let index = 1; index <= 100; index++) past.add(result(MIDNIGHT_MS + index * SECOND_MS, { totalMs: index * 10 }));
    for (let index = 101; index <= 200; index++) past.add(failure(MIDNIGHT_MS + index * SECOND_MS, { totalMs: 30_000 }));
    const { latency, good, failures: failed, results } = figuresOf(past.tail)!;
    expect({ good, failed, results }).toEqual({ good: 100, failed: 100, results: 200 });
    expect(Object.values(latency!).map(latencyOfCode)).toEqual([500, 950, 990].map((latencyMs) => latencyOfCode(codeOfLatency(latencyMs))));
  });

  it('are null of what is no hour', () => {
    expect(figuresOf(new Uint8Array(0))).toBeNull();
    expect(figuresOf(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))).toBeNull();
  });
});
