import { isDeepStrictEqual } from 'node:util';
import { causeTable, type Cause } from '../../../src/health/cause.ts';
import type { HealthSettings } from '../../../src/health/settings.ts';
import { expire, observe, pause } from '../../../src/health/verdict.ts';
import { initialState, parseState, type WatchState } from '../../../src/health/watch-state.ts';
import { defaultSettings, EPOCH_MS, observation, settingsWith } from '../../support/observations.ts';
import { randomSource, seedOfRun, type RandomSource } from '../../support/random.ts';

const seed = seedOfRun();
const CAUSES = Object.keys(causeTable) as Cause[];
const RUNS = 300;
const STEPS = 60;

/** More often good or bad for a while than each time anew, so that outages and recoveries both happen. */
function* randomCauses(rng: RandomSource): Generator<Cause> {
  for (;;) {
    const failureRate = rng.pick([0, 0.1, 0.3, 0.5, 0.9, 1]);
    for (let left = 1 + rng.int(15); left > 0; left--) {
      if (rng.chance(0.1)) yield rng.pick(CAUSES);
      else yield rng.chance(failureRate) ? rng.pick(['refused', 'timeout', 'http_5xx'] as const) : rng.pick(['ok', 'ok', 'auth_required'] as const);
    }
  }
}

interface Step {
  readonly before: WatchState;
  readonly after: WatchState;
  readonly changed: boolean;
  /** Null: no probe, but time or a pause. */
  readonly probe: { readonly cause: Cause; readonly nextDelayMs: number; readonly intervalMs: number; readonly staleAfterMs: number } | null;
  readonly settings: HealthSettings;
  /** Results that the verdict still builds upon, the latest at the end. */
  readonly history: readonly Cause[];
}

/** Random lives of registries: results, silence, pauses, changes of the URL, clocks that jump, a store in between. */
function randomSteps(rng: RandomSource): Step[] {
  const steps: Step[] = [];
  for (let run = 0; run < RUNS; run++) {
    const settings = settingsWith({ interval_s: rng.pick([5, 30, 60, 86_400]), ...(rng.chance(0.2) ? { slow_ms: 100 } : {}) });
    const causes = randomCauses(rng);
    let state = initialState(EPOCH_MS);
    let atMs = EPOCH_MS;
    let url = 'https://a.example.com/v2/';
    let history: readonly Cause[] = [];
    for (let step = 0; step < STEPS; step++) {
      const before = state;
      const chance = rng.int(100);
      if (chance < 3) {
        const { state: after, changed } = chance < 2 ? expire(state, atMs) : pause(state, atMs);
        if (after.verdict === 'unknown') history = [];
        steps.push({ before, after, changed, probe: null, settings, history });
        state = after;
        continue;
      }
      const cause = causes.next().value as Cause;
      if (chance < 5) [url, history] = [`https://${rng.int(5)}.example.com/v2/`, []];
      const found = observation(cause, atMs, { url, totalMs: rng.pick([5, 20, 90, 700, 4000]), retryAfterMs: rng.pick([null, 1000, 10_000_000]) });
      const { state: after, changed, ...pace } = observe(state, found, settings, rng.int(1000) / 1000);
      if (cause !== 'probe_failed') history = [...history, cause].slice(-5);
      if (after.verdict === 'unknown' && after.marks === '') history = [];
      steps.push({ before, after, changed, probe: { cause, ...pace }, settings, history });
      state = parseState(JSON.stringify(after), 0);
      atMs += rng.chance(0.05) ? (rng.int(200) - 100) * 60_000 : pace.nextDelayMs;
    }
  }
  return steps;
}

const GOOD: readonly Cause[] = ['ok', 'auth_required'];
const ANSWERS: readonly Cause[] = [...GOOD, 'rate_limited', 'credentials_rejected', 'credentials_expired', 'credentials_withheld', 'token_service_failed'];
const failed = (cause: Cause): boolean => !ANSWERS.includes(cause);
const failuresAmongLastThree = ({ history }: Step): number => history.slice(-3).filter(failed).length;

