import type { UserChange } from '../../../src/auth/accounts.ts';
import { limits } from '../../../src/core/limits.ts';
import type { Actor, UserRole } from '../../../src/core/principal.ts';
import type { TokenScope } from '../../../src/auth/tokens.ts';
import { accessFixture, anonymous, codeOf, local, password, type AccessFixture } from '../../support/access.ts';

let fixture: AccessFixture;
let admin: Actor;
let ann: Actor;
beforeEach(async () => {
  fixture = await accessFixture();
  [admin, ann] = [await fixture.actorOf('admin'), await fixture.actorOf('ann')];
});

const told = (): unknown => fixture.audit.entries.at(-1);

async function asToken(username: string, scopes: readonly TokenScope[]): Promise<Actor> {
  const { token } = await fixture.accounts.createToken(local, { name: 'ci', scopes, username });
  return { ...anonymous, principal: await fixture.who(token) };
}

describe('users', () => {
  it('are shown without their passwords', async () => {
    const users = await fixture.accounts.listUsers();
    expect(users.map(({ username }) => username)).toEqual(['admin', 'ann', 'ben']);
    const at = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(await fixture.accounts.getUser(admin, 'ann')).toEqual({ username: 'ann', role: 'publisher', groups: ['ops'], disabled: false, has_password: true, created_at: at, password_changed_at: at });
    expect(JSON.stringify(users)).not.toContain('argon2');
  });

  it('are made, changed and deleted, and the audit tells what changed but no password', async () => {
    await fixture.accounts.createUser(admin, { username: 'eve', password, groups: ['dev'] });
    expect(told()).toMatchObject({ action: 'user:create', who: 'user:admin', target: 'eve', outcome: 'done' });
    await fixture.accounts.updateUser(admin, 'eve', { role: 'publisher', password: 'another password' });
    expect(told()).toMatchObject({
      action: 'user:update',
      target: 'eve',
      changes: expect.arrayContaining([{ path: 'role', before: 'user', after: 'publisher' }, { path: 'password', changed: true }]),
    });
    await fixture.accounts.deleteUser(admin, 'eve');
    expect(told()).toMatchObject({ action: 'user:delete', target: 'eve' });
    expect(JSON.stringify(fixture.audit.entries)).not.toMatch(/argon2|another password|correct horse/);
    expect(await codeOf(fixture.accounts.getUser(admin, 'eve'))).toBe('USER_NOT_FOUND');
    expect(await codeOf(fixture.accounts.deleteUser(admin, 'eve'))).toBe('USER_NOT_FOUND');
    expect(await codeOf(fixture.accounts.updateUser(admin, 'eve', { role: 'user' }))).toBe('USER_NOT_FOUND');
  });

  it('are not written when nothing changed', async () => {
    const before = fixture.audit.entries.length;
    await fixture.accounts.updateUser(admin, 'ann', { role: 'publisher', groups: ['ops'], disabled: false });
    await fixture.accounts.updateUser(admin, 'ann', {});
    expect(fixture.audit.entries).toHaveLength(before);
  });

  it('are not made twice', async () => {
    const [first, second] = await Promise.all([1, 2].map(() => codeOf(fixture.accounts.createUser(admin, { username: 'eve' }))));
    expect([first, second].sort()).toEqual(['USER_EXISTS', 'done']);
  });

  it('changed by two at once keep both changes', async () => {
    const other = fixture.another();
    await Promise.all([fixture.accounts.updateUser(admin, 'ann', { role: 'user' }), other.accounts.updateUser(admin, 'ann', { groups: ['dev'] })]);
    expect(await fixture.accounts.getUser(admin, 'ann')).toMatchObject({ role: 'user', groups: ['dev'] });
  });

  it.each([
    ['', 'username'],
    ['Ann', 'username'],
    ['-ann', 'username'],
    ['a/b', 'username'],
    ['a\n', 'username'],
    ['__proto__', 'username'],
    ['a'.repeat(65), 'username'],
  ])('cannot be named %j', async (username, path) => {
    await expect(fixture.accounts.createUser(admin, { username })).rejects.toMatchObject({ code: 'INVALID_REQUEST', details: [{ path }] });
  });

  it.each<[string, UserChange, string]>([
    ['a short password', { password: '123456789' }, 'password'],
    ['an endless password', { password: 'x'.repeat(257) }, 'password'],
    ['an unknown role', { role: 'root' as UserRole }, 'role'],
    ['a group that is no name', { groups: ['ops', 'Ops Team'] }, 'groups.1'],
    ['too many groups', { groups: Array.from({ length: 51 }, (_, n) => `g${n}`) }, 'groups'],
  ])('cannot have %s', async (_, change, path) => {
    await expect(fixture.accounts.updateUser(admin, 'ann', change)).rejects.toMatchObject({ code: 'INVALID_REQUEST', details: [{ path }] });
    await expect(fixture.accounts.createUser(admin, { username: 'eve', ...change })).rejects.toMatchObject({ code: 'INVALID_REQUEST', details: [{ path }] });
  });

  it('take their sessions and tokens with them', async () => {
    await fixture.accounts.createToken(ann, { name: 'ci', scopes: ['*'] });
    await fixture.accounts.deleteUser(admin, 'ann');
    for (const kind of ['session', 'token'] as const) expect(await fixture.entries.list(kind, { owner: 'ann', afterKey: null, limit: 10 })).toEqual([]);
  });
});

