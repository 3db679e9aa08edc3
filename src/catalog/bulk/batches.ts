import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';

/** Something that items are put into. */
export interface Batch<T> {
  /** @returns whether there is room for more */
  put(item: T): boolean;
}

/**
 * Puts what comes into batches. One that is not full goes out when nothing more comes for a while: whoever sends a line now and then
 * hears of each.
 */
export async function* inBatches<T, B extends Batch<T>>(items: AsyncIterable<T>, newBatch: () => B, idleMs: number): AsyncGenerator<B> {
  const iterator = items[Symbol.asyncIterator]();
  let batch: B | null = null;
  let next = iterator.next();
  try {
    for (;;) {
      const found = batch === null ? await next : await withinIdle(next, idleMs);
      if (found !== null && found.done !== true) {
        batch ??= newBatch();
        const hasRoom = batch.put(found.value);
        next = iterator.next();
        if (hasRoom) continue;
      }
      if (batch !== null) yield batch;
      if (found?.done === true) return;
      batch = null;
    }
  } finally {
    // Whoever stops early leaves an item behind that nobody waits for.
    next.catch(() => undefined);
    await iterator.return?.();
  }
}

/** `null`: it did not come in time, and is still to come. */
async function withinIdle<T>(next: Promise<T>, idleMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), idleMs);
  });
  try {
    return await Promise.race([next, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What `work` makes of each item, one after the other; while it is at one, the next one is fetched. An outcome is told as soon as it is
 * there, also when the next item lets itself be waited for. What was begun is finished, whoever stops listening and whatever fails.
 */
export async function* oneAhead<T, R>(items: AsyncIterable<T>, work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const iterator = items[Symbol.asyncIterator]();
  let next = iterator.next();
  let working: Promise<R> | null = null;
  try {
    for (;;) {
      const come = working === null ? await next : await Promise.race([next, working.then(() => null)]);
      const outcome: { readonly value: R } | null = working === null ? null : { value: await working };
      working = null;
      if (come !== null && come.done !== true) {
        working = work(come.value);
        next = iterator.next();
      }
      if (outcome !== null) yield outcome.value;
      if (come?.done === true) return;
    }
  } finally {
    next.catch(() => undefined);
    await working?.catch(() => undefined);
    await iterator.return?.();
  }
}

/** Passes on what comes, and lets everything else have its turn whenever this has taken as much time as one query may. */
export async function* yielding<T>(items: AsyncIterable<T>, clock: Pick<Clock, 'monotonicMs'>): AsyncGenerator<T> {
  let startedMs = clock.monotonicMs();
  for await (const item of items) {
    yield item;
    if (clock.monotonicMs() - startedMs < limits.mainSliceMs) continue;
    await nextTurn();
    startedMs = clock.monotonicMs();
  }
}
