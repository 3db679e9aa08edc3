/** Random choices that can be made again: the same seed gives the same ones. */
export interface RandomSource {
  readonly seed: number;
  /** A whole number from 0 up to, and without, `below`. */
  int(below: number): number;
  pick<T>(choices: readonly T[]): T;
  /** True with the probability `p`. */
  chance(p: number): boolean;
}

/** A 32-bit generator (mulberry32): small, even enough for tests, and the same on every machine. */
export function randomSource(seed: number): RandomSource {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    seed,
    int: (below) => Math.floor(next() * below),
    pick: (choices) => choices[Math.floor(next() * choices.length)]!,
    chance: (p) => next() < p,
  };
}

/** The seed of this run: `TEST_SEED` to repeat one that failed, otherwise a new one. Tests name it when they fail. */
export function seedOfRun(): number {
  const given = process.env['TEST_SEED'];
  return given === undefined ? Date.now() >>> 0 : Number(given);
}
