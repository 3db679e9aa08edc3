import type { ProbeCredential } from '../../../src/core/registry-credential.ts';
import { planLogin, type LoginPlace } from '../../../src/health/login-plan.ts';

const basic = { kind: 'basic', username: 'ann', password: 'päss:wörd' } as const;
const credential: ProbeCredential = { secret: basic, origin: 'https://registry.example', tokenHost: null, expiresAtMs: null, version: '1' };
const registry = new URL('https://registry.example/v2/');

const bearer = (realm: string | null) => ({ scheme: 'Bearer', realm, service: 'registry' });
const place = (challenge: LoginPlace['challenge'], change: Partial<LoginPlace> = {}): LoginPlace => ({ challenge, asked: registry, registry, ...change });
const stopped = (cause: string, reason: string) => ({ step: 'stop', cause, reason: expect.stringContaining(reason) });

describe('a login', () => {
  it('by Basic sends name and password in UTF-8', () => {
    const plan = planLogin(place({ scheme: 'basic', realm: null, service: null }), credential);
    expect(plan).toEqual({ step: 'send', authorization: `Basic ${Buffer.from('ann:päss:wörd').toString('base64')}` });
  });

  it('by Bearer fetches a token from a service at the registry’s own host', () => {
    for (const realm of ['https://registry.example/token', 'https://REGISTRY.example:443/token?x=1']) {
      expect(planLogin(place(bearer(realm)), credential)).toEqual({ step: 'fetch', realm: new URL(realm), secret: basic });
    }
  });

  it('fetches it from another host only when the credentials name that', () => {
    const named = { ...credential, tokenHost: 'auth.example' };
    expect(planLogin(place(bearer('https://auth.example/token')), named)).toMatchObject({ step: 'fetch' });
    expect(planLogin(place(bearer('https://auth.example:443/token')), { ...credential, tokenHost: 'auth.example:443' })).toMatchObject({ step: 'fetch' });
    expect(planLogin(place(bearer('https://auth.example/token')), credential)).toEqual(stopped('credentials_withheld', 'auth.example'));
  });

  it.each([
    'https://auth.example:444/token',
    'https://auth.example.evil.example/token',
    'https://evil.example/auth.example',
    'https://auth.example@evil.example/token',
    'https://registry.example:5000/token',
    'https://sub.registry.example/token',
    'https://registry.example./token',
    'https://127.0.0.1/token',
  ])('abuse 8: is not sent to the realm %s', (realm) => {
    expect(planLogin(place(bearer(realm)), { ...credential, tokenHost: 'auth.example' })).toEqual(stopped('credentials_withheld', 'The stored credentials were not sent.'));
  });

  it('abuse 8: is not sent over plain HTTP for a registry that speaks HTTPS, even to its own host', () => {
    expect(planLogin(place(bearer('http://registry.example/token')), { ...credential, tokenHost: 'registry.example' })).toEqual(stopped('credentials_withheld', 'HTTPS'));
    const plain = new URL('http://registry.example:5000/v2/');
    const itsOwn = { ...credential, origin: 'http://registry.example:5000' };
    expect(planLogin({ challenge: bearer('http://registry.example:5000/token'), asked: plain, registry: plain }, itsOwn)).toMatchObject({ step: 'fetch' });
  });

  it.each(['/token', 'nowhere', 'file:///etc/passwd', null])('cannot be made where the realm is %j', (realm) => {
    expect(planLogin(place(bearer(realm)), credential)).toEqual(stopped('token_service_failed', 'not an http or https URL'));
  });

  it('is not made where the record names another registry than the credentials were stored for', () => {
    for (const url of ['https://attacker.example/v2/', 'http://registry.example/v2/', 'https://registry.example:444/v2/']) {
      const other = new URL(url);
      expect(planLogin({ challenge: bearer(`${other.origin}/token`), asked: other, registry: other }, credential)).toEqual(stopped('credentials_withheld', 'https://registry.example'));
    }
  });

  it('is not made where somebody else asks for it after a redirect', () => {
    for (const secret of [basic, { kind: 'token', token: 't' } as const]) {
      const asked = new URL('https://elsewhere.example/v2/');
      expect(planLogin(place({ scheme: 'Basic', realm: 'x', service: null }, { asked }), { ...credential, secret })).toEqual(stopped('credentials_withheld', 'https://elsewhere.example'));
    }
  });

  it('with a token sends it as it is, whatever the scheme', () => {
    for (const scheme of ['Bearer', 'Basic', 'Negotiate']) {
      const plan = planLogin(place({ scheme, realm: 'https://evil.example', service: null }), { ...credential, secret: { kind: 'token', token: 'abc' } });
      expect(plan).toEqual({ step: 'send', authorization: 'Bearer abc' });
    }
  });

  it('is not made by a scheme that is not spoken', () => {
    expect(planLogin(place({ scheme: 'Digest', realm: 'x', service: null }), credential)).toEqual(stopped('credentials_withheld', 'neither Basic nor Bearer'));
  });
});
