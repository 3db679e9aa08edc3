import { limits } from '../core/limits.ts';
import { causeTable } from './cause.ts';
import { ProbeFailure } from './failure.ts';
import { knownHeader, valuesOf, type HeaderName, type Headers } from './headers.ts';
import type { Answer } from './judge-answer.ts';

/** Whether an answer can be judged only by its body. */
export type NeedsBody = (status: number, headers: Headers) => boolean;

/** Is told the head before the body comes, which may never end. */
export interface HeadWitness {
  status: number | null;
  reasonPhrase: string;
}

type MutableHeaders = { -readonly [Name in keyof Headers]: Headers[Name] };

/** What comes next: a line, that many bytes of the body, or bytes of the body until the connection ends. */
type Expected = 'status' | 'header' | 'chunk size' | 'chunk end' | 'counted' | 'until end';

const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: (.*))?$/s;
const STATUS_LINE_BEGINNING = 'HTTP/1.';
/** RFC 9110 section 5.1: a token. White space before the colon, and lines that go on in the next, are no longer allowed. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const CHUNK_SIZE_LINE = /^([0-9a-f]{1,8})[ \t]*(?:;|$)/i;
const LF = 10;
const NOTHING = Buffer.alloc(0);

const violation = (message: string): ProbeFailure => new ProbeFailure('protocol', message);
const NOT_HTTP = 'What answers does not speak HTTP.';

/**
 * Reads one answer of HTTP/1.1 as it arrives, and no more of it than is needed. Does no I/O.
 * @see https://www.rfc-editor.org/rfc/rfc9112
 */
export class AnswerReader {
  readonly #needsBody: NeedsBody;
  readonly #witness: HeadWitness;
  #expected: Expected = 'status';
  /** What arrived last, and how far it has been read. */
  #bytes: Buffer = NOTHING;
  #at = 0;
  /** The beginning of a line whose end has not come. */
  #begun = '';
  #received = 0;
  #headerBytes = 0;
  #interimAnswers = 0;
  #status = 0;
  #reasonPhrase = '';
  #headers: MutableHeaders = {};
  #isChunked = false;
  /** Bytes of the body, or of its current chunk, that are still to come. */
  #left = 0;
  readonly #body: Buffer[] = [];
  #bodyBytes = 0;

  constructor(needsBody: NeedsBody, witness: HeadWitness) {
    this.#needsBody = needsBody;
    this.#witness = witness;
  }

  /**
   * @returns the answer, once enough of it has come; null before
   * @throws {ProbeFailure} `protocol` or `too_large`
   */
  push(chunk: Buffer): Answer | null {
    this.#bytes = chunk;
    this.#at = 0;
    while (this.#at < chunk.length) {
      const answer = this.#read();
      if (answer !== null) return answer;
    }
    this.#received += chunk.length;
    if (this.#received > limits.probeAnswerBytesMax) throw new ProbeFailure('too_large', `The answer is longer than ${limits.probeAnswerBytesMax} bytes.`);
    return null;
  }

  /**
   * The server has ended the connection.
   * @throws {ProbeFailure} `reset` when that was too early
   */
  end(): Answer {
    if (this.#expected === 'until end') return this.#answer(this.#wholeBody());
    throw new ProbeFailure('reset', causeTable.reset.meaning);
  }

  #read(): Answer | null {
    switch (this.#expected) {
      case 'status':
        return this.#readStatus();
      case 'header':
        return this.#readHeader();
      case 'chunk size':
        return this.#readChunkSize();
      case 'chunk end':
        return this.#readChunkEnd();
      case 'counted':
      case 'until end':
        return this.#readBody();
    }
  }

  #answer(body: Buffer | null, truncated = false): Answer {
    return { status: this.#status, headers: this.#headers, body, truncated };
  }

  #wholeBody(): Buffer {
    return this.#body.length === 1 ? (this.#body[0] ?? NOTHING) : Buffer.concat(this.#body);
  }

