import type { Verdict } from '../../../src/core/health-summary.ts';
import { causeTable, type Cause } from '../../../src/health/cause.ts';
import type { Observation } from '../../../src/health/observation.ts';
import { expire, observe, pause, type ObservedOutcome } from '../../../src/health/verdict.ts';
import { initialState, type WatchState } from '../../../src/health/watch-state.ts';
import { defaultSettings, EPOCH_MS, observation, settingsWith } from '../../support/observations.ts';

const MIDDLE = 0.5;

/** Feeds results one after the other, each when the one before it asked for it, or `everyMs` apart. */
function watch(settings = defaultSettings, everyMs: number | null = null) {
  let state = initialState(EPOCH_MS);
  let atMs = EPOCH_MS;
  return {
    get state(): WatchState {
      return state;
    },
    get atMs(): number {
      return atMs;
    },
    see(cause: Cause, change: Partial<Observation> = {}): ObservedOutcome {
      const outcome = observe(state, observation(cause, atMs, change), settings, MIDDLE);
      state = outcome.state;
      atMs += everyMs ?? outcome.nextDelayMs;
      return outcome;
    },
    wait(ms: number): void {
      atMs += ms;
    },
    set(next: WatchState): void {
      state = next;
    },
  };
}

const shown = ({ verdict, cause }: WatchState): string => `${verdict}/${cause}`;

/** Short words for results in the tables below. */
const WORDS: Readonly<Record<string, Cause>> = {
  good: 'ok',
  auth: 'auth_required',
  fail: 'refused',
  hang: 'timeout',
  '500': 'http_5xx',
  limited: 'rate_limited',
  rejected: 'credentials_rejected',
  expired: 'credentials_expired',
  notoken: 'token_service_failed',
  withheld: 'credentials_withheld',
  blocked: 'blocked',
  broken: 'probe_failed',
};

function verdictsOf(words: string): string[] {
  const watched = watch();
  return words.split(' ').map((word) => shown(watched.see(WORDS[word]!).state));
}

