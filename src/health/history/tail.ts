import type { Verdict } from '../../core/health-summary.ts';
import { limits } from '../../core/limits.ts';
import type { ClosedHour } from '../../store/health-port.ts';
import type { Cause } from '../cause.ts';
import { figuresOf, packFigures } from './figures.ts';
import { codeOfLatency, latencyOfCode } from './latency-code.ts';
import { appendMark, emptyHour, endOfHour, GAP_HEADER, HOUR_TICKS, HourReader, NOTHING_KNOWN, TICK_MS, type Header, type HourEnd, type Standing } from './packed-hour.ts';

/** A result as history keeps it. */
export interface PastResult {
  readonly atMs: number;
  readonly cause: Cause;
  readonly statusCode: number | null;
  readonly totalMs: number;
  /** The verdict after it. */
  readonly verdict: Verdict;
  readonly maintenance: boolean;
  /** How long it speaks for, should no other follow: until the verdict goes stale. */
  readonly validForMs: number;
}

/** The tail after something was added, and the hours that ended with it, in order. */
export interface Grown {
  readonly tail: Uint8Array;
  readonly closed: readonly ClosedHour[];
}

/** `Date`'s last moment; its hour still fits into four bytes. */
const LAST_MS = 8.64e15;

const bounded = (value: number, max: number): number => (value >= 0 ? Math.min(Math.floor(value), max) : 0);

/**
 * Adds a result to the running hour. When it belongs to a later hour, the running one is closed, and so are those between that
 * the last result still speaks for; hours that nobody watched are not. What it says holds until the next mark, for `validForMs`
 * at most. A result of cause `probe_failed` says nothing of the registry, so what held before goes on for no longer than without it.
 *
 * A clock that went back a little makes the result count as of the last one's time. One that went back by more than
 * `clockStepBackMsMax` was wrong before: the running hour is closed and another begins, which replaces what its hour may have had.
 * @param tail as `appendResult` or `appendGap` made it; empty or damaged bytes begin anew
 */
export function appendResult(tail: Uint8Array, result: PastResult): Grown {
  return append(tail, result.atMs, (end, tick) => headerOf(result, end.standing, tick), codeOfLatency(result.totalMs));
}

/** Says that nothing is known from this time on, because probing was paused or nobody has probed for too long. */
export function appendGap(tail: Uint8Array, atMs: number): Grown {
  return append(tail, atMs, () => GAP_HEADER, 0);
}

function headerOf({ cause, statusCode, verdict, maintenance, validForMs }: PastResult, before: Standing, tick: number): Header {
  const stated = Math.floor(bounded(validForMs, limits.resultValidForMsMax) / TICK_MS);
  const left = before.verdict === 'unknown' ? 0 : Math.max(0, before.untilTick - tick);
  const validForTicks = cause === 'probe_failed' ? Math.min(stated, left) : stated;
  return { gap: false, verdict, maintenance, cause, statusCode: statusCode === null ? null : bounded(statusCode, 0xffff), validForTicks };
}

function append(tail: Uint8Array, atMs: number, header: (end: HourEnd, tick: number) => Header, latencyCode: number): Grown {
  const atTick = Math.floor(bounded(atMs, LAST_MS) / TICK_MS);
  const { hour: { packed, end, tick }, closed } = hourFor(tail, atTick);
  if (isTooMuch(packed, end, tick)) return { tail: packed, closed };
  const mark = header(end, tick);
  return { tail: mark.gap && end.last?.header.gap === true ? packed : appendMark(packed, end, tick, mark, latencyCode), closed };
}

function isTooMuch(packed: Uint8Array, { last, tick: lastTick }: HourEnd, tick: number): boolean {
  return packed.length >= limits.packedHourBytesMax && last !== null && (tick - lastTick) * TICK_MS < limits.fullHourSpacingMs;
}

interface RunningHour {
  readonly packed: Uint8Array;
  readonly end: HourEnd;
  /** Within the hour; not before its end. */
  readonly tick: number;
}

