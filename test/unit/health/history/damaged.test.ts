import { decodeFigures } from '../../../../src/health/history/figures.ts';
import { appendGap, appendResult, decodeHour } from '../../../../src/health/history/tail.ts';
import { timeline } from '../../../../src/health/history/timeline.ts';
import { addHours, uptimes } from '../../../../src/health/history/totals.ts';
import { randomSource, seedOfRun } from '../../../support/random.ts';
import { DAY_MS, HOUR_MS, KeptPast, MIDNIGHT_MS, MINUTE_MS, randomMarks, result, timeOf } from './past.ts';

const SEED = seedOfRun();
const random = randomSource(SEED);
const nowMs = MIDNIGHT_MS + DAY_MS;
const past = new KeptPast().add(...randomMarks(random, MIDNIGHT_MS, nowMs - HOUR_MS).filter((mark) => timeOf(mark) < nowMs - HOUR_MS), result(nowMs - HOUR_MS), result(nowMs - 1));

function damaged(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(random.chance(0.3) ? bytes.subarray(0, random.int(bytes.length + 1)) : bytes);
  for (let flips = random.int(6); flips > 0 && copy.length > 0; flips--) copy[random.int(copy.length)] = random.int(256);
  return copy;
}

const noise = (): Uint8Array => Uint8Array.from({ length: random.int(60) }, (_, index) => (index === 0 && random.chance(0.8) ? 1 : random.chance(0.3) ? 0xff : random.int(256)));

const inputs = (good: Uint8Array): Uint8Array[] => Array.from({ length: 400 }, () => (random.chance(0.5) ? damaged(good) : noise()));

describe(`damaged bytes, TEST_SEED=${SEED}`, () => {
  it('of an hour end it early, in order and within the hour', () => {
    for (const bytes of inputs(past.hours[0]!.results)) {
      const hour = decodeHour(bytes);
      if (hour === null) continue;
      const times = hour.results.map(({ atMs }) => atMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(times.every((atMs) => atMs >= hour.hour * HOUR_MS && atMs < (hour.hour + 1) * HOUR_MS)).toBe(true);
    }
  });

  it('of a tail do not keep the next results from being added, closed and told', () => {
    for (const bytes of inputs(past.tail)) {
      const gap = appendGap(bytes, nowMs + MINUTE_MS);
      const next = appendResult(gap.tail, result(nowMs + 5 * HOUR_MS));
      const after = appendResult(next.tail, result(nowMs + 7 * HOUR_MS));
      const hours = [...gap.closed, ...next.closed, ...after.closed];
      expect(hours.length).toBeLessThan(3 * 31 * 24);
      for (const uptime of Object.values(uptimes(addHours(past.totals, hours), after.tail, nowMs + 8 * HOUR_MS)) as (number | null)[]) if (uptime !== null) expect(uptime >= 0 && uptime <= 1).toBe(true);
      expect(decodeHour(after.tail)?.results.length).toBeGreaterThan(0);
    }
  });

  it('of a day’s figures leave the hours before the damage', () => {
    const { day, figures } = past.days.at(-1)!;
    const whole = decodeFigures(figures, day);
    expect(decodeFigures(figures.subarray(0, figures.length - 1), day)).toEqual(whole.slice(0, -1));
    for (const bytes of inputs(figures)) for (const { hour, coverage } of decodeFigures(bytes, day)) {
      expect(Math.floor(hour / 24)).toBe(day);
      expect(Object.values(coverage).reduce((sum, ticks) => sum + ticks, 0)).toBeLessThanOrEqual(36_000);
    }
  });

  it('of totals give an uptime between 0 and 1, or none, and take further hours', () => {
    const { closed } = appendResult(past.tail, result(nowMs + HOUR_MS));
    for (const bytes of inputs(past.totals)) {
      for (const totals of [bytes, addHours(bytes, closed)]) {
        for (const uptime of Object.values(uptimes(totals, past.tail, nowMs)) as (number | null)[]) if (uptime !== null) expect(uptime >= 0 && uptime <= 1).toBe(true);
        expect(addHours(totals, closed).length).toBeLessThan(1_500);
      }
    }
  });

  it('anywhere leave the steps of a timeline whole', () => {
    for (let run = 0; run < 100; run++) {
      const broken = { hours: past.hours.map(({ hour, results }) => ({ hour, results: damaged(results) })), days: past.days.map(({ day, figures }) => ({ day, figures: damaged(figures) })), tail: damaged(past.tail) };
      for (const step of timeline({ fromMs: MIDNIGHT_MS, toMs: nowMs, stepMs: 50 * MINUTE_MS }, broken, nowMs)) {
        expect(step.unknown_s).toBeGreaterThanOrEqual(0);
        expect(step.failures).toBeLessThanOrEqual(step.results);
      }
    }
  });
});