describe('a verdict', () => {
  it.each<[string, string, string[]]>([
    ['is up after one good result', 'good', ['up/ok']],
    ['is up where a login is asked for', 'auth', ['up/auth_required']],
    ['needs a second failure to become down', 'fail fail', ['unknown/never_probed', 'down/refused']],
    ['is down when two of three failed', 'good fail good fail', ['up/ok', 'up/ok', 'up/ok', 'down/refused']],
    ['stays up when two re-probes refute a failure', 'good fail good good fail', ['up/ok', 'up/ok', 'up/ok', 'up/ok', 'up/ok']],
    ['needs two good results in a row to leave down', 'fail fail good fail good good', ['unknown/never_probed', 'down/refused', 'down/refused', 'down/refused', 'down/refused', 'up/ok']],
    ['takes the cause of the failure that confirmed', 'good hang fail', ['up/ok', 'up/ok', 'down/refused']],
    ['changes its cause only once it was found twice in a row', 'fail fail 500 fail 500 500', ['unknown/never_probed', 'down/refused', 'down/refused', 'down/refused', 'down/refused', 'down/http_5xx']],
    ['changes from ok to auth_required in the same way', 'good auth good auth auth', ['up/ok', 'up/ok', 'up/ok', 'up/ok', 'up/auth_required']],
    ['is degraded at once where requests are limited, until two results were not', 'good limited good good', ['up/ok', 'degraded/rate_limited', 'degraded/rate_limited', 'up/ok']],
    ['counts a limited answer as an answer', 'fail fail limited limited', ['unknown/never_probed', 'down/refused', 'down/refused', 'degraded/rate_limited']],
    ['is auth_failed at once, even from down', 'fail fail rejected', ['unknown/never_probed', 'down/refused', 'auth_failed/credentials_rejected']],
    ['leaves auth_failed after two accepted results', 'rejected good good', ['auth_failed/credentials_rejected', 'auth_failed/credentials_rejected', 'up/ok']],
    ['goes from auth_failed to down as from up', 'rejected fail fail', ['auth_failed/credentials_rejected', 'auth_failed/credentials_rejected', 'down/refused']],
    ['is auth_failed, too, where they have expired, and says which', 'good expired rejected', ['up/ok', 'auth_failed/credentials_expired', 'auth_failed/credentials_rejected']],
    ['says why it was auth_failed until it is left', 'expired good', ['auth_failed/credentials_expired', 'auth_failed/credentials_expired']],
    ['is degraded where credentials cannot be tried from the beginning', 'withheld', ['degraded/credentials_withheld']],
    ['needs a second token that cannot be had to become degraded', 'good notoken good notoken notoken', ['up/ok', 'up/ok', 'up/ok', 'up/ok', 'degraded/token_service_failed']],
    ['leaves that after two results without', 'notoken good good', ['degraded/token_service_failed', 'degraded/token_service_failed', 'up/ok']],
    ['counts a token that cannot be had as an answer', 'fail fail notoken notoken', ['unknown/never_probed', 'down/refused', 'down/refused', 'degraded/token_service_failed']],
    ['is unknown at once where Portolan may not connect', 'good blocked', ['up/ok', 'unknown/blocked']],
    ['starts anew after blocked', 'fail fail blocked good', ['unknown/never_probed', 'down/refused', 'unknown/blocked', 'up/ok']],
    ['is left alone by probes that could not be made', 'good broken fail broken fail', ['up/ok', 'up/ok', 'up/ok', 'up/ok', 'down/refused']],
    ['says why nothing is known when the first probe could not be made', 'broken good', ['unknown/probe_failed', 'up/ok']],
  ])('%s', (_rule, words, verdicts) => {
    expect(verdictsOf(words)).toEqual(verdicts);
  });

  const good = new Set<Cause>(['ok', 'auth_required']);
  const special = new Set<Cause>(['rate_limited', 'credentials_rejected', 'credentials_expired', 'credentials_withheld', 'token_service_failed', 'blocked', 'probe_failed']);
  it.each((Object.keys(causeTable) as Cause[]).filter((cause) => !good.has(cause) && !special.has(cause)))('is down after %s twice', (cause) => {
    const watched = watch();
    watched.see('ok');
    watched.see(cause);
    expect(shown(watched.see(cause).state)).toBe(`down/${cause}`);
  });

  it('follows what the record calls healthy, whatever the cause', () => {
    expect(watch().see('http_4xx', { healthy: true, statusCode: 403 }).state.verdict).toBe('up');
  });

  it('keeps its time while only the cause changes, and says that it changed', () => {
    const watched = watch();
    watched.see('refused');
    const down = watched.see('refused');
    expect([down.changed, down.state.sinceMs]).toEqual([true, EPOCH_MS + 1000]);
    watched.see('timeout');
    const other = watched.see('timeout');
    expect([other.changed, other.state.cause, other.state.sinceMs]).toEqual([true, 'timeout', down.state.sinceMs]);
    expect(watched.see('timeout').changed).toBe(false);
  });

  it('begins anew when the record names another URL', () => {
    const watched = watch();
    watched.see('refused');
    watched.see('refused');
    expect(watched.see('ok', { url: 'https://other.example.com/v2/' }).state).toMatchObject({ verdict: 'up', baseline: { results: 1 } });
  });

  it('stands until the registry of another URL has shown itself', () => {
    const watched = watch();
    watched.see('ok');
    const url = 'https://other.example.com/v2/';
    expect(watched.see('refused', { url }).state.verdict).toBe('up');
    expect(shown(watched.see('refused', { url }).state)).toBe('down/refused');
  });
});

describe('a certificate', () => {
  const DAY_MS = 86_400_000;
  const withLife = (daysBehind: number, daysLeft: number, atMs: number) => ({ certificate: { validFromMs: atMs - daysBehind * DAY_MS, validToMs: atMs + daysLeft * DAY_MS } });

  it.each<[number, number, Verdict]>([
    [80, 10, 'up'],
    [81, 9, 'degraded'],
    [330, 40, 'up'],
    [330, 30, 'degraded'],
    [6.2, 0.8, 'up'],
    [6.5, 0.5, 'degraded'],
  ])('that is %d days old and has %d left makes the verdict %s', (behind, left, verdict) => {
    expect(watch().see('ok', withLife(behind, left, EPOCH_MS)).state).toMatchObject({ verdict, cause: verdict === 'up' ? 'ok' : 'tls_expiring' });
  });

  it('that was renewed on one of two servers only does not make the verdict change with each result', () => {
    const watched = watch();
    const old = withLife(89, 1, EPOCH_MS);
    const verdicts = [old, {}, old, {}, {}].map((change) => watched.see('ok', change).state.verdict);
    expect(verdicts).toEqual(['degraded', 'degraded', 'degraded', 'degraded', 'up']);
  });
});

