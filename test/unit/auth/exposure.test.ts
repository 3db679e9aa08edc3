import { decideExposure, isLoopbackName } from '../../../src/auth/exposure.ts';
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
  it.each(['auto', 'off'] as const)('on loopback everybody is `local`, without a warning (AUTH=%s)', (auth) => {
    expect(decideExposure('127.0.0.1', auth)).toEqual({ loopback: true, principal: { kind: 'local' }, warning: null });
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', ''])('abuse 42: on HOST=%j it does not start unless AUTH=off says so', (host) => {
    expect(() => decideExposure(host, 'auto')).toThrow(StartError);
    expect(() => decideExposure(host, 'auto')).toThrow(/AUTH=off/);
  });

  it('with AUTH=off on an open address everybody is `anonymous`, and the operator is warned', () => {
    const exposure = decideExposure('0.0.0.0', 'off');
    expect(exposure).toMatchObject({ loopback: false, principal: { kind: 'anonymous' } });
    expect(exposure.warning).toMatch(/everybody/);
  });

  it.each(['127.0.0.1', '0.0.0.0'])('does not start with AUTH=on, which would promise a login that is not there (HOST=%s)', (host) => {
    expect(() => decideExposure(host, 'on')).toThrow(/not built yet/);
  });
});
