import { limits } from '../../../../src/core/limits.ts';
import { decodeFigures } from '../../../../src/health/history/figures.ts';
import { appendGap, appendResult, decodeHour } from '../../../../src/health/history/tail.ts';
import { DAY_MS, failure, HOUR_MS, KeptPast, MIDNIGHT_MS, MINUTE_MS, result, SECOND_MS } from './past.ts';

const nothing = new Uint8Array(0);
const midnightHour = MIDNIGHT_MS / HOUR_MS;
const figuresOf = (past: KeptPast, hour: number) => decodeFigures(past.days.find(({ day }) => day === Math.floor(hour / 24))?.figures ?? nothing, Math.floor(hour / 24)).find((each) => each.hour === hour);
const decoded = (past: KeptPast, hour: number) => decodeHour(past.hours.find((each) => each.hour === hour)?.results ?? nothing);

/** A probe each 30 seconds, as good as any. */
const steady = (fromMs: number, count: number, intervalMs = 30 * SECOND_MS) => Array.from({ length: count }, (_, index) => result(fromMs + index * intervalMs));

describe('a packed hour', () => {
  it('gives results back as they were', () => {
    const results = [
      result(MIDNIGHT_MS + 100),
      result(MIDNIGHT_MS + 30_400, { maintenance: true }),
      failure(MIDNIGHT_MS + 59 * MINUTE_MS),
      result(MIDNIGHT_MS + HOUR_MS - 100, { cause: 'rate_limited', statusCode: 429, verdict: 'degraded', validForMs: 10 * DAY_MS }),
    ];
    const { tail, closed } = results.reduce<{ tail: Uint8Array; closed: readonly unknown[] }>((grown, each) => appendResult(grown.tail, each), { tail: nothing, closed: [] });
    expect(closed).toEqual([]);
    const within = (each: number): unknown => expect.closeTo(each, each > 1_000 ? -3 : 0);
    expect(decodeHour(tail)).toEqual({ hour: midnightHour, carried: null, results: results.map((each) => ({ ...each, totalMs: within(each.totalMs) })), gapsMs: [] });
  });

  it('takes three bytes for one more of equal results', () => {
    const past = new KeptPast().add(...steady(MIDNIGHT_MS, 2));
    const before = past.tail.length;
    past.add(result(MIDNIGHT_MS + 61 * SECOND_MS, { totalMs: 40 }));
    expect(past.tail.length - before).toBe(3);
  });

  it('takes three bytes also while a registry goes back and forth between two outcomes', () => {
    const past = new KeptPast().add(result(MIDNIGHT_MS, { verdict: 'degraded' }), failure(MIDNIGHT_MS + 30 * SECOND_MS, { verdict: 'degraded' }));
    const before = past.tail.length;
    past.add(result(MIDNIGHT_MS + 60 * SECOND_MS, { verdict: 'degraded' }), failure(MIDNIGHT_MS + 90 * SECOND_MS, { verdict: 'degraded' }));
    expect(past.tail.length - before).toBe(6);
    expect(decodeHour(past.tail)?.results.map(({ cause }) => cause)).toEqual(['auth_required', 'timeout', 'auth_required', 'timeout']);
  });

  it('takes times within 0.1 s', () => {
    const past = new KeptPast().add(result(MIDNIGHT_MS + 12_345));
    expect(decodeHour(past.tail)?.results[0]?.atMs).toBe(MIDNIGHT_MS + 12_300);
  });

  it('does not change the bytes that it is given', () => {
    const { tail } = appendResult(nothing, result(MIDNIGHT_MS));
    const copy = Uint8Array.from(tail);
    appendResult(tail, failure(MIDNIGHT_MS + MINUTE_MS));
    appendResult(tail, result(MIDNIGHT_MS + HOUR_MS));
    expect(tail).toEqual(copy);
  });

  it('reads bytes that lie in the middle of a larger buffer, as drivers hand them out', () => {
    const { tail } = appendResult(appendResult(nothing, result(MIDNIGHT_MS)).tail, failure(MIDNIGHT_MS + MINUTE_MS));
    const shifted = Buffer.concat([Buffer.alloc(7, 0xff), tail, Buffer.alloc(3, 0xff)]).subarray(7, 7 + tail.length);
    expect(decodeHour(shifted)).toEqual(decodeHour(tail));
    expect(appendResult(shifted, result(MIDNIGHT_MS + 2 * MINUTE_MS))).toEqual(appendResult(tail, result(MIDNIGHT_MS + 2 * MINUTE_MS)));
  });

  it('holds no more than its limit and some, however many results come', () => {
    let tail: Uint8Array = nothing;
    for (let index = 0; index < 36_000; index++) ({ tail } = appendResult(tail, result(MIDNIGHT_MS + index * 100, { statusCode: 200 + (index % 2) })));
    expect(tail.length).toBeLessThan(2 * limits.packedHourBytesMax);
    const { results } = decodeHour(tail)!;
    expect(results.at(-1)!.atMs).toBeGreaterThan(MIDNIGHT_MS + HOUR_MS - 2 * limits.fullHourSpacingMs);
  });
});

