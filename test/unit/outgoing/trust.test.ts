import { limits } from '../../../src/core/limits.ts';
import { DialError } from '../../../src/outgoing/dial-error.ts';
import { createTrust } from '../../../src/outgoing/trust.ts';
import { makeCertificate } from '../../support/certificates.ts';

const authority = makeCertificate({ commonName: 'Authority', isAuthority: true });
const other = makeCertificate({ commonName: 'Other', isAuthority: true });

describe('trust', () => {
  it('shares one context among all who trust the same', () => {
    const trust = createTrust();
    expect(trust.contextFor(null)).toBe(trust.contextFor(null));
    expect(trust.contextFor(authority.certPem)).toBe(trust.contextFor(Buffer.from(authority.certPem).toString()));
    expect(trust.contextFor(authority.certPem)).not.toBe(trust.contextFor(other.certPem));
    expect(trust.contextFor(authority.certPem)).not.toBe(trust.contextFor(null));
  });

  it('keeps a bounded number of contexts, those that were asked for last', () => {
    const trust = createTrust();
    const named = (index: number): string => `# ${index}\n${authority.certPem}`;
    const first = trust.contextFor(named(0));
    const second = trust.contextFor(named(1));
    for (let index = 2; index < limits.trustContextsKept; index += 1) trust.contextFor(named(index));
    expect(trust.contextFor(named(0))).toBe(first);
    trust.contextFor(named(limits.trustContextsKept));
    expect(trust.contextFor(named(0))).toBe(first);
    expect(trust.contextFor(named(1))).not.toBe(second);
  });

  it('refuses what is no certificate', () => {
    expect(() => createTrust('no certificate')).toThrow();
    for (const ca of ['', 'no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']) {
      expect(() => createTrust().contextFor(ca)).toThrow(DialError);
    }
  });
});
