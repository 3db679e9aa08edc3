import { resetAdministrator } from '../../../src/auth/administrator.ts';
import { createPasswordHasher } from '../../../src/auth/passwords.ts';
import type { EntryStore } from '../../../src/store/access-port.ts';
import { accessFixture, accessProcess, anonymous, local, password, quickHash, type AccessProcess } from '../../support/access.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { createMemoryAudit, createMemoryEntries, type MemoryAudit } from '../../support/memory-access.ts';

const clock = manualClock();
let audit: MemoryAudit;
let entries: EntryStore;
let empty: AccessProcess;
beforeEach(() => {
  audit = createMemoryAudit();
  entries = createMemoryEntries(audit);
  empty = accessProcess({ entries, clock });
});

const lastPassword = 'another password';
const reset = (given = lastPassword): Promise<string> => resetAdministrator({ entries, hasher: createPasswordHasher(quickHash), clock }, given);
const login = (given: string): Promise<unknown> => empty.accounts.login(anonymous, { username: 'admin', password: given });

describe('the first administrator', () => {
  it('abuse 42: is not there by itself, and has no password that anybody could know', async () => {
    expect(await empty.accounts.ensureAdministrator('')).toEqual({ state: 'missing', reason: expect.stringContaining('ADMIN_PASSWORD') });
    expect(await empty.accounts.listUsers()).toEqual([]);
  });

  it('is made once, by the service itself, also when two replicas start at once', async () => {
    const other = accessProcess({ entries, clock });
    const states = await Promise.all([empty, other].map(({ accounts }) => accounts.ensureAdministrator(password)));
    expect(states.map(({ state }) => state).sort()).toEqual(['made', 'there']);
    expect(audit.entries).toMatchObject([{ action: 'user:create', who: 'system', user: null, target: 'admin' }]);
    expect(JSON.stringify(audit.entries)).not.toMatch(/argon2|correct horse/);
    expect(await empty.accounts.ensureAdministrator('')).toEqual({ state: 'there' });
    await expect(login(password)).resolves.toBeDefined();
  });

  it('keeps the password that it has, whatever ADMIN_PASSWORD says later', async () => {
    await empty.accounts.ensureAdministrator(password);
    expect(await empty.accounts.ensureAdministrator(lastPassword)).toEqual({ state: 'there' });
    await expect(login(password)).resolves.toBeDefined();
  });

  it('may be anybody', async () => {
    await empty.accounts.createUser(local, { username: 'root', role: 'admin', password });
    expect(await empty.accounts.ensureAdministrator(lastPassword)).toEqual({ state: 'there' });
  });

  it('abuse 42: is not made of a user `admin` who was given no rights', async () => {
    await empty.accounts.createUser(local, { username: 'admin', password });
    expect(await empty.accounts.ensureAdministrator(lastPassword)).toEqual({ state: 'missing', reason: expect.stringContaining('portolan admin reset') });
    expect(await empty.accounts.getUser(local, 'admin')).toMatchObject({ role: 'user' });
  });

  it('abuse 42: cannot have a weak password', async () => {
    await expect(empty.accounts.ensureAdministrator('admin')).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    await expect(reset('admin')).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });
});

describe('resetting the administrator', () => {
  it('makes one where there is none', async () => {
    expect(await reset()).toBe('made');
    await expect(login(lastPassword)).resolves.toBeDefined();
  });

  it('lets a disabled, demoted or forgotten one in again, ends its sessions, and the audit tells', async () => {
    await empty.accounts.createUser(local, { username: 'admin', password });
    await login(password);
    await empty.accounts.updateUser(local, 'admin', { disabled: true });
    expect(await reset()).toBe('reset');
    expect(audit.entries.at(-1)).toMatchObject({
      action: 'user:update',
      who: 'system',
      target: 'admin',
      changes: expect.arrayContaining([{ path: 'role', before: 'user', after: 'admin' }, { path: 'disabled', before: true, after: false }, { path: 'password', changed: true }]),
    });
    expect(await entries.list('session', { owner: 'admin', afterKey: null, limit: 10 })).toEqual([]);
    await expect(login(password)).rejects.toMatchObject({ code: 'LOGIN_FAILED' });
    await expect(login(lastPassword)).resolves.toBeDefined();
    expect(await empty.accounts.getUser(local, 'admin')).toMatchObject({ role: 'admin', disabled: false });
  });

  it('refuses sessions of before within seconds in processes that run', async () => {
    const fixture = await accessFixture();
    const token = await fixture.login('admin');
    await fixture.who(token);
    await resetAdministrator({ ...fixture, hasher: createPasswordHasher(quickHash) }, lastPassword);
    fixture.clock.pass(5_000);
    await expect(fixture.who(token)).rejects.toMatchObject({ code: 'TOKEN_REJECTED' });
  });
});