describe('the end of an hour', () => {
  it('closes it with its figures, and carries over what held', () => {
    const past = new KeptPast().add(...steady(MIDNIGHT_MS, 120), result(MIDNIGHT_MS + HOUR_MS + 10 * SECOND_MS));
    expect(past.hours.map(({ hour }) => hour)).toEqual([midnightHour]);
    expect(figuresOf(past, midnightHour)).toMatchObject({ coverage: { up: 36_000, down: 0 }, results: 120, good: 120, failures: 0 });
    expect(decodeHour(past.tail)).toMatchObject({ hour: midnightHour + 1, carried: { verdict: 'up', maintenance: false, validForMs: 65 * SECOND_MS }, results: [{}] });
  });

  it('carries no more than the last result speaks for', () => {
    const past = new KeptPast().add(result(MIDNIGHT_MS + 58 * MINUTE_MS), result(MIDNIGHT_MS + HOUR_MS));
    expect(decodeHour(past.tail)?.carried).toBeNull();
    expect(figuresOf(past, midnightHour)?.coverage.up).toBe(950);
  });

  it('closes hours between that a result speaks for, each known to its end, and none that nobody watched', () => {
    const past = new KeptPast().add(failure(MIDNIGHT_MS + 30 * MINUTE_MS, { validForMs: 3 * HOUR_MS, maintenance: false }), result(MIDNIGHT_MS + 9 * HOUR_MS));
    expect(past.hours.map(({ hour }) => hour - midnightHour)).toEqual([0, 1, 2, 3]);
    expect([0, 1, 2, 3].map((index) => figuresOf(past, midnightHour + index)?.coverage.down)).toEqual([18_000, 36_000, 36_000, 18_000]);
    expect(figuresOf(past, midnightHour + 1)).toMatchObject({ results: 0, latency: null });
    expect(decoded(past, midnightHour + 3)).toEqual({ hour: midnightHour + 3, carried: { verdict: 'down', maintenance: false, validForMs: 30 * MINUTE_MS }, results: [], gapsMs: [] });
    expect(decodeHour(past.tail)?.carried).toBeNull();
  });

  it('closes a bounded number of hours, whatever a result claims', () => {
    const past = new KeptPast().add(result(MIDNIGHT_MS, { validForMs: Number.POSITIVE_INFINITY }), result(MIDNIGHT_MS + 10_000 * DAY_MS));
    expect(past.hours).toHaveLength(31 * 24);
    expect(past.hours.every(({ results }) => results.length < 30)).toBe(true);
  });

  it('keeps maintenance apart over the hour’s end', () => {
    const past = new KeptPast().add(result(MIDNIGHT_MS + 59 * MINUTE_MS, { maintenance: true, validForMs: 5 * MINUTE_MS }), result(MIDNIGHT_MS + HOUR_MS + 2 * MINUTE_MS), result(MIDNIGHT_MS + 2 * HOUR_MS));
    expect(figuresOf(past, midnightHour)?.coverage).toMatchObject({ up: 0, maintenance: 600 });
    expect(figuresOf(past, midnightHour + 1)?.coverage).toMatchObject({ up: 950, maintenance: 1_200 });
  });
});