describe('a slow registry', () => {
  const settled = (settings = defaultSettings) => {
    const watched = watch(settings);
    for (let n = 0; n < 20; n++) watched.see('ok', { totalMs: 20 });
    return watched;
  };
  const verdicts = (watched: ReturnType<typeof watch>, ...totals: number[]) => totals.map((totalMs) => shown(watched.see('ok', { totalMs }).state));

  it('is degraded once three of five results were slow against its past, until one at most is', () => {
    expect(verdicts(settled(), 400, 20, 400, 20, 400, 20, 400, 20, 20, 20)).toEqual([
      'up/ok',
      'up/ok',
      'up/ok',
      'up/ok',
      ...Array.from({ length: 5 }, () => 'degraded/slow'),
      'up/ok',
    ]);
  });

  it('is not slow by less than a quarter of a second, however fast it was', () => {
    expect(verdicts(settled(), 269, 269, 269)).toEqual(['up/ok', 'up/ok', 'up/ok']);
  });

  it('is not slow by less than four times, however much it is', () => {
    const watched = watch();
    for (let n = 0; n < 20; n++) watched.see('ok', { totalMs: 500 });
    expect(verdicts(watched, 1900, 1900, 1900)).toEqual(['up/ok', 'up/ok', 'up/ok']);
    expect(verdicts(watched, 4000, 4000, 4000).at(-1)).toBe('degraded/slow');
  });

  it('is not judged by its past before it has one', () => {
    const watched = watch();
    expect(verdicts(watched, 5, 400, 400, 400, 400)).toEqual(Array.from({ length: 5 }, () => 'up/ok'));
  });

  it('becomes the usual case when it stays so for long', () => {
    const watched = settled();
    let results = 0;
    while (watched.see('ok', { totalMs: 1000 }).state.verdict !== 'up' || results < 5) expect(++results).toBeLessThan(2000);
    // About two hours at the usual interval.
    expect(results).toBeGreaterThan(100);
  });

  it('is measured by the record’s own limit alone where there is one', () => {
    expect(verdicts(settled(settingsWith({ slow_ms: 2000 })), 1999, 1999, 1999).at(-1)).toBe('up/ok');
    expect(verdicts(watch(settingsWith({ slow_ms: 10 })), 11, 11, 11)).toEqual(['up/ok', 'up/ok', 'degraded/slow']);
  });
});

