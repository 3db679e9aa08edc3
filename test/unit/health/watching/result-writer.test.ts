import { systemClock } from '../../../../src/core/clock.ts';
import { limits } from '../../../../src/core/limits.ts';
import { createResultWriter } from '../../../../src/health/watching/result-writer.ts';
import type { Completion } from '../../../../src/store/health-port.ts';

const NOTHING = new Uint8Array();

const completion = (id: string): Completion => ({
  claim: { id, vantage: 'default', token: 't' },
  next: { dueAtMs: 1, staleAtMs: null, intervalMs: 1, state: '', tail: NOTHING, totals: NOTHING },
  verdict: null,
  event: null,
  closedHours: [],
});

const quiet = { warn: () => undefined };

describe('the writer of results', () => {
  it('writes what comes within a moment in one go, and tells each whether its claim held', async () => {
    const groups: string[][] = [];
    const store = {
      complete: (completions: readonly Completion[]) => {
        groups.push(completions.map(({ claim }) => claim.id));
        return Promise.resolve(completions.map(({ claim }) => claim.id !== 'lost'));
      },
    };
    const writer = createResultWriter({ store, clock: systemClock, log: quiet });
    expect(await Promise.all(['a', 'lost', 'b'].map((id) => writer.write(completion(id))))).toEqual([true, false, true]);
    expect(groups).toEqual([['a', 'lost', 'b']]);
  });

  it('writes no more than a group at a time, and everything when it is asked to', async () => {
    const sizes: number[] = [];
    const store = {
      complete: (completions: readonly Completion[]) => {
        sizes.push(completions.length);
        return Promise.resolve(completions.map(() => true));
      },
    };
    const writer = createResultWriter({ store, clock: systemClock, log: quiet });
    const written = Array.from({ length: 150 }, (_unused, index) => writer.write(completion(`r${index}`)));
    await writer.flush();
    expect(await Promise.all(written)).toEqual(written.map(() => true));
    expect(Math.max(...sizes)).toBe(limits.resultsWrittenTogether);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(150);
  });

  it('loses nothing while the store is away for a moment, and gives up when the claims are over', async () => {
    let nowMs = 0;
    let isAway = true;
    const store = { complete: (completions: readonly Completion[]) => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(completions.map(() => true))) };
    const writer = createResultWriter({ store, clock: { nowMs: () => nowMs, monotonicMs: () => nowMs }, log: quiet });
    const old = writer.write(completion('old'));
    await writer.flush();
    nowMs = limits.resultsKeptMs - 1;
    const young = writer.write(completion('young'));
    nowMs = limits.resultsKeptMs + 1;
    await writer.flush();
    expect(await old).toBe(false);
    isAway = false;
    await writer.flush();
    expect(await young).toBe(true);
  });
});