/** The hour that a time belongs to, begun where it has to be. */
function hourFor(tail: Uint8Array, atTick: number): { hour: RunningHour; closed: readonly ClosedHour[] } {
  const hour = Math.floor(atTick / HOUR_TICKS);
  const end = endOfHour(tail);
  if (end === null) return { hour: begun(hour, NOTHING_KNOWN, atTick), closed: [] };
  const behind = end.hour * HOUR_TICKS + end.tick - atTick;
  if (behind * TICK_MS > limits.clockStepBackMsMax) return { hour: begun(hour, NOTHING_KNOWN, atTick), closed: closedHour(tail) };
  if (behind >= 0) return { hour: { packed: tail, end, tick: end.tick }, closed: [] };
  if (hour === end.hour) return { hour: { packed: tail, end, tick: atTick % HOUR_TICKS }, closed: [] };
  const between = Array.from({ length: hoursSpokenFor(end, hour) }, (_, index) => end.hour + 1 + index);
  const closed = [...closedHour(tail), ...between.flatMap((each) => closedHour(emptyHour(each, carriedInto(end, each))))];
  return { hour: begun(hour, carriedInto(end, hour), atTick), closed };
}

function begun(hour: number, carried: Standing, atTick: number): RunningHour {
  const end: HourEnd = { hour, tick: 0, standing: carried, last: null, other: null };
  return { packed: emptyHour(hour, carried), end, tick: atTick % HOUR_TICKS };
}

/** How many hours after `end.hour` and before `hour` the last mark reaches into. */
function hoursSpokenFor({ hour: last, standing: { verdict, untilTick } }: HourEnd, hour: number): number {
  const spokenFor = verdict === 'unknown' ? 0 : Math.ceil(untilTick / HOUR_TICKS) - 1;
  const possible = Math.ceil(limits.resultValidForMsMax / TICK_MS / HOUR_TICKS);
  return Math.max(0, Math.min(spokenFor, possible, hour - last - 1));
}

function carriedInto({ hour: last, standing }: HourEnd, hour: number): Standing {
  const untilTick = standing.untilTick - (hour - last) * HOUR_TICKS;
  return untilTick > 0 ? { ...standing, untilTick } : NOTHING_KNOWN;
}

function closedHour(packed: Uint8Array): readonly ClosedHour[] {
  const figures = figuresOf(packed);
  return figures === null ? [] : [{ hour: figures.hour, results: packed, figures: packFigures(figures) }];
}

/** An hour's results as they were packed; latencies within 3 percent. */
export interface DecodedHour {
  readonly hour: number;
  /** What held when the hour began; null where nothing was known. */
  readonly carried: { readonly verdict: Verdict; readonly maintenance: boolean; readonly validForMs: number } | null;
  readonly results: readonly PastResult[];
  /** Times from which on nothing was known. */
  readonly gapsMs: readonly number[];
}

/** @returns null of what is no packed hour; a damaged one ends early */
export function decodeHour(packed: Uint8Array): DecodedHour | null {
  const reader = HourReader.open(packed);
  if (reader === null) return null;
  const { hour, verdict, maintenance, untilTick } = reader;
  const carried = verdict === 'unknown' ? null : { verdict, maintenance, validForMs: untilTick * TICK_MS };
  const results: PastResult[] = [];
  const gapsMs: number[] = [];
  while (reader.next()) {
    const { header, tick, latencyCode } = reader;
    const atMs = (hour * HOUR_TICKS + tick) * TICK_MS;
    if (header === null || header.gap) gapsMs.push(atMs);
    else {
      const { cause, statusCode, verdict: after, maintenance: marked, validForTicks } = header;
      results.push({ atMs, cause, statusCode, totalMs: latencyOfCode(latencyCode), verdict: after, maintenance: marked, validForMs: validForTicks * TICK_MS });
    }
  }
  return { hour, carried, results, gapsMs };
}
