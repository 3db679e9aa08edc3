import { agoText, countText, durationText, shareText, spanText } from '../../../src/cli/render/quantities.ts';

describe('quantities', () => {
  it.each([
    [-5_000, '0s'],
    [0, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [7_199_999, '1h'],
    [86_400_000, '1d'],
    [400 * 86_400_000, '400d'],
  ])('%i ms is %s', (ms, text) => {
    expect(spanText(ms)).toBe(text);
  });

  it('say how long ago, and nothing where there is no time', () => {
    const nowMs = Date.parse('2026-11-21T12:00:00Z');
    expect(agoText('2026-11-21T11:30:00.000Z', nowMs)).toBe('30m');
    expect(agoText('2026-11-21T12:00:05.000Z', nowMs)).toBe('0s');
    expect([null, undefined, 'soon'].map((text) => agoText(text, nowMs))).toEqual(['-', '-', '-']);
  });

  it.each([
    [1, '100%'],
    [0.99999, '99.99%'],
    [0.9995, '99.95%'],
    [0.29, '29%'],
    [0.00001, '0%'],
    [0, '0%'],
    [null, '-'],
  ])('a share of %s is %s, never more than it is', (share, text) => {
    expect(shareText(share)).toBe(text);
  });

  it.each([
    [0.412, '0.4 ms'],
    [9.97, '10 ms'],
    [4_321.5, '4322 ms'],
    [12_345, '12.3 s'],
    [null, '-'],
  ])('%s ms is shown as %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it('count in the singular, too', () => {
    expect([0, 1, 2].map((count) => countText(count, 'registry', 'registries'))).toEqual(['0 registries', '1 registry', '2 registries']);
  });
});
