import { createPasswordHasher, type Argon2id } from '../../../src/auth/passwords.ts';
import { limits } from '../../../src/core/limits.ts';
import { accessFixture, actorOf, anonymous, codeOf, local, password, quickHash, type AccessFixture } from '../../support/access.ts';

type Work = Omit<Parameters<Argon2id>[0], 'message' | 'nonce'>;

/** What was hashed, without what must differ. */
let work: Work[] = [];
let fixture: AccessFixture;
beforeEach(async () => {
  fixture = await accessFixture({
    argon2id: ({ message, nonce, ...parameters }) => {
      work.push(parameters);
      return quickHash({ message, nonce, ...parameters });
    },
  });
  work = [];
});

const from = (address: string): typeof anonymous => actorOf(anonymous.principal, address);
const attempt = (username: string, given: string, actor = anonymous): Promise<string> => codeOf(fixture.accounts.login(actor, { username, password: given }));

describe('a login', () => {
  it('opens a session, and the audit tells who and from where', async () => {
    expect(await attempt('ann', password)).toBe('done');
    expect(fixture.audit.entries.at(-1)).toMatchObject({ action: 'session:login', who: 'user:ann', user: 'ann', from: '192.0.2.7', request_id: 'r-1', target: 'ann', outcome: 'done' });
    expect(fixture.noted).toEqual([]);
  });

  it.each([
    ['the password is wrong', 'ann', 'wrong password'],
    ['the password is empty', 'ann', ''],
    ['the name is in other letters', 'Ann', password],
    ['the user is unknown', 'nobody', password],
    ['the name is the prototype’s', '__proto__', password],
    ['the name is very long', 'a'.repeat(100_000), password],
    ['the name is empty', '', password],
  ])('fails when %s, and never tells why', async (_, username, given) => {
    await expect(fixture.accounts.login(anonymous, { username, password: given })).rejects.toMatchObject({ code: 'LOGIN_FAILED', status: 401, message: 'The user name or the password is wrong, or the user may not log in.' });
    expect(fixture.noted).toMatchObject([{ action: 'session:login', who: 'anonymous', outcome: 'denied', code: 'LOGIN_FAILED' }]);
  });

  it('fails for users who are disabled, and for those without a password', async () => {
    await fixture.accounts.updateUser(local, 'ann', { disabled: true });
    await fixture.accounts.createUser(local, { username: 'ci' });
    expect(await attempt('ann', password)).toBe('LOGIN_FAILED');
    expect(await attempt('ci', '')).toBe('LOGIN_FAILED');
  });

  it('keeps the names of users who failed, and nothing that was typed into the field for names by mistake', async () => {
    await attempt('ann', 'wrong password');
    await attempt('my secret password', 'x');
    await attempt('hunter2hunter2', 'x');
    expect(fixture.noted).toMatchObject([
      { user: 'ann', target: 'ann' },
      { user: null, target: 'unknown user' },
      { user: null, target: 'unknown user' },
    ]);
    expect(JSON.stringify([fixture.noted, fixture.audit.entries])).not.toMatch(/my secret|hunter2|wrong password/);
  });

  it('does not hash a password that is too long to be one', async () => {
    expect(await attempt('ann', 'x'.repeat(limits.passwordLengthMax + 1))).toBe('INVALID_REQUEST');
    expect(work).toEqual([]);
  });

  it('hashes the password anew when the cost has changed, and ends no session for that', async () => {
    const first = await fixture.login('ann');
    const cheaper = createPasswordHasher(quickHash, { memoryKib: 8, passes: 1, parallelism: 1 });
    const entry = await fixture.entries.get('user', 'ann');
    const document = { ...(JSON.parse(entry!.text) as object), password: await cheaper.hash(password) };
    await fixture.entries.put({ ...entry!, text: JSON.stringify(document), expectedRevision: entry!.revision });
    expect(await attempt('ann', password)).toBe('done');
    expect((await fixture.entries.get('user', 'ann'))!.text).toContain('$m=19456,t=2,p=1$');
    expect(await fixture.who(first)).toMatchObject({ user: 'ann' });
  });
});

describe('abuse 38: wrong logins', () => {
  it('cost the same work for unknown, disabled and known users', async () => {
    await fixture.accounts.updateUser(local, 'ben', { disabled: true });
    await fixture.accounts.createUser(local, { username: 'ci' });
    for (const username of ['ann', 'ben', 'ci', 'nobody', 'not a name']) await attempt(username, 'wrong password');
    expect(work).toHaveLength(5);
    expect(new Set(work.map((parameters) => JSON.stringify(parameters))).size).toBe(1);
    expect(work[0]).toMatchObject({ memory: 19_456, passes: 2, parallelism: 1 });
  });

  it('a thousand of them from many addresses are slowed down, are not hashed then, and do not lock the user out where they usually are', async () => {
    expect(await attempt('ann', password)).toBe('done');
    work = [];
    const codes = [];
    for (let n = 0; n < 1_000; n++) codes.push(await attempt('ann', 'wrong password', from(`198.51.${n >> 8}.${n & 255}`)));
    expect(codes.filter((code) => code === 'LOGIN_FAILED')).toHaveLength(5);
    expect(codes.filter((code) => code === 'LOGIN_SLOWED')).toHaveLength(995);
    expect(work).toHaveLength(5);
    await expect(fixture.accounts.login(from('203.0.113.1'), { username: 'ann', password })).rejects.toMatchObject({ code: 'LOGIN_SLOWED', status: 429, retryAfterS: 1 });
    expect(await attempt('ann', password)).toBe('done');
    fixture.clock.pass(1_000);
    expect(await attempt('ann', password, from('203.0.113.1'))).toBe('done');
  });

  it('of users that do not exist are slowed down like those of users that do', async () => {
    const codesOf = async (username: string): Promise<string[]> => {
      const codes = [];
      for (let n = 0; n < 7; n++) codes.push(await attempt(username, 'wrong password', from(`198.51.100.${n}`)));
      return codes;
    };
    expect(await codesOf('nobody')).toEqual(await codesOf('ann'));
  });

  it('do not count when they could not be checked', async () => {
    const get = fixture.entries.get.bind(fixture.entries);
    fixture.entries.get = () => Promise.reject(new Error('away'));
    for (let n = 0; n < 30; n++) await expect(fixture.accounts.login(anonymous, { username: 'ann', password })).rejects.toThrow('away');
    fixture.entries.get = get;
    expect(await attempt('ann', password)).toBe('done');
  });
});
