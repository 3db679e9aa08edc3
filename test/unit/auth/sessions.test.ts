import { createKeyRing } from '../../../src/secrets/key-ring.ts';
import { judgeCounter } from '../../../src/auth/sessions.ts';
import { limits } from '../../../src/core/limits.ts';
import { accessFixture, accessProcess, anonymous, local, password, secretKeys, type AccessFixture } from '../../support/access.ts';
import { rememberingLog } from '../../support/remembering-log.ts';

let fixture: AccessFixture;
beforeEach(async () => {
  fixture = await accessFixture();
});

const loginAs = (username: string): ReturnType<AccessFixture['accounts']['login']> => fixture.accounts.login(anonymous, { username, password });
const refused = { code: 'TOKEN_REJECTED', status: 401 };
const kidOf = (accessToken: string): string => (JSON.parse(Buffer.from(accessToken.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
const actions = (): readonly string[] => fixture.audit.entries.map(({ action }) => action).filter((action) => action.startsWith('session:'));

describe('a session', () => {
  it('is renewed by its refresh token, each good for one renewal', async () => {
    const opened = await loginAs('ann');
    expect(opened).toMatchObject({ expiresInS: 900, refreshToken: expect.stringMatching(/^ptr_[\w-]{22}_0_[\w-]{43}$/) });
    fixture.clock.pass(14 * 60_000);
    const renewed = await fixture.accounts.refresh(anonymous, opened.refreshToken);
    fixture.clock.pass(14 * 60_000);
    await expect(fixture.who(opened.accessToken)).rejects.toMatchObject(refused);
    expect(await fixture.who(renewed.accessToken)).toMatchObject({ user: 'ann' });
    expect(await fixture.accounts.refresh(anonymous, renewed.refreshToken)).toMatchObject({ refreshToken: expect.stringContaining('_2_') });
    expect(actions()).toEqual(['session:login', 'session:refresh', 'session:refresh']);
  });

  it('ends when a refresh token is used again: one of the two users has stolen it', async () => {
    const opened = await loginAs('ann');
    const other = await loginAs('ann');
    const renewed = await fixture.accounts.refresh(anonymous, opened.refreshToken);
    await fixture.who(renewed.accessToken);
    await expect(fixture.accounts.refresh(anonymous, opened.refreshToken)).rejects.toMatchObject(refused);
    await expect(fixture.who(renewed.accessToken)).rejects.toMatchObject(refused);
    await expect(fixture.accounts.refresh(anonymous, renewed.refreshToken)).rejects.toMatchObject(refused);
    expect(fixture.audit.entries.at(-1)).toMatchObject({ action: 'session:reuse', who: 'anonymous', user: 'ann', from: '192.0.2.7', outcome: 'denied', code: 'TOKEN_REJECTED' });
    expect(await fixture.who(other.accessToken)).toMatchObject({ user: 'ann' });
  });

  it('is renewed once at most when two ask at once, also of two processes', async () => {
    const another = fixture.another();
    const { refreshToken } = await loginAs('ann');
    const renewals = await Promise.allSettled([fixture, another, fixture].map(({ accounts }) => accounts.refresh(anonymous, refreshToken)));
    const done = renewals.filter((renewal) => renewal.status === 'fulfilled');
    expect(done).toHaveLength(1);
    await expect(fixture.accounts.refresh(anonymous, done[0]!.value.refreshToken)).rejects.toMatchObject(refused);
    expect(actions()).toContain('session:reuse');
  });

  it.each<[string, (token: string) => string]>([
    ['has another count', (token) => token.replace('_0_', '_1_')],
    ['has another family', (token) => token.replace(/^ptr_.{22}/, `ptr_${'A'.repeat(22)}`)],
    ['has another mac', (token) => token.replace(/.{43}$/, 'A'.repeat(43))],
    ['is cut short', (token) => token.slice(0, -1)],
    ['is longer', (token) => `${token}A`],
    ['is nothing', () => ''],
    ['is very long', () => `ptr_${'A'.repeat(100_000)}`],
  ])('is not renewed, and does not end, by a refresh token that %s', async (_, forge) => {
    const { refreshToken } = await loginAs('ann');
    await expect(fixture.accounts.refresh(anonymous, forge(refreshToken))).rejects.toMatchObject(refused);
    await expect(fixture.accounts.refresh(anonymous, refreshToken)).resolves.toBeDefined();
  });

  it('ends when it is logged out', async () => {
    const { accessToken, refreshToken } = await loginAs('ann');
    const actor = { ...anonymous, principal: await fixture.who(accessToken) };
    await fixture.accounts.logout(actor);
    await expect(fixture.who(accessToken)).rejects.toMatchObject(refused);
    await expect(fixture.accounts.refresh(anonymous, refreshToken)).rejects.toMatchObject(refused);
    expect(fixture.audit.entries.at(-1)).toMatchObject({ action: 'session:logout', who: 'user:ann', user: 'ann' });
    await expect(fixture.accounts.logout(actor)).resolves.toBeUndefined();
  });

  it('is what is logged out, not a token or nobody', async () => {
    const { token } = await fixture.accounts.createToken(local, { name: 'ci', scopes: ['*'], username: 'ann' });
    for (const principal of [await fixture.who(token), local.principal]) await expect(fixture.accounts.logout({ ...anonymous, principal })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('ends when nobody has renewed it for a month', async () => {
    const { refreshToken } = await loginAs('ann');
    fixture.clock.pass(limits.sessionUnusedMsMax - 1);
    const renewed = await fixture.accounts.refresh(anonymous, refreshToken);
    fixture.clock.pass(limits.sessionUnusedMsMax);
    await expect(fixture.accounts.refresh(anonymous, renewed.refreshToken)).rejects.toMatchObject(refused);
  });

  it.each<[string, Parameters<AccessFixture['accounts']['updateUser']>[2]]>([
    ['another password', { password: 'another password' }],
    ['disabling its user', { disabled: true }],
  ])('abuse 27: ends with %s, also when what is left of it comes back', async (_, change) => {
    const { accessToken, refreshToken } = await loginAs('ann');
    const { credentialId } = await fixture.who(accessToken);
    const left = await fixture.entries.get('session', credentialId!);
    await fixture.accounts.updateUser(local, 'ann', change);
    expect(await fixture.entries.get('session', credentialId!)).toBeNull();
    await fixture.entries.put({ ...left!, expectedRevision: 0 });
    await expect(fixture.who(accessToken)).rejects.toMatchObject(refused);
    await expect(fixture.accounts.refresh(anonymous, refreshToken)).rejects.toMatchObject(refused);
  });

  it('tells when it ends', async () => {
    const principal = await fixture.who(await fixture.login('ann'));
    expect(await fixture.accounts.expiryOf(principal)).toBe(new Date(fixture.clock.nowMs() + limits.sessionUnusedMsMax).toISOString());
    expect(await fixture.accounts.expiryOf(local.principal)).toBeNull();
  });

  it('is one of a bounded number: the one that was renewed least lately ends', async () => {
    const first = await loginAs('ann');
    for (let n = 0; n < limits.sessionsPerUserMax; n++) {
      fixture.clock.pass(1);
      await loginAs('ann');
    }
    expect(await fixture.entries.list('session', { owner: 'ann', afterKey: null, limit: 1_000 })).toHaveLength(limits.sessionsPerUserMax);
    await expect(fixture.who(first.accessToken)).rejects.toMatchObject(refused);
  });

  it('abuse 39: leaves nothing in the store that opens it', async () => {
    const { accessToken, refreshToken } = await loginAs('ann');
    const entries = await Promise.all((['session', 'signing_key', 'user'] as const).map((kind) => fixture.entries.list(kind, { afterKey: null, limit: 100 })));
    const kept = JSON.stringify([entries, fixture.audit.entries]);
    expect(kept).not.toContain(password);
    for (const secret of [accessToken.split('.')[2], refreshToken.slice(-43), ...secretKeys]) expect(kept).not.toContain(secret);
  });
});

describe('the worth of a refresh token', () => {
  it.each([
    [3, 3, 'renew'],
    [2, 3, 'reuse'],
    [4, 3, 'unknown'],
  ] as const)('of count %i where the store says %i: %s', (offered, current, judged) => {
    expect(judgeCounter(offered, current)).toBe(judged);
  });
});

describe('the key that signs sessions', () => {
  it('is made once, however many log in at once, and other processes use the same', async () => {
    const sessions = await Promise.all(Array.from({ length: 5 }, () => loginAs('ann')));
    sessions.push(await fixture.another().accounts.login(anonymous, { username: 'ben', password }));
    expect(new Set(sessions.map(({ accessToken }) => kidOf(accessToken))).size).toBe(1);
    expect(await fixture.entries.list('signing_key', { afterKey: null, limit: 10 })).toHaveLength(1);
  });

  it('abuse 27: is rotated: new sessions have the new one everywhere within seconds, old ones go on until they expire', async () => {
    const other = fixture.another();
    const old = await loginAs('ann');
    await other.who(old.accessToken);
    fixture.clock.pass(1_000);
    const { kid } = await fixture.accounts.rotateSigningKey(local);
    expect(kidOf((await loginAs('ann')).accessToken)).toBe(kid);
    expect(fixture.audit.entries.filter(({ action }) => action === 'secret:rotate')).toMatchObject([{ target: kid, who: 'local' }]);

    const late = await other.accounts.login(anonymous, { username: 'ben', password });
    fixture.clock.pass(limits.callerKnownForMs);
    expect(kidOf((await other.accounts.login(anonymous, { username: 'ben', password })).accessToken)).toBe(kid);
    for (const { accessToken } of [old, late]) {
      expect(kidOf(accessToken)).not.toBe(kid);
      for (const { who } of [fixture, other]) await expect(who(accessToken)).resolves.toBeDefined();
    }
    fixture.clock.pass((limits.accessTokenLifetimeS + 10) * 1_000);
    for (const { accessToken } of [old, late]) await expect(fixture.who(accessToken)).rejects.toMatchObject(refused);
    expect(await fixture.accounts.refresh(anonymous, old.refreshToken)).toBeDefined();
  });

  it('abuse 39: follows the ring: with another first key nothing ends, without the old one everybody logs in again', async () => {
    const [first, second] = secretKeys;
    const withRing = (...keys: string[]): ReturnType<typeof accessProcess> => accessProcess({ ...fixture, ring: createKeyRing(keys, rememberingLog()) });
    const { accessToken, refreshToken } = await loginAs('ann');
    const both = withRing(second, first);
    expect(await both.who(accessToken)).toMatchObject({ user: 'ann' });
    const renewed = await both.accounts.refresh(anonymous, refreshToken);
    fixture.clock.pass(1);
    const { kid } = await both.accounts.rotateSigningKey(local);

    const later = withRing(second);
    await expect(later.who(accessToken)).rejects.toMatchObject(refused);
    const again = await later.accounts.refresh(anonymous, renewed.refreshToken);
    expect(kidOf(again.accessToken)).toBe(kid);
  });

  it('abuse 39: is missing where the service has no secret key: logins are locked, API tokens work', async () => {
    const { accessToken, refreshToken } = await loginAs('ann');
    const { token } = await fixture.accounts.createToken(local, { name: 'ci', scopes: ['*'], username: 'ann' });
    const { accounts, who } = accessProcess({ ...fixture, ring: createKeyRing([], rememberingLog()) });
    const locked = { code: 'SECRETS_LOCKED', status: 503 };
    await expect(accounts.login(anonymous, { username: 'ann', password })).rejects.toMatchObject(locked);
    await expect(accounts.rotateSigningKey(local)).rejects.toMatchObject(locked);
    await expect(who(accessToken)).rejects.toMatchObject(locked);
    await expect(accounts.refresh(anonymous, refreshToken)).rejects.toMatchObject(locked);
    expect(await who(token)).toMatchObject({ user: 'ann' });
  });
});