describe('a flapping registry', () => {
  /** An outage of three results. */
  const outage = (watched: ReturnType<typeof watch>) => ['refused', 'refused', 'refused'].map((cause) => shown(watched.see(cause as Cause).state)).at(-1);
  const recovery = (watched: ReturnType<typeof watch>) => ['ok', 'ok'].map((cause) => shown(watched.see(cause as Cause).state)).at(-1);
  const twoOutages = (settings = defaultSettings) => {
    const watched = watch(settings);
    watched.see('ok');
    expect([outage(watched), recovery(watched), outage(watched)]).toEqual(['down/refused', 'up/ok', 'down/refused']);
    return watched;
  };

  it('is degraded after its second recovery within ten minutes', () => {
    expect(recovery(twoOutages())).toBe('degraded/flapping');
  });

  it('is up again once its turns are ten minutes old', () => {
    const watched = twoOutages();
    recovery(watched);
    watched.wait(600_000);
    expect(shown(watched.see('ok').state)).toBe('up/ok');
  });

  it('flaps for ten intervals where those are longer', () => {
    const watched = watch(settingsWith({ interval_s: 600 }));
    watched.see('ok');
    outage(watched);
    watched.wait(2_000_000);
    recovery(watched);
    outage(watched);
    expect(recovery(watched)).toBe('degraded/flapping');
  });

  it('is down only once three results in a row failed, which is found out at once', () => {
    const watched = twoOutages();
    recovery(watched);
    const first = watched.see('refused');
    const second = watched.see('refused');
    expect([shown(first.state), shown(second.state), second.nextDelayMs]).toEqual(['degraded/flapping', 'degraded/flapping', 1500]);
    expect(shown(watched.see('refused').state)).toBe('down/refused');
    expect(shown(watched.see('ok').state)).toBe('down/refused');
    expect(shown(watched.see('ok').state)).toBe('degraded/flapping');
  });

  it('is not down for its first success after an outage, when its turns have grown old meanwhile', () => {
    const watched = twoOutages();
    recovery(watched);
    watched.see('refused');
    watched.see('refused');
    watched.wait(600_000);
    expect(shown(watched.see('rate_limited').state)).toBe('degraded/flapping');
    expect(shown(watched.see('ok').state)).toBe('degraded/rate_limited');
  });

  it('is found where one of three servers behind a name fails and no failure is ever confirmed', () => {
    const watched = watch();
    const verdicts = Array.from({ length: 15 }, (_unused, n) => shown(watched.see(n % 3 === 0 ? 'refused' : 'ok').state));
    expect(verdicts.slice(1, 11).every((verdict) => verdict === 'up/ok')).toBe(true);
    expect(verdicts.slice(11)).toEqual(Array.from({ length: 4 }, () => 'degraded/flapping'));
  });

  it('is not what one failure each five minutes amounts to', () => {
    const watched = watch();
    for (let n = 0; n < 100; n++) expect(watched.see(n % 12 === 11 ? 'refused' : 'ok').state.cause).toMatch(/^ok$/);
  });

  it('shows before everything else that degrades', () => {
    const watched = twoOutages();
    watched.see('rate_limited');
    expect(shown(watched.see('rate_limited').state)).toBe('degraded/flapping');
  });

  it('is probed no more than three times each interval on average, however it alternates', () => {
    const watched = watch();
    for (let n = 0; n < 200; n++) watched.see(n % 2 === 0 ? 'refused' : 'ok');
    expect((watched.atMs - EPOCH_MS) / 200).toBeGreaterThan(10_000);
  });

  it('is not found in turns of a time that has not come, after the clock was set back', () => {
    const watched = twoOutages();
    recovery(watched);
    watched.wait(-7 * 86_400_000);
    expect(shown(watched.see('ok').state)).toBe('up/ok');
  });
});

describe('the next probe', () => {
  const delays = (words: string, settings = defaultSettings): number[] => {
    const watched = watch(settings);
    return words.split(' ').map((word) => watched.see(WORDS[word]!).nextDelayMs);
  };

  it('comes after the interval, give or take a twentieth', () => {
    const delay = (random: number) => observe(initialState(0), observation('ok', 0), defaultSettings, random).nextDelayMs;
    expect([delay(0), delay(0.5), delay(1)]).toEqual([28_500, 30_000, 31_500]);
  });

  it.each<[string, string, number[]]>([
    ['comes after a second to confirm a failure, then after one or two', 'good fail good good', [30_000, 1000, 1500, 30_000]],
    ['comes after the interval once a failure is confirmed', 'good fail fail fail', [30_000, 1000, 30_000, 30_000]],
    ['comes after a second to confirm a recovery', 'fail fail good good', [1000, 30_000, 1000, 30_000]],
    ['comes soon when credentials are accepted again', 'rejected good good', [30_000, 1500, 30_000]],
    ['does not press a registry that limits requests', 'fail fail limited limited', [1000, 30_000, 30_000, 30_000]],
    ['does not press Portolan itself when it could not probe', 'good broken fail broken', [30_000, 30_000, 1000, 30_000]],
    ['comes after the interval where nothing may be sent', 'blocked blocked', [30_000, 30_000]],
  ])('%s', (_rule, words, expected) => {
    expect(delays(words)).toEqual(expected);
  });

  it('comes later and later while a registry is down, up to ten intervals, and as ever after one success', () => {
    const watched = watch();
    const intervals = Array.from({ length: 60 }, () => watched.see('refused').intervalMs / 1000);
    expect([1, 10, 11, 20, 21, 30, 31, 40, 41, 60].map((failures) => intervals[failures - 1])).toEqual([30, 30, 60, 60, 120, 120, 240, 240, 300, 300]);
    const { intervalMs, nextDelayMs } = watched.see('ok');
    expect([intervalMs, nextDelayMs]).toEqual([30_000, 1000]);
  });

  it.each([
    [null, 30_000],
    [5_000, 30_000],
    [90_000, 90_000],
    [86_400_000, 300_000],
  ])('honours a Retry-After of %p ms of a registry that limits requests: %d', (retryAfterMs, expected) => {
    const { nextDelayMs, intervalMs, staleAfterMs } = watch().see('rate_limited', { retryAfterMs });
    expect([nextDelayMs, intervalMs, staleAfterMs]).toEqual([expected, expected, 3 * expected + 5_000]);
  });

  it('is not put off by a Retry-After of one that fails, so that its recovery is seen', () => {
    const watched = watch();
    watched.see('http_5xx', { retryAfterMs: 3_600_000 });
    expect(watched.see('http_5xx', { retryAfterMs: 3_600_000 }).nextDelayMs).toBe(30_000);
  });
});

