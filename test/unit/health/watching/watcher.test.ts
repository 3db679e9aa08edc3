import { limits } from '../../../../src/core/limits.ts';
import { runningTimers } from '../../../support/open-sockets.ts';
import { until } from '../../../support/until.ts';
import { hangs, HERE, idsOf, refusedBy, resultOf, startBench, urlOf, watched, type WatchingBench } from '../../../support/watching.ts';
import { metaOf, TIME } from '../../../contract/store-fixture.ts';

let bench: WatchingBench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.dispose());

const watchOf = async (id: string) => (await bench.store.health.watchesOf([id]))[0]!;
const statusOf = async (id: string) => (await bench.store.get(id))!.health.status;
const eventsOf = (id: string) => bench.store.health.events(id, { beforeMs: Number.MAX_SAFE_INTEGER, limit: 100 });

describe('a watcher', () => {
  it('probes what is due as its record says, and writes verdict, history, event and the next time', async () => {
    await bench.add(watched('a', { interval_s: 60, timeout_ms: 700, expected_status: 403, canary: 'library/alpine:3' }));
    bench.prober.answer = ({ url }) => resultOf(url, { status_code: 403 });
    bench.watcher().start();
    await until(async () => (await statusOf('a')) === 'up');
    expect(bench.prober.begun.map(({ request: { signal: _, ...rest } }) => rest)).toEqual([
      { url: urlOf('a'), timeoutMs: 700, ca: null, expectedStatus: [403], canary: { repository: 'library/alpine', reference: '3' }, credential: null },
    ]);
    const { dueAtMs, intervalMs, staleAtMs } = await watchOf('a');
    const nowMs = bench.clock.nowMs();
    expect(intervalMs).toBe(60_000);
    expect(dueAtMs).toBeGreaterThan(nowMs + 60_000 * 0.95 - 5_000);
    expect(dueAtMs).toBeLessThanOrEqual(nowMs + 60_000 * 1.05);
    expect(staleAtMs).toBeGreaterThan(nowMs + 3 * 60_000 - 5_000);
    expect(await bench.results('a')).toMatchObject([{ cause: 'ok', statusCode: 403, verdict: 'up', maintenance: false }]);
    expect(await eventsOf('a')).toMatchObject([{ from: 'unknown', to: 'up', cause: 'ok', vantage: HERE }]);
    expect((await bench.store.get('a'))!.meta.revision).toBe(1);
    expect(bench.told).toMatchObject({ causes: ['ok'] });
  });

  it('confirms a failure and a recovery by probes that come soon, whatever the interval', async () => {
    await bench.add(watched('a', { interval_s: 3_600 }));
    bench.prober.answer = ({ url }) => refusedBy(url);
    bench.watcher().start();
    await until(async () => (await statusOf('a')) === 'down');
    expect((await bench.results('a')).length).toBeLessThanOrEqual(3);
    bench.prober.answer = ({ url }) => resultOf(url);
    await bench.edit(watched('a', { interval_s: 3_600 }));
    await until(async () => (await statusOf('a')) === 'up');
    expect((await eventsOf('a')).map(({ from, to }) => `${from} ${to}`)).toEqual(['down up', 'unknown down']);
  });

  it('leaves alone what is not due, and what another vantage has to probe', async () => {
    await bench.addDue(['later'], { atMs: bench.clock.nowMs() + 60_000, intervalMs: 60_000 });
    await bench.add(watched('now'));
    await bench.store.health.touch('later', ['edge']);
    bench.watcher().start();
    await until(() => bench.prober.count(urlOf('now')) > 0);
    expect(bench.prober.count(urlOf('later'))).toBe(0);
  });

  it('finds records that nobody told of, and spreads their first probes', async () => {
    await bench.store.insert({ record: watched('quiet'), meta: metaOf(), health: { status: 'unknown', cause: 'never_probed', since: null, vantages: {} } });
    bench.watcher().start();
    await until(async () => (await bench.store.health.watchesOf(['quiet'])).length === 1);
    const { dueAtMs } = await watchOf('quiet');
    expect(dueAtMs).toBeGreaterThan(bench.clock.nowMs() - 1_000);
    expect(dueAtMs).toBeLessThanOrEqual(bench.clock.nowMs() + limits.watchIntervalMsDefault);
  });

  it('gives back what could not be probed, says so, and tries it again in its turn', async () => {
    await bench.add(watched('broken', { interval_s: 60 }), watched('fine'));
    bench.prober.answer = ({ url }) => (url === urlOf('broken') ? Promise.reject(new Error('a defect')) : resultOf(url));
    bench.watcher().start();
    await until(async () => (await statusOf('fine')) === 'up' && bench.log.lines.length > 0);
    await new Promise((resume) => setTimeout(resume, 3 * limits.claimEveryMs));
    expect(bench.prober.count(urlOf('broken'))).toBe(1);
    expect(bench.log.lines).toMatchObject([{ level: 'error', message: 'A probe could not be made', fields: { id: 'broken' } }]);
    expect(await statusOf('broken')).toBe('unknown');
    expect(await bench.results('broken')).toEqual([]);
    expect(await bench.store.health.claimOne({ id: 'broken', vantage: HERE }, bench.clock.nowMs(), 1_000)).not.toBeNull();
  });

  it('loses no result while the store is away for a moment', async () => {
    const ids = idsOf(20);
    await bench.add(...ids.map((id) => watched(id)));
    let finish: (() => void)[] = [];
    bench.prober.answer = ({ url }) => new Promise((resolve) => finish.push(() => resolve(resultOf(url))));
    bench.watcher().start();
    await until(() => finish.length === ids.length);
    bench.isAway = true;
    for (const end of finish) end();
    finish = [];
    await until(() => bench.log.lines.some(({ message }) => message.includes('cannot be written')));
    await new Promise((resume) => setTimeout(resume, limits.resultsRetryMs));
    bench.isAway = false;
    await until(async () => (await Promise.all(ids.map(statusOf))).every((status) => status === 'up'));
    for (const id of ids) expect(await bench.results(id)).toHaveLength(1);
    expect(bench.prober.begun).toHaveLength(ids.length);
    await until(() => bench.log.lines.some(({ message }) => message === 'claiming what is to be probed: goes on'));
  });
});