describe('the last administrator', () => {
  const ways: [string, (fixture: AccessFixture) => Promise<unknown>][] = [
    ['deleted', ({ accounts }) => accounts.deleteUser(local, 'admin')],
    ['disabled', ({ accounts }) => accounts.updateUser(local, 'admin', { disabled: true })],
    ['demoted', ({ accounts }) => accounts.updateUser(local, 'admin', { role: 'publisher' })],
  ];

  it.each(ways)('cannot be %s', async (_, way) => {
    await fixture.accounts.createUser(local, { username: 'service', role: 'admin' });
    await fixture.accounts.createUser(local, { username: 'retired', role: 'admin', password, disabled: true });
    await expect(way(fixture)).rejects.toMatchObject({ code: 'LAST_ADMINISTRATOR', status: 409 });
    expect(await fixture.accounts.getUser(local, 'admin')).toMatchObject({ role: 'admin', disabled: false });
  });

  it.each(ways)('is another once there are two: then one can be %s', async (_, way) => {
    await fixture.accounts.createUser(local, { username: 'second', role: 'admin', password });
    await expect(way(fixture)).resolves.not.toThrow();
    expect(await codeOf(fixture.accounts.deleteUser(local, 'second'))).toBe('LAST_ADMINISTRATOR');
  });

  it('stays when two remove each other at once', async () => {
    await fixture.accounts.createUser(local, { username: 'second', role: 'admin', password });
    const removals = ['admin', 'second'].map((name) => codeOf(fixture.accounts.deleteUser(local, name)));
    expect((await Promise.all(removals)).sort()).toEqual(['LAST_ADMINISTRATOR', 'done']);
  });
});

describe('abuse 30: whoever is no administrator', () => {
  it('sees and changes nobody else, and learns not even who exists', async () => {
    for (const name of ['ben', 'admin', 'nobody']) {
      expect(await codeOf(fixture.accounts.getUser(ann, name))).toBe('FORBIDDEN');
      expect(await codeOf(fixture.accounts.updateUser(ann, name, { password: 'another password' }))).toBe('FORBIDDEN');
      expect(await codeOf(fixture.accounts.updateUser(ann, name, {}))).toBe('FORBIDDEN');
      expect(await codeOf(fixture.accounts.deleteUser(ann, name))).toBe('FORBIDDEN');
      expect(await codeOf(fixture.accounts.listTokens(ann, name))).toBe('FORBIDDEN');
      expect(await codeOf(fixture.accounts.createToken(ann, { name: 'x', scopes: ['*'], username: name }))).toBe('FORBIDDEN');
    }
    expect(await codeOf(fixture.accounts.createUser(ann, { username: 'eve' }))).toBe('FORBIDDEN');
    expect(await codeOf(fixture.accounts.listTokens(ann, null))).toBe('FORBIDDEN');
  });

  it.each<[string, UserChange]>([
    ['role', { role: 'admin' }],
    ['groups', { groups: ['admins'] }],
    ['state', { disabled: false }],
  ])('cannot change their own %s', async (_, change) => {
    expect(await codeOf(fixture.accounts.updateUser(ann, 'ann', { ...change, current_password: password, password: 'another password' }))).toBe('FORBIDDEN');
  });

  it('may see themselves, and not delete themselves', async () => {
    expect(await fixture.accounts.getUser(ann, 'ann')).toMatchObject({ username: 'ann' });
    expect(await codeOf(fixture.accounts.deleteUser(ann, 'ann'))).toBe('FORBIDDEN');
  });
});

