import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../core/limits.ts';
import { JSON_TYPE, success, type Answer } from './answer.ts';

/** The same chunks, of which the first has come: what cannot begin is answered by an error, and not by a connection that breaks off. */
export async function begun<T>(chunks: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  return (async function* () {
    try {
      for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  })();
}

/**
 * An answer that may take minutes to make. What fails soon is an error as ever; later, the connection is cut.
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-2 : blanks may come before a value
 */
export async function inTime(data: Promise<unknown>): Promise<Answer> {
  const waiting = new AbortController();
  const late = delay(limits.answerSignOfLifeMs, 'late' as const, { signal: waiting.signal }).catch(() => 'late' as const);
  const answer = data.then((made) => success(made));
  const first = await Promise.race([answer, late]).finally(() => waiting.abort());
  return first === 'late' ? { status: 200, contentType: JSON_TYPE, body: withSignsOfLife(answer.then(({ body }) => body)) } : first;
}

async function* withSignsOfLife(body: Promise<string>): AsyncGenerator<string> {
  for (;;) {
    yield ' ';
    const waiting = new AbortController();
    const late = delay(limits.answerSignOfLifeMs, null, { signal: waiting.signal }).catch(() => null);
    const made = await Promise.race([body, late]).finally(() => waiting.abort());
    if (made === null) continue;
    yield made;
    return;
  }
}

/**
 * Fetches chunks before they are asked for, so long as those that wait are not too long together: many clients read nothing of an answer
 * until they have sent all of their request.
 */
export async function* ahead(chunks: AsyncIterable<string>, textMax: number): AsyncGenerator<string> {
  let waiting = '';
  let end: { readonly error: unknown } | 'well' | null = null;
  const stopping = new AbortController();
  const isStopped = (): boolean => stopping.signal.aborted;
  let wake = (): void => undefined;
  const changed = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  const fetching = (async () => {
    for await (const chunk of chunks) {
      waiting += chunk;
      wake();
      while (waiting.length > textMax && !isStopped()) await changed();
      if (isStopped()) return;
    }
  })().then(
    () => (end = 'well'),
    (error: unknown) => (end = { error }),
  );
  void fetching.then(() => wake());
  const ending = (): typeof end => end;
  try {
    for (;;) {
      if (waiting !== '') {
        const text = waiting;
        waiting = '';
        wake();
        yield text;
        continue;
      }
      const ended = ending();
      if (ended === 'well') return;
      if (ended !== null) throw ended.error;
      await changed();
    }
  } finally {
    stopping.abort();
    wake();
    await fetching;
  }
}
