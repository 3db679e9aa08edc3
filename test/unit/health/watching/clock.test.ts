import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../../../../src/core/limits.ts';
import { createRecordFacts } from '../../../../src/health/record-facts.ts';
import { createHealthReports } from '../../../../src/health/report.ts';
import type { Loop } from '../../../../src/health/watching/loop.ts';
import { createRemoval, sharedUpkeep } from '../../../../src/health/watching/upkeep.ts';
import { until } from '../../../support/until.ts';
import { HERE, idsOf, refusedBy, startBench, urlOf, watched, type WatchingBench, noCredentials } from '../../../support/watching.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let bench: WatchingBench;
let loops: readonly Loop[];
beforeEach(async () => {
  bench = await startBench();
  loops = [];
});
afterEach(async () => {
  await Promise.all(loops.map((loop) => loop.stop()));
  await bench.dispose();
});

function startUpkeep(): void {
  loops = sharedUpkeep({ store: bench.health, clock: bench.clock, log: bench.log });
  for (const loop of loops) loop.start();
}

const healthOf = async (id: string) => (await bench.store.get(id))!.health;
const watchOf = async (id: string) => (await bench.store.health.watchesOf([id]))[0]!;
const reports = () => createHealthReports({ store: bench.store.health, facts: createRecordFacts(), credentials: noCredentials, clock: bench.clock });
const reportOf = async (id: string) => reports().ofRecord((await bench.store.get(id))!);

/** The most probes that began within one second, whichever. */
function busiestSecond(): number {
  const times = bench.prober.begun.map(({ atMs }) => atMs);
  return Math.max(...times.map((fromMs) => times.filter((atMs) => atMs >= fromMs && atMs < fromMs + 1_000).length));
}

describe('a wall clock that goes forward by eight hours, as after a laptop’s sleep', () => {
  it('makes no storm of probes: what is late is caught up with at the usual pace', async () => {
    const ids = idsOf(1_200);
    await bench.addDue(ids, { atMs: bench.clock.nowMs() + 50_000, intervalMs: 30_000 });
    bench.watcher().start();
    await delay(300);
    expect(bench.prober.begun).toHaveLength(0);
    bench.clock.jump(8 * HOUR_MS);
    await delay(3_000);
    // One second may save up what another one spends.
    expect(busiestSecond()).toBeLessThanOrEqual(2 * limits.probesStartedPerSMin + limits.claimsTogether);
    expect(bench.prober.begun.length).toBeLessThanOrEqual(4 * limits.probesStartedPerSMin + limits.claimsTogether);
    expect(bench.prober.begun.length).toBeGreaterThan(2 * limits.probesStartedPerSMin);
    expect(bench.prober.most().ofOne).toBe(1);
  });

  it('ends verdicts that are older than three intervals until the next probe, and the time between is unknown', async () => {
    const startMs = bench.clock.nowMs();
    await bench.add(watched('a', { interval_s: 60 }));
    const first = bench.watcher();
    first.start();
    await until(async () => (await healthOf('a')).status === 'up');
    await first.stop();
    const upSince = (await healthOf('a')).since;
    bench.clock.jump(8 * HOUR_MS);
    const told = await reportOf('a');
    expect(told).toMatchObject({ status: 'unknown', cause: 'not_watched' });
    startUpkeep();
    await until(async () => (await healthOf('a')).status === 'unknown');
    const ended = await healthOf('a');
    expect(ended).toMatchObject({ status: 'unknown', cause: 'not_watched', vantages: { [HERE]: { status: 'unknown', cause: 'not_watched' } } });
    // It ended three intervals and the time-out after its only result, whenever that was noticed.
    expect(Date.parse(ended.since!) - Date.parse(upSince!)).toBe(185_000);
    expect(told.since).toBe(ended.since);
    bench.watcher().start();
    await until(async () => (await healthOf('a')).status === 'up');
    const events = await reports().events('a', { beforeMs: bench.clock.nowMs() + 1, limit: 10 });
    expect(events.map(({ from, to, cause }) => `${from} ${to} ${cause}`)).toEqual(['unknown up ok', 'up unknown not_watched', 'unknown up ok']);
    expect(events[1]).toMatchObject({ at: ended.since, evidence: { last_result: { cause: 'ok' } } });
    const { steps } = await reports().history('a', { vantage: HERE, preferred: HERE }, { fromMs: startMs, toMs: bench.clock.nowMs(), stepMs: DAY_MS });
    const [{ up_s: upS, unknown_s: unknownS, down_s: downS }] = steps as [(typeof steps)[number]];
    expect(upS).toBeGreaterThan(184);
    expect(upS).toBeLessThan(195);
    expect(unknownS).toBeGreaterThan(7.9 * 3_600);
    expect(downS).toBe(0);
    expect((await reportOf('a')).vantages[HERE]?.uptime['24h']).toBe(1);
  });

  it('takes no claim for lost twice: a probe that was under way is not made a second time beside itself', async () => {
    await bench.add(watched('a'));
    let end = (): void => undefined;
    bench.prober.answer = ({ url }) => new Promise((resolve) => (end = () => resolve(refusedBy(url))));
    bench.watcher().start();
    await until(() => bench.prober.inFlight() === 1);
    bench.clock.jump(8 * HOUR_MS);
    await delay(3 * limits.claimEveryMs);
    expect(bench.prober.begun).toHaveLength(1);
    end();
    await until(() => bench.prober.begun.length === 2, 3_000);
  });
});

