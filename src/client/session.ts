import type { Clock } from '../core/clock.ts';
import { isJsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { ClientError } from './errors.ts';

/** What logging in gives: a token to call with, and one that gets the next pair, once. */
export interface Session {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** When the access token ends, by this machine's clock. */
  readonly expiresAtMs: number;
}

/** Where a session is kept. Several processes may use it at once. */
export interface SessionKeeper {
  /** The only origin that the session is for, such as `https://portolan.example.com`. */
  readonly origin: string;
  /** As it is kept now; null: nobody is logged in. */
  read(): Promise<Session | null>;
  /**
   * Puts what `change` makes of the kept session in its place; null forgets it. While it runs, no other process changes it. When `change`
   * throws, what is kept stays.
   * @returns what is kept now
   */
  update(change: (kept: Session | null) => Promise<Session | null>): Promise<Session | null>;
}

/** Who calls are made as. */
export interface Bearer {
  /** What goes into the `Authorization` header; null: nothing. */
  token(): Promise<string | null>;
  /** Another one in place of one that was rejected; null: there is none. */
  renewed(rejected: string): Promise<string | null>;
}

/** Calls as nobody. */
export const nobody: Bearer = { token: async () => null, renewed: async () => null };

/** Of what a header can hold as one word. */
const TOKEN = /^[\x21-\x7e]+$/;

/** @throws {ClientError} `TOKEN_REJECTED` for what cannot be a token */
export function bearerOfToken(token: string): Bearer {
  if (!TOKEN.test(token)) throw new ClientError('TOKEN_REJECTED', 'The token is empty, or holds blanks or other characters that no token has.');
  return { token: async () => token, renewed: async () => null };
}

interface SessionBearerOptions {
  readonly keeper: SessionKeeper;
  /** Gets the next pair from the service. */
  readonly refresh: (refreshToken: string) => Promise<Session>;
  readonly clock: Clock;
}

/**
 * Calls with a kept session, and renews it shortly before it ends or when it is rejected. A refresh token is good for one refresh, and
 * using it twice ends the session: so one refresh is under way at a time, and nobody refreshes what another process has refreshed already.
 */
export function bearerOfSession({ keeper, refresh, clock }: SessionBearerOptions): Bearer {
  let held: Session | null = null;
  let renewing: Promise<Session | null> | null = null;

  function renew(stale: string): Promise<Session | null> {
    renewing ??= keeper
      .update(async (kept) => (kept === null || kept.accessToken !== stale ? kept : refresh(kept.refreshToken)))
      .then((kept) => (held = kept))
      .finally(() => (renewing = null));
    return renewing;
  }

  return {
    async token() {
      held ??= await keeper.read();
      if (held !== null && held.expiresAtMs - clock.nowMs() < limits.sessionRenewedBeforeMs) held = await renew(held.accessToken);
      return held?.accessToken ?? null;
    },
    async renewed(rejected) {
      return (await renew(rejected))?.accessToken ?? null;
    },
  };
}

/** The session that an answer to a login or a refresh holds. */
export function sessionOf(data: unknown, nowMs: number): Session {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresInS } = isJsonObject(data) ? data : {};
  if (!isToken(accessToken) || !isToken(refreshToken) || typeof expiresInS !== 'number') {
    throw new ClientError('NOT_PORTOLAN', 'The service’s answer to the login holds no tokens.');
  }
  return { accessToken, refreshToken, expiresAtMs: nowMs + expiresInS * 1000 };
}

export const isToken = (value: unknown): value is string => typeof value === 'string' && TOKEN.test(value);
