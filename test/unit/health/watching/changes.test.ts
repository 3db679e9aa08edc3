import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../../../../src/core/limits.ts';
import { createRecordFacts } from '../../../../src/health/record-facts.ts';
import { createHealthReports } from '../../../../src/health/report.ts';
import { until } from '../../../support/until.ts';
import { HERE, refusedBy, startBench, urlOf, watched, type WatchingBench, noCredentials } from '../../../support/watching.ts';

let bench: WatchingBench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.dispose());

const healthOf = async (id: string) => (await bench.store.get(id))!.health;
const watchOf = async (id: string) => (await bench.store.health.watchesOf([id]))[0]!;
const reportOf = async (id: string) => createHealthReports({ store: bench.store.health, facts: createRecordFacts(), credentials: noCredentials, clock: bench.clock }).ofRecord((await bench.store.get(id))!);
const historyOf = async (id: string, sinceMs: number) =>
  createHealthReports({ store: bench.store.health, facts: createRecordFacts(), credentials: noCredentials, clock: bench.clock }).history(id, { vantage: HERE, preferred: HERE }, { fromMs: sinceMs, toMs: bench.clock.nowMs() + 60_000, stepMs: 3_600_000 });

describe('a record that is paused', () => {
  it('is unknown from then on and no longer probed, and probed at once when it goes on', async () => {
    await bench.add(watched('a', { interval_s: 5 }));
    bench.watcher().start();
    await until(async () => (await healthOf('a')).status === 'up');
    await bench.edit(watched('a', { interval_s: 5, enabled: false }));
    await until(async () => (await healthOf('a')).cause === 'paused');
    expect(await healthOf('a')).toMatchObject({ status: 'unknown', vantages: { [HERE]: { status: 'unknown', cause: 'paused' } } });
    expect(await watchOf('a')).toMatchObject({ dueAtMs: null, staleAtMs: null });
    expect((await reportOf('a')).vantages[HERE]).toMatchObject({ status: 'unknown', cause: 'paused', next_check_at: null, uptime: { '24h': 1 } });
    const probes = bench.prober.begun.length;
    bench.clock.jump(3_600_000);
    await delay(3 * limits.claimEveryMs);
    expect(bench.prober.begun).toHaveLength(probes);
    const resumedMs = performance.now();
    await bench.edit(watched('a', { interval_s: 5 }));
    await until(async () => (await healthOf('a')).status === 'up');
    expect(performance.now() - resumedMs).toBeLessThan(2_000);
    const events = await bench.store.health.events('a', { beforeMs: Number.MAX_SAFE_INTEGER, limit: 10 });
    expect(events.map(({ from, to, cause }) => `${from} ${to} ${cause}`)).toEqual(['unknown up ok', 'up unknown paused', 'unknown up ok']);
  });

  it('leaves a gap in history, not an outage', async () => {
    const startMs = bench.clock.nowMs();
    await bench.add(watched('a', { interval_s: 60 }));
    bench.watcher().start();
    await until(async () => (await healthOf('a')).status === 'up');
    bench.clock.jump(60_000);
    await bench.edit(watched('a', { enabled: false }));
    await until(async () => (await healthOf('a')).cause === 'paused');
    bench.clock.jump(600_000);
    const { steps, availability } = await historyOf('a', startMs);
    const sum = (field: 'up_s' | 'down_s' | 'unknown_s'): number => steps.reduce((total, step) => total + step[field], 0);
    expect(sum('up_s')).toBeGreaterThan(59);
    expect(sum('up_s')).toBeLessThan(70);
    expect(sum('unknown_s')).toBeGreaterThan(599);
    expect(sum('down_s')).toBe(0);
    expect(availability).toBe(1);
  });

  it('before it was ever probed says so', async () => {
    await bench.add(watched('a', { enabled: false }));
    bench.watcher().start();
    await until(async () => (await healthOf('a')).cause === 'paused');
    expect(bench.prober.begun).toEqual([]);
    expect((await reportOf('a')).vantages[HERE]).toMatchObject({ last_checked_at: null, uptime: { '24h': null } });
  });
});

