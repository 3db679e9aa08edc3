import type { ProbeResult } from '../../../src/core/schema-types.ts';
import { observationOf } from '../../../src/health/observation.ts';
import { EPOCH_MS } from '../../support/observations.ts';

const result: ProbeResult = {
  reachable: true,
  healthy: true,
  status_code: 401,
  reason: 'Unauthorized',
  url: 'https://registry.example.com/v2/',
  cause: 'auth_required',
  authenticated: false,
  phases: { dns_ms: 1, connect_ms: 2, tls_ms: 3, first_byte_ms: 4, total_ms: 10 },
  tls: {
    subject: 'CN=registry.example.com',
    issuer: 'CN=authority',
    names: ['registry.example.com'],
    valid_from: '2029-01-01T00:00:00.000Z',
    expires_at: '2031-01-01T00:00:00.000Z',
    lifetime_left: 0.5,
  },
  challenge: { scheme: 'Bearer', realm: 'https://auth.example.com/token', service: 'registry' },
  flavor: 'harbor',
  retry_after_s: null,
  canary: null,
  vantage: 'default',
  checked_at: '2030-01-01T00:00:00.000Z',
};

describe('what a verdict takes from a result', () => {
  it('is all that it judges by and shows', () => {
    expect(observationOf(result, EPOCH_MS, null)).toEqual({
      atMs: EPOCH_MS,
      url: 'https://registry.example.com/v2/',
      cause: 'auth_required',
      healthy: true,
      acceptedCredential: null,
      statusCode: 401,
      reason: 'Unauthorized',
      totalMs: 10,
      dnsMs: 1,
      connectMs: 2,
      tlsMs: 3,
      firstByteMs: 4,
      certificate: { validFromMs: Date.UTC(2029, 0), validToMs: Date.UTC(2031, 0) },
      retryAfterMs: null,
      flavor: 'harbor',
      challenge: 'Bearer',
    });
  });

  it('names the credential only where it was accepted', () => {
    expect(observationOf({ ...result, authenticated: true }, 0, 'v1').acceptedCredential).toBe('v1');
    expect(observationOf(result, 0, 'v1').acceptedCredential).toBeNull();
  });

  it('has no certificate whose times no calendar knows', () => {
    for (const wrong of [{ valid_from: null }, { expires_at: null }, { expires_at: 'soon' }]) {
      expect(observationOf({ ...result, tls: { ...result.tls!, ...wrong } }, 0, null).certificate).toBeNull();
    }
    expect(observationOf({ ...result, tls: null, challenge: null, retry_after_s: 7 }, 0, null)).toMatchObject({ certificate: null, challenge: null, retryAfterMs: 7000 });
  });
});
