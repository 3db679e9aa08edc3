import { ByteReader, ByteWriter } from './bytes.ts';
import { meaningOf } from './cause-numbers.ts';
import { countedTime, eachSpan, nothingCovered, type Coverage } from './coverage.ts';
import { LATENCY_CODES } from './latency-code.ts';
import { HourReader, HOUR_TICKS } from './packed-hour.ts';

/** Codes of latencies (`latency-code.ts`) by nearest rank. */
export interface LatencyCodes {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What outlives an hour's results. */
export interface HourFigures {
  /** Since the epoch. */
  readonly hour: number;
  /** In ticks of 0.1 s; what is missing from an hour is unknown. */
  readonly coverage: Readonly<Coverage>;
  readonly results: number;
  /** Results that say that the registry serves, or does not; the others say nothing of the registry. */
  readonly good: number;
  readonly failures: number;
  /** Of the good results; null where there are none. */
  readonly latency: LatencyCodes | null;
}

/** Counts codes, or weighs them; one of it serves many times over. */
export class CodeCounts {
  readonly #counts = new Float64Array(LATENCY_CODES);
  #total = 0;
  #lowest = LATENCY_CODES;
  #highest = -1;

  add(code: number, weight: number): void {
    this.#counts[code] = (this.#counts[code] ?? 0) + weight;
    this.#total += weight;
    if (code < this.#lowest) this.#lowest = code;
    if (code > this.#highest) this.#highest = code;
  }

  /** The codes that 50, 95 and 99 in 100 do not exceed, null when there are none; counts from nothing afterwards. */
  take(): LatencyCodes | null {
    if (this.#highest < 0) return null;
    const codes = { p50: this.#codeAt(0.5), p95: this.#codeAt(0.95), p99: this.#codeAt(0.99) };
    this.#counts.fill(0, this.#lowest, this.#highest + 1);
    this.#total = 0;
    this.#lowest = LATENCY_CODES;
    this.#highest = -1;
    return codes;
  }

  #codeAt(share: number): number {
    // A little less than the rank, because weights are fractions and their sum is not exact.
    const rank = (share - 1e-9) * this.#total;
    let seen = 0;
    for (let code = this.#lowest; code < this.#highest; code++) {
      seen += this.#counts[code] ?? 0;
      if (seen >= rank) return code;
    }
    return this.#highest;
  }
}

/** Sums up a packed hour; null of what is none. */
export function figuresOf(packed: Uint8Array): HourFigures | null {
  const reader = HourReader.open(packed);
  if (reader === null) return null;
  const coverage = nothingCovered();
  const codes = new CodeCounts();
  const counts = { good: 0, failed: 0, silent: 0 };
  eachSpan(
    reader,
    HOUR_TICKS,
    (fromTick, toTick, part) => {
      coverage[part] += toTick - fromTick;
    },
    ({ header, latencyCode }) => {
      if (header === null || header.gap) return;
      const meaning = meaningOf(header.cause);
      counts[meaning]++;
      if (meaning === 'good') codes.add(latencyCode, 1);
    },
  );
  const { good, failed, silent } = counts;
  return { hour: reader.hour, coverage, results: good + failed + silent, good, failures: failed, latency: codes.take() };
}

/**
 * Figures of an hour: length of the rest | hour of the day in bits 0 to 4, version in bits 5 to 7 | which of eight numbers
 * are there, the others are 0 | those, as varints | the three latency codes, where there are good results.
 */
const VERSION = 1;
const HOURS_A_DAY = 24;

const numbersOf = ({ coverage: { up, degraded, authFailed, down, maintenance }, results, good, failures }: HourFigures): readonly number[] => [
  up,
  degraded,
  authFailed,
  down,
  maintenance,
  good,
  failures,
  results - good - failures,
];

export function packFigures(figures: HourFigures): Uint8Array {
  const numbers = numbersOf(figures);
  const rest = new ByteWriter();
  rest.byte((figures.hour % HOURS_A_DAY) | (VERSION << 5));
  rest.byte(numbers.reduce((mask, number, bit) => (number > 0 ? mask | (1 << bit) : mask), 0));
  for (const number of numbers) if (number > 0) rest.varint(number);
  if (figures.latency !== null) rest.byte(figures.latency.p50).byte(figures.latency.p95).byte(figures.latency.p99);
  return rest.done(Uint8Array.of(rest.length));
}

/**
 * Figures of a day's hours, in order. Where an hour stands there twice, because a clock went back, the later entry holds.
 * Entries of later versions are left out; what is damaged ends the day early.
 */
export function decodeFigures(packed: Uint8Array, day: number): readonly HourFigures[] {
  const hours: (HourFigures | undefined)[] = new Array<undefined>(HOURS_A_DAY).fill(undefined);
  for (let offset = 0; offset < packed.length;) {
    const length = packed[offset] ?? 0;
    if (length < 2 || offset + 1 + length > packed.length) break;
    const figures = readFigures(packed.subarray(offset + 1, offset + 1 + length), day);
    if (figures !== null) hours[figures.hour % HOURS_A_DAY] = figures;
    offset += 1 + length;
  }
  return hours.filter((figures) => figures !== undefined);
}

function readFigures(packed: Uint8Array, day: number): HourFigures | null {
  const reader = new ByteReader(packed);
  const first = reader.byte();
  const hourOfDay = first & 0x1f;
  const mask = reader.byte();
  const number = (bit: number): number => ((mask & (1 << bit)) === 0 ? 0 : reader.varint());
  const coverage: Coverage = { up: number(0), degraded: number(1), authFailed: number(2), down: number(3), maintenance: number(4) };
  const good = number(5);
  const failures = number(6);
  const results = good + failures + number(7);
  const latency = good === 0 ? null : { p50: reader.byte(), p95: reader.byte(), p99: reader.byte() };
  const covered = countedTime(coverage) + coverage.maintenance;
  const isSound = reader.ok && first >> 5 === VERSION && hourOfDay < HOURS_A_DAY && covered <= HOUR_TICKS;
  return isSound ? { hour: day * HOURS_A_DAY + hourOfDay, coverage, results, good, failures, latency } : null;
}
