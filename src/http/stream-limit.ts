import { AppError } from '../core/errors.ts';
import type { LimitKey } from './rate-limit.ts';

/** How many streamed answers are being read, by whom. */
export interface StreamLimit {
  /**
   * Counts one more.
   * @returns counts it down again; to be called once, when the answer has ended or its reader has gone
   * @throws {AppError} `TOO_MANY_STREAMS`
   */
  begin(key: LimitKey): () => void;
}

/** Each streamed answer holds some chunks for its reader, however slow, and a cursor on the store. */
export function createStreamLimit(streamsMax: number): StreamLimit {
  const streams = new Map<LimitKey, number>();
  return {
    begin(key) {
      const running = streams.get(key) ?? 0;
      if (running >= streamsMax) throw new AppError('TOO_MANY_STREAMS', `You are reading ${running} streamed answers already, and may read ${streamsMax} at once. Let one end, or ask for pages with limit.`);
      streams.set(key, running + 1);
      return () => {
        const left = (streams.get(key) ?? 0) - 1;
        if (left > 0) streams.set(key, left);
        else streams.delete(key);
      };
    },
  };
}
