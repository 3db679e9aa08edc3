import { AppError } from '../../../../src/core/errors.ts';
import { limits } from '../../../../src/core/limits.ts';
import { firstHourWithResults, timeline, timelineNeeds, type TimelineQuery } from '../../../../src/health/history/timeline.ts';
import { DAY_MS, failure, HOUR_MS, KeptPast, MIDNIGHT_MS, MINUTE_MS, result, SECOND_MS } from './past.ts';

const midnightHour = MIDNIGHT_MS / HOUR_MS;
const empty = { hours: [], days: [], tail: new Uint8Array(0) };
const query = (fromMs: number, toMs: number, stepMs: number): TimelineQuery => ({ fromMs, toMs, stepMs });

describe('timeline', () => {
  it('tells each step, the running hour included, and time to come as unknown', () => {
    const past = new KeptPast().add(
      result(MIDNIGHT_MS + 59 * MINUTE_MS, { totalMs: 100, validForMs: 3 * MINUTE_MS }),
      failure(MIDNIGHT_MS + HOUR_MS + 30 * SECOND_MS, { validForMs: 3 * MINUTE_MS }),
    );
    expect(timeline(query(MIDNIGHT_MS + 58 * MINUTE_MS, MIDNIGHT_MS + 63 * MINUTE_MS, 2 * MINUTE_MS), past, MIDNIGHT_MS + 61 * MINUTE_MS)).toEqual([
      { from: '2026-03-14T00:58:00.000Z', to: '2026-03-14T01:00:00.000Z', availability: 1, up_s: 60, degraded_s: 0, auth_failed_s: 0, down_s: 0, unknown_s: 60, maintenance_s: 0, results: 1, failures: 0, p50_ms: 100, p95_ms: 100, p99_ms: 100 },
      { from: '2026-03-14T01:00:00.000Z', to: '2026-03-14T01:02:00.000Z', availability: 0.5, up_s: 30, degraded_s: 0, auth_failed_s: 0, down_s: 30, unknown_s: 60, maintenance_s: 0, results: 1, failures: 1, p50_ms: null, p95_ms: null, p99_ms: null },
      { from: '2026-03-14T01:02:00.000Z', to: '2026-03-14T01:03:00.000Z', availability: null, up_s: 0, degraded_s: 0, auth_failed_s: 0, down_s: 0, unknown_s: 60, maintenance_s: 0, results: 0, failures: 0, p50_ms: null, p95_ms: null, p99_ms: null },
    ].map((step) => ({ ...step, p50_ms: step.p50_ms === null ? null : expect.closeTo(100, -1), p95_ms: step.p95_ms === null ? null : expect.closeTo(100, -1), p99_ms: step.p99_ms === null ? null : expect.closeTo(100, -1) })));
  });

  it('knows nothing where nobody watched', () => {
    expect(timeline(query(MIDNIGHT_MS, MIDNIGHT_MS + DAY_MS, DAY_MS), empty, MIDNIGHT_MS + DAY_MS)).toMatchObject([{ availability: null, unknown_s: 86_400, results: 0 }]);
  });

  it('spreads figures of an hour evenly over finer steps', () => {
    const past = new KeptPast().add(failure(MIDNIGHT_MS, { validForMs: DAY_MS }), result(MIDNIGHT_MS + HOUR_MS / 2, { validForMs: DAY_MS }), result(MIDNIGHT_MS + HOUR_MS));
    const steps = timeline(query(MIDNIGHT_MS, MIDNIGHT_MS + HOUR_MS, 20 * MINUTE_MS), past.fromFigures, MIDNIGHT_MS + HOUR_MS);
    expect(steps.map(({ up_s, down_s, unknown_s }) => [up_s, down_s, unknown_s])).toEqual([[600, 600, 0], [600, 600, 0], [600, 600, 0]]);
    expect(steps.reduce((sum, step) => sum + step.results, 0)).toBe(2);
  });

  it('weighs percentiles of hours by their good results', () => {
    const past = new KeptPast();
    for (let index = 0; index < 120; index++) past.add(result(MIDNIGHT_MS + index * 30 * SECOND_MS, { totalMs: 10 }));
    for (let index = 0; index < 6; index++) past.add(result(MIDNIGHT_MS + HOUR_MS + index * 10 * MINUTE_MS, { totalMs: 1_000 }));
    past.add(result(MIDNIGHT_MS + 2 * HOUR_MS));
    const [step] = timeline(query(MIDNIGHT_MS, MIDNIGHT_MS + 2 * HOUR_MS, 2 * HOUR_MS), past.fromFigures, MIDNIGHT_MS + 2 * HOUR_MS);
    expect([step?.p50_ms, step?.p95_ms, step?.p99_ms].map((latencyMs) => Math.round(Math.log10(latencyMs!)))).toEqual([1, 1, 3]);
  });

  it('does not believe hours that a clock ahead has closed', () => {
    const past = new KeptPast().add(failure(MIDNIGHT_MS + 5 * HOUR_MS, { validForMs: HOUR_MS }), result(MIDNIGHT_MS, { validForMs: 10 * HOUR_MS }));
    expect(timeline(query(MIDNIGHT_MS, MIDNIGHT_MS + 6 * HOUR_MS, 6 * HOUR_MS), past, MIDNIGHT_MS + 6 * HOUR_MS)).toMatchObject([{ up_s: 6 * 3_600, down_s: 0 }]);
  });

  it.each([
    ['no length of time', query(5_000, 5_000, 1_000), 'INVALID_PARAMETER'],
    ['time that runs backwards', query(6_000, 5_000, 1_000), 'INVALID_PARAMETER'],
    ['no time at all', query(Number.NaN, 5_000, 1_000), 'INVALID_PARAMETER'],
    ['time beyond all calendars', query(0, 9e15, 1e15), 'INVALID_PARAMETER'],
    ['steps without length', query(0, 5_000, 0), 'INVALID_PARAMETER'],
    ['steps of fractions', query(0, 5_000, 1_000.5), 'INVALID_PARAMETER'],
    ['too many steps', query(0, limits.historyStepsMax * 1_000 + 1, 1_000), 'LIMIT_EXCEEDED'],
  ])('refuses %s', (_, asked, code) => {
    for (const ask of [() => timelineNeeds(asked, MIDNIGHT_MS), () => timeline(asked, empty, MIDNIGHT_MS)]) {
      expect(ask).toThrow(AppError);
      expect(ask).toThrow(expect.objectContaining({ code }));
    }
  });

  it('takes as many steps as there may be', () => {
    expect(timeline(query(0, limits.historyStepsMax * 1_000, 1_000), empty, MIDNIGHT_MS)).toHaveLength(limits.historyStepsMax);
  });
});

