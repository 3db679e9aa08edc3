/** Where time comes from, so that tests can turn it. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. For timestamps that people read. */
  nowMs(): number;
  /** Milliseconds that never run backwards. For durations and deadlines. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
