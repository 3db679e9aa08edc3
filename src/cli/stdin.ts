import { limits } from '../core/limits.ts';
import { UsageError } from './failure.ts';

/** All of a stream, as text. @throws {UsageError} for more than a secret can be */
export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limits.secretInputBytesMax) throw new UsageError(`Standard input holds more than ${limits.secretInputBytesMax / 1024} KiB, which is no password or token.`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