describe('what a timeline needs', () => {
  const nowMs = MIDNIGHT_MS + 12 * HOUR_MS;
  const day = midnightHour / 24;

  it('is figures alone for steps of whole hours on the hour', () => {
    expect(timelineNeeds(query(MIDNIGHT_MS - 30 * DAY_MS, nowMs, HOUR_MS), nowMs)).toEqual({ hours: null, days: { from: day - 30, to: day } });
  });

  it('is results as long as they are kept, for all other steps', () => {
    expect(timelineNeeds(query(MIDNIGHT_MS + 1, nowMs, HOUR_MS), nowMs)).toEqual({ hours: { from: midnightHour, to: midnightHour + 11 }, days: null });
    expect(timelineNeeds(query(MIDNIGHT_MS, MIDNIGHT_MS + HOUR_MS + 1, 5 * MINUTE_MS), nowMs)).toEqual({ hours: { from: midnightHour, to: midnightHour + 1 }, days: null });
  });

  it('is results and, for what is older, figures', () => {
    const first = firstHourWithResults(nowMs);
    expect(timelineNeeds(query(MIDNIGHT_MS - 10 * DAY_MS, nowMs, 30 * MINUTE_MS), nowMs)).toEqual({ hours: { from: first, to: midnightHour + 11 }, days: { from: day - 10, to: Math.floor((first - 1) / 24) } });
    expect(timelineNeeds(query(MIDNIGHT_MS - 10 * DAY_MS, MIDNIGHT_MS - 9 * DAY_MS, 30 * MINUTE_MS), nowMs)).toEqual({ hours: null, days: { from: day - 10, to: day - 10 } });
  });

  it('is nothing of the future', () => {
    expect(timelineNeeds(query(nowMs + HOUR_MS, nowMs + DAY_MS, MINUTE_MS), nowMs)).toEqual({ hours: null, days: null });
    expect(timelineNeeds(query(nowMs + 2 * DAY_MS, nowMs + 3 * DAY_MS, HOUR_MS), nowMs)).toEqual({ hours: null, days: null });
  });
});
