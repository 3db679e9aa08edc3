import { limits } from '../core/limits.ts';
import type { Terminal } from './terminal.ts';

/** Writes many lines at once. What came before a failure is shown, too. */
export async function print(texts: AsyncIterable<string>, terminal: Pick<Terminal, 'out'>): Promise<void> {
  let waiting = '';
  try {
    for await (const text of texts) {
      waiting += text;
      if (waiting.length < limits.streamChunkLength) continue;
      const chunk = waiting;
      waiting = '';
      await terminal.out(chunk);
    }
  } finally {
    await terminal.out(waiting);
  }
}
