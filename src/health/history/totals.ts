import type { ClosedHour } from '../../store/health-port.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { countedTime, eachSpan, usableTime } from './coverage.ts';
import { decodeFigures } from './figures.ts';
import { HourReader, HOUR_MS, HOUR_TICKS, TICK_MS } from './packed-hour.ts';

/**
 * Packed sums of the past days of one watch, so that its uptime can be told without reading its history: version 1, then
 * the last hours, then the last days, each as: number of entries | varint: first hour or day since the epoch | entries.
 * An entry is a varint: (hours or days from the end of the entry before) * 2 + (1 for a run of hours or days in which all time
 * counted and the registry could be used), followed by another: their number. Of a single hour or day that was different there
 * follow two: ticks that do not count, and ticks that count in which the registry could not be used. Those of which no time
 * counts have no entry.
 */
const VERSION = 1;
const HOURS_A_DAY = 24;
/** Spans that windows of whole hours or days can touch: one more than they are long. */
const HOURS_KEPT = 24 + 1;
const DAYS_KEPT = 90 + 1;
const DAY_TICKS = HOURS_A_DAY * HOUR_TICKS;
const DAY_MS = HOURS_A_DAY * HOUR_MS;

/** One hour or day, numbered since the epoch; `usable` of the ticks that `counted`. */
interface Sum {
  readonly at: number;
  readonly counted: number;
  readonly usable: number;
}

interface Totals {
  readonly hours: readonly Sum[];
  readonly days: readonly Sum[];
}

/**
 * Adds hours that were closed. An hour that is there already, because a clock went back, is replaced; entries after it came from a
 * clock that was ahead and are dropped.
 * @param totals as `addHours` made it; empty or damaged bytes begin anew
 */
export function addHours(totals: Uint8Array, closed: readonly ClosedHour[]): Uint8Array {
  if (closed.length === 0) return totals;
  return pack(closed.reduce(withHour, unpack(totals)));
}

function withHour({ hours, days }: Totals, { hour, figures }: ClosedHour): Totals {
  const day = Math.floor(hour / HOURS_A_DAY);
  const added = decodeFigures(figures, day).find((each) => each.hour === hour);
  const sum: Sum = { at: hour, counted: added === undefined ? 0 : countedTime(added.coverage), usable: added === undefined ? 0 : usableTime(added.coverage) };
  const replaced = hours.find(({ at }) => at === hour);
  const before = days.find(({ at }) => at === day);
  const counted = clamp((before?.counted ?? 0) - (replaced?.counted ?? 0) + sum.counted, DAY_TICKS);
  const usable = clamp((before?.usable ?? 0) - (replaced?.usable ?? 0) + sum.usable, counted);
  return { hours: withSum(hours, sum, HOURS_KEPT), days: withSum(days, { at: day, counted, usable }, DAYS_KEPT) };
}

const clamp = (value: number, max: number): number => Math.min(max, Math.max(0, value));

function withSum(sums: readonly Sum[], sum: Sum, kept: number): readonly Sum[] {
  const earlier = sums.filter(({ at }) => at < sum.at && at > sum.at - kept);
  return sum.counted === 0 ? earlier : [...earlier, sum];
}

function pack({ hours, days }: Totals): Uint8Array {
  const writer = new ByteWriter().byte(VERSION);
  packSums(writer, hours, HOUR_TICKS);
  packSums(writer, days, DAY_TICKS);
  return writer.done();
}

function packSums(writer: ByteWriter, sums: readonly Sum[], ticks: number): void {
  const entries: { readonly from: number; readonly sum: Sum; count: number }[] = [];
  for (const sum of sums) {
    const last = entries.at(-1);
    const goesOn = last !== undefined && last.sum.usable === ticks && sum.usable === ticks && sum.at === last.from + last.count;
    if (goesOn) last.count++;
    else entries.push({ from: sum.at, sum, count: 1 });
  }
  let before = entries[0]?.from ?? 0;
  writer.byte(entries.length).varint(before);
  for (const { from, sum, count } of entries) {
    const isRun = sum.usable === ticks;
    writer.varint(2 * (from - before) + (isRun ? 1 : 0));
    if (isRun) writer.varint(count);
    else writer.varint(ticks - sum.counted).varint(sum.counted - sum.usable);
    before = from + count;
  }
}

function unpack(totals: Uint8Array): Totals {
  const hours: Sum[] = [];
  const days: Sum[] = [];
  const into = (sums: Sum[], ticks: number): OnSum => (from, count, counted, usable) => {
    for (let index = 0; index < count; index++) sums.push(count === 1 ? { at: from, counted, usable } : { at: from + index, counted: ticks, usable: ticks });
  };
  eachSum(totals, into(hours, HOUR_TICKS), into(days, DAY_TICKS));
  return { hours, days };
}