describe('a wall clock that goes back by eight hours', () => {
  it('does not silence the schedule: what it put off is brought forward within one announcement', async () => {
    const ids = idsOf(30);
    await bench.add(...ids.map((id) => watched(id, { interval_s: 5 })));
    bench.watcher().start();
    await until(async () => (await Promise.all(ids.map(healthOf))).every(({ status }) => status === 'up'));
    bench.clock.jump(-8 * HOUR_MS);
    expect((await watchOf('r00000')).dueAtMs).toBeGreaterThan(bench.clock.nowMs() + 7 * HOUR_MS);
    const before = bench.prober.begun.length;
    await until(async () => (await Promise.all(ids.map(watchOf))).every(({ dueAtMs }) => dueAtMs! < bench.clock.nowMs() + 5_000), limits.announceEveryMs + 2_000);
    bench.clock.jump(5_000);
    await until(() => ids.every((id) => bench.prober.begun.slice(before).some(({ request }) => request.url === urlOf(id))));
    await delay(200);
    for (const id of ids) expect((await reportOf(id)).vantages[HERE]).toMatchObject({ status: 'up', uptime: { '24h': 1, '90d': 1 } });
  });
});

describe('a service that was off', () => {
  it('for longer than a vantage is kept still knows what its own vantage had seen', async () => {
    await bench.add(watched('a', { interval_s: 60 }));
    bench.prober.answer = ({ url }) => refusedBy(url);
    const first = bench.watcher();
    first.start();
    await until(async () => (await healthOf('a')).status === 'down');
    await first.stop();
    bench.clock.jump(limits.vantageKeptMs + DAY_MS);
    // In the order of a start: what sends probes is loaded last.
    startUpkeep();
    await until(async () => (await healthOf('a')).status === 'unknown');
    await delay(100);
    expect((await reportOf('a')).vantages[HERE]).toMatchObject({ status: 'unknown', cause: 'not_watched', last_result: { cause: 'refused' }, uptime: { '30d': 0 } });
    expect((await bench.state('a')).failures.length).toBeGreaterThan(0);
  });

  it('forgets a vantage that stays silent while others could be heard', async () => {
    const { health } = bench.store;
    await health.announce('closed', bench.clock.nowMs());
    await bench.add(watched('a'));
    await health.touch('a', [HERE, 'closed']);
    bench.clock.jump(limits.vantageKeptMs + DAY_MS);
    const remove = createRemoval({ store: health, clock: bench.clock });
    const { signal } = new AbortController();
    await remove(signal);
    expect((await health.watchesOf(['a'])).map(({ vantage }) => vantage)).toEqual(['closed', HERE]);
    await health.announce(HERE, bench.clock.nowMs());
    bench.clock.jump(limits.pruneEveryMs);
    await remove(signal);
    expect((await health.watchesOf(['a'])).map(({ vantage }) => vantage)).toEqual([HERE]);
    // The machine slept, and woke up a moment ago.
    bench.clock.jump(limits.vantageKeptMs + DAY_MS);
    await remove(signal);
    expect((await health.watchesOf(['a'])).map(({ vantage }) => vantage)).toEqual([HERE]);
  });
});