  /** The next line without its end, or null when that has not come. Looks at no byte twice, however small the pieces are. */
  #nextLine(): string | null {
    const end = this.#bytes.indexOf(LF, this.#at);
    const piece = this.#bytes.toString('latin1', this.#at, end === -1 ? this.#bytes.length : end);
    const line = this.#begun === '' ? piece : this.#begun + piece;
    if (end === -1) {
      this.#at = this.#bytes.length;
      this.#begun = line;
      return null;
    }
    this.#at = end + 1;
    this.#begun = '';
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }

  #readStatus(): null {
    const wasShort = this.#begun.length < STATUS_LINE_BEGINNING.length;
    const line = this.#nextLine();
    if (line === null) {
      if (wasShort && !beginAlike(this.#begun, STATUS_LINE_BEGINNING)) throw violation(NOT_HTTP);
      return null;
    }
    const match = STATUS_LINE.exec(line);
    if (match === null) throw violation(NOT_HTTP);
    this.#status = Number(match[1]);
    this.#reasonPhrase = match[2] ?? '';
    this.#headers = {};
    this.#expected = 'header';
    return null;
  }

  #readHeader(): Answer | null {
    const line = this.#nextLine();
    const length = line === null ? this.#begun.length : line.length;
    if (this.#headerBytes + length > limits.probeHeaderBytesMax) throw violation(`The headers of the answer are longer than ${limits.probeHeaderBytesMax} bytes.`);
    if (line === null) return null;
    if (line === '') return this.#status < 200 ? this.#skipInterimAnswer() : this.#beginBody();
    this.#headerBytes += length;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    if (!HEADER_NAME.test(name)) throw violation('The answer has a header line that is none.');
    const known = knownHeader(name);
    if (known !== undefined) addHeader(this.#headers, known, line.slice(colon + 1).trim());
    return null;
  }

  #skipInterimAnswer(): null {
    if (this.#status === 101) throw violation('The server changes to another protocol unasked.');
    this.#interimAnswers += 1;
    if (this.#interimAnswers > limits.probeInterimAnswersMax) throw violation('The server sends one interim answer after another.');
    this.#expected = 'status';
    return null;
  }

  #beginBody(): Answer | null {
    this.#witness.status = this.#status;
    this.#witness.reasonPhrase = this.#reasonPhrase;
    if (!this.#needsBody(this.#status, this.#headers)) return this.#answer(null);
    const length = contentLengthOf(this.#headers);
    this.#isChunked = isChunkedLast(this.#headers);
    this.#left = length ?? 0;
    if (this.#isChunked) this.#expected = 'chunk size';
    else this.#expected = length === null || this.#headers['transfer-encoding'] !== undefined ? 'until end' : 'counted';
    return this.#expected === 'counted' && length === 0 ? this.#answer(this.#wholeBody()) : null;
  }

  #readChunkSize(): Answer | null {
    const line = this.#nextLine();
    if (line === null) return null;
    const [, size] = CHUNK_SIZE_LINE.exec(line) ?? [];
    if (size === undefined) throw violation('The answer comes in chunks, but one has no size.');
    this.#left = parseInt(size, 16);
    this.#expected = 'counted';
    // What may follow, trailers, is of no use here.
    return this.#left === 0 ? this.#answer(this.#wholeBody()) : null;
  }

  #readChunkEnd(): null {
    const line = this.#nextLine();
    if (line === null) return null;
    if (line !== '') throw violation('A chunk of the answer is longer than it says.');
    this.#expected = 'chunk size';
    return null;
  }

  #readBody(): Answer | null {
    const end = this.#expected === 'counted' ? Math.min(this.#bytes.length, this.#at + this.#left) : this.#bytes.length;
    const piece = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    this.#left -= piece.length;
    this.#body.push(piece);
    this.#bodyBytes += piece.length;
    if (this.#bodyBytes > limits.probeBodyBytesMax) return this.#answer(this.#wholeBody().subarray(0, limits.probeBodyBytesMax), true);
    if (this.#expected !== 'counted' || this.#left > 0) return null;
    if (!this.#isChunked) return this.#answer(this.#wholeBody());
    this.#expected = 'chunk end';
    return null;
  }
}

/** Whether one begins with the other. */
const beginAlike = (a: string, b: string): boolean => a.startsWith(b) || b.startsWith(a);

function addHeader(headers: MutableHeaders, name: HeaderName, value: string): void {
  const before = headers[name];
  headers[name] = before === undefined ? value : [before, value].flat();
}

/** Null where it is not given. @throws {ProbeFailure} `protocol` when it is not one number */
function contentLengthOf(headers: Headers): number | null {
  const values = new Set(valuesOf(headers, 'content-length'));
  const [length] = values;
  if (length === undefined) return null;
  if (values.size > 1 || !/^\d{1,15}$/.test(length)) throw violation('The answer does not say clearly how long it is.');
  return Number(length);
}

function isChunkedLast(headers: Headers): boolean {
  return /(?:^|,)[ \t]*chunked$/i.test(valuesOf(headers, 'transfer-encoding').join(','));
}