/** Told of `count` hours or days from `from` on, together. */
type OnSum = (from: number, count: number, counted: number, usable: number) => void;

/** Without making objects, because the uptimes of all registries are told at once. */
function eachSum(totals: Uint8Array, onHours: OnSum, onDays: OnSum): void {
  if (totals[0] !== VERSION) return;
  const reader = new ByteReader(totals, 1);
  readSums(reader, HOUR_TICKS, HOURS_KEPT, onHours);
  readSums(reader, DAY_TICKS, DAYS_KEPT, onDays);
}

function readSums(reader: ByteReader, ticks: number, kept: number, onSum: OnSum): void {
  const entries = reader.byte();
  let at = reader.varint();
  for (let index = 0, left = kept; index < entries && left > 0; index++) {
    const step = reader.varint();
    const isRun = step % 2 === 1;
    const count = isRun ? Math.min(left, reader.varint()) : 1;
    const counted = isRun ? count * ticks : ticks - reader.varint();
    const usable = isRun ? counted : counted - reader.varint();
    at += Math.floor(step / 2);
    if (!reader.ok || usable < 0) return;
    onSum(at, count, counted, usable);
    at += count;
    left -= count;
  }
}

/** Share of the time that counts in which the registry could be used, 0 to 1; null where no time counts. */
export interface Uptimes {
  readonly '24h': number | null;
  readonly '7d': number | null;
  readonly '30d': number | null;
  readonly '90d': number | null;
}

/** Counted and usable ticks of one window that ends now. */
class Window {
  readonly fromMs: number;
  readonly #nowMs: number;
  #counted = 0;
  #usable = 0;

  constructor(nowMs: number, days: number) {
    this.fromMs = nowMs - days * DAY_MS;
    this.#nowMs = nowMs;
  }

  add(counted: number, usable: number): void {
    this.#counted += counted;
    this.#usable += usable;
  }

  /** Of what began before the window, the share that lies in it; nothing of what a clock that was ahead wrote. */
  addShare(beganMs: number, lengthMs: number, counted: number, usable: number): void {
    if (beganMs >= this.#nowMs) return;
    const cutMs = this.fromMs - beganMs;
    if (cutMs <= 0) this.add(counted, usable);
    else if (cutMs < lengthMs) this.add((counted * (lengthMs - cutMs)) / lengthMs, (usable * (lengthMs - cutMs)) / lengthMs);
  }

  get uptime(): number | null {
    return this.#counted > 0 ? Math.min(1, this.#usable / this.#counted) : null;
  }
}

/**
 * Tells the uptime of the last 24 hours, 7, 30 and 90 days, the running hour included. The oldest hour (of 24 hours) or day counts
 * with the share of it that lies in the window, as if what is known of it were spread evenly.
 */
export function uptimes(totals: Uint8Array, tail: Uint8Array, nowMs: number): Uptimes {
  const day = new Window(nowMs, 1);
  const longer = [new Window(nowMs, 7), new Window(nowMs, 30), new Window(nowMs, 90)] as const;
  eachSum(
    totals,
    (from, count, counted, usable) => day.addShare(from * HOUR_MS, count * HOUR_MS, counted, usable),
    (from, count, counted, usable) => {
      for (const window of longer) window.addShare(from * DAY_MS, count * DAY_MS, counted, usable);
    },
  );
  addTail([day, ...longer], tail, nowMs);
  return { '24h': day.uptime, '7d': longer[0].uptime, '30d': longer[1].uptime, '90d': longer[2].uptime };
}

/** What the running hour says, which may reach into later ones. */
function addTail(windows: readonly Window[], tail: Uint8Array, nowMs: number): void {
  const reader = HourReader.open(tail);
  if (reader === null) return;
  const beganMs = reader.hour * HOUR_MS;
  const cut = windows.filter(({ fromMs }) => fromMs > beganMs);
  let allCounted = 0;
  let allUsable = 0;
  eachSpan(reader, (nowMs - beganMs) / TICK_MS, (fromTick, toTick, part) => {
    if (part === 'maintenance') return;
    const toMs = Math.min(nowMs, beganMs + toTick * TICK_MS);
    const countedFrom = (fromMs: number): number => Math.max(0, toMs - fromMs) / TICK_MS;
    const counted = countedFrom(beganMs + fromTick * TICK_MS);
    allCounted += counted;
    if (part !== 'down') allUsable += counted;
    for (const window of cut) {
      const within = countedFrom(Math.max(window.fromMs, beganMs + fromTick * TICK_MS));
      window.add(within, part === 'down' ? 0 : within);
    }
  });
  for (const window of windows) if (window.fromMs <= beganMs) window.add(allCounted, allUsable);
}
