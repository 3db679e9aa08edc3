import { causeTable, type Cause } from '../../../src/health/cause.ts';
import { causeOfError, ProbeFailure, sentenceOfError } from '../../../src/health/failure.ts';
import { DialError, type DialPhase } from '../../../src/outgoing/dial-error.ts';

const coded = (code: string): Error => Object.assign(new Error('x'), { code });

const dialCases: readonly (readonly [DialPhase, string, Cause])[] = [
  ['policy', 'BLOCKED', 'blocked'],
  ['policy', 'SCHEME', 'bad_url'],
  ['dns', 'ENOTFOUND', 'dns'],
  ['dns', 'EAI_AGAIN', 'dns'],
  ['dns', 'EBUSY', 'probe_failed'],
  ['connect', 'ECONNREFUSED', 'refused'],
  ['connect', 'ETIMEDOUT', 'timeout'],
  ['connect', 'EHOSTUNREACH', 'unreachable'],
  ['connect', 'ENETUNREACH', 'unreachable'],
  ['connect', 'ECONNRESET', 'reset'],
  ['connect', 'EMFILE', 'probe_failed'],
  ['connect', 'SOMETHING_NEW', 'probe_failed'],
  ['tls', 'ECONNRESET', 'reset'],
  ['tls', 'EPROTO', 'tls_failed'],
  ['tls', 'ERR_SSL_WRONG_VERSION_NUMBER', 'tls_failed'],
  ['tls', 'SOMETHING_NEW', 'tls_failed'],
  ['certificate', 'CERT_HAS_EXPIRED', 'tls_expired'],
  ['certificate', 'CERT_NOT_YET_VALID', 'tls_not_yet_valid'],
  ['certificate', 'ERR_TLS_CERT_ALTNAME_INVALID', 'tls_name'],
  ['certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'tls_untrusted'],
  ['certificate', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls_untrusted'],
  ['certificate', 'SOMETHING_NEW', 'tls_untrusted'],
];

describe('causeOfError', () => {
  it.each(dialCases)('names a failure at %s, %s', (phase, code, cause) => {
    expect(causeOfError(new DialError(phase, code, 'x'))).toBe(cause);
  });

  it.each([
    [coded('ECONNRESET'), 'reset'],
    [coded('EPIPE'), 'reset'],
    [coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 'tls_failed'],
    [new ProbeFailure('timeout', 'x'), 'timeout'],
    [new Error('what?'), 'probe_failed'],
    ['not even an error', 'probe_failed'],
    [undefined, 'probe_failed'],
  ])('names %p', (error, cause) => {
    expect(causeOfError(error)).toBe(cause);
  });
});

describe('sentenceOfError', () => {
  it('quotes our own errors, and puts those of libraries in words', () => {
    expect(sentenceOfError(new DialError('dns', 'ENOTFOUND', 'The name x could not be resolved.'))).toBe('The name x could not be resolved.');
    expect(sentenceOfError(coded('ECONNRESET'))).toBe('The connection was closed before a whole answer had come (ECONNRESET).');
    expect(sentenceOfError(new Error('x'))).toBe(causeTable.probe_failed.meaning);
  });
});

describe('the table of causes', () => {
  it.each(Object.entries(causeTable))('%s says what it means and what helps, in sentences', (cause, { meaning, remedy }) => {
    expect(cause).toMatch(/^[a-z0-9]+(_[a-z0-9]+)*$/);
    for (const text of [meaning, remedy]) expect(text).toMatch(/^[A-Z].*\.$/);
  });
});
