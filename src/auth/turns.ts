import { AppError } from '../core/errors.ts';

/** Lets a few pieces of work run at once, and others wait for their turn in the order in which they came. */
export interface Turns {
  /** @throws {AppError} `OVERLOADED` when too many wait already */
  take<T>(work: () => Promise<T>): Promise<T>;
}

export function createTurns(atOnceMax: number, waitingMax: number): Turns {
  let running = 0;
  const waiting: (() => void)[] = [];
  return {
    async take(work) {
      if (running < atOnceMax) running += 1;
      else if (waiting.length >= waitingMax) throw new AppError('OVERLOADED', undefined, { retryAfterS: 1 });
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        // The turn goes straight to whoever waits longest, so that nobody who comes between can take it.
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