describe('one’s own password', () => {
  const change = (actor: Actor, name: string, current_password?: string): Promise<string> => codeOf(fixture.accounts.updateUser(actor, name, { password: 'another password', current_password }));

  it('is changed by whoever knows it, administrators as well', async () => {
    for (const [actor, name] of [[ann, 'ann'], [admin, 'admin']] as const) {
      await expect(fixture.accounts.updateUser(actor, name, { password: 'another password' })).rejects.toMatchObject({ code: 'INVALID_REQUEST', details: [{ path: 'current_password' }] });
      expect(await change(actor, name, 'wrong password')).toBe('FORBIDDEN');
      expect(await change(actor, name, password)).toBe('done');
    }
    expect(await codeOf(fixture.login('ann'))).toBe('LOGIN_FAILED');
  });

  it('cannot be guessed by whoever has stolen a session', async () => {
    // The login before has made this address a usual one: five guesses are free there, too.
    const guesses = [];
    for (let n = 0; n < 6; n++) guesses.push(await change(ann, 'ann', `guess number ${n}`));
    expect(guesses).toEqual([...Array<string>(5).fill('FORBIDDEN'), 'LOGIN_SLOWED']);
  });

  it('is not changed by a token, nor is anybody else’s, whatever its scopes', async () => {
    expect(await change(await asToken('ann', ['*']), 'ann', password)).toBe('FORBIDDEN');
    expect(await change(await asToken('admin', ['*']), 'ann')).toBe('FORBIDDEN');
  });

  it('of others is changed by administrators without knowing it', async () => {
    expect(await change(admin, 'ann')).toBe('done');
    expect(await change(local, 'admin')).toBe('done');
  });
});

