import { AppError } from '../../../src/core/errors.ts';
import type { Json } from '../../../src/core/json.ts';
import { limits } from '../../../src/core/limits.ts';
import { parseCredentialInput } from '../../../src/secrets/credential-input.ts';

const NOW_MS = Date.UTC(2030, 0);
const basic = { username: 'ann', password: 'p:ä ß"' };

const read = (body: Json) => parseCredentialInput(body, NOW_MS);

function refusal(body: Json): AppError {
  try {
    read(body);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(body)} was taken.`);
}

describe('a credential that is stored', () => {
  it('is a user name and password, a token, or a client', () => {
    const rest = { prefix: '', expiresAtMs: null, tokenHost: null };
    expect(read(basic)).toEqual({ secret: { kind: 'basic', ...basic }, ...rest });
    expect(read({ token: 'abc.def' })).toEqual({ secret: { kind: 'token', token: 'abc.def' }, ...rest });
    expect(read({ client_id: 'a', client_secret: 'b' })).toEqual({ secret: { kind: 'client', clientId: 'a', clientSecret: 'b' }, ...rest });
  });

  it('may be for repositories below a path, end some time, and name its token service', () => {
    expect(read({ ...basic, repository_prefix: 'team/a-b', expires_at: '2030-01-31T00:00:00+01:00', token_host: 'Auth.Example:5001' })).toMatchObject({
      prefix: 'team/a-b',
      expiresAtMs: Date.UTC(2030, 0, 30, 23),
      tokenHost: 'auth.example:5001',
    });
    expect(read({ ...basic, repository_prefix: '', expires_at: null, token_host: null })).toMatchObject({ prefix: '', expiresAtMs: null, tokenHost: null });
    expect(read({ ...basic, token_host: '[2001:db8::1]:5001' }).tokenHost).toBe('[2001:db8::1]:5001');
  });

  it.each<[string, Json, string]>([
    ['no kind', {}, ''],
    ['two kinds', { ...basic, token: 'x' }, ''],
    ['a user name alone', { username: 'ann' }, 'password'],
    ['a password alone', { password: 'x' }, 'username'],
    ['a client without its secret', { client_id: 'x' }, 'client_secret'],
    ['an operator for a password', { username: 'ann', password: { $ne: null } }, 'password'],
    ['an operator for a token', { token: { $gt: '' } }, 'token'],
    ['an empty password', { username: 'ann', password: '' }, 'password'],
    ['a password that is too long', { username: 'ann', password: 'x'.repeat(limits.registrySecretLengthMax + 1) }, 'password'],
    ['a user name with a colon', { username: 'a:b', password: 'x' }, 'username'],
    ['the end of a line in a user name', { username: 'a\r\nx-evil: 1', password: 'x' }, 'username'],
    ['the end of a line in a password', { username: 'ann', password: 'a\nb' }, 'password'],
    ['a space in a token', { token: 'a b' }, 'token'],
    ['a token that is not ASCII', { token: 'ä' }, 'token'],
    ['half a character', { username: 'ann', password: '\ud800' }, 'password'],
    ['an unknown field', { ...basic, role: 'admin' }, 'role'],
    ['a prototype name', JSON.parse('{"username":"a","password":"b","__proto__":{"x":1}}') as Json, '__proto__'],
    ['a path that leads out', { ...basic, repository_prefix: '../x' }, 'repository_prefix'],
    ['a path with a slash at its end', { ...basic, repository_prefix: 'team/' }, 'repository_prefix'],
    ['a path with an end of line', { ...basic, repository_prefix: 'team\n' }, 'repository_prefix'],
    ['a host for a path', { ...basic, repository_prefix: 'host:5000/team' }, 'repository_prefix'],
    ['a time without a zone', { ...basic, expires_at: '2030-01-31T00:00:00' }, 'expires_at'],
    ['a time that is past', { ...basic, expires_at: '2029-01-31T00:00:00Z' }, 'expires_at'],
    ['a number for a time', { ...basic, expires_at: 1 }, 'expires_at'],
    ['a URL for a host', { ...basic, token_host: 'https://auth.example' }, 'token_host'],
    ['a host with a path', { ...basic, token_host: 'auth.example/token' }, 'token_host'],
    ['a host with user info', { ...basic, token_host: 'x@auth.example' }, 'token_host'],
    ['a port that is none', { ...basic, token_host: 'auth.example:99999' }, 'token_host'],
    ['an array', [], ''],
    ['a text', 'ann:secret', ''],
  ])('is refused with %s', (_what, body, path) => {
    const { code, details } = refusal(body);
    expect({ code, paths: details.map((detail) => detail.path) }).toEqual({ code: 'INVALID_REQUEST', paths: expect.arrayContaining([path]) });
  });

  it('abuse 28: is never repeated by the refusal', () => {
    const error = refusal({ username: 'ann:secret-name', password: 'secret\nkeep', token_host: 'secret/host', extra: 'secret' });
    expect(error.details.length).toBeGreaterThan(3);
    expect(JSON.stringify([error.message, error.details])).not.toMatch(/secret-name|keep|secret\/host/);
  });
});
