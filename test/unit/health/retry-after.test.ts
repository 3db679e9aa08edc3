import { limits } from '../../../src/core/limits.ts';
import { retryAfterOf } from '../../../src/health/retry-after.ts';

const NOW_MS = Date.UTC(2026, 0, 5, 12, 0, 0);

describe('retryAfterOf', () => {
  it.each<[string | string[] | undefined, number | null]>([
    ['120', 120],
    ['0', 0],
    ['99999999999', limits.retryAfterSMax],
    ['Mon, 05 Jan 2026 12:00:30 GMT', 30],
    ['Monday, 05-Jan-26 12:01:00 GMT', 60],
    ['Mon, 05 Jan 2026 11:00:00 GMT', 0],
    ['Tue, 05 Jan 2027 12:00:00 GMT', limits.retryAfterSMax],
    [['5', '9'], 5],
    [undefined, null],
    ['', null],
    ['-5', null],
    ['1.5', null],
    ['2026', 2026],
    ['soon', null],
    ['Mon, nonsense', null],
    ['9'.repeat(400), null],
  ])('%j', (value, expected) => {
    expect(retryAfterOf({ status: 429, headers: { 'retry-after': value } }, NOW_MS)).toBe(expected);
  });

  it('rounds up to a whole second', () => {
    expect(retryAfterOf({ status: 503, headers: { 'retry-after': 'Mon, 05 Jan 2026 12:00:30 GMT' } }, NOW_MS + 1)).toBe(30);
  });

  it.each([200, 401, 301, 500])('takes no notice of it with %d', (status) => {
    expect(retryAfterOf({ status, headers: { 'retry-after': '5' } }, NOW_MS)).toBeNull();
  });
});
