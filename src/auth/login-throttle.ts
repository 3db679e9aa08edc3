import { isIPv6 } from 'node:net';
import { AppError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';

/**
 * Slows down whoever guesses passwords, for each user and for each address. Where a user has logged in before, only the failures of that
 * user at that address count: strangers elsewhere cannot lock anybody out of where they usually are.
 *
 * Kept in the memory of each process, and bounded there.
 */
export interface LoginThrottle {
  /**
   * Begins an attempt, and counts it as failed until it is known to be good: many attempts at once are no way around the limit.
   * @throws {AppError} `LOGIN_SLOWED` when it comes too early; nothing is counted then
   */
  begin(account: string, address: string): LoginAttempt;
}

export interface LoginAttempt {
  /** The password was right. */
  succeed(): void;
  /** Neither right nor wrong: it could not be checked. */
  withdraw(): void;
}

/** How often something has failed in a row, and when it did last. */
export interface Failures {
  readonly count: number;
  /** Clock reading that never runs backwards. */
  readonly lastMs: number;
}

/** How long the next attempt has to wait. @param freeCount failures that cost nothing */
export function waitMsAfter(failures: Failures | undefined, freeCount: number, nowMs: number): number {
  if (failures === undefined || failures.count < freeCount) return 0;
  const waitMs = Math.min(limits.loginWaitMsMax, limits.loginWaitMsMin * 2 ** Math.min(failures.count - freeCount, 32));
  return Math.max(0, failures.lastMs + waitMs - nowMs);
}

/** An address, or the network of 56 bits that one customer has within IPv6. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const tailGroups = tail === undefined || tail === '' ? [] : tail.split(':');
  const all = [...groups, ...Array.from({ length: Math.max(0, 8 - groups.length - tailGroups.length) }, () => '0'), ...tailGroups];
  return all.slice(0, 4).map((group, position) => (Number.parseInt(group, 16) >> (position === 3 ? 8 : 0)).toString(16)).join(':');
}

export function createLoginThrottle(clock: Clock): LoginThrottle {
  const accounts = new Counts(clock, limits.accountFailuresFree);
  const addresses = new Counts(clock, limits.addressFailuresFree);
  const pairs = new Counts(clock, limits.accountFailuresFree);
  const usual = new Remembered<true>();

  return {
    begin(account, address) {
      const network = networkOf(address);
      const pair = `${account}\n${network}`;
      const isUsual = usual.get(pair) !== undefined;
      const counted: (readonly [Counts, string])[] = isUsual ? [[pairs, pair]] : [[accounts, account], [addresses, network]];
      refuseTooEarly(Math.max(...counted.map(([counts, key]) => counts.waitMs(key))));
      for (const [counts, key] of counted) counts.add(key);
      return {
        succeed() {
          usual.set(pair, true);
          // One's own success says nothing of what else an address has tried.
          for (const [counts, key] of counted) if (counts === addresses) counts.take(key); else counts.clear(key);
        },
        withdraw: () => counted.forEach(([counts, key]) => counts.take(key)),
      };
    },
  };
}

function refuseTooEarly(waitMs: number): void {
  if (waitMs === 0) return;
  const retryAfterS = Math.ceil(waitMs / 1000);
  throw new AppError('LOGIN_SLOWED', `Too many logins have failed for this user or from your address. Try again in ${retryAfterS} s.`, { retryAfterS });
}

class Counts {
  readonly #clock: Clock;
  readonly #freeCount: number;
  readonly #failures = new Remembered<Failures>();

  constructor(clock: Clock, freeCount: number) {
    this.#clock = clock;
    this.#freeCount = freeCount;
  }

  waitMs(key: string): number {
    return waitMsAfter(this.#current(key), this.#freeCount, this.#clock.monotonicMs());
  }

  add(key: string): void {
    this.#failures.set(key, { count: (this.#current(key)?.count ?? 0) + 1, lastMs: this.#clock.monotonicMs() });
  }

  take(key: string): void {
    const failures = this.#failures.get(key);
    if (failures === undefined) return;
    if (failures.count <= 1) this.#failures.delete(key);
    else this.#failures.set(key, { ...failures, count: failures.count - 1 });
  }

  clear(key: string): void {
    this.#failures.delete(key);
  }

  #current(key: string): Failures | undefined {
    const failures = this.#failures.get(key);
    return failures !== undefined && this.#clock.monotonicMs() - failures.lastMs < limits.loginFailuresKeptMs ? failures : undefined;
  }
}

/** A map that forgets what was written longest ago when it is full. */
class Remembered<T> {
  readonly #values = new Map<string, T>();

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: T): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= limits.loginKeysMax) return;
    const [oldest] = this.#values.keys();
    if (oldest !== undefined) this.#values.delete(oldest);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