describe('tokens', () => {
  it('are made for oneself, shown once, listed and revoked', async () => {
    const made = await fixture.accounts.createToken(ann, { name: 'ci', scopes: ['record:read'], expires_in_s: 3_600 });
    const expires_at = new Date(fixture.clock.nowMs() + 3_600_000).toISOString();
    expect(made).toEqual({ id: expect.any(String), token: expect.stringMatching(/^ptl_/), name: 'ci', scopes: ['record:read'], expires_at });
    expect(told()).toMatchObject({ action: 'token:create', who: 'user:ann', target: made.id, changes: expect.arrayContaining([{ path: 'scopes', after: ['record:read'] }]) });
    expect(await fixture.accounts.listTokens(ann, 'ann')).toEqual([{ id: made.id, name: 'ci', username: 'ann', scopes: ['record:read'], created_at: expect.any(String), expires_at, last_used_at: null }]);
    await fixture.accounts.revokeToken(ann, made.id);
    expect(told()).toMatchObject({ action: 'token:revoke', who: 'user:ann', target: made.id });
    expect(await fixture.accounts.listTokens(ann, 'ann')).toEqual([]);
    expect(await codeOf(fixture.accounts.revokeToken(ann, made.id))).toBe('TOKEN_NOT_FOUND');
  });

  it('of others are made, listed and revoked by administrators, and are not there for anybody else', async () => {
    const { id } = await fixture.accounts.createToken(admin, { name: 'ci', scopes: ['*'], username: 'ben' });
    expect(await fixture.accounts.listTokens(admin, null)).toMatchObject([{ id, username: 'ben' }]);
    expect(await codeOf(fixture.accounts.revokeToken(ann, id))).toBe('TOKEN_NOT_FOUND');
    expect(await codeOf(fixture.accounts.revokeToken(admin, id))).toBe('done');
    expect(await codeOf(fixture.accounts.createToken(admin, { name: 'ci', scopes: ['*'], username: 'nobody' }))).toBe('USER_NOT_FOUND');
    expect(await codeOf(fixture.accounts.listTokens(admin, 'nobody'))).toBe('USER_NOT_FOUND');
  });

  it('need a user where nobody has logged in', async () => {
    await expect(fixture.accounts.createToken(local, { name: 'ci', scopes: ['*'] })).rejects.toMatchObject({ code: 'INVALID_REQUEST', details: [{ path: 'username' }] });
  });

  it('may do no more than their user, whatever their scopes say', async () => {
    expect((await asToken('ben', ['record:create', 'user:write', 'record:read'])).principal.permissions).toEqual(['record:read']);
    expect((await asToken('ben', ['*'])).principal.permissions).not.toContain('*');
    expect((await asToken('ann', ['record:update'])).principal.permissions).toEqual(['record:update_own']);
  });

  it('of a service account without a password work', async () => {
    await fixture.accounts.createUser(admin, { username: 'ci', role: 'publisher' });
    expect((await asToken('ci', ['*'])).principal).toMatchObject({ kind: 'token', user: 'ci' });
  });

  it('made by a token may do no more than it', async () => {
    const make = (actor: Actor, scopes: readonly TokenScope[], username?: string): Promise<string> => codeOf(fixture.accounts.createToken(actor, { name: 'x', scopes, username }));
    const narrow = await asToken('ann', ['account:write', 'record:read']);
    expect(await make(narrow, ['record:read'])).toBe('done');
    expect(await make(narrow, ['record:create'])).toBe('FORBIDDEN');
    expect(await make(narrow, ['*'])).toBe('FORBIDDEN');
    const administrating = await asToken('admin', ['user:write', 'account:write']);
    expect(await make(administrating, ['*'], 'admin')).toBe('FORBIDDEN');
    expect(await make(administrating, ['record:read'], 'ann')).toBe('FORBIDDEN');
    expect(await make(await asToken('admin', ['*']), ['*'], 'ann')).toBe('done');
    expect(await make(await asToken('ann', ['record:read']), ['record:read'])).toBe('FORBIDDEN');
  });

  it('that may only change users cannot make themselves administrators that way', async () => {
    const actor = await asToken('admin', ['user:write', 'user:read']);
    expect(await codeOf(fixture.accounts.createUser(actor, { username: 'eve', role: 'admin' }))).toBe('FORBIDDEN');
    expect(await codeOf(fixture.accounts.createUser(actor, { username: 'eve', password }))).toBe('FORBIDDEN');
    expect(await codeOf(fixture.accounts.updateUser(actor, 'ann', { role: 'admin' }))).toBe('FORBIDDEN');
    expect(await codeOf(fixture.accounts.updateUser(actor, 'admin', { disabled: true }))).toBe('FORBIDDEN');
    expect(await codeOf(fixture.accounts.deleteUser(actor, 'admin'))).toBe('FORBIDDEN');
    expect(await codeOf(fixture.accounts.createUser(actor, { username: 'eve', role: 'publisher' }))).toBe('done');
    expect(await codeOf(fixture.accounts.updateUser(actor, 'ann', { disabled: true }))).toBe('done');
  });

  it.each<[string, object, string]>([
    ['no name', { name: ' ' }, 'name'],
    ['an endless name', { name: 'x'.repeat(101) }, 'name'],
    ['no scopes', { scopes: [] }, 'scopes'],
    ['a scope twice', { scopes: ['*', '*'] }, 'scopes'],
    ['a scope that is none', { scopes: ['record:read', 'record:read_own'] }, 'scopes.1'],
    ['a life of seconds', { expires_in_s: 59 }, 'expires_in_s'],
    ['a life of generations', { expires_in_s: 11 * 366 * 24 * 3_600 }, 'expires_in_s'],
    ['half a second more', { expires_in_s: 60.5 }, 'expires_in_s'],
    ['an end that is no time', { expires_in_s: NaN }, 'expires_in_s'],
  ])('cannot have %s', async (_, change, path) => {
    await expect(fixture.accounts.createToken(ann, { name: 'ci', scopes: ['*'], ...change })).rejects.toMatchObject({ code: 'INVALID_REQUEST', details: [{ path }] });
  });

  it('of one user are bounded', async () => {
    for (let n = 0; n < limits.tokensPerUserMax; n++) await fixture.accounts.createToken(ann, { name: `t${n}`, scopes: ['*'] });
    await expect(fixture.accounts.createToken(ann, { name: 'one more', scopes: ['*'] })).rejects.toMatchObject({ code: 'QUOTA_REACHED', status: 403 });
  });

  it('tell when they expire', async () => {
    expect(await fixture.accounts.expiryOf((await asToken('ann', ['*'])).principal)).toBeNull();
    const { token, expires_at } = await fixture.accounts.createToken(ann, { name: 'ci', scopes: ['*'], expires_in_s: 60 });
    expect(await fixture.accounts.expiryOf(await fixture.who(token))).toBe(expires_at);
  });
});
