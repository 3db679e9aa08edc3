import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../../../../src/core/limits.ts';
import type { HealthStore } from '../../../../src/store/health-port.ts';
import { until } from '../../../support/until.ts';
import { newRecord } from '../../../contract/store-fixture.ts';
import { hangs, HERE, idsOf, resultOf, startBench, urlOf, watched, type WatchingBench } from '../../../support/watching.ts';

let bench: WatchingBench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.dispose());

describe('a watcher with much to do', () => {
  it('probes so many registries at once and no more, and all of them in the end', async () => {
    const ids = idsOf(limits.watchedInFlightMax + 80);
    // A short interval, so that the pace lets them begin together.
    await bench.addDue(ids, { atMs: bench.clock.nowMs(), intervalMs: 500 });
    let ends: (() => void)[] = [];
    bench.prober.answer = ({ url }) => new Promise((resolve) => ends.push(() => resolve(resultOf(url))));
    bench.watcher().start();
    await until(() => bench.prober.inFlight() === limits.watchedInFlightMax);
    await delay(3 * limits.claimEveryMs);
    expect(bench.prober.most()).toEqual({ inAll: limits.watchedInFlightMax, ofOne: 1 });
    bench.prober.answer = ({ url }) => resultOf(url);
    for (const end of ends) end();
    ends = [];
    await until(() => ids.every((id) => bench.prober.count(urlOf(id)) > 0));
    expect(bench.prober.most()).toEqual({ inAll: limits.watchedInFlightMax, ofOne: 1 });
  });

  it('asks one host by so many probes at once and no more, lets others pass, and comes to all of them', async () => {
    const crowded = idsOf(3 * limits.probesPerHostMax);
    let busy = 0;
    let busiest = 0;
    bench.prober.answer = async ({ url }) => {
      if (!url.startsWith('http://crowded.example')) return resultOf(url);
      busiest = Math.max(busiest, ++busy);
      await delay(150);
      busy -= 1;
      return resultOf(url);
    };
    await bench.add(...crowded.map((id) => watched(id, { interval_s: 3_600 }, `http://crowded.example/${id}`)), watched('other'));
    bench.watcher().start();
    await until(() => bench.prober.count(urlOf('other')) === 1, 3_000);
    await until(async () => (await Promise.all(crowded.map((id) => bench.results(id)))).every((results) => results.length === 1));
    expect(busiest).toBe(limits.probesPerHostMax);
    expect(bench.prober.begun).toHaveLength(crowded.length + 1);
  });

  it('is not held up for others by a host that many records name and that hangs', async () => {
    const hanging = idsOf(900);
    for (let from = 0; from < hanging.length; from += 100) await bench.add(...hanging.slice(from, from + 100).map((id) => watched(id, {}, `http://hanging.example/${id}`)));
    bench.prober.answer = ({ url }) => (url.startsWith('http://hanging') ? hangs() : resultOf(url));
    bench.watcher().start();
    await until(() => bench.prober.inFlight() === limits.probesPerHostMax);
    await delay(1_000);
    // Due in its turn, and not at once as a changed record is.
    const nowMs = bench.clock.nowMs();
    await bench.store.insert({ ...newRecord('other'), record: watched('other') });
    await bench.store.health.enrol({ vantage: HERE, afterId: null, limit: 1_000, dueFromMs: nowMs, dueUntilMs: nowMs });
    await until(() => bench.prober.count(urlOf('other')) === 1, 3_000);
  });

  it('probes a record that is new or was changed before all that is overdue, within two seconds', async () => {
    await bench.addDue(idsOf(3_000), { atMs: bench.clock.nowMs() - 60_000, intervalMs: 60_000 });
    bench.watcher().start();
    await until(() => bench.prober.begun.length > 50);
    const startedMs = performance.now();
    await bench.add(watched('new'));
    await bench.edit(watched('r02999', {}, 'http://edited.example'));
    await until(() => bench.prober.count(urlOf('new')) === 1 && bench.prober.count('http://edited.example') === 1);
    const probedMs = bench.prober.begun.filter(({ request: { url } }) => url === urlOf('new') || url === 'http://edited.example').map(({ atMs }) => atMs);
    expect(Math.max(...probedMs) - startedMs).toBeLessThan(2_000);
    expect(bench.prober.begun.length).toBeLessThan(3_000);
  });

  it('claims no more than can wait to be written, however many turn out to be paused', async () => {
    const ids = idsOf(limits.resultsWaitingMax + 200);
    for (let from = 0; from < ids.length; from += 100) await bench.add(...ids.slice(from, from + 100).map((id) => watched(id, { enabled: false })));
    let claimed = 0;
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const { health } = bench;
    const store: HealthStore = {
      ...health,
      async claim(query) {
        const claims = await health.claim(query);
        claimed += claims.length;
        return claims;
      },
      complete: (completions) => held.then(() => health.complete(completions)),
    };
    bench.watcher({ store }).start();
    await until(() => claimed >= limits.resultsWaitingMax);
    await delay(3 * limits.claimEveryMs);
    expect(claimed).toBe(limits.resultsWaitingMax);
    goOn();
    await until(() => claimed === ids.length);
  });
});
