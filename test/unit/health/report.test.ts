import { createRecordFacts } from '../../../src/health/record-facts.ts';
import { createHealthReports } from '../../../src/health/report.ts';
import type { HealthEvent } from '../../../src/store/health-port.ts';
import { report } from '../../contract/health-fixture.ts';
import { startBench, watched, type WatchingBench, noCredentials } from '../../support/watching.ts';

let bench: WatchingBench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.dispose());

describe('events, page by page', () => {
  const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
  const eventAt = (atMs: number): HealthEvent => ({ atMs, from: 'up', to: 'unknown', cause: 'not_watched', evidence: '{"last":null,"failures":[]}' });

  it('lose none of those that came at one moment, as when several vantages fall silent together', async () => {
    await bench.add(watched('a'));
    await bench.health.touch('a', ['edge', 'far']);
    for (const vantage of ['default', 'edge', 'far']) {
      for (const atMs of [NOW - 2, NOW - 1, NOW]) await report(bench.health, { id: 'a', vantage }, { event: eventAt(atMs) });
    }
    const reports = createHealthReports({ store: bench.health, facts: createRecordFacts(), credentials: noCredentials, clock: bench.clock });
    for (const limit of [1, 2, 3, 4, 9]) {
      const told: string[] = [];
      for (let beforeMs = NOW + 1; ; ) {
        const page = await reports.events('a', { beforeMs, limit });
        told.push(...page.map(({ at, vantage }) => `${at} ${vantage}`));
        const last = page.at(-1);
        if (last === undefined) break;
        beforeMs = Date.parse(last.at);
      }
      expect(told).toHaveLength(9);
      expect(new Set(told).size).toBe(9);
      expect(told).toEqual(told.toSorted().toReversed());
    }
  });
});

describe('the history of a registry', () => {
  it('is seen from the vantage that was asked for, else from the preferred one, else from one that watches', async () => {
    await bench.add(watched('a'));
    await bench.health.touch('a', ['edge', 'far']);
    const reports = createHealthReports({ store: bench.health, facts: createRecordFacts(), credentials: noCredentials, clock: bench.clock });
    const times = { fromMs: 0, toMs: 3_600_000, stepMs: 3_600_000 };
    const seenFrom = async (vantage: string | undefined, preferred: string): Promise<string> => (await reports.history('a', { vantage, preferred }, times)).vantage;
    expect(await seenFrom('far', 'edge')).toBe('far');
    expect(await seenFrom(undefined, 'far')).toBe('far');
    expect(['default', 'edge']).toContain(await seenFrom(undefined, 'office'));
    expect(await seenFrom('office', 'edge')).toBe('office');
  });
});
