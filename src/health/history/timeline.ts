import { AppError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { meaningOf } from './cause-numbers.ts';
import { eachSpan } from './coverage.ts';
import { CodeCounts, decodeFigures, type HourFigures } from './figures.ts';
import { HOUR_MS, HOUR_TICKS, HourReader, TICK_MS } from './packed-hour.ts';
import { StepSum, type TimelineStep } from './timeline-step.ts';

const HOURS_A_DAY = 24;
const LAST_MS = 8.64e15;

/** Steps of `stepMs` from `fromMs` on, in whole milliseconds; the last one ends at `toMs`, though it be shorter. */
export interface TimelineQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

/** Numbers of hours or days since the epoch, both included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** What of the store a timeline needs; null: nothing of that kind. */
export interface TimelineNeeds {
  readonly hours: Range | null;
  readonly days: Range | null;
}

/** What the store gave, as it gave it. */
export interface Past {
  readonly hours: readonly { readonly hour: number; readonly results: Uint8Array }[];
  readonly days: readonly { readonly day: number; readonly figures: Uint8Array }[];
  readonly tail: Uint8Array;
}

const fullHour = (timeMs: number): number => Math.floor(timeMs / HOUR_MS);

/** The first hour whose single results are still kept. */
export const firstHourWithResults = (nowMs: number): number => fullHour(nowMs) - limits.resultsKeptHours;

/**
 * Says what to read for a timeline: figures where the steps are whole hours on the hour, as they hold all that is asked for, and
 * where results are kept no more; otherwise results.
 * @throws {AppError} `INVALID_PARAMETER` where the times make no steps, `LIMIT_EXCEEDED` where they make too many
 */
export function timelineNeeds(query: TimelineQuery, nowMs: number): TimelineNeeds {
  checkQuery(query);
  const from = fullHour(query.fromMs);
  const to = fullHour(Math.min(query.toMs - 1, nowMs));
  const isWhole = query.fromMs % HOUR_MS === 0 && query.stepMs % HOUR_MS === 0;
  const firstFromResults = isWhole ? Number.POSITIVE_INFINITY : firstHourWithResults(nowMs);
  const hours = { from: Math.max(from, firstFromResults), to };
  const days = { from: Math.floor(from / HOURS_A_DAY), to: Math.floor(Math.min(to, firstFromResults - 1) / HOURS_A_DAY) };
  return { hours: hours.from <= hours.to ? hours : null, days: from < firstFromResults && days.from <= days.to ? days : null };
}

function checkQuery({ fromMs, toMs, stepMs }: TimelineQuery): void {
  const isTime = (timeMs: number): boolean => Number.isInteger(timeMs) && timeMs >= 0 && timeMs <= LAST_MS;
  if (!isTime(fromMs) || !isTime(toMs) || fromMs >= toMs) {
    throw new AppError('INVALID_PARAMETER', 'The history ends before it begins. Name a `from` that lies before `to`.', {
      details: [{ path: 'from', message: 'must be a time before `to`' }],
    });
  }
  if (!Number.isInteger(stepMs) || stepMs < TICK_MS) {
    throw new AppError('INVALID_PARAMETER', 'The steps of the history have no length. Name a `step` of a second or more.', {
      details: [{ path: 'step', message: 'must be longer than nothing' }],
    });
  }
  const steps = Math.ceil((toMs - fromMs) / stepMs);
  if (steps > limits.historyStepsMax) {
    throw new AppError('LIMIT_EXCEEDED', `The history would have ${steps} steps; ${limits.historyStepsMax} are allowed. Name a longer \`step\` or a shorter time.`, {
      details: [{ path: 'step', message: `must make no more than ${limits.historyStepsMax} steps` }],
    });
  }
}

/**
 * Tells the past in steps, from results where `past` has them and from hours' figures elsewhere. Time that nobody watched, and time to
 * come, is unknown. Steps that cut an hour of figures get their share of it, as if all was spread evenly over the hour.
 * Percentiles are of the good results: from results as exact as latencies are kept; from figures approximated, each hour standing for
 * half of its results at its p50, 45 in 100 at its p95 and the rest at its p99, which is exact for one hour and never too low by much.
 * @throws {AppError} as `timelineNeeds`
 */
export function timeline(query: TimelineQuery, past: Past, nowMs: number): readonly TimelineStep[] {
  checkQuery(query);
  const steps = new Steps(query);
  const tail = HourReader.open(past.tail);
  // What is closed at or after the running hour comes from a clock that was ahead.
  const endHour = Math.min(tail?.hour ?? Number.POSITIVE_INFINITY, fullHour(nowMs) + 1);
  const told = new Set<number>();
  for (const { hour, results } of past.hours) {
    const reader = hour < endHour ? HourReader.open(results) : null;
    if (reader?.hour !== hour) continue;
    told.add(hour);
    addResults(steps, reader, HOUR_TICKS);
  }
  for (const { day, figures } of past.days) {
    for (const each of decodeFigures(figures, day)) if (each.hour < endHour && !told.has(each.hour)) addFigures(steps, each);
  }
  if (tail !== null) addResults(steps, tail, (nowMs - tail.hour * HOUR_MS) / TICK_MS);
  return steps.told();
}

function addResults(steps: Steps, reader: HourReader, endTick: number): void {
  const beganMs = reader.hour * HOUR_MS;
  eachSpan(
    reader,
    endTick,
    (fromTick, toTick, part) => {
      steps.over(beganMs + fromTick * TICK_MS, beganMs + Math.min(toTick, endTick) * TICK_MS, (step, fromMs, toMs) => step.addTime(part, toMs - fromMs));
    },
    ({ tick, header, latencyCode }) => {
      if (header !== null && !header.gap) steps.at(beganMs + tick * TICK_MS)?.addResult(meaningOf(header.cause), latencyCode);
    },
  );
}

function addFigures(steps: Steps, figures: HourFigures): void {
  const beganMs = figures.hour * HOUR_MS;
  steps.over(beganMs, beganMs + HOUR_MS, (step, fromMs, toMs) => step.addFigures(figures, (fromMs - beganMs) / HOUR_MS, (toMs - beganMs) / HOUR_MS));
}

/** The sums of all steps, found by time. */
class Steps {
  readonly #query: TimelineQuery;
  readonly #sums: readonly StepSum[];

  constructor(query: TimelineQuery) {
    const { fromMs, toMs, stepMs } = query;
    this.#query = query;
    this.#sums = Array.from({ length: Math.ceil((toMs - fromMs) / stepMs) }, (_, index) => {
      const beginMs = fromMs + index * stepMs;
      return new StepSum(beginMs, Math.min(toMs, beginMs + stepMs));
    });
  }

  at(timeMs: number): StepSum | undefined {
    const { fromMs, toMs, stepMs } = this.#query;
    return timeMs < fromMs || timeMs >= toMs ? undefined : this.#sums[Math.floor((timeMs - fromMs) / stepMs)];
  }

  /** Cuts a span at the steps' borders; what lies outside of them is left out. */
  over(fromMs: number, toMs: number, add: (step: StepSum, fromMs: number, toMs: number) => void): void {
    const { fromMs: beginMs, toMs: endMs, stepMs } = this.#query;
    const last = Math.min(toMs, endMs);
    for (let nextMs = Math.max(fromMs, beginMs); nextMs < last;) {
      const step = this.#sums[Math.floor((nextMs - beginMs) / stepMs)];
      if (step === undefined) return;
      const untilMs = Math.min(last, step.toMs);
      add(step, nextMs, untilMs);
      nextMs = untilMs;
    }
  }

  told(): readonly TimelineStep[] {
    const counts = new CodeCounts();
    return this.#sums.map((sum) => sum.told(counts));
  }
}