describe(`whatever happens to a registry (seed ${seed})`, () => {
  const steps = randomSteps(randomSource(seed));

  /** Every step of which `applies` is true keeps the rule, and there are enough of them to tell. */
  function expectAlways(applies: (step: Step) => boolean, keeps: (step: Step) => boolean): void {
    const concerned = steps.filter(applies);
    expect(concerned.length).toBeGreaterThan(100);
    expect(concerned.filter((step) => !keeps(step)).slice(0, 2)).toEqual([]);
  }
  const always = (): boolean => true;

  it('the verdict is never up when two of the last three results failed', () => {
    expectAlways(
      (step) => failuresAmongLastThree(step) >= 2,
      ({ after }) => after.verdict !== 'up',
    );
  });

  it('three failures in a row are down', () => {
    expectAlways(
      (step) => failuresAmongLastThree(step) === 3 && step.probe?.cause !== 'probe_failed',
      ({ after }) => after.verdict === 'down',
    );
  });

  it('two answers in a row lead out of down, the second a second after the first', () => {
    expectAlways(
      ({ after }) => after.verdict === 'down',
      ({ after }) => {
        const atMs = (after.last?.atMs ?? 0) + 30_000;
        const url = after.last?.url ?? '';
        const first = observe(after, observation('ok', atMs, { url }), defaultSettings, 0.5);
        const second = observe(first.state, observation('ok', atMs + first.nextDelayMs, { url }), defaultSettings, 0.5);
        const isSoon = first.nextDelayMs === 1000 || first.state.verdict !== 'down';
        return isSoon && ['up', 'degraded'].includes(second.state.verdict);
      },
    );
  });

  it('since changes exactly when the verdict’s word does', () => {
    expectAlways(always, ({ before, after }) => before.verdict !== after.verdict || before.sinceMs === after.sinceMs);
    expectAlways(
      ({ before, after, probe }) => probe !== null && before.verdict !== after.verdict,
      ({ after }) => after.sinceMs === after.last?.atMs,
    );
  });

  it('changed says whether word or cause did', () => {
    expectAlways(always, ({ before, after, changed }) => changed === (before.verdict !== after.verdict || before.cause !== after.cause));
  });

  it('the next probe comes within a second and ten intervals, and before the verdict ends', () => {
    expectAlways(
      ({ probe }) => probe !== null,
      ({ probe, settings: { intervalMs } }) => {
        if (probe === null || probe.nextDelayMs < 1000 || probe.nextDelayMs > 10 * intervalMs) return false;
        if (probe.intervalMs < intervalMs || probe.intervalMs > 10 * intervalMs) return false;
        return probe.cause === 'probe_failed' || probe.staleAfterMs > 2 * probe.nextDelayMs;
      },
    );
  });

  it('a verdict ends some time exactly when it is not unknown', () => {
    expectAlways(always, ({ after }) => (after.staleAtMs === null) === (after.verdict === 'unknown'));
  });

  it('the causes fit the words', () => {
    const fitting: Readonly<Record<string, readonly string[]>> = {
      up: GOOD,
      degraded: ['slow', 'flapping', 'rate_limited', 'tls_expiring', 'credentials_withheld', 'token_service_failed'],
      auth_failed: ['credentials_rejected', 'credentials_expired'],
      down: CAUSES.filter((cause) => failed(cause) && cause !== 'blocked' && cause !== 'probe_failed'),
      unknown: ['never_probed', 'not_watched', 'paused', 'blocked', 'probe_failed'],
    };
    expectAlways(always, ({ after: { verdict, cause } }) => fitting[verdict]?.includes(cause) === true);
  });

  it('the state comes back from its text, and does not grow', () => {
    expectAlways(always, ({ after }) => {
      const text = JSON.stringify(after);
      return text.length < 3000 && after.marks.length <= 20 && after.failures.length <= 10 && isDeepStrictEqual(parseState(text, 0), after);
    });
  });
});

describe(`a registry that fails at some time (seed ${seed})`, () => {
  /** Milliseconds from the failure's beginning to `down`: good probes take none, failing ones as long as `failureMs`. */
  function timeToDown(rng: RandomSource, cause: Cause, failureMs: number): number {
    const failsAtMs = EPOCH_MS + 300_000 + rng.int(30_000);
    let state = initialState(EPOCH_MS);
    for (let atMs = EPOCH_MS; atMs < failsAtMs + 600_000; ) {
      const fails = atMs >= failsAtMs;
      if (fails) atMs += failureMs;
      const outcome = observe(state, observation(fails ? cause : 'ok', atMs), defaultSettings, rng.int(1000) / 1000);
      state = outcome.state;
      if (state.verdict === 'down') return atMs - failsAtMs;
      atMs += outcome.nextDelayMs;
    }
    return Infinity;
  }

  function timesToDown(cause: Cause, failureMs: number): { worst: number; median: number } {
    const rng = randomSource(seed);
    const times = Array.from({ length: 1000 }, () => timeToDown(rng, cause, failureMs)).sort((a, b) => a - b);
    return { worst: times.at(-1) ?? Infinity, median: times[500] ?? Infinity };
  }

  it('is down after 36 seconds at worst, 20 in the middle, when it refuses', () => {
    const { worst, median } = timesToDown('refused', 0);
    expect(worst).toBeLessThanOrEqual(36_000);
    expect(median).toBeLessThanOrEqual(20_000);
  });

  it('is down after 50 seconds at worst when it hangs', () => {
    expect(timesToDown('timeout', defaultSettings.timeoutMs).worst).toBeLessThanOrEqual(50_000);
  });
});