describe('a watcher that is stopped', () => {
  it('leaves no timer and no probe, and gives its claims back, so that another one has them at once', async () => {
    const timersBefore = runningTimers();
    const hanging = idsOf(30);
    await bench.add(...hanging.map((id) => watched(id)), watched('done'));
    bench.prober.answer = ({ url }) => (url === urlOf('done') ? resultOf(url) : hangs());
    const watcher = bench.watcher();
    watcher.start();
    await until(() => bench.prober.inFlight() === hanging.length && bench.prober.count(urlOf('done')) > 0);
    await watcher.stop();
    expect(bench.prober.inFlight()).toBe(0);
    expect(runningTimers()).toBeLessThanOrEqual(timersBefore);
    expect(await bench.results('done')).toHaveLength(1);
    const claims = await bench.store.health.claim({ vantage: HERE, nowMs: bench.clock.nowMs(), leaseMs: 1_000, limit: 100 });
    expect(claims.map(({ id }) => id).sort()).toEqual(hanging);
    expect(bench.log.lines).toEqual([]);
  });

  it('ends soon and leaves no timer although the store is away', async () => {
    const timersBefore = runningTimers();
    await bench.add(watched('a'), watched('b'));
    bench.prober.answer = hangs;
    const watcher = bench.watcher();
    watcher.start();
    await until(() => bench.prober.inFlight() === 2);
    bench.isAway = true;
    const claim = { ...(await watchOf('a')), token: 'x', record: { text: JSON.stringify(watched('a')), revision: 1, createdAt: TIME } };
    const taken = watcher.take(claim, resultOf(urlOf('a')), null);
    await watcher.stop();
    await taken;
    expect(bench.prober.inFlight()).toBe(0);
    expect(runningTimers()).toBeLessThanOrEqual(timersBefore);
  }, 8_000);

  it('may be stopped twice, and without having begun', async () => {
    const watcher = bench.watcher();
    await watcher.stop();
    await watcher.stop();
    expect(bench.prober.begun).toEqual([]);
  });
});
