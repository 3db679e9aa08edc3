import { rateLimit, ipKeyGenerator, type ClientRateLimitInfo, type Store } from 'express-rate-limit';
import type { RequestHandler } from 'express';
import { AppError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';

const WINDOW_MS = 60_000;

/**
 * Counts requests in windows of a minute, all keys in one window, so that forgetting is one `clear` and not a timer for each.
 * Serves express-rate-limit as its store, and hot reads directly.
 */
class WindowCounter implements Store {
  readonly #clock: Clock;
  readonly #hits = new Map<string, number>();
  #windowStartMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#windowStartMs = clock.monotonicMs();
  }

  hit(key: string): number {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#windowStartMs >= WINDOW_MS) {
      this.#hits.clear();
      this.#windowStartMs = nowMs;
    }
    // Past the limit on keys, newcomers share one count: a flood of addresses must not fill the memory.
    const counted = this.#hits.size < limits.rateLimitKeysMax || this.#hits.has(key) ? key : 'others';
    const hits = (this.#hits.get(counted) ?? 0) + 1;
    this.#hits.set(counted, hits);
    return hits;
  }

  secondsLeft(): number {
    return Math.max(1, Math.ceil((this.#windowStartMs + WINDOW_MS - this.#clock.monotonicMs()) / 1000));
  }

  increment(key: string): ClientRateLimitInfo {
    return { totalHits: this.hit(key), resetTime: new Date(this.#clock.nowMs() + this.secondsLeft() * 1000) };
  }

  decrement(key: string): void {
    const hits = this.#hits.get(key);
    if (hits !== undefined) this.#hits.set(key, hits - 1);
  }

  resetKey(key: string): void {
    this.#hits.delete(key);
  }
}

export interface RateLimit {
  /** For everything that Express routes. */
  readonly middleware: RequestHandler;
  /**
   * For hot reads in front of Express: counts a request in the same windows. Returns names and values of the headers to send,
   * or `null` when the limit is reached, and then the middleware has the refusal.
   */
  admit(address: string): readonly string[] | null;
}

/** At most `limitPerMinute` requests from one address (an IPv6 network of 56 bits counts as one); 0 is no limit. */
export function createRateLimit(limitPerMinute: number, clock: Clock): RateLimit {
  if (limitPerMinute === 0) return { middleware: (_request, _response, next) => next(), admit: () => [] };
  const counter = new WindowCounter(clock);
  const refuse = (): never => {
    const retryAfterS = counter.secondsLeft();
    throw new AppError('RATE_LIMITED', `More than ${limitPerMinute} requests in a minute came from your address. Try again in ${retryAfterS} s.`, { retryAfterS });
  };
  const policy = `${limitPerMinute};w=${WINDOW_MS / 1000}`;
  return {
    middleware: rateLimit({
      windowMs: WINDOW_MS,
      limit: limitPerMinute,
      standardHeaders: 'draft-7',
      legacyHeaders: false,
      store: counter,
      keyGenerator: (request) => keyOf(request.ip ?? ''),
      handler: refuse,
      // It would print stack traces about what a request happens to contain, past our log.
      validate: false,
    }),
    admit(address) {
      const hits = counter.hit(keyOf(address));
      if (hits > limitPerMinute) return null;
      return ['RateLimit-Policy', policy, 'RateLimit', `limit=${limitPerMinute}, remaining=${limitPerMinute - hits}, reset=${counter.secondsLeft()}`];
    },
  };
}

/** IPv4 addresses are keys as they are; within IPv6 one customer has a whole network. */
const keyOf = (address: string): string => (address.includes(':') ? ipKeyGenerator(address, 56) : address);
