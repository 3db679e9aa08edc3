import { auditEntryOf, type AuditEntry } from '../core/audit.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { Actor, Principal } from '../core/principal.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import type { EntryStore } from '../store/access-port.ts';
import { checkNewToken, demandAccount, demandAdministration, demandScopes } from './account-rules.ts';
import { ensureAdministrator, type AdministratorState } from './administrator.ts';
import { createLogins } from './logins.ts';
import type { LoginThrottle } from './login-throttle.ts';
import type { PasswordHasher } from './passwords.ts';
import { reachOf } from './policy.ts';
import type { Sessions, SessionTokens } from './sessions.ts';
import type { SigningKeys } from './signing-keys.ts';
import { findToken, listTokens, makeToken, timeOf, type MadeToken, type NewToken, type TokenView } from './tokens.ts';
import { createUserAdministration, type NewUser, type UserChange } from './user-administration.ts';
import { allUsers, getUser, viewOf, type UserView } from './users.ts';

export type { AdministratorState, MadeToken, NewToken, NewUser, SessionTokens, TokenView, UserChange, UserView };

/**
 * Users, their sessions and their tokens: what the API's accounts do. Whoever calls has the action of the route; here is decided what they
 * may do to whose account. Input has the right JSON types already; its rules are checked here (`INVALID_REQUEST`).
 */
export interface Accounts {
  /** @throws {AppError} `LOGIN_FAILED`, `LOGIN_SLOWED`, `OVERLOADED`, `SECRETS_LOCKED` */
  login(actor: Actor, input: { readonly username: string; readonly password: string }): Promise<SessionTokens>;
  /** @throws {AppError} `TOKEN_REJECTED`, also for a token that was used before: its session ends then */
  refresh(actor: Actor, refreshToken: string): Promise<SessionTokens>;
  /** Ends the actor's session. @throws {AppError} `INVALID_REQUEST` for whoever has none */
  logout(actor: Actor): Promise<void>;
  /** When the token or session that a principal comes with ends if nothing is done; null: never, or there is none. ISO 8601 in UTC. */
  expiryOf(principal: Principal): Promise<string | null>;

  listUsers(): Promise<readonly UserView[]>;
  /** @throws {AppError} `FORBIDDEN`, `USER_NOT_FOUND` */
  getUser(actor: Actor, name: string): Promise<UserView>;
  /** @throws {AppError} `FORBIDDEN`, `USER_EXISTS`, `QUOTA_REACHED`, `OVERLOADED` */
  createUser(actor: Actor, input: NewUser): Promise<UserView>;
  /** @throws {AppError} `FORBIDDEN`, `USER_NOT_FOUND`, `LAST_ADMINISTRATOR`, `LOGIN_SLOWED`, `CONFLICT`, `OVERLOADED` */
  updateUser(actor: Actor, name: string, change: UserChange): Promise<UserView>;
  /** Deletes a user, with sessions and tokens. @throws {AppError} `FORBIDDEN`, `USER_NOT_FOUND`, `LAST_ADMINISTRATOR` */
  deleteUser(actor: Actor, name: string): Promise<void>;

  /** @param username null: everybody's. @throws {AppError} `FORBIDDEN`, `USER_NOT_FOUND`, `LIMIT_EXCEEDED` */
  listTokens(actor: Actor, username: string | null): Promise<readonly TokenView[]>;
  /** @throws {AppError} `FORBIDDEN`, `USER_NOT_FOUND`, `QUOTA_REACHED` */
  createToken(actor: Actor, input: NewToken): Promise<MadeToken>;
  /** @throws {AppError} `TOKEN_NOT_FOUND`, also for other people's */
  revokeToken(actor: Actor, id: string): Promise<void>;

  /** New sessions are signed with a new key; those under way go on until they expire. @throws {AppError} `SECRETS_LOCKED` */
  rotateSigningKey(actor: Actor): Promise<{ readonly kid: string }>;
  /**
   * Makes the user `admin` when there is no administrator who can log in.
   * @param password empty: none is made
   */
  ensureAdministrator(password: string): Promise<AdministratorState>;
}

