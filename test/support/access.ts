import { createHash } from 'node:crypto';
import { createAccess } from '../../src/auth/access.ts';
import type { Accounts } from '../../src/auth/accounts.ts';
import type { Authenticator } from '../../src/auth/authenticator.ts';
import { createPasswordHasher, type Argon2id } from '../../src/auth/passwords.ts';
import { anonymousPrincipal, localPrincipal } from '../../src/auth/permissions.ts';
import type { AuditEntry } from '../../src/core/audit.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { Actor, Principal } from '../../src/core/principal.ts';
import { createKeyRing, type KeyRing } from '../../src/secrets/key-ring.ts';
import type { EntryStore } from '../../src/store/access-port.ts';
import { manualClock, type ManualClock } from './manual-clock.ts';
import { createMemoryAudit, createMemoryEntries, type MemoryAudit } from './memory-access.ts';
import { rememberingLog } from './remembering-log.ts';

/** Secret keys for tests. */
export const secretKeys = ['0Lq8xk2vYB7dTnR4mWc6Zs1pJf9HgEaU', 'Vt5bNw3QyKe8Xo1rCi7Md4Pz6AhGj2Ls'] as const;

export const password = 'correct horse battery';

/** A process with accounts of its own over entries that others may share. */
export interface AccessProcess {
  readonly accounts: Accounts;
  readonly authenticator: Authenticator;
  readonly noted: AuditEntry[];
  /** As whom a bearer is taken. */
  readonly who: (bearer: string) => Promise<Principal>;
}

interface ProcessOptions {
  readonly entries: EntryStore;
  readonly clock: Clock;
  readonly ring?: KeyRing;
  readonly argon2id?: Argon2id;
}

export function accessProcess({ entries, clock, ring = createKeyRing(secretKeys, rememberingLog()), argon2id = quickHash }: ProcessOptions): AccessProcess {
  const noted: AuditEntry[] = [];
  const log = { debug: () => undefined };
  const access = createAccess({ entries, ring, clock, log, note: (entry) => noted.push(entry), anonymousRead: false, hasher: createPasswordHasher(argon2id) });
  return { ...access, noted, who: async (bearer) => access.authenticator.authenticate(`Bearer ${bearer}`) };
}

/** Keeps nothing safe, but is fast. */
export const quickHash: Argon2id = async ({ message, nonce }) => createHash('sha256').update(message as Buffer).update(nonce as Buffer).digest();

export interface AccessFixture extends AccessProcess {
  readonly audit: MemoryAudit;
  readonly entries: EntryStore;
  readonly clock: ManualClock;
  /** Another process over the same store. */
  another(): AccessProcess;
  /** Logs in with `password` and tells the access token. */
  readonly login: (username: string) => Promise<string>;
  /** Somebody who has logged in. */
  actorOf(username: string): Promise<Actor>;
}

/** The code of the error that something ends with; `done` where it ends well. */
export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error as { code: string }).code,
  );

/** Accounts with `admin` (an administrator), `ann` (a publisher) and `ben` (a user), whose passwords are `password`. */
export async function accessFixture(options: Omit<Partial<ProcessOptions>, 'entries' | 'clock'> = {}): Promise<AccessFixture> {
  const clock = manualClock();
  const audit = createMemoryAudit();
  const entries = createMemoryEntries(audit);
  const own = accessProcess({ ...options, entries, clock });
  await own.accounts.ensureAdministrator(password);
  await own.accounts.createUser(local, { username: 'ann', password, role: 'publisher', groups: ['ops'] });
  await own.accounts.createUser(local, { username: 'ben', password });
  const login = async (username: string): Promise<string> => (await own.accounts.login(anonymous, { username, password })).accessToken;
  return {
    ...own,
    audit,
    entries,
    clock,
    another: () => accessProcess({ ...options, entries, clock }),
    login,
    actorOf: async (username) => actorOf(await own.who(await login(username))),
  };
}

export const actorOf = (principal: Principal, address = '192.0.2.7'): Actor => ({ principal, address, requestId: 'r-1' });
export const local = actorOf(localPrincipal, '127.0.0.1');
export const anonymous = actorOf(anonymousPrincipal(false));
