import { causeTable } from '../../../../src/health/cause.ts';
import { causeNumbers, causeOfNumber, meaningOf, numberOfCause } from '../../../../src/health/history/cause-numbers.ts';

const rows = Object.entries(causeNumbers);

describe('numbers of causes in packed history', () => {
  it('has one for every cause, none twice, each within a byte', () => {
    expect(Object.keys(causeTable).filter((cause) => !(cause in causeNumbers))).toEqual([]);
    const numbers = rows.map(([, { number }]) => number);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(Math.min(...numbers)).toBe(1);
    expect(Math.max(...numbers)).toBeLessThan(256);
  });

  it('never changes a number: databases hold them', () => {
    const released = 'ok auth_required bad_url blocked dns refused unreachable timeout reset tls_expired tls_not_yet_valid tls_untrusted tls_name tls_failed protocol too_large too_many_redirects bad_redirect rate_limited bad_challenge not_a_registry http_4xx http_5xx probe_failed storage_failed credentials_rejected unexpected_status'.split(' ');
    expect(rows.slice(0, released.length).map(([cause, { number }]) => [cause, number])).toEqual(released.map((cause, index) => [cause, index + 1]));
  });

  it('reads every number back, and one of a later version as probe_failed', () => {
    for (const cause of Object.keys(causeTable) as (keyof typeof causeTable)[]) expect(causeOfNumber(numberOfCause(cause))).toBe(cause);
    expect(causeOfNumber(0)).toBe('probe_failed');
    expect(causeOfNumber(255)).toBe('probe_failed');
  });

  it('holds causes that tell nothing of the registry for neither good nor failed', () => {
    expect(meaningOf('blocked')).toBe('silent');
    expect(meaningOf('probe_failed')).toBe('silent');
    expect(meaningOf('rate_limited')).toBe('good');
    expect(meaningOf('timeout')).toBe('failed');
  });
});
