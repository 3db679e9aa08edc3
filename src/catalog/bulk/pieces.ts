import { isUtf8 } from 'node:buffer';

/** One record's text out of a stream of many, or what is wrong with it. Lines, and the elements of an array, count from 1. */
export type Piece = { readonly line: number } & ({ readonly text: string } | { readonly fault: 'too_long' | 'not_utf8' | 'not_an_array' | 'cut_off' });

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const OPENING = new Set([OPENING_BRACKET, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);
/** Before an array: blanks, and the bytes of a byte order mark. */
const BLANK = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);

/** Gathers the bytes of one piece, and of one that is too long only that it is. */
class Gathering {
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes <= this.#bytesMax) this.#parts.push(part);
    else this.#parts = [];
  }

  /** @returns null for a piece of blanks alone */
  end(line: number): Piece | null {
    const bytes = this.#bytes;
    const parts = this.#parts;
    this.#parts = [];
    this.#bytes = 0;
    if (bytes > this.#bytesMax) return { line, fault: 'too_long' };
    const whole = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    if (!isUtf8(whole)) return { line, fault: 'not_utf8' };
    // Also takes away a byte order mark.
    const text = whole.toString('utf8').trim();
    return text === '' ? null : { line, text };
  }
}

/**
 * Splits NDJSON into its lines, empty ones left out. Memory is bounded by the chunk and by `bytesMax`, however long a line is.
 * @see https://github.com/ndjson/ndjson-spec
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Piece> {
  const gathering = new Gathering(bytesMax);
  let line = 1;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      gathering.add(chunk.subarray(start, end));
      const piece = gathering.end(line++);
      if (piece !== null) yield piece;
      start = end + 1;
    }
    gathering.add(chunk.subarray(start));
  }
  const last = gathering.end(line);
  if (last !== null) yield last;
}

/**
 * Splits the text of a JSON array into the texts of its elements, without reading it whole. Only as much of the grammar is looked at as
 * parts elements from each other: whoever parses them finds what else is wrong.
 */
export async function* elementsOf(chunks: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Piece> {
  const splitter = new ArraySplitter(bytesMax);
  for await (const chunk of chunks) {
    yield* splitter.take(chunk);
    if (splitter.isOver) return;
  }
  yield { line: splitter.line, fault: splitter.hasBegun ? 'cut_off' : 'not_an_array' };
}

class ArraySplitter {
  readonly #gathering: Gathering;
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  /** Of the element that is being read. */
  line = 1;
  hasBegun = false;
  /** The array has ended, or was none. */
  isOver = false;

  constructor(bytesMax: number) {
    this.#gathering = new Gathering(bytesMax);
  }

  *take(chunk: Buffer): Generator<Piece> {
    let start = this.hasBegun ? 0 : this.#begin(chunk);
    if (!this.hasBegun) return;
    if (this.isOver) {
      yield { line: 1, fault: 'not_an_array' };
      return;
    }
    for (let at = start; at < chunk.length; at++) {
      const ended = this.#endedBy(chunk[at] ?? 0);
      if (ended === null) continue;
      this.#gathering.add(chunk.subarray(start, at));
      const piece = this.#gathering.end(this.line++);
      this.isOver = ended === 'array';
      if (piece !== null) yield piece;
      if (ended === 'array') return;
      start = at + 1;
    }
    this.#gathering.add(chunk.subarray(start));
  }

  /** @returns where the first element begins, if the array does */
  #begin(chunk: Buffer): number {
    const at = chunk.findIndex((byte) => !BLANK.has(byte));
    if (at < 0) return 0;
    this.hasBegun = true;
    this.#depth = 1;
    this.isOver = chunk[at] !== OPENING_BRACKET;
    return at + 1;
  }

  /** What this byte ends: an element, as the comma after it does, or the whole array. */
  #endedBy(byte: number): 'element' | 'array' | null {
    if (this.#inString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return null;
    }
    if (byte === QUOTE) this.#inString = true;
    else if (OPENING.has(byte)) this.#depth++;
    else if (CLOSING.has(byte)) this.#depth--;
    if (this.#depth === 0) return 'array';
    return byte === COMMA && this.#depth === 1 ? 'element' : null;
  }
}
