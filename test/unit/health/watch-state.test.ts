import { limits } from '../../../src/core/limits.ts';
import { observe } from '../../../src/health/verdict.ts';
import { initialState, parseState, vantageHealthOf, type WatchState } from '../../../src/health/watch-state.ts';
import { defaultSettings, EPOCH_MS, observation } from '../../support/observations.ts';

/** The state of a registry that has seen something of everything. */
function livedState(): WatchState {
  let state = initialState(EPOCH_MS);
  const causes = ['ok', 'ok', 'refused', 'refused', 'timeout', 'auth_required', 'auth_required', 'rate_limited', 'ok', 'refused', 'ok', 'ok'] as const;
  for (const [n, cause] of causes.entries()) state = observe(state, observation(cause, EPOCH_MS + n * 30_000), defaultSettings, 0.5).state;
  return state;
}

const NOW_MS = EPOCH_MS + 999_000;

describe('the state of a watch', () => {
  it('comes back from its text as it was', () => {
    const state = livedState();
    expect(parseState(JSON.stringify(state), NOW_MS)).toEqual(state);
    const fresh = initialState(5);
    expect(parseState(JSON.stringify(fresh), NOW_MS)).toEqual(fresh);
  });

  it('says what a vantage makes of the registry', () => {
    expect(vantageHealthOf(initialState(EPOCH_MS))).toEqual({ status: 'unknown', cause: 'never_probed', since: '2030-01-01T00:00:00.000Z' });
  });

  it('takes less than 700 bytes in the usual case', () => {
    let state = initialState(EPOCH_MS);
    for (let n = 0; n < 30; n++) {
      const cause = n === 9 ? 'timeout' : 'auth_required';
      state = observe(state, observation(cause, EPOCH_MS + n * 30_000, { challenge: 'Bearer', statusCode: 401, reason: 'Unauthorized' }), defaultSettings, 0.5).state;
    }
    expect(JSON.stringify(state).length).toBeLessThan(700);
  });

  it('keeps the last result with its times to a tenth of a millisecond', () => {
    const { last } = observe(initialState(0), observation('ok', EPOCH_MS, { challenge: 'Bearer', flavor: 'zot' }), defaultSettings, 0.5).state;
    expect(last).toEqual({
      atMs: EPOCH_MS,
      url: 'https://registry.example.com:5000/v2/',
      cause: 'ok',
      healthy: true,
      statusCode: 200,
      reason: 'OK',
      totalMs: 12.3,
      dnsMs: 0.2,
      connectMs: 0.4,
      tlsMs: 6.1,
      firstByteMs: 3.1,
      certificate: { validFromMs: EPOCH_MS - 30 * 86_400_000, validToMs: EPOCH_MS + 335 * 86_400_000 },
      flavor: 'zot',
      challenge: 'Bearer',
    });
  });

  it('cuts what a registry says, and leaves no half of a character', () => {
    const reason = `${'x'.repeat(limits.failureReasonLengthMax - 1)}🚢${'y'.repeat(500)}`;
    const { last, failures } = observe(initialState(0), observation('http_5xx', EPOCH_MS, { reason, challenge: 'z'.repeat(500) }), defaultSettings, 0.5).state;
    expect(last?.reason).toHaveLength(limits.resultReasonLengthMax);
    expect(last?.challenge).toHaveLength(limits.challengeSchemeLengthMax);
    expect(failures[0]?.reason).toHaveLength(limits.failureReasonLengthMax);
    expect(failures[0]?.reason.isWellFormed()).toBe(true);
  });

  it('keeps the last ten failures whatever their age, the latest at the end', () => {
    let state = initialState(EPOCH_MS);
    for (let n = 0; n < 14; n++) state = observe(state, observation('refused', EPOCH_MS + n), defaultSettings, 0.5).state;
    for (let n = 0; n < 500; n++) state = observe(state, observation('ok', EPOCH_MS + n * 30_000), defaultSettings, 0.5).state;
    expect(state.failures.map(({ atMs }) => atMs - EPOCH_MS)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    expect(state.failures[0]).toEqual({ atMs: EPOCH_MS + 4, cause: 'refused', statusCode: null, reason: 'Nothing listens on that port.' });
  });
});

describe('a text that is not a whole state', () => {
  it.each(['', ' ', '{', 'null', '[]', '7', '"up"', '{}', '{"v":1}', '{"v":2}', '\u0000'])('%p counts as none', (text) => {
    expect(parseState(text, NOW_MS)).toEqual(initialState(NOW_MS));
  });

  it('counts as none when any of its parts is missing or of another kind', () => {
    const whole = livedState();
    const places: string[][] = [];
    const walk = (value: unknown, place: string[]): void => {
      if (place.length > 0) places.push(place);
      if (typeof value === 'object' && value !== null) for (const [key, child] of Object.entries(value)) walk(child, [...place, key]);
    };
    walk(whole, []);
    expect(places.length).toBeGreaterThan(40);
    for (const place of places) {
      for (const wrong of ['what is this?', -7e300, [[]], { a: 1 }, undefined]) {
        const damaged = JSON.parse(JSON.stringify(whole)) as Record<string, unknown>;
        let target = damaged;
        for (const key of place.slice(0, -1)) target = target[key] as Record<string, unknown>;
        const key = place.at(-1) ?? '';
        // Free texts and numbers of any size are no damage.
        if (typeof target[key] === typeof wrong && typeof wrong !== 'object' && (['reason', 'url', 'flavor'].includes(key) || /^(total|dns|connect|tls|firstByte)?ms$/i.test(key))) continue;
        if (wrong === -7e300 && /^(dns|connect|tls|firstByte)Ms$/.test(key)) continue;
        if (key === 'challenge' && typeof wrong === 'string') continue;
        if (wrong === undefined && (Array.isArray(target) || place.join('.') === 'credential')) continue;
        target[key] = wrong;
        expect([place.join('.'), wrong, parseState(JSON.stringify(damaged), NOW_MS)]).toEqual([place.join('.'), wrong, initialState(NOW_MS)]);
      }
    }
  });

  it('counts as none when it holds more than a state ever does', () => {
    const whole = livedState();
    const failure = whole.failures[0]!;
    const texts = [
      { ...whole, marks: 'g'.repeat(21) },
      { ...whole, failures: Array.from({ length: 11 }, () => failure) },
      { ...whole, turnsMs: Array.from({ length: 5 }, () => EPOCH_MS) },
      { ...whole, sinceMs: 9e15 },
    ].map((state) => JSON.stringify(state));
    for (const text of texts) expect(parseState(text, NOW_MS)).toEqual(initialState(NOW_MS));
    expect(parseState(JSON.stringify(whole).replace(/"sinceMs":\d+/, '"sinceMs":1e999'), NOW_MS)).toEqual(initialState(NOW_MS));
  });
});
