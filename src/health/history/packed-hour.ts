import type { Verdict } from '../../core/health-summary.ts';
import type { Cause } from '../cause.ts';
import { ByteReader, ByteWriter, putUint16, putUint32, uint16At, uint32At } from './bytes.ts';
import { causeOfNumber, numberOfCause } from './cause-numbers.ts';

/**
 * The results of one hour in a few bytes each; the running hour (the tail) and hours that are over look the same.
 *
 * ```
 * head      version 1 | offset of the last header (2 bytes) | offset of the one in force before (2)
 *           | tick of the last mark (2) | hour since the epoch (4)
 * carried   standing | varint: tick until which it speaks; absent where the standing is unknown
 * marks     varint: (ticks since the mark before) * 4 + (0: header as before, 1: it follows, 2: the one in force before that again)
 *           | header? | latency code, unless a gap
 * header    standing | number of the cause | varint: status code, 0 for none | varint: ticks that it speaks for;
 *           of a gap the standing alone
 * standing  verdict in bits 0 to 2 | maintenance in bit 3 | gap in bit 4
 * ```
 * A tick is 0.1 s and counts from the hour's beginning; numbers of fixed size have their lowest byte first. The head's
 * offsets and tick are what it takes to append a mark without reading the others. Bytes that are not understood end the
 * hour where they stand; nothing here throws.
 */
const VERSION = 1;
const HEAD_LENGTH = 11;
const LAST_AT = 1;
const OTHER_AT = 3;
const TICK_AT = 5;
const HOUR_AT = 7;
const STEP = 4;
const SAME = 0;
const NEW = 1;
const OTHER = 2;
const VERDICT_BITS = 0x07;
const MAINTENANCE = 0x08;
const GAP = 0x10;

export const TICK_MS = 100;
export const HOUR_TICKS = 36_000;
export const HOUR_MS = HOUR_TICKS * TICK_MS;

/** By number; never change the order. */
const VERDICTS: readonly Verdict[] = ['unknown', 'up', 'degraded', 'auth_failed', 'down'];

/** What is taken to hold from a mark on, until the next one or this tick, which may lie beyond the hour. */
export interface Standing {
  readonly verdict: Verdict;
  readonly maintenance: boolean;
  readonly untilTick: number;
}

export const NOTHING_KNOWN: Standing = { verdict: 'unknown', maintenance: false, untilTick: 0 };

/** What equal marks one after the other share. A gap says that nothing is known from there on. */
export interface Header {
  readonly gap: boolean;
  readonly verdict: Verdict;
  readonly maintenance: boolean;
  readonly cause: Cause;
  readonly statusCode: number | null;
  readonly validForTicks: number;
}

export const GAP_HEADER: Header = { gap: true, verdict: 'unknown', maintenance: false, cause: 'probe_failed', statusCode: null, validForTicks: 0 };

const standingByte = (verdict: Verdict, maintenance: boolean): number => Math.max(0, VERDICTS.indexOf(verdict)) | (maintenance ? MAINTENANCE : 0);

function writeHeader(writer: ByteWriter, { gap, verdict, maintenance, cause, statusCode, validForTicks }: Header): void {
  if (gap) writer.byte(GAP);
  else writer.byte(standingByte(verdict, maintenance)).byte(numberOfCause(cause)).varint(statusCode ?? 0).varint(validForTicks);
}

function readHeader(reader: ByteReader): Header | null {
  const standing = reader.byte();
  if (standing === GAP) return GAP_HEADER;
  const verdict = VERDICTS[standing & VERDICT_BITS];
  const cause = causeOfNumber(reader.byte());
  const statusCode = reader.varint();
  const validForTicks = reader.varint();
  if (!reader.ok || verdict === undefined || standing >= GAP) return null;
  return { gap: false, verdict, maintenance: (standing & MAINTENANCE) !== 0, cause, statusCode: statusCode === 0 ? null : statusCode, validForTicks };
}

const isHour = (packed: Uint8Array): boolean => packed.length > HEAD_LENGTH && packed[0] === VERSION;

/** An hour without marks. @param carried what held when it began */
export function emptyHour(hour: number, carried: Standing): Uint8Array {
  const head = new Uint8Array(HEAD_LENGTH);
  head[0] = VERSION;
  putUint32(head, HOUR_AT, hour);
  const writer = new ByteWriter();
  const isKnown = carried.verdict !== 'unknown' && carried.untilTick > 0;
  return (isKnown ? writer.byte(standingByte(carried.verdict, carried.maintenance)).varint(carried.untilTick) : writer.byte(0)).done(head);
}

/** The end of an hour: where the next mark is to be appended. */
export interface HourEnd {
  readonly hour: number;
  /** Of the last mark; 0 where there is none. */
  readonly tick: number;
  /** What holds from there on. */
  readonly standing: Standing;
  /** Of the last mark; null where there is none. */
  readonly last: PlacedHeader | null;
  /** The one that was in force before that. */
  readonly other: PlacedHeader | null;
}

