import { randomBytes } from 'node:crypto';
import { auditEntryOf } from '../core/audit.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Actor } from '../core/principal.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import type { Entry, EntryStore } from '../store/access-port.ts';
import type { AccessTokens } from './access-token.ts';
import { principalOfSession } from './principals.ts';
import { readRefreshToken, refreshTokenText, type RefreshToken } from './refresh-token.ts';
import { findUser, type User } from './users.ts';

export interface SessionTokens {
  readonly accessToken: string;
  readonly expiresInS: number;
  readonly refreshToken: string;
}

/**
 * Sessions: an access token for a quarter of an hour, and a refresh token that is good for one renewal. A refresh token that is used
 * again has been stolen, or its successor has: nobody can tell, so the session ends (RFC 9700 section 4.14.2).
 */
export interface Sessions {
  open(actor: Actor, user: User): Promise<SessionTokens>;
  /** @throws {AppError} `TOKEN_REJECTED` */
  renew(actor: Actor, refreshToken: string): Promise<SessionTokens>;
  /** @returns whether there was one */
  end(actor: Actor, id: string): Promise<boolean>;
}

/** A session as the store keeps it; its id is the entry's key, its user the entry's owner. No token is among it. */
interface SessionDocument {
  /** How often it has been renewed. */
  readonly counter: number;
  readonly created_at: string;
  readonly renewed_at: string;
  /** Of the user, when the session was opened: with another password it is no longer good. */
  readonly password_changed_at: string | null;
}

interface SessionsParts {
  readonly entries: EntryStore;
  readonly ring: KeyRing;
  readonly accessTokens: AccessTokens;
  readonly clock: Clock;
  /** Called when a session has been ended because of a token that was used before. */
  readonly onReuse: () => void;
}

const FAMILY_BYTES = 16;

/** Each login makes one session and can end several, so that logins at once do not add up. */
const SURPLUS_ENDED_TOGETHER = 5;

/** Whether a session still lets its user in. */
export function isSessionGood(session: Entry | null, user: User | null, nowMs: number): boolean {
  if (session === null || user === null || user.document.disabled || user.name !== session.owner) return false;
  if (session.expiresAtMs !== null && session.expiresAtMs <= nowMs) return false;
  return user.document.password !== null && documentOf(session).password_changed_at === user.document.password_changed_at;
}

/** What a refresh token is worth, by the counter that the store holds. */
export function judgeCounter(offered: number, current: number): 'renew' | 'reuse' | 'unknown' {
  if (offered === current) return 'renew';
  // A higher one is possible only where the store was restored from a backup.
  return offered < current ? 'reuse' : 'unknown';
}

export function createSessions(parts: SessionsParts): Sessions {
  const { entries, clock } = parts;
  return {
    async open(actor, user) {
      const family = randomBytes(FAMILY_BYTES).toString('base64url');
      const tokens = await tokensFor(parts, user.name, { family, counter: 0 });
      const at = new Date(clock.nowMs()).toISOString();
      const document: SessionDocument = { counter: 0, created_at: at, renewed_at: at, password_changed_at: user.document.password_changed_at };
      const audit = auditEntryOf({ ...actor, principal: principalOfSession(user, family) }, at, { action: 'session:login', target: user.name });
      await entries.put(sessionWrite(family, user.name, document, clock.nowMs(), 0), audit);
      await endSurplus(entries, user.name);
      return tokens;
    },
    async renew(actor, text) {
      if (parts.ring.isEmpty) throw new AppError('SECRETS_LOCKED', 'The service was given no SECRET_KEY, so it cannot check sessions.');
      const token = readRefreshToken(parts.ring, text);
      if (token === null) throw new AppError('TOKEN_REJECTED');
      const renewed = await renewOnce(parts, actor, token);
      // Whoever loses the race of two renewals has used a token that has been used: the second look tells.
      return renewed ?? (await renewOnce(parts, actor, token)) ?? refuse();
    },
    end: (actor, id) => entries.delete('session', id, auditEntryOf(actor, new Date(clock.nowMs()).toISOString(), { action: 'session:logout', target: actor.principal.user })),
  };
}

/** @returns null when somebody else has changed the session meanwhile */
async function renewOnce(parts: SessionsParts, actor: Actor, { family, counter }: RefreshToken): Promise<SessionTokens | null> {
  const { entries, clock } = parts;
  const session = await entries.get('session', family);
  const user = session?.owner === undefined || session.owner === null ? null : await findUser(entries, session.owner);
  if (session === null || user === null || !isSessionGood(session, user, clock.nowMs())) return refuse();
  const at = new Date(clock.nowMs()).toISOString();
  const asUser: Actor = { ...actor, principal: principalOfSession(user, family) };
  const document = documentOf(session);
  const judged = judgeCounter(counter, document.counter);
  if (judged === 'reuse') {
    // From where the token was used again is known, not by whom.
    await entries.delete('session', family, { ...auditEntryOf(actor, at, { action: 'session:reuse', target: family, outcome: 'denied', code: 'TOKEN_REJECTED' }), user: user.name });
    parts.onReuse();
  }
  if (judged !== 'renew') return refuse();
  const tokens = await tokensFor(parts, user.name, { family, counter: counter + 1 });
  const write = sessionWrite(family, user.name, { ...document, counter: counter + 1, renewed_at: at }, clock.nowMs(), session.revision);
  return (await entries.put(write, auditEntryOf(asUser, at, { action: 'session:refresh', target: user.name }))) ? tokens : null;
}

async function tokensFor({ ring, accessTokens }: SessionsParts, user: string, token: RefreshToken): Promise<SessionTokens> {
  return {
    accessToken: await accessTokens.sign({ user, session: token.family }),
    expiresInS: limits.accessTokenLifetimeS,
    refreshToken: refreshTokenText(ring, token),
  };
}

function sessionWrite(family: string, user: string, document: SessionDocument, nowMs: number, expectedRevision: number): Parameters<EntryStore['put']>[0] {
  return { kind: 'session', key: family, owner: user, expiresAtMs: nowMs + limits.sessionUnusedMsMax, text: JSON.stringify(document), expectedRevision };
}

/** A program that logs in for every call, and never out, must not fill the store. */
async function endSurplus(entries: EntryStore, user: string): Promise<void> {
  const sessions = await entries.list('session', { owner: user, afterKey: null, limit: limits.sessionsPerUserMax + SURPLUS_ENDED_TOGETHER });
  const oldestFirst = [...sessions].sort((a, b) => (a.expiresAtMs ?? 0) - (b.expiresAtMs ?? 0));
  for (const { key } of oldestFirst.slice(0, Math.max(0, sessions.length - limits.sessionsPerUserMax))) await entries.delete('session', key);
}

const documentOf = ({ text }: Entry): SessionDocument => JSON.parse(text) as SessionDocument;

function refuse(): never {
  throw new AppError('TOKEN_REJECTED');
}
