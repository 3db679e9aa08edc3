import { limits } from '../../../src/core/limits.ts';
import type { Principal } from '../../../src/core/principal.ts';
import { openAuthenticator } from '../../../src/auth/authenticator.ts';
import { newApiToken, readApiToken } from '../../../src/auth/api-token.ts';
import { localPrincipal } from '../../../src/auth/permissions.ts';
import { accessFixture, anonymous, codeOf, local, password, type AccessFixture, type AccessProcess } from '../../support/access.ts';

let fixture: AccessFixture;
beforeEach(async () => {
  fixture = await accessFixture();
});

async function tokenOf(username: string, scopes: readonly ('*' | 'record:read')[] = ['*'], expires_in_s: number | null = null): Promise<{ id: string; token: string }> {
  return fixture.accounts.createToken(local, { name: 'ci', scopes, username, expires_in_s });
}

const refused = { code: 'TOKEN_REJECTED', status: 401 };

describe('as whom a request is made', () => {
  it('is nobody without a header, at once', () => {
    expect(fixture.authenticator.authenticate(undefined)).toEqual({ kind: 'anonymous', user: null, role: null, groups: [], credentialId: null, permissions: [] });
  });

  it('is the user of a session', async () => {
    expect(await fixture.who(await fixture.login('admin'))).toMatchObject({ kind: 'user', user: 'admin', role: 'admin', permissions: ['*'] });
  });

  it('is the user of a token, within its scopes', async () => {
    const { id, token } = await tokenOf('ann', ['record:read']);
    expect(await fixture.who(token)).toEqual({ kind: 'token', user: 'ann', role: 'publisher', groups: ['ops'], credentialId: id, permissions: ['record:read'] });
  });

  it('is everybody where nobody has to log in, whatever they send', () => {
    expect(openAuthenticator.authenticate('Bearer nonsense')).toBe(localPrincipal);
  });

  it('is known at once, without the store, for some seconds, however the header is written', async () => {
    for (const bearer of [await fixture.login('ann'), (await tokenOf('ann')).token]) {
      await fixture.who(bearer);
      const known = fixture.authenticator.authenticate(`bearer  ${bearer} `);
      expect(known).toMatchObject({ user: 'ann' });
      fixture.clock.pass(limits.callerKnownForMs);
      const sought = fixture.authenticator.authenticate(`Bearer ${bearer}`);
      expect(sought).toBeInstanceOf(Promise);
      await sought;
    }
  });

  it('is looked up once for many requests at once', async () => {
    const { token } = await tokenOf('ann');
    let reads = 0;
    const get = fixture.entries.get.bind(fixture.entries);
    fixture.entries.get = (...given) => ((reads += 1), get(...given));
    await Promise.all(Array.from({ length: 50 }, () => fixture.who(token)));
    expect(reads).toBe(2);
  });

  it('is not found when the store fails, and that is not taken for a refusal', async () => {
    const { token } = await tokenOf('ann');
    const get = fixture.entries.get.bind(fixture.entries);
    fixture.entries.get = () => Promise.reject(new Error('away'));
    await expect(fixture.who(token)).rejects.toThrow('away');
    fixture.entries.get = get;
    expect(await fixture.who(token)).toMatchObject({ user: 'ann' });
  });
});

describe('abuse 28: an API token', () => {
  it('is refused with another secret, though its id is right', async () => {
    const { id, token } = await tokenOf('ann');
    for (let attempt = 0; attempt < 10; attempt++) {
      const forged = newApiToken().text.replace(/^ptl_.{16}/, `ptl_${id}`);
      await expect(fixture.who(forged)).rejects.toMatchObject(refused);
    }
    await expect(fixture.who(token.slice(0, -1))).rejects.toMatchObject(refused);
    expect(await fixture.who(token)).toMatchObject({ user: 'ann' });
  });

  it('is refused with the right form and check, when nobody made it', async () => {
    const { text } = newApiToken();
    expect(readApiToken(text)).not.toBeNull();
    await expect(fixture.who(text)).rejects.toMatchObject(refused);
  });

  it('is nowhere in the store, in lists or in the audit', async () => {
    const { id, token } = await tokenOf('ann');
    await fixture.who(token);
    const secret = token.split('_').slice(2).join('_').slice(0, 43);
    const kept = JSON.stringify([await fixture.entries.get('token', id), await fixture.accounts.listTokens(local, null), fixture.audit.entries, fixture.noted]);
    expect(kept).toContain(id);
    expect(kept).not.toContain(secret);
  });

  it('is refused once it has expired, to the moment', async () => {
    const { token } = await tokenOf('ann', ['*'], 60);
    fixture.clock.pass(59_999);
    expect(await fixture.who(token)).toMatchObject({ user: 'ann' });
    fixture.clock.pass(1);
    await expect(fixture.who(token)).rejects.toMatchObject(refused);
    expect(await fixture.accounts.listTokens(local, 'ann')).toEqual([]);
  });

  it('is refused after its user was deleted, also when there is another of that name, and whatever was left behind', async () => {
    const { id, token } = await tokenOf('ben');
    const left = await fixture.entries.get('token', id);
    fixture.clock.pass(1);
    await fixture.accounts.deleteUser(local, 'ben');
    await fixture.accounts.createUser(local, { username: 'ben', password });
    await fixture.entries.put({ ...left!, expectedRevision: 0 });
    await expect(fixture.who(token)).rejects.toMatchObject(refused);
  });

  it('tells when it was last used, to the minute', async () => {
    const { token } = await tokenOf('ann');
    const lastUsed = async (): Promise<string | null | undefined> => (await fixture.accounts.listTokens(local, 'ann'))[0]?.last_used_at;
    expect(await lastUsed()).toBeNull();
    await fixture.who(token);
    const first = await lastUsed();
    expect(first).toBe(new Date(fixture.clock.nowMs()).toISOString());
    fixture.clock.pass(limits.tokenUseNotedEveryMs - 1);
    await fixture.who(token);
    expect(await lastUsed()).toBe(first);
    fixture.clock.pass(limits.callerKnownForMs);
    await fixture.who(token);
    expect(await lastUsed()).toBe(new Date(fixture.clock.nowMs()).toISOString());
  });
});