describe('a verdict that nobody renews', () => {
  it('stands for three intervals and a time-out', () => {
    const { state, staleAfterMs } = watch(settingsWith({ interval_s: 60, timeout_ms: 2000 })).see('ok');
    expect([staleAfterMs, state.staleAtMs]).toEqual([182_000, EPOCH_MS + 182_000]);
  });

  it('becomes unknown, and forgets what led to it but not what was seen', () => {
    const watched = watch();
    watched.see('refused');
    watched.see('refused');
    const { state, changed } = expire(watched.state, EPOCH_MS + 200_000);
    expect(changed).toBe(true);
    expect(state).toMatchObject({ verdict: 'unknown', cause: 'not_watched', sinceMs: EPOCH_MS + 200_000, staleAtMs: null, marks: '', failuresInRow: 0 });
    expect(state.failures).toHaveLength(2);
    expect(state.last?.cause).toBe('refused');
    expect(expire(state, EPOCH_MS + 300_000)).toEqual({ state, changed: false });
    watched.set(state);
    expect(watched.see('ok').state.verdict).toBe('up');
  });

  it('is not renewed by probes that could not be made, and then says so', () => {
    const watched = watch();
    watched.see('ok');
    const seen = Array.from({ length: 4 }, () => watched.see('probe_failed'));
    expect(seen.map(({ staleAfterMs }) => staleAfterMs)).toEqual([65_000, 35_000, 5_000, 0]);
    expect(seen.map(({ state }) => shown(state))).toEqual(['up/ok', 'up/ok', 'up/ok', 'unknown/probe_failed']);
  });

  it('is unknown for want of probes when time ran out after one that could not be made', () => {
    const watched = watch();
    watched.see('ok');
    watched.see('probe_failed');
    expect(shown(expire(watched.state, EPOCH_MS + 100_000).state)).toBe('unknown/probe_failed');
  });
});

describe('a paused watch', () => {
  it('is unknown from then on, and starts anew afterwards', () => {
    const watched = watch();
    watched.see('refused');
    watched.see('refused');
    const { state, changed } = pause(watched.state, EPOCH_MS + 5_000);
    expect([shown(state), changed, state.sinceMs, state.staleAtMs]).toEqual(['unknown/paused', true, EPOCH_MS + 5_000, null]);
    expect(pause(state, EPOCH_MS + 9_000).changed).toBe(false);
    watched.set(state);
    expect(shown(watched.see('ok').state)).toBe('up/ok');
  });

  it('keeps the time since which nothing is known', () => {
    expect(pause(initialState(EPOCH_MS), EPOCH_MS + 5_000)).toMatchObject({ changed: true, state: { cause: 'paused', sinceMs: EPOCH_MS } });
  });
});
