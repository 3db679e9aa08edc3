import { hash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Principal } from '../core/principal.ts';
import type { EntryStore } from '../store/access-port.ts';
import type { Log } from '../telemetry/logs.ts';
import type { AccessTokens } from './access-token.ts';
import { isSameHash, looksLikeApiToken, readApiToken } from './api-token.ts';
import { localPrincipal } from './permissions.ts';
import { principalOfSession, principalOfToken } from './principals.ts';
import { isSessionGood } from './sessions.ts';
import { findToken, noteTokenUse, type Token } from './tokens.ts';
import { findUser, type User } from './users.ts';

/** Tells as whom a request is made. */
export interface Authenticator {
  /** Whoever does not say who they are. */
  readonly nobody: Principal;
  /** Whoever was seen within the last seconds, and nobody where there is no header. Null: has to be looked up. Never throws. */
  recall(authorization: string | undefined): Principal | null;
  /**
   * @param authorization the header, as it came; undefined where there is none
   * @returns at once for whoever was seen within the last seconds: most requests wait for nothing
   * @throws {AppError} `TOKEN_REJECTED` (at once or as a rejection), `SECRETS_LOCKED` for a session where the service has no keys, or what the store throws
   */
  authenticate(authorization: string | undefined): Principal | Promise<Principal>;
  /** Forgets whoever was seen; called after every change of accounts in this process, so that it holds at once. */
  forget(): void;
}

/** Where nobody has to log in, everybody is the same, whatever they say. */
export const openAuthenticator: Authenticator = { nobody: localPrincipal, recall: () => localPrincipal, authenticate: () => localPrincipal, forget: () => undefined };

interface AuthenticatorParts {
  readonly entries: EntryStore;
  readonly accessTokens: AccessTokens;
  /** Whoever sends no header. */
  readonly anonymous: Principal;
  readonly clock: Clock;
  readonly log: Pick<Log, 'debug'>;
}

/** A caller, and until when that may be believed. */
interface Caller {
  readonly principal: Principal;
  /** When the token or session ends by itself, wall clock; null: never. */
  readonly expiresAtMs: number | null;
}

interface KnownCaller extends Caller {
  /** Clock reading that never runs backwards. */
  readonly seenAtMs: number;
}

const BEARER = /^bearer +([\x21-\x7e]+) *$/i;

/** Knows callers by a hash of what they sent, so that no token stays in memory. */
export function createAuthenticator(parts: AuthenticatorParts): Authenticator {
  const { anonymous, clock } = parts;
  const known = new Map<string, KnownCaller>();
  const finding = new Map<string, Promise<Principal>>();
  let generation = 0;

  function recallKey(key: string): Principal | null {
    const caller = known.get(key);
    if (caller === undefined) return null;
    const isFresh = clock.monotonicMs() - caller.seenAtMs < limits.callerKnownForMs && (caller.expiresAtMs === null || clock.nowMs() < caller.expiresAtMs);
    if (isFresh) return caller.principal;
    known.delete(key);
    return null;
  }

  async function find(key: string, bearer: string): Promise<Principal> {
    const begun = { generation, atMs: clock.monotonicMs() };
    const caller = await (looksLikeApiToken(bearer) ? callerOfToken(parts, bearer) : callerOfSession(parts, bearer));
    // What was read before a change of accounts is good for this request, which came before it, too, and for no other.
    if (begun.generation === generation) remember(key, { ...caller, seenAtMs: begun.atMs });
    return caller.principal;
  }

  function remember(key: string, caller: KnownCaller): void {
    known.set(key, caller);
    if (known.size <= limits.callersKnownMax) return;
    const [oldest] = known.keys();
    if (oldest !== undefined) known.delete(oldest);
  }

  function recall(authorization: string | undefined): Principal | null {
    if (authorization === undefined) return anonymous;
    const bearer = readBearer(authorization);
    return bearer === null ? null : recallKey(keyOf(bearer));
  }

  return {
    nobody: anonymous,
    recall,
    authenticate(authorization) {
      const principal = recall(authorization);
      if (principal !== null) return principal;
      const bearer = bearerOf(authorization ?? '');
      const key = keyOf(bearer);
      const found = finding.get(key) ?? find(key, bearer).finally(() => finding.delete(key));
      finding.set(key, found);
      return found;
    },
    forget() {
      generation += 1;
      known.clear();
      finding.clear();
    },
  };
}

const keyOf = (bearer: string): string => hash('sha256', bearer, 'base64url');

function readBearer(authorization: string): string | null {
  return authorization.length > limits.authorizationLengthMax ? null : (BEARER.exec(authorization)?.[1] ?? null);
}

/** @throws {AppError} `TOKEN_REJECTED` */
function bearerOf(authorization: string): string {
  const bearer = readBearer(authorization);
  if (bearer !== null) return bearer;
  const isLong = authorization.length > limits.authorizationLengthMax;
  throw new AppError('TOKEN_REJECTED', isLong ? 'The token is longer than any of ours.' : 'The Authorization header must be `Bearer`, a space and a token.');
}

async function callerOfToken({ entries, clock, log }: AuthenticatorParts, text: string): Promise<Caller> {
  const offered = readApiToken(text);
  const token = offered === null ? null : await findToken(entries, offered.id);
  if (offered === null || token === null || !isSameHash(offered.secretHash, token.document.hash)) throw new AppError('TOKEN_REJECTED');
  const user = await findUser(entries, token.user);
  if (user === null || !isTokenGood(token, user, clock.nowMs())) throw new AppError('TOKEN_REJECTED');
  // In the background: nobody waits for a note, nor fails for it.
  noteTokenUse(entries, token, clock.nowMs()).catch((error: unknown) => log.debug('the last use of a token could not be noted', { token: token.id, error }));
  return { principal: principalOfToken(user, token), expiresAtMs: token.expiresAtMs };
}

/** A token that is older than its user belonged to another of that name, who was deleted. */
function isTokenGood({ expiresAtMs, document }: Token, user: User, nowMs: number): boolean {
  return !user.document.disabled && document.created_at >= user.document.created_at && (expiresAtMs === null || nowMs < expiresAtMs);
}

async function callerOfSession({ entries, accessTokens, clock }: AuthenticatorParts, text: string): Promise<Caller> {
  const claims = await accessTokens.verify(text);
  const [session, user] = await Promise.all([entries.get('session', claims.session), findUser(entries, claims.user)]);
  if (user === null || !isSessionGood(session, user, clock.nowMs())) throw new AppError('TOKEN_REJECTED');
  return { principal: principalOfSession(user, claims.session), expiresAtMs: claims.expiresAtMs };
}