/** A header and where it stands. */
interface PlacedHeader {
  readonly offset: number;
  readonly header: Header;
}

/** Reads the end alone. @returns null of what is no packed hour, such as the empty bytes of a new watch */
export function endOfHour(packed: Uint8Array): HourEnd | null {
  if (!isHour(packed)) return null;
  const hour = uint32At(packed, HOUR_AT);
  const tick = uint16At(packed, TICK_AT);
  const lastOffset = uint16At(packed, LAST_AT);
  const last = headerAt(packed, lastOffset);
  if (tick >= HOUR_TICKS || (last === null && lastOffset > 0)) return null;
  if (last === null) return { hour, tick: 0, standing: readCarried(new ByteReader(packed, HEAD_LENGTH)), last, other: null };
  const { verdict, maintenance, validForTicks } = last.header;
  return { hour, tick, standing: { verdict, maintenance, untilTick: tick + validForTicks }, last, other: headerAt(packed, uint16At(packed, OTHER_AT)) };
}

function headerAt(packed: Uint8Array, offset: number): PlacedHeader | null {
  const header = offset === 0 ? null : readHeader(new ByteReader(packed, offset));
  return header === null ? null : { offset, header };
}

function readCarried(reader: ByteReader): Standing {
  const byte = reader.byte();
  const verdict = VERDICTS[byte & VERDICT_BITS] ?? 'unknown';
  return verdict === 'unknown' ? NOTHING_KNOWN : { verdict, maintenance: (byte & MAINTENANCE) !== 0, untilTick: reader.varint() };
}

/** Adds a mark. @param end of `packed`; @param tick not before it, and within the hour; @param latencyCode of no account for a gap */
export function appendMark(packed: Uint8Array, end: HourEnd, tick: number, header: Header, latencyCode: number): Uint8Array {
  const isAgain = (placed: PlacedHeader | null): placed is PlacedHeader => placed !== null && isEqual(placed.header, header);
  const kind = isAgain(end.last) ? SAME : isAgain(end.other) ? OTHER : NEW;
  const writer = new ByteWriter().varint(STEP * (tick - end.tick) + kind);
  const offset = kind === OTHER ? (end.other?.offset ?? 0) : packed.length + writer.length;
  if (kind === NEW) writeHeader(writer, header);
  if (!header.gap) writer.byte(latencyCode);
  const longer = writer.done(packed);
  if (kind !== SAME) {
    putUint16(longer, OTHER_AT, end.last?.offset ?? 0);
    putUint16(longer, LAST_AT, offset);
  }
  putUint16(longer, TICK_AT, tick);
  return longer;
}

const isEqual = (a: Header, b: Header): boolean =>
  a.gap === b.gap && a.verdict === b.verdict && a.maintenance === b.maintenance && a.cause === b.cause && a.statusCode === b.statusCode && a.validForTicks === b.validForTicks;

/** Goes through an hour mark by mark. Before the first `next` it stands at the hour's beginning, with what was carried over. */
export class HourReader {
  readonly hour: number;
  tick = 0;
  /** What holds from `tick` on. */
  verdict: Verdict;
  maintenance: boolean;
  untilTick: number;
  /** Of the mark; null at the hour's beginning. */
  header: Header | null = null;
  /** 0 for a gap. */
  latencyCode = 0;
  readonly #reader: ByteReader;
  /** In force before `header`. */
  #other: Header | null = null;

  private constructor(packed: Uint8Array) {
    this.hour = uint32At(packed, HOUR_AT);
    this.#reader = new ByteReader(packed, HEAD_LENGTH);
    ({ verdict: this.verdict, maintenance: this.maintenance, untilTick: this.untilTick } = readCarried(this.#reader));
  }

  /** Null of what is no packed hour. */
  static open(packed: Uint8Array): HourReader | null {
    return isHour(packed) ? new HourReader(packed) : null;
  }

  /** Moves to the next mark; false at the end. */
  next(): boolean {
    const reader = this.#reader;
    if (reader.ended) return false;
    const step = reader.varint();
    const kind = step % STEP;
    const tick = this.tick + Math.floor(step / STEP);
    const header = kind === SAME ? this.header : kind === OTHER ? this.#other : kind === NEW ? readHeader(reader) : null;
    if (header === null || tick >= HOUR_TICKS) return this.#stop();
    const latencyCode = header.gap ? 0 : reader.byte();
    if (!reader.ok) return false;
    if (kind !== SAME) this.#put(header);
    this.tick = tick;
    this.untilTick = tick + header.validForTicks;
    this.latencyCode = latencyCode;
    return true;
  }

  #put(header: Header): void {
    this.#other = this.header;
    this.header = header;
    this.verdict = header.verdict;
    this.maintenance = header.maintenance;
  }

  #stop(): false {
    this.#reader.ok = false;
    return false;
  }
}
