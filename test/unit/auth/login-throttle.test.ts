import { createLoginThrottle, networkOf, waitMsAfter, type LoginThrottle } from '../../../src/auth/login-throttle.ts';
import { AppError } from '../../../src/core/errors.ts';
import { limits } from '../../../src/core/limits.ts';
import { manualClock } from '../../support/manual-clock.ts';

/** Seconds that an attempt is told to wait; 0 when it may go on, and it fails then. */
function fail(throttle: LoginThrottle, account: string, address: string): number {
  try {
    throttle.begin(account, address);
    return 0;
  } catch (error) {
    if (error instanceof AppError && error.code === 'LOGIN_SLOWED') return error.retryAfterS ?? NaN;
    throw error;
  }
}

describe('the wait after failures', () => {
  it('is nothing for the first ones, then doubles up to its limit', () => {
    const waits = [0, 4, 5, 6, 7, 8, 9, 10, 11, 1_000_000].map((count) => waitMsAfter({ count, lastMs: 0 }, 5, 0));
    expect(waits).toEqual([0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('passes with the time', () => {
    expect([0, 999, 1_000, 5_000].map((nowMs) => waitMsAfter({ count: 5, lastMs: 0 }, 5, nowMs))).toEqual([1_000, 1, 0, 0]);
  });
});

describe('abuse 38: whoever guesses', () => {
  it('one user’s password from many addresses is slowed down, and told for how long', () => {
    const clock = manualClock();
    const throttle = createLoginThrottle(clock);
    let guesses = 0;
    for (let attempt = 0; attempt < 1_000; attempt++) {
      if (fail(throttle, 'ann', `198.51.100.${attempt % 250}`) === 0) guesses++;
      clock.pass(60);
    }
    // A minute: five for nothing, then after 1, 2, 4, 8, 16 and 30 seconds.
    expect(guesses).toBeLessThanOrEqual(10);
    expect(fail(throttle, 'ann', '203.0.113.1')).toBeGreaterThan(1);
    expect(fail(throttle, 'ben', '203.0.113.1')).toBe(0);
  });

  it('many users from one address is slowed down, as is who has an IPv6 network to choose from', () => {
    const throttle = createLoginThrottle(manualClock());
    const waits = Array.from({ length: 25 }, (_, n) => fail(throttle, `user${n}`, `2001:db8:0:1200::${n}`));
    expect(waits).toEqual([...Array<number>(20).fill(0), ...Array<number>(5).fill(1)]);
    expect(fail(throttle, 'ann', '2001:db8:0:12ff:1:2:3:4')).toBe(1);
    expect(fail(throttle, 'ann', '2001:db8:0:1300::1')).toBe(0);
  });

  it('in many attempts at once gets no more of them than one after the other', () => {
    const throttle = createLoginThrottle(manualClock());
    expect(Array.from({ length: 100 }, () => fail(throttle, 'ann', '198.51.100.1')).filter((wait) => wait === 0)).toHaveLength(5);
  });

  it('cannot lock a user out of where they have logged in before', () => {
    const throttle = createLoginThrottle(manualClock());
    throttle.begin('ann', '192.0.2.7').succeed();
    for (let attempt = 0; attempt < 100; attempt++) fail(throttle, 'ann', `198.51.100.${attempt}`);
    expect(fail(throttle, 'ann', '192.0.2.8')).toBeGreaterThan(0);
    throttle.begin('ann', '192.0.2.7').succeed();
  });

  it('from where the user has logged in before is slowed down there', () => {
    const throttle = createLoginThrottle(manualClock());
    throttle.begin('ann', '192.0.2.7').succeed();
    expect(Array.from({ length: 6 }, () => fail(throttle, 'ann', '192.0.2.7'))).toEqual([0, 0, 0, 0, 0, 1]);
  });

  it('cannot clear an address by logging in as themselves', () => {
    const throttle = createLoginThrottle(manualClock());
    for (let attempt = 0; attempt < 20; attempt++) {
      expect(fail(throttle, `user${attempt}`, '198.51.100.1')).toBe(0);
      if (attempt < 19) throttle.begin('mallory', '198.51.100.1').succeed();
    }
    expect(fail(throttle, 'ann', '198.51.100.1')).toBe(1);
  });

  it('fills no memory with names: the oldest are forgotten', () => {
    const throttle = createLoginThrottle(manualClock());
    for (let attempt = 0; attempt < 5; attempt++) fail(throttle, 'first', `198.51.100.${attempt}`);
    expect(fail(throttle, 'first', '198.51.100.9')).toBe(1);
    for (let n = 0; n < limits.loginKeysMax; n++) fail(throttle, `user${n}`, `2001:db8:${n.toString(16)}::1`);
    expect(fail(throttle, 'first', '203.0.113.9')).toBe(0);
  });
});

describe('whoever mistypes', () => {
  it('starts afresh after the right password, and after a while', () => {
    const clock = manualClock();
    const throttle = createLoginThrottle(clock);
    for (let attempt = 0; attempt < 4; attempt++) fail(throttle, 'ann', '192.0.2.7');
    throttle.begin('ann', '192.0.2.7').succeed();
    expect(Array.from({ length: 5 }, () => fail(throttle, 'ann', '192.0.2.7'))).toEqual([0, 0, 0, 0, 0]);
    expect(fail(throttle, 'ann', '192.0.2.7')).toBe(1);
    clock.pass(limits.loginFailuresKeptMs);
    expect(Array.from({ length: 5 }, () => fail(throttle, 'ann', '192.0.2.7'))).toEqual([0, 0, 0, 0, 0]);
  });

  it('is not blamed for what could not be checked', () => {
    const throttle = createLoginThrottle(manualClock());
    for (let attempt = 0; attempt < 100; attempt++) throttle.begin('ann', '192.0.2.7').withdraw();
  });
});

describe('networks', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2233:4:5:6:7', '2001:db8:1:22'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['', ''],
  ])('%s belongs to %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
