import { auditedChanges, auditEntryOf } from '../core/audit.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Action, Actor } from '../core/principal.ts';
import type { Entry, EntryStore } from '../store/access-port.ts';
import { allEntries } from '../store/all-entries.ts';
import { newApiToken } from './api-token.ts';

/** A scope of an API token: an action, or all that its user may do. */
export type TokenScope = Action | '*';

/** An API token as the store keeps it; its id is the entry's key, its user the entry's owner. */
interface TokenDocument {
  readonly name: string;
  /** `ApiToken.secretHash` */
  readonly hash: string;
  readonly scopes: readonly TokenScope[];
  readonly created_at: string;
  readonly last_used_at: string | null;
  /** Name of the user who made it; null where nobody had logged in. */
  readonly created_by: string | null;
}

export interface Token {
  readonly id: string;
  readonly user: string;
  readonly expiresAtMs: number | null;
  readonly document: TokenDocument;
  readonly revision: number;
}

/** An API token as the API shows it. */
export interface TokenView {
  readonly id: string;
  readonly name: string;
  readonly username: string;
  readonly scopes: readonly TokenScope[];
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
}

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  /** From now on, in seconds; null or left out: it does not expire. */
  readonly expires_in_s?: number | null | undefined;
  /** Default: whoever asks. */
  readonly username?: string | undefined;
}

/** What is shown once, when a token is made. */
export interface MadeToken {
  readonly id: string;
  readonly token: string;
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  readonly expires_at: string | null;
}

/** @param user whose token it becomes. @throws {AppError} `QUOTA_REACHED` */
export async function makeToken({ entries, clock }: { entries: EntryStore; clock: Clock }, actor: Actor, user: string, { name, scopes, expires_in_s: lifetimeS = null }: NewToken): Promise<MadeToken> {
  const owned = await entries.list('token', { owner: user, afterKey: null, limit: limits.tokensPerUserMax });
  if (owned.length >= limits.tokensPerUserMax) throw new AppError('QUOTA_REACHED', `${user} has ${limits.tokensPerUserMax} tokens, and may have no more. Revoke those that are no longer used.`);
  const { id, secretHash, text } = newApiToken();
  const nowMs = clock.nowMs();
  const expiresAtMs = lifetimeS === null ? null : nowMs + lifetimeS * 1000;
  const created_at = new Date(nowMs).toISOString();
  const document: TokenDocument = { name, hash: secretHash, scopes, created_at, last_used_at: null, created_by: actor.principal.user };
  const changes = auditedChanges(null, { name, user, scopes: [...scopes], expires_at: timeOf(expiresAtMs) });
  const audit = auditEntryOf(actor, created_at, { action: 'token:create', target: id, changes });
  await entries.put({ kind: 'token', key: id, owner: user, expiresAtMs, text: JSON.stringify(document), expectedRevision: 0 }, audit);
  return { id, token: text, name, scopes, expires_at: timeOf(expiresAtMs) };
}

export async function findToken(entries: EntryStore, id: string): Promise<Token | null> {
  const entry = await entries.get('token', id);
  return entry === null ? null : tokenOf(entry);
}

/** Tokens that have not expired. @param user null: everybody's. @throws {AppError} `LIMIT_EXCEEDED` */
export async function listTokens(entries: EntryStore, user: string | null, nowMs: number): Promise<readonly TokenView[]> {
  const views: TokenView[] = [];
  for await (const entry of allEntries(entries, 'token', user ?? undefined)) {
    const token = tokenOf(entry);
    if (token.expiresAtMs === null || token.expiresAtMs > nowMs) views.push(viewOf(token));
    if (views.length > limits.tokensListedMax) throw new AppError('LIMIT_EXCEEDED', `There are more than ${limits.tokensListedMax} tokens. Ask for those of one user with ?username=.`);
  }
  return views;
}

/** Keeps, to the minute, when a token was last used. Lost races do not matter: another use was noted then. */
export async function noteTokenUse(entries: EntryStore, { id, user, expiresAtMs, document, revision }: Token, nowMs: number): Promise<void> {
  if (document.last_used_at !== null && nowMs - Date.parse(document.last_used_at) < limits.tokenUseNotedEveryMs) return;
  const text = JSON.stringify({ ...document, last_used_at: timeOf(nowMs) });
  await entries.put({ kind: 'token', key: id, owner: user, expiresAtMs, text, expectedRevision: revision });
}

function tokenOf({ key, owner, expiresAtMs, text, revision }: Entry): Token {
  return { id: key, user: owner ?? '', expiresAtMs, document: JSON.parse(text) as TokenDocument, revision };
}

function viewOf({ id, user, expiresAtMs, document: { name, scopes, created_at, last_used_at } }: Token): TokenView {
  return { id, name, username: user, scopes, created_at, expires_at: timeOf(expiresAtMs), last_used_at };
}

export function timeOf(ms: number): string;
export function timeOf(ms: number | null): string | null;
export function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