interface AccountsParts {
  readonly entries: EntryStore;
  readonly ring: KeyRing;
  readonly keys: SigningKeys;
  readonly sessions: Sessions;
  readonly hasher: PasswordHasher;
  readonly throttle: LoginThrottle;
  readonly clock: Clock;
  /** Tells the audit of what no write tells it, in the background. */
  readonly note: (entry: AuditEntry) => void;
  /** `Authenticator.forget` */
  readonly forget: () => void;
}

export function createAccounts(parts: AccountsParts): Accounts {
  const { entries, keys, sessions, clock, forget } = parts;
  const logins = createLogins(parts);
  const users = createUserAdministration({ ...parts, confirm: (...given) => logins.confirm(...given) });
  const changing = <T>(work: Promise<T>): Promise<T> => forgetAfter(work, forget);
  return {
    login: (actor, input) => logins.login(actor, input),
    refresh: (actor, refreshToken) => sessions.renew(actor, refreshToken),
    logout: (actor) => changing(logout(sessions, actor)),
    expiryOf: async ({ kind, credentialId }) => {
      if (credentialId === null) return null;
      const entry = await entries.get(kind === 'token' ? 'token' : 'session', credentialId);
      return timeOf(entry?.expiresAtMs ?? null);
    },

    listUsers: async () => (await allUsers(entries)).map(viewOf),
    async getUser({ principal }, name) {
      demandAccount(principal, 'read', name);
      return viewOf(await getUser(entries, name));
    },
    createUser: async (actor, input) => viewOf(await changing(users.create(actor, input))),
    updateUser: async (actor, name, change) => viewOf(await changing(users.update(actor, name, change))),
    deleteUser: (actor, name) => changing(users.remove(actor, name)),

    async listTokens({ principal }, username) {
      if (username === null) demandAdministration(principal, 'read');
      else await demandTheirs(entries, principal, 'read', username);
      return listTokens(entries, username, clock.nowMs());
    },
    async createToken(actor, input) {
      const username = input.username ?? actor.principal.user ?? refuseNobody();
      checkNewToken(input);
      await demandTheirs(entries, actor.principal, 'write', username);
      demandScopes(actor.principal, input.scopes);
      return makeToken(parts, actor, username, input);
    },
    revokeToken: (actor, id) => changing(revokeToken(parts, actor, id)),

    async rotateSigningKey(actor) {
      const { kid } = await keys.rotate(actor);
      return { kid };
    },
    ensureAdministrator: (password) => ensureAdministrator(parts, password),
  };
}

/** A refusal has changed nothing; whatever else fails may have been done in part. */
async function forgetAfter<T>(work: Promise<T>, forget: () => void): Promise<T> {
  let isRefused = false;
  try {
    return await work;
  } catch (error) {
    isRefused = error instanceof AppError && error.status < 500;
    throw error;
  } finally {
    if (!isRefused) forget();
  }
}

async function logout(sessions: Sessions, actor: Actor): Promise<void> {
  const { kind, credentialId } = actor.principal;
  if (kind !== 'user' || credentialId === null) throw new AppError('INVALID_REQUEST', 'There is no session to end here: only what was opened by a login can be logged out. Tokens are revoked.');
  await sessions.end(actor, credentialId);
}

/** @throws {AppError} `FORBIDDEN`, `USER_NOT_FOUND` */
async function demandTheirs(entries: EntryStore, principal: Principal, action: 'read' | 'write', username: string): Promise<void> {
  demandAccount(principal, action, username);
  await getUser(entries, username);
}

async function revokeToken({ entries, clock }: AccountsParts, actor: Actor, id: string): Promise<void> {
  const { principal } = actor;
  const token = await findToken(entries, id);
  const isTheirs = token !== null && ((principal.user === token.user && reachOf(principal, 'account:write') !== 'none') || reachOf(principal, 'user:write') === 'any');
  const audit = auditEntryOf(actor, new Date(clock.nowMs()).toISOString(), { action: 'token:revoke', target: id });
  if (!isTheirs || !(await entries.delete('token', id, audit))) throw new AppError('TOKEN_NOT_FOUND', `There is no token ${JSON.stringify(id.slice(0, 64))} of yours.`);
}

function refuseNobody(): never {
  const message = 'is needed here, because nobody has logged in whose token it could be';
  throw new AppError('INVALID_REQUEST', `The body is not valid: username ${message}.`, { details: [{ path: 'username', message }] });
}
