import { systemClock, type Clock } from '../core/clock.ts';
import { accountCalls, type AccountCalls } from './accounts.ts';
import { backupCalls, type BackupCalls } from './backup.ts';
import { bulkCalls, type BulkCalls } from './bulk.ts';
import { catalogCalls, type CatalogCalls } from './catalog.ts';
import { ClientError } from './errors.ts';
import { createExchange, type Exchange } from './exchange.ts';
import { oversightCalls, type OversightCalls } from './oversight.ts';
import { recordRightsCalls, type RecordRightsCalls } from './record-rights.ts';
import { bearerOfSession, bearerOfToken, nobody, sessionOf, type Bearer, type Session, type SessionKeeper } from './session.ts';
import { pinnedFetch, type Send } from './transport.ts';

export interface ClientOptions {
  /** Where the service is, such as `http://127.0.0.1:8000`; a path before its own paths is kept. */
  readonly url: string;
  /** No call takes longer than this; a page of a list is a call of its own. Probes on demand may need 15 s. */
  readonly timeoutMs: number;
  /** An API token to call with. */
  readonly token?: string | undefined;
  /** Or a session, which is renewed as needed. Without either, calls are made as nobody. */
  readonly session?: SessionKeeper | undefined;
  /** Default: undici's. */
  readonly fetch?: Send;
  readonly clock?: Clock;
}

/** Portolan's REST API as functions. All of them fail with `ClientError`, lists while they are read. Answers are taken to be what the API's description says. */
export interface Client extends CatalogCalls, BulkCalls, RecordRightsCalls, AccountCalls, OversightCalls, BackupCalls {
  /** Logs in, and leaves it to the caller to keep the session. */
  login(username: string, password: string): Promise<Session>;
}

/**
 * Sends nothing anywhere but to `url`, and follows no redirects.
 * @throws {ClientError} `BAD_SERVICE_URL`; `TOKEN_REJECTED` for what cannot be a token
 */
export function createClient({ url, timeoutMs, token, session, fetch: send = pinnedFetch, clock = systemClock }: ClientOptions): Client {
  const base = serviceUrl(url);
  const exchangeAs = (bearer: Bearer): Exchange => createExchange({ base, fetch: send, timeoutMs, bearer });
  const asNobody = exchangeAs(nobody);
  const sessionFrom = async (path: string, body: unknown): Promise<Session> => sessionOf((await asNobody.data({ method: 'POST', path, body })).data, clock.nowMs());
  const refresh = (refreshToken: string): Promise<Session> => sessionFrom('/api/v1/auth/refresh', { refresh_token: refreshToken });
  const exchange = exchangeAs(bearerOf());
  return {
    ...catalogCalls(exchange),
    ...bulkCalls(exchange, timeoutMs),
    ...recordRightsCalls(exchange),
    ...accountCalls(exchange),
    ...oversightCalls(exchange),
    ...backupCalls(exchange),
    login: (username, password) => sessionFrom('/api/v1/auth/login', { username, password }),
  };

  function bearerOf(): Bearer {
    if (token !== undefined) return bearerOfToken(token);
    if (session === undefined) return nobody;
    if (session.origin !== base.origin) throw new ClientError('BAD_SERVICE_URL', `The session is for ${session.origin}, and is not shown to ${base.origin}.`);
    return bearerOfSession({ keeper: session, refresh, clock });
  }
}

function serviceUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ClientError('BAD_SERVICE_URL', `“${text}” is not an http or https URL. Portolan’s own looks like http://127.0.0.1:8000.`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ClientError('BAD_SERVICE_URL', 'The service’s URL must hold neither a user name nor a query nor a fragment.');
  }
  return url;
}
