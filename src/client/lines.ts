import { limits } from '../core/limits.ts';
import { ClientError } from './errors.ts';

/**
 * The values of a stream of JSON lines, one line in memory at a time.
 * @param patient waits for the next chunk
 * @see https://github.com/ndjson/ndjson-spec
 */
export async function* linesOf(response: Response, serviceUrl: string, patient: <T>(chunk: Promise<T>) => Promise<T>): AsyncGenerator<unknown, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunksOf(response.body, patient)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > limits.clientLineLengthMax) throw new ClientError('NOT_PORTOLAN', `${serviceUrl} sends an endless line, so it is not Portolan.`);
    for (const line of lines) yield valueOf(line, serviceUrl);
  }
  if (rest !== '') yield valueOf(rest, serviceUrl);
}

/** What comes, chunk by chunk. @param patient waits for the next one */
export async function* chunksOf(body: Response['body'], patient: <T>(chunk: Promise<T>) => Promise<T>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body?.getReader();
  for (let read = await patient(Promise.resolve(reader?.read())); read?.done === false; read = await patient(Promise.resolve(reader?.read()))) yield read.value;
}

function valueOf(line: string, serviceUrl: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new ClientError('NOT_PORTOLAN', `${serviceUrl} sends lines that are no JSON.`);
  }
}