describe('a record that is changed', () => {
  it('while it is probed is probed again, and the registry that it names then is judged by itself', async () => {
    await bench.add(watched('a', { interval_s: 3_600 }));
    let end = (): void => undefined;
    bench.prober.answer = ({ url }) => new Promise((resolve) => (end = () => resolve(refusedBy(url))));
    bench.watcher().start();
    await until(() => bench.prober.inFlight() === 1);
    await bench.edit(watched('a', { interval_s: 3_600 }, 'http://moved.example'));
    await delay(50);
    bench.prober.answer = ({ url }) => refusedBy(url);
    end();
    await until(() => bench.prober.count('http://moved.example') > 0, 2_000);
    expect(bench.prober.count(urlOf('a'))).toBe(1);
    expect(bench.prober.most().ofOne).toBe(1);
  });

  it('has its new interval from the next probe on, which comes at once', async () => {
    await bench.add(watched('a', { interval_s: 86_400 }));
    bench.watcher().start();
    await until(async () => (await healthOf('a')).status === 'up');
    expect((await watchOf('a')).intervalMs).toBe(86_400_000);
    await bench.edit(watched('a', { interval_s: 7 }));
    await until(async () => (await watchOf('a')).intervalMs === 7_000, 2_000);
  });

  it('and deleted while it is probed leaves nothing behind', async () => {
    await bench.add(watched('a'));
    let end = (): void => undefined;
    bench.prober.answer = ({ url }) => new Promise((resolve) => (end = () => resolve(refusedBy(url))));
    bench.watcher().start();
    await until(() => bench.prober.inFlight() === 1);
    await bench.store.delete('a');
    await bench.store.health.forget('a');
    end();
    await until(() => bench.prober.inFlight() === 0);
    await delay(2 * limits.resultsGatheredMs);
    expect(await bench.store.health.watchesOf(['a'])).toEqual([]);
    expect(await bench.store.health.events('a', { beforeMs: Number.MAX_SAFE_INTEGER, limit: 10 })).toEqual([]);
  });
});

describe('a maintenance window', () => {
  const windowOf = (fromMs: number, toMs: number) => [{ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), note: 'new disks' }];

  it('is probed in and judged, told of, and left out of the uptime', async () => {
    const startMs = bench.clock.nowMs();
    const health = { interval_s: 5 };
    await bench.add(watched('a', health));
    bench.watcher().start();
    await until(async () => (await healthOf('a')).status === 'up');
    const fromMs = bench.clock.nowMs();
    bench.prober.answer = ({ url }) => refusedBy(url);
    await bench.edit(watched('a', { ...health, maintenance: windowOf(fromMs - 1_000, fromMs + 600_000) }));
    await until(async () => (await healthOf('a')).status === 'down');
    expect((await bench.results('a')).slice(1)).toEqual(expect.arrayContaining([expect.objectContaining({ maintenance: true, verdict: 'down', cause: 'refused' })]));
    const report = await reportOf('a');
    expect(report.vantages[HERE]).toMatchObject({ status: 'down', in_maintenance: true, uptime: { '24h': 1, '7d': 1 } });
    const { steps, availability } = await historyOf('a', startMs);
    expect(steps.reduce((sum, step) => sum + step.maintenance_s, 0)).toBeGreaterThan(0.9);
    expect(steps.reduce((sum, step) => sum + step.down_s, 0)).toBe(0);
    expect(availability).toBe(1);
  });

  it('counts no longer once it is over', async () => {
    const nowMs = bench.clock.nowMs();
    await bench.add(watched('a', { interval_s: 5, maintenance: windowOf(nowMs - 60_000, nowMs - 1) }));
    bench.prober.answer = ({ url }) => refusedBy(url);
    bench.watcher().start();
    await until(async () => (await healthOf('a')).status === 'down');
    await delay(50);
    expect((await reportOf('a')).vantages[HERE]).toMatchObject({ in_maintenance: false, uptime: { '24h': 0 } });
  });
});
