import { limits } from '../../../src/core/limits.ts';
import { AnswerReader } from '../../../src/health/answer-reader.ts';
import { ProbeFailure } from '../../../src/health/failure.ts';
import { needsBody } from '../../../src/health/judge-answer.ts';
import { randomSource } from '../../support/random.ts';

interface Outcome {
  readonly head: readonly [number, string] | null;
  readonly status?: number;
  readonly headers?: object;
  readonly body?: string | null;
  readonly truncated?: boolean;
  readonly cause?: string;
  readonly message?: string;
}

/** What comes of an answer that arrives in these pieces, and then ends if it has to. */
function outcomeOf(pieces: readonly Buffer[]): Outcome {
  const witness: { status: number | null; reasonPhrase: string } = { status: null, reasonPhrase: '' };
  const reader = new AnswerReader(needsBody, witness);
  const head = (): Outcome['head'] => (witness.status === null ? null : [witness.status, witness.reasonPhrase]);
  try {
    for (const piece of pieces) {
      const answer = reader.push(piece);
      if (answer !== null) return { head: head(), status: answer.status, headers: { ...answer.headers }, body: answer.body?.toString('latin1') ?? null, truncated: answer.truncated };
    }
    const { status, headers, body, truncated } = reader.end();
    return { head: head(), status, headers: { ...headers }, body: body?.toString('latin1') ?? null, truncated };
  } catch (error) {
    if (!(error instanceof ProbeFailure)) throw error;
    return { head: head(), cause: error.outcome, message: error.message };
  }
}

const whole = (text: string): Outcome => outcomeOf([Buffer.from(text, 'latin1')]);
const bytewise = (text: string): Outcome => outcomeOf([...Buffer.from(text, 'latin1')].map((byte) => Buffer.from([byte])));

