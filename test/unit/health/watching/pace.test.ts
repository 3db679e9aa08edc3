import { limits } from '../../../../src/core/limits.ts';
import { createHostCounts } from '../../../../src/health/watching/host-counts.ts';
import { createPace } from '../../../../src/health/watching/pace.ts';

/** A clock that goes only when it is told to. */
function manualClock(): { nowMs(): number; monotonicMs(): number; pass(ms: number): void } {
  let ms = 0;
  return { nowMs: () => ms, monotonicMs: () => ms, pass: (by) => void (ms += by) };
}

describe('the pace of probes', () => {
  it('lets no more start in a second than twice what the schedule needs, however many are late', () => {
    const clock = manualClock();
    const pace = createPace(clock);
    pace.setNeed(300);
    clock.pass(60_000);
    let started = 0;
    for (let tick = 0; tick < 50; tick++) {
      const allowed = pace.allowance();
      pace.spend(allowed);
      started += allowed;
      clock.pass(200);
    }
    // Ten seconds, and what one second may save up.
    expect(started).toBeLessThanOrEqual(600 * 11);
    expect(started).toBeGreaterThanOrEqual(600 * 10);
  });

  it('has a least, so that few registries are caught up with soon', () => {
    const clock = manualClock();
    const pace = createPace(clock);
    pace.setNeed(0);
    expect(pace.allowance()).toBe(limits.probesStartedPerSMin);
    pace.spend(limits.probesStartedPerSMin);
    expect(pace.allowance()).toBe(0);
    clock.pass(100);
    expect(pace.allowance()).toBe(limits.probesStartedPerSMin / 10);
  });
});

describe('the counts of hosts', () => {
  it('let so many probes of one host run at once, under whatever paths, and others beside them', () => {
    const hosts = createHostCounts(2);
    expect([hosts.enter('http://a.example:5000/x'), hosts.enter('http://a.example:5000/y'), hosts.enter('http://a.example:5000')]).toEqual([true, true, false]);
    expect([hosts.enter('http://a.example:5001'), hosts.enter('not a URL')]).toEqual([true, true]);
    hosts.leave('http://a.example:5000/x');
    expect(hosts.enter('http://a.example:5000')).toBe(true);
  });

  it('have probes come again later the more were turned away, until the host is at rest', () => {
    const hosts = createHostCounts(1);
    const url = 'http://a.example';
    hosts.enter(url);
    expect(hosts.retryAfterMs(url)).toBe(limits.hostBusyMs);
    for (let turn = 0; turn < 10 * limits.hostRetriesPerS; turn++) hosts.enter(url);
    expect(hosts.retryAfterMs(url)).toBe(10_000);
    expect(hosts.retryAfterMs('http://b.example')).toBe(limits.hostBusyMs);
    hosts.leave(url);
    expect(hosts.retryAfterMs(url)).toBe(limits.hostBusyMs);
  });
});
