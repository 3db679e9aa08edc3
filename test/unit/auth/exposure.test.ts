import { decideExposure, refuseWithoutAdministrator } from '../../../src/auth/exposure.ts';
import { isLoopbackName } from '../../../src/core/loopback.ts';
import { StartError } from '../../../src/core/errors.ts';

describe('names that can only mean this machine', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost', 'LOCALHOST', 'localhost.', 'portolan.localhost'])('%s does', (host) => {
    expect(isLoopbackName(host)).toBe(true);
  });

  it.each([
    '0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '::ffff:127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '127.0.0.1.evil.example',
    'localhost.evil.example', 'notlocalhost', 'localhost..', '', '127.0.0.256', '[::1]',
  ])('%j does not', (host) => {
    expect(isLoopbackName(host)).toBe(false);
  });
});

describe('how far the service is open', () => {
  it.each([
    ['127.0.0.1', 'auto', { loopback: true, ownNamesOnly: true, demandsLogin: false }],
    ['127.0.0.1', 'off', { loopback: true, ownNamesOnly: true, demandsLogin: false }],
    ['127.0.0.1', 'on', { loopback: true, ownNamesOnly: true, demandsLogin: true }],
    ['0.0.0.0', 'auto', { loopback: false, ownNamesOnly: false, demandsLogin: true }],
    ['', 'auto', { loopback: false, ownNamesOnly: false, demandsLogin: true }],
    ['192.0.2.1', 'on', { loopback: false, ownNamesOnly: false, demandsLogin: true }],
  ] as const)('HOST=%j AUTH=%s: %j, without a warning', (host, auth, decided) => {
    expect(decideExposure(host, auth, false)).toEqual({ ...decided, warning: null });
  });

  it('answers to a proxy’s names on loopback only where a login is demanded', () => {
    expect(decideExposure('127.0.0.1', 'on', true).ownNamesOnly).toBe(false);
    expect(decideExposure('127.0.0.1', 'auto', true).ownNamesOnly).toBe(true);
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', ''])('abuse 42: AUTH=off on HOST=%j lets everybody in, and the operator is warned', (host) => {
    const { demandsLogin, warning } = decideExposure(host, 'off', false);
    expect(demandsLogin).toBe(false);
    expect(warning).toMatch(/^AUTH=off: everybody who reaches .+ has all rights\.$/);
  });
});

describe('a service without an administrator', () => {
  const missing = { state: 'missing', reason: 'there is no administrator. Set ADMIN_PASSWORD.' } as const;

  it.each([
    ['0.0.0.0', 'auto'],
    ['127.0.0.1', 'on'],
  ] as const)('abuse 42: does not start where a login is demanded (HOST=%s AUTH=%s), and says what to set', (host, auth) => {
    const start = (): void => refuseWithoutAdministrator(decideExposure(host, auth, false), host, missing);
    expect(start).toThrow(StartError);
    expect(start).toThrow(/ADMIN_PASSWORD/);
  });

  it('starts where nobody has to log in', () => {
    expect(() => refuseWithoutAdministrator(decideExposure('127.0.0.1', 'auto', false), '127.0.0.1', missing)).not.toThrow();
  });

  it.each(['there', 'made'] as const)('is none when the administrator is %s', (state) => {
    expect(() => refuseWithoutAdministrator(decideExposure('0.0.0.0', 'auto', false), '0.0.0.0', { state })).not.toThrow();
  });
});
