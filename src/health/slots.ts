import { AppError } from '../core/errors.ts';
import { abortReason } from '../outgoing/abort.ts';

export interface Slots {
  /**
   * Waits for a free slot, in order of arrival, and holds it while `work` runs.
   * @throws {AppError} `OVERLOADED` when too many wait already; the signal's reason when it aborts before the turn comes
   */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/** Lets `slotsMax` pieces of work run at once and `waitingMax` wait. */
export function createSlots(slotsMax: number, waitingMax: number, retryAfterS: number): Slots {
  let taken = 0;
  const waiting = new Set<() => void>();

  function waitForTurn(signal: AbortSignal): Promise<void> {
    if (waiting.size >= waitingMax) {
      throw new AppError('OVERLOADED', `${taken} probes are running and ${waiting.size} are waiting. Try again in ${retryAfterS} seconds.`, { retryAfterS });
    }
    return new Promise((resolve, reject) => {
      const start = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        waiting.delete(start);
        reject(abortReason(signal));
      };
      waiting.add(start);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** A slot goes straight to whoever waits longest, so that nobody who comes between can take it. */
  function release(): void {
    const [next] = waiting;
    if (next === undefined) taken -= 1;
    else {
      waiting.delete(next);
      next();
    }
  }

  return {
    async run(signal, work) {
      signal.throwIfAborted();
      if (taken < slotsMax) taken += 1;
      else await waitForTurn(signal);
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
}
