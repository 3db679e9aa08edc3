import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../../../../src/core/limits.ts';
import type { RecordFields } from '../../../../src/core/record.ts';
import { createHealthChecks } from '../../../../src/health/checks.ts';
import type { ProbeResult } from '../../../../src/health/probe.ts';
import { createCountedChecks, type HealthChecks } from '../../../../src/health/watching/counted-checks.ts';
import type { Watcher } from '../../../../src/health/watching/watcher.ts';
import { metaOf, TIME } from '../../../contract/store-fixture.ts';
import { until } from '../../../support/until.ts';
import { hangs, HERE, noCredentials, refusedBy, resultOf, startBench, urlOf, watched, type WatchingBench } from '../../../support/watching.ts';

let bench: WatchingBench;
let watcher: Watcher;
let checks: HealthChecks;
/** Ends all probes under way. */
let endAll: () => void;

beforeEach(async () => {
  bench = await startBench();
  watcher = bench.watcher();
  const { store, prober, clock } = bench;
  checks = createCountedChecks({ checks: createHealthChecks({ prober }), store: bench.health, credentials: noCredentials, watcher, vantage: HERE, clock });
  const ends: (() => void)[] = [];
  endAll = () => ends.splice(0).forEach((end) => end());
  prober.answer = ({ url }) => new Promise((resolve) => ends.push(() => resolve(resultOf(url))));
  await store.health.announce(HERE, clock.nowMs());
});
afterEach(() => bench.dispose());

const unending = new AbortController().signal;
const check = (record: RecordFields, options = {}): Promise<ProbeResult> => checks.check({ fields: record, createdAt: TIME }, unending, options);
const watchOf = async (id: string) => (await bench.store.health.watchesOf([id]))[0]!;
const record = watched('a', { interval_s: 60 });

/** Whether the watcher leaves the record alone for some turns. */
async function isNotProbedAgain(probes: number): Promise<void> {
  await delay(3 * limits.claimEveryMs);
  expect(bench.prober.begun).toHaveLength(probes);
}

describe('a check on demand', () => {
  it('joins the scheduled probe that is under way, and both count as one', async () => {
    await bench.add(record);
    watcher.start();
    await until(() => bench.prober.inFlight() === 1);
    const joined = Promise.all([check(record), check(record), check(record)]);
    endAll();
    expect(await joined).toMatchObject([{ cause: 'ok' }, { cause: 'ok' }, { cause: 'ok' }]);
    await until(async () => (await bench.results('a')).length > 0);
    await isNotProbedAgain(1);
    expect(await bench.results('a')).toHaveLength(1);
  });

  it('counts as the scheduled one: what it finds is written when it answers, and no second probe comes soon after', async () => {
    await bench.add(record);
    const checking = Promise.all([check(record), check(record)]);
    await until(() => bench.prober.inFlight() === 1);
    watcher.start();
    await isNotProbedAgain(1);
    endAll();
    await checking;
    expect(await bench.results('a')).toHaveLength(1);
    expect((await bench.store.get('a'))!.health).toMatchObject({ status: 'up', cause: 'ok' });
    expect((await watchOf('a')).dueAtMs).toBeGreaterThan(bench.clock.nowMs() + 50_000);
    await isNotProbedAgain(1);
  });

  it('tells the verdict of what has failed, as a scheduled probe does: the failure is confirmed soon', async () => {
    await bench.add(record);
    bench.prober.answer = ({ url }) => refusedBy(url);
    expect(await check(record)).toMatchObject({ cause: 'refused' });
    expect((await bench.store.get('a'))!.health.status).toBe('unknown');
    watcher.start();
    await until(async () => (await bench.store.get('a'))!.health.status === 'down', 3_000);
  });

  it('with its log asks anew, and lets the scheduled probe count', async () => {
    await bench.add(record);
    watcher.start();
    await until(() => bench.prober.inFlight() === 1);
    const checking = check(record, { debug: true });
    await until(() => bench.prober.inFlight() === 2);
    expect(bench.prober.begun.map(({ request }) => request.debug ?? false)).toEqual([false, true]);
    endAll();
    await checking;
    await until(async () => (await bench.results('a')).length > 0);
    await isNotProbedAgain(2);
    expect(await bench.results('a')).toHaveLength(1);
  });

  it('of a paused record is made, and changes nothing', async () => {
    const paused = watched('a', { enabled: false });
    await bench.add(paused);
    watcher.start();
    await until(async () => (await watchOf('a')).dueAtMs === null);
    const before = [await watchOf('a'), (await bench.store.get('a'))!.health];
    const checking = check(paused);
    await until(() => bench.prober.inFlight() === 1);
    endAll();
    expect(await checking).toMatchObject({ cause: 'ok', url: urlOf('a') });
    expect([await watchOf('a'), (await bench.store.get('a'))!.health]).toEqual(before);
    expect(before[1]).toMatchObject({ status: 'unknown', cause: 'paused' });
    await isNotProbedAgain(1);
  });

  it('of a record that was changed since the caller read it asks the registry that it names now', async () => {
    await bench.add(record);
    const moved = watched('a', { interval_s: 60 }, 'http://moved.example');
    await bench.edit(moved);
    await until(async () => (await watchOf('a')).dueAtMs === 0);
    const checking = check(record);
    await until(() => bench.prober.inFlight() === 1);
    endAll();
    expect(await checking).toMatchObject({ url: 'http://moved.example' });
    expect((await bench.state('a')).last).toMatchObject({ url: 'http://moved.example' });
  });

  it('does not join the probe of a registry that the record no longer names', async () => {
    await bench.add(record);
    watcher.start();
    await until(() => bench.prober.inFlight() === 1);
    const checking = check(watched('a', {}, 'http://moved.example'));
    await until(() => bench.prober.inFlight() === 2);
    endAll();
    expect(await checking).toMatchObject({ url: 'http://moved.example' });
  });

  it('of what nobody watches, or somebody else is probing, is answered all the same and not written', async () => {
    await bench.store.insert({ record: watched('new'), meta: metaOf(), health: { status: 'unknown', cause: 'never_probed', since: null, vantages: {} } });
    await bench.add(record);
    const other = await bench.store.health.claimOne({ id: 'a', vantage: HERE }, bench.clock.nowMs(), limits.leaseMs);
    bench.prober.answer = ({ url }) => resultOf(url);
    expect(await Promise.all([check(record), check(watched('new'))])).toMatchObject([{ cause: 'ok' }, { cause: 'ok' }]);
    expect(await bench.results('a')).toEqual([]);
    await bench.store.health.release([other!]);
    expect(await bench.store.health.watchesOf(['new'])).toEqual([]);
  });

  it('that its caller gives up, or that cannot be made, leaves the watch free and as it was', async () => {
    await bench.add(record);
    const before = await watchOf('a');
    const caller = new AbortController();
    bench.prober.answer = hangs;
    const given = checks.check({ fields: record, createdAt: TIME }, caller.signal);
    await until(() => bench.prober.inFlight() === 1);
    caller.abort(new Error('left'));
    await expect(given).rejects.toThrow('left');
    bench.prober.answer = () => Promise.reject(new Error('a defect'));
    await expect(check(record)).rejects.toThrow('a defect');
    expect(bench.prober.inFlight()).toBe(0);
    expect(await watchOf('a')).toEqual(before);
    expect(await bench.store.health.claimOne({ id: 'a', vantage: HERE }, bench.clock.nowMs(), 1_000)).not.toBeNull();
  });
});
