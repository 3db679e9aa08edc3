import type { AuditEntry } from '../../../core/audit.ts';
import type { NewRecord } from '../../port.ts';
import type { ThreadFault } from '../thread-fault.ts';

/** What the bulk thread is started with. */
export interface BulkThreadData {
  readonly file: string;
}

/** One of the new records, with what the audit is told of it. */
export interface Insertion {
  readonly record: NewRecord;
  readonly audit?: AuditEntry | undefined;
}

/** Records to be inserted in one transaction: JSON texts of `Insertion`s in UTF-8, and where each begins and ends. */
export interface BulkRequest {
  readonly texts: Uint8Array;
  readonly spans: readonly (readonly [start: number, end: number])[];
}

export type BulkOutcome = 'inserted' | 'exists';

export type BulkReply = { readonly outcomes: readonly BulkOutcome[] } | { readonly fault: ThreadFault };

/** Grows as needed: some hundred records of the usual size are a mebibyte. */
const TEXTS_BYTES_MIN = 64 * 1024;
/** Bytes of UTF-8 that one unit of UTF-16 can become. */
const BYTES_OF_UNIT_MAX = 3;

/** Encodes insertions one by one, each into the same memory outside JavaScript's heap. */
export class InsertionTexts {
  #texts: Buffer<ArrayBuffer> = Buffer.from(new ArrayBuffer(0));
  #end = 0;
  readonly #spans: [number, number][] = [];

  add(insertion: Insertion): void {
    const text = JSON.stringify(insertion);
    const endMax = this.#end + text.length * BYTES_OF_UNIT_MAX;
    if (endMax > this.#texts.length) this.#texts = Buffer.from(this.#texts.buffer.transfer(Math.max(endMax, 2 * this.#texts.length, TEXTS_BYTES_MIN)));
    const start = this.#end;
    this.#end += this.#texts.write(text, start, 'utf8');
    this.#spans.push([start, this.#end]);
  }

  requestOf(positions: readonly number[]): BulkRequest {
    return { texts: this.#texts, spans: positions.map((position) => this.#spans[position] ?? [0, 0]) };
  }
}

export function* insertionsIn({ texts, spans }: BulkRequest): Generator<Insertion> {
  const bytes = Buffer.from(texts.buffer, texts.byteOffset, texts.byteLength);
  for (const [start, end] of spans) yield JSON.parse(bytes.toString('utf8', start, end)) as Insertion;
}

/** Gives the memory back at once: to the garbage collector it is one small object. */
export function release({ texts }: BulkRequest): void {
  if (texts.buffer instanceof ArrayBuffer) texts.buffer.transfer(0);
}