const good: readonly (readonly [string, string, Partial<Outcome>])[] = [
  ['a body of a given length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}', { status: 200, body: '{}', headers: { 'content-length': '2' } }],
  ['no more than that length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 500 No', { status: 200, body: '{}' }],
  ['an empty body', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', { status: 200, body: '' }],
  ['the same length twice', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}', { body: '{}' }],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;a=b\r\n}\r\n0\r\n\r\n', { body: '{}' }],
  ['chunks with sizes in capitals, and trailers', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\nA\r\n0123456789\r\n00\r\nX: y\r\n\r\n', { body: '0123456789' }],
  ['chunks that a length contradicts', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n', { body: '{}' }],
  ['a body up to the end of the connection', 'HTTP/1.0 200 OK\r\n\r\n{}', { body: '{}' }],
  ['a coding that is not chunked, up to the end', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\n{}', { body: '{}' }],
  ['bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 2\n\n{}', { body: '{}' }],
  ['no reason phrase', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', { head: [200, ''] }],
  ['interim answers before', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}', { head: [200, 'OK'], body: '{}', headers: { 'content-length': '2' } }],
  ['a body that is not needed', 'HTTP/1.1 503 Busy\r\nContent-Length: 99\r\n\r\n', { head: [503, 'Busy'], status: 503, body: null }],
  ['headers in any spelling, repeated, with white space around', 'HTTP/1.1 401 No\r\nWWW-Authenticate: \t Basic \r\nwww-authenticate:Bearer\r\nWww-authenticate: x\r\nServer:\r\n\r\n', { headers: { 'www-authenticate': ['Basic', 'Bearer', 'x'], server: '' } }],
  ['bytes beyond ASCII', 'HTTP/1.1 404 gel\u00f6scht\r\nServer: \u00e9\r\n\r\n', { head: [404, 'gel\u00f6scht'], headers: { server: '\u00e9' } }],
  ['none of the headers that nobody asks for', 'HTTP/1.1 404 No\r\nconstructor: a\r\n__proto__: b\r\nSet-Cookie: c\r\n\r\n', { status: 404, headers: {} }],
];

const bad: readonly (readonly [string, string, string])[] = [
  ['another protocol', '220 mail.example ESMTP\r\n', 'protocol'],
  ['another protocol that sends no line', '\u0015\u0003\u0003\u0000\u0002\u0002F', 'protocol'],
  ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n', 'protocol'],
  ['HTTP/2 frames', '\u0000\u0000\u0012\u0004\u0000', 'protocol'],
  ['another version', 'HTTP/2.0 200 OK\r\n\r\n', 'protocol'],
  ['no status', 'HTTP/1.1 OK\r\n\r\n', 'protocol'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n', 'protocol'],
  ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n', 'protocol'],
  ['a header without colon', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n', 'protocol'],
  ['a header with white space before its colon', 'HTTP/1.1 200 OK\r\nX : y\r\n\r\n', 'protocol'],
  ['a header that goes on in the next line', 'HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n', 'protocol'],
  ['a header without name', 'HTTP/1.1 200 OK\r\n: y\r\n\r\n', 'protocol'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}', 'protocol'],
  ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}', 'protocol'],
  ['lengths in a list', 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}', 'protocol'],
  ['a chunk without size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n', 'protocol'],
  ['a chunk whose size has too many digits', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n000000001\r\n', 'protocol'],
  ['a chunk longer than it says', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n', 'protocol'],
  ['a change of protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n', 'protocol'],
  ['too many interim answers', 'HTTP/1.1 103 Early\r\n\r\n'.repeat(limits.probeInterimAnswersMax + 1), 'protocol'],
  ['nothing', '', 'reset'],
  ['half a status line', 'HTTP/1.1 20', 'reset'],
  ['half a header', 'HTTP/1.1 200 OK\r\nContent-', 'reset'],
  ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}', 'reset'],
  ['half a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}', 'reset'],
  ['chunks without an end', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n', 'reset'],
  ['an interim answer alone', 'HTTP/1.1 100 Continue\r\n\r\n', 'reset'],
];

describe('answer reader', () => {
  it.each(good)('reads %s, in one piece and byte by byte', (_name, text, expected) => {
    expect(whole(text)).toMatchObject(expected);
    if (expected.headers !== undefined) expect(whole(text).headers).toEqual(expected.headers);
    expect(bytewise(text)).toEqual(whole(text));
  });

  it.each(bad)('abuse 10: refuses %s, in one piece and byte by byte', (_name, text, cause) => {
    expect(whole(text)).toMatchObject({ cause, message: expect.stringMatching(/^[A-Z].*\.$/) });
    expect(bytewise(text)).toEqual(whole(text));
  });

  it('gives the same outcome however an answer is cut', () => {
    const random = randomSource(7);
    for (const [, text] of [...good, ...bad]) {
      const bytes = Buffer.from(text, 'latin1');
      for (let round = 0; round < 20; round += 1) {
        const cuts = Array.from({ length: 3 }, () => random.int(bytes.length + 1)).sort((a, b) => a - b);
        const pieces = [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length)).filter(({ length }) => length > 0);
        expect([text, outcomeOf(pieces)]).toEqual([text, whole(text)]);
      }
    }
  });

  it('abuse 10: survives whatever bytes come', () => {
    const random = randomSource(11);
    const words = ['HTTP/1.1 200 OK\r\n', '\r\n', 'Content-Length: 5', 'Transfer-Encoding: chunked', ': ', 'a', '\u0000', '5;x', '\n', 'ffffffff\r\n', 'X: y\r\n'];
    for (let round = 0; round < 2_000; round += 1) {
      const text = (round % 2 === 0 ? 'HTTP/1.1 200 OK\r\n' : '') + Array.from({ length: 12 }, () => random.pick(words)).join('');
      expect(['protocol', 'reset', undefined]).toContain(whole(text).cause);
    }
  });

  it('abuse 10: takes headers of just the size that is allowed, and no more', () => {
    const line = (length: number): string => `X: ${'a'.repeat(length - 3)}\r\n`;
    const half = limits.probeHeaderBytesMax / 2;
    expect(whole(`HTTP/1.1 404 No\r\n${line(half)}${line(half)}\r\n`)).toMatchObject({ status: 404 });
    for (const text of [`${line(half)}${line(half + 1)}`, `X: ${'a'.repeat(limits.probeHeaderBytesMax)}`]) {
      expect(whole(`HTTP/1.1 404 No\r\n${text}`)).toMatchObject({ cause: 'protocol', message: expect.stringContaining(String(limits.probeHeaderBytesMax)) });
    }
  });

  it('abuse 10: stops at a status line, a chunk’s extension or a body without end', () => {
    const piece = Buffer.alloc(1024, 'a');
    const pieces = Array.from({ length: 200 }, () => piece);
    expect(outcomeOf([Buffer.from('HTTP/1.1 200 '), ...pieces])).toMatchObject({ cause: 'too_large', head: null });
    expect(outcomeOf([Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;'), ...pieces])).toMatchObject({ cause: 'too_large' });
    const body = outcomeOf([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), ...pieces]);
    expect(body).toMatchObject({ truncated: true, status: 200 });
    expect(body.body).toHaveLength(limits.probeBodyBytesMax);
  });

  it('abuse 10: takes time in proportion to an answer that comes byte by byte', () => {
    const text = `HTTP/1.1 404 ${'a'.repeat(limits.probeAnswerBytesMax - 100)}`;
    const startMs = performance.now();
    expect(bytewise(text)).toMatchObject({ cause: 'reset' });
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });

  it.each([' ', '\t', ':', ': ', 'a '])('abuse 10: takes time in proportion to a header of repeated %j', (part) => {
    const startMs = performance.now();
    expect(whole(`HTTP/1.1 404 No\r\nX: a${part.repeat((limits.probeHeaderBytesMax - 10) / part.length)}b\r\n\r\n`)).toMatchObject({ status: 404 });
    expect(performance.now() - startMs).toBeLessThan(500);
  });
});
