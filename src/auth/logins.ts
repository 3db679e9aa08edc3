import { auditEntryOf, type AuditEntry } from '../core/audit.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { Actor } from '../core/principal.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import type { EntryStore } from '../store/access-port.ts';
import { checkOfferedPassword, isName } from './account-rules.ts';
import type { LoginThrottle } from './login-throttle.ts';
import type { PasswordHasher } from './passwords.ts';
import type { Sessions, SessionTokens } from './sessions.ts';
import { findUser, getUser, putUser, type User } from './users.ts';

export interface Logins {
  /** @throws {AppError} `LOGIN_FAILED`, `LOGIN_SLOWED`, `OVERLOADED`, `SECRETS_LOCKED` */
  login(actor: Actor, input: { readonly username: string; readonly password: string }): Promise<SessionTokens>;
  /** Checks what somebody gives as their present password. @throws {AppError} `FORBIDDEN` when it is wrong, `LOGIN_SLOWED`, `OVERLOADED` */
  confirm(actor: Actor, username: string, password: string): Promise<void>;
}

interface LoginsParts {
  readonly entries: EntryStore;
  readonly ring: KeyRing;
  readonly sessions: Sessions;
  readonly hasher: PasswordHasher;
  readonly throttle: LoginThrottle;
  readonly clock: Clock;
  readonly note: (entry: AuditEntry) => void;
}

export function createLogins(parts: LoginsParts): Logins {
  const { entries, ring, sessions, clock, note } = parts;
  return {
    async login(actor, { username, password }) {
      checkOfferedPassword('password', password);
      if (ring.isEmpty) throw new AppError('SECRETS_LOCKED', 'The service was given no SECRET_KEY, so nobody can log in with a password. API tokens work.');
      const { user, isRight } = await attempt(parts, actor, username, password, () => (isName(username) ? findUser(entries, username) : Promise.resolve(null)));
      if (user !== null && isRight) return sessions.open(actor, user);
      note(failureOf(actor, new Date(clock.nowMs()).toISOString(), user));
      throw new AppError('LOGIN_FAILED');
    },
    async confirm(actor, username, password) {
      checkOfferedPassword('current_password', password);
      const { isRight } = await attempt(parts, actor, username, password, () => getUser(entries, username));
      if (!isRight) throw new AppError('FORBIDDEN', 'The current password is wrong.');
    },
  };
}

interface Attempt {
  readonly user: User | null;
  readonly isRight: boolean;
}

/** Somebody who is unknown, disabled or without a password costs the same work as somebody whose password is wrong. */
async function attempt({ entries, hasher, throttle }: LoginsParts, { address }: Actor, username: string, password: string, find: () => Promise<User | null>): Promise<Attempt> {
  const counted = throttle.begin(username.slice(0, 64), address);
  try {
    const user = await find();
    const phc = user === null || user.document.disabled ? null : user.document.password;
    const found = await hasher.verify(password, phc);
    if (user === null || found === 'differs') return { user, isRight: false };
    counted.succeed();
    return { user: found === 'outdated' ? await hashAnew(entries, hasher, user, password) : user, isRight: true };
  } catch (error) {
    counted.withdraw();
    throw error;
  }
}

/** The cost of hashes has changed since. Should the user be changed at this moment, the next login does it. */
async function hashAnew(entries: EntryStore, hasher: PasswordHasher, user: User, password: string): Promise<User> {
  const document = { ...user.document, password: await hasher.hash(password) };
  return (await putUser(entries, { ...user, document })) ? { ...user, document, revision: user.revision + 1 } : user;
}

/** What was typed as a name may have been a password, so only names of users are kept. */
function failureOf(actor: Actor, at: string, user: User | null): AuditEntry {
  const entry = auditEntryOf(actor, at, { action: 'session:login', target: user?.name ?? 'unknown user', outcome: 'denied', code: 'LOGIN_FAILED' });
  return { ...entry, user: user?.name ?? null };
}