describe('abuse 27: what no longer holds is refused at once by the process that changed it, and by others within seconds', () => {
  type Change = (fixture: AccessFixture, bearer: { readonly id: string; readonly token: string }) => Promise<unknown>;
  const isRefused = async ({ who }: AccessProcess, bearer: string): Promise<boolean> => (await codeOf(who(bearer))) === 'TOKEN_REJECTED';

  const session = async (username: string): Promise<{ id: string; token: string }> => {
    const token = await fixture.login(username);
    return { id: (await fixture.who(token)).credentialId ?? '', token };
  };

  it.each<[string, 'session' | 'token', Change]>([
    ['a revoked token', 'token', ({ accounts }, { id }) => accounts.revokeToken(local, id)],
    ['a token of a user who is disabled', 'token', ({ accounts }) => accounts.updateUser(local, 'ann', { disabled: true })],
    ['a token of a user who is deleted', 'token', ({ accounts }) => accounts.deleteUser(local, 'ann')],
    ['a session that is logged out', 'session', async ({ accounts, who }, { token }) => accounts.logout({ ...anonymous, principal: await who(token) })],
    ['a session of a user who is disabled', 'session', ({ accounts }) => accounts.updateUser(local, 'ann', { disabled: true })],
    ['a session of a user who is deleted', 'session', ({ accounts }) => accounts.deleteUser(local, 'ann')],
    ['a session after another password was set', 'session', ({ accounts }) => accounts.updateUser(local, 'ann', { password: 'another password' })],
  ])('%s', async (_, kind, change) => {
    const bearer = kind === 'token' ? await tokenOf('ann') : await session('ann');
    const other = fixture.another();
    expect(await isRefused(fixture, bearer.token)).toBe(false);
    expect(await isRefused(other, bearer.token)).toBe(false);
    fixture.clock.pass(1);
    await change(fixture, bearer);
    expect(await isRefused(fixture, bearer.token)).toBe(true);
    fixture.clock.pass(limits.callerKnownForMs - 1);
    expect(await isRefused(other, bearer.token)).toBe(true);
  });

  it.each<[string, 'session' | 'token']>([
    ['a session', 'session'],
    ['a token', 'token'],
  ])('%s of a user whose role and groups were lowered may do less', async (_, kind) => {
    const { token } = kind === 'token' ? await tokenOf('ann') : await session('ann');
    const other = fixture.another();
    const mayCreate = (principal: Principal): boolean => principal.permissions.includes('record:create');
    expect(mayCreate(await fixture.who(token)) && mayCreate(await other.who(token))).toBe(true);
    await fixture.accounts.updateUser(local, 'ann', { role: 'user', groups: [] });
    expect(await fixture.who(token)).toMatchObject({ role: 'user', groups: [] });
    expect(mayCreate(await fixture.who(token))).toBe(false);
    fixture.clock.pass(limits.callerKnownForMs);
    expect(await other.who(token)).toMatchObject({ role: 'user', groups: [] });
  });

  it('a look-up that began before a change is not remembered after it', async () => {
    const { id, token } = await tokenOf('ann');
    const get = fixture.entries.get.bind(fixture.entries);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    fixture.entries.get = async (kind, key) => {
      const entry = await get(kind, key);
      if (kind === 'user') await held;
      return entry;
    };
    const before = fixture.who(token);
    await new Promise((resolve) => setImmediate(resolve));
    fixture.entries.get = get;
    await fixture.accounts.revokeToken(local, id);
    release();
    await before;
    await expect(fixture.who(token)).rejects.toMatchObject(refused);
  });

  it('a refused change of accounts forgets nobody', async () => {
    const { token } = await tokenOf('ann');
    const ann = await fixture.who(token);
    await expect(fixture.accounts.updateUser({ ...anonymous, principal: ann }, 'ben', { role: 'admin' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(fixture.authenticator.authenticate(`Bearer ${token}`)).toBe(ann);
  });
});
