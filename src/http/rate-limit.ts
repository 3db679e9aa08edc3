import { AppError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';

const WINDOW_MS = 60_000;

/** Who is counted: a principal by its user, or an address (`limitKeyOf`). */
export type LimitKey = `user:${string}` | `address:${string}`;

export interface RateLimit {
  /**
   * Counts a request.
   * @param head names and values of response headers, in turn; the limit adds what it is and how much is left of it
   * @throws {AppError} `RATE_LIMITED`
   */
  count(key: LimitKey, head: string[]): void;
  /** Whether one more request would be refused. */
  isExhausted(key: LimitKey): boolean;
}

/** Counts requests in windows of a minute, all keys in one window, so that forgetting is one `clear` and not a timer for each. */
class WindowCounter {
  readonly #clock: Clock;
  readonly #hits = new Map<LimitKey, number>();
  #windowStartMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#windowStartMs = clock.monotonicMs();
  }

  hit(key: LimitKey): number {
    const counted = this.#countedAs(key);
    const hits = (this.#hits.get(counted) ?? 0) + 1;
    this.#hits.set(counted, hits);
    return hits;
  }

  hits(key: LimitKey): number {
    return this.#hits.get(this.#countedAs(key)) ?? 0;
  }

  secondsLeft(): number {
    return Math.max(1, Math.ceil((this.#windowStartMs + WINDOW_MS - this.#clock.monotonicMs()) / 1000));
  }

  /** Past the limit on keys, new addresses share one count: a flood of them must not fill the memory. Of users there are only so many. */
  #countedAs(key: LimitKey): LimitKey {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#windowStartMs >= WINDOW_MS) {
      this.#hits.clear();
      this.#windowStartMs = nowMs;
    }
    return this.#hits.size < limits.rateLimitKeysMax || this.#hits.has(key) || key.startsWith('user:') ? key : 'address:others';
  }
}

/** At most `limitPerMinute` requests of one principal, or from one address; 0 is no limit. */
export function createRateLimit(limitPerMinute: number, clock: Clock): RateLimit {
  if (limitPerMinute === 0) return { count: () => undefined, isExhausted: () => false };
  const counter = new WindowCounter(clock);
  // @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-07
  const policy = `${limitPerMinute};w=${WINDOW_MS / 1000}`;
  return {
    count(key, head) {
      const hits = counter.hit(key);
      const secondsLeft = counter.secondsLeft();
      head.push('RateLimit-Policy', policy, 'RateLimit', `limit=${limitPerMinute}, remaining=${Math.max(0, limitPerMinute - hits)}, reset=${secondsLeft}`);
      if (hits > limitPerMinute) throw refusal(key, limitPerMinute, secondsLeft);
    },
    isExhausted: (key) => counter.hits(key) >= limitPerMinute,
  };
}

function refusal(key: LimitKey, limitPerMinute: number, retryAfterS: number): AppError {
  const origin = key.startsWith('user:') ? 'were made with your name' : 'came from your address';
  return new AppError('RATE_LIMITED', `More than ${limitPerMinute} requests in a minute ${origin}. Try again in ${retryAfterS} s.`, { retryAfterS });
}