describe('time of which nothing is known', () => {
  it('begins with a gap and ends with the next result', () => {
    const past = new KeptPast().add(result(MIDNIGHT_MS), { gapAtMs: MIDNIGHT_MS + MINUTE_MS }, result(MIDNIGHT_MS + 10 * MINUTE_MS), result(MIDNIGHT_MS + HOUR_MS));
    expect(decoded(past, midnightHour)).toMatchObject({ results: [{}, {}], gapsMs: [MIDNIGHT_MS + MINUTE_MS] });
    expect(figuresOf(past, midnightHour)).toMatchObject({ coverage: { up: 600 + 950 }, results: 2 });
  });

  it('is said once: a gap after a gap adds nothing', () => {
    const first = appendGap(appendResult(nothing, result(MIDNIGHT_MS)).tail, MIDNIGHT_MS + MINUTE_MS);
    expect(appendGap(first.tail, MIDNIGHT_MS + 2 * MINUTE_MS)).toEqual({ tail: first.tail, closed: [] });
  });

  it('ends the hours before it, too', () => {
    const { closed } = appendGap(appendResult(nothing, result(MIDNIGHT_MS)).tail, MIDNIGHT_MS + 2 * DAY_MS);
    expect(closed.map(({ hour }) => hour)).toEqual([midnightHour]);
  });

  it('is not shortened by probes that could not be made', () => {
    const own = { cause: 'probe_failed', statusCode: null } as const;
    const past = new KeptPast().add(result(MIDNIGHT_MS), ...steady(MIDNIGHT_MS + 30 * SECOND_MS, 100).map((each) => ({ ...each, ...own })), result(MIDNIGHT_MS + HOUR_MS, own), result(MIDNIGHT_MS + 2 * HOUR_MS));
    expect(figuresOf(past, midnightHour)).toMatchObject({ coverage: { up: 950 }, results: 101, good: 1, failures: 0 });
    expect(figuresOf(past, midnightHour + 1)?.coverage.up).toBe(0);
  });
});

describe('a clock that goes back', () => {
  it('by a little: time stands still until it has caught up', () => {
    const past = new KeptPast().add(result(MIDNIGHT_MS + 2 * MINUTE_MS), failure(MIDNIGHT_MS + MINUTE_MS), result(MIDNIGHT_MS - 30 * MINUTE_MS), result(MIDNIGHT_MS + 3 * MINUTE_MS));
    expect(past.hours).toEqual([]);
    expect(decodeHour(past.tail)?.results.map(({ atMs }) => (atMs - MIDNIGHT_MS) / MINUTE_MS)).toEqual([2, 2, 2, 3]);
  });

  it('by much: it was ahead before, so what it wrote is closed and the true hour begins without it', () => {
    const past = new KeptPast().add(result(MIDNIGHT_MS + 365 * DAY_MS), result(MIDNIGHT_MS), result(MIDNIGHT_MS + HOUR_MS));
    expect(past.hours.map(({ hour }) => hour - midnightHour)).toEqual([0, 365 * 24]);
    expect(decodeHour(past.tail)).toMatchObject({ hour: midnightHour + 1 });
    expect(decoded(past, midnightHour)?.carried).toBeNull();
  });

  it.each([-1, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 9e15, 0, 0.5])('or says %d, throws nothing', (atMs) => {
    const past = new KeptPast().add(result(MIDNIGHT_MS), result(atMs, { totalMs: atMs, statusCode: atMs, validForMs: atMs }), { gapAtMs: atMs }, result(MIDNIGHT_MS + HOUR_MS));
    expect(decodeHour(past.tail)).not.toBeNull();
  });
});
