import { isJsonObject, type Json } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Cause } from './cause.ts';
import { causeOfError, sentenceOfError } from './failure.ts';
import type { Follow, Question, Reached } from './follow.ts';
import type { Answer } from './judge-answer.ts';
import { basicAuthorization, type ExchangedSecret } from './login-plan.ts';
import { noProgress } from './probe-result.ts';

/** What a token is wanted for. */
export interface TokenWish {
  readonly realm: URL;
  /** As the challenge names it. */
  readonly service: string | null;
  /** Null: for nothing but showing who one is. */
  readonly scope: string | null;
}

export type TokenOutcome = { readonly token: string } | { readonly token: null; readonly cause: Cause; readonly reason: string; readonly answer: Answer | null };

type TokenQuestion = Pick<Question, 'ca' | 'signal' | 'log'>;

const ACCEPT = 'application/json';
/** RFC 6749 section 5.2: who asks is not believed; other errors are about the request. */
const REFUSALS: ReadonlySet<unknown> = new Set(['invalid_client', 'invalid_grant', 'unauthorized_client', 'access_denied']);
/** Not all token services take `POST`; all take `GET`. */
const NOT_POSTED: ReadonlySet<number> = new Set([404, 405]);
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * Has a token given out for a login; the whole secret goes to the realm, so that the caller must have decided that it may.
 * @throws whatever goes wrong with this machine itself
 * @see https://distribution.github.io/distribution/spec/auth/token/ and https://distribution.github.io/distribution/spec/auth/oauth/
 */
export async function fetchToken(follow: Follow, wish: TokenWish, secret: ExchangedSecret, question: TokenQuestion): Promise<TokenOutcome> {
  const { realm } = wish;
  try {
    if (secret.kind === 'client') {
      const posted = await post(follow, wish, secret, question);
      if (!NOT_POSTED.has(posted.answer.status)) return outcomeOf(posted, realm);
    }
    return outcomeOf(await get(follow, wish, secret, question), realm);
  } catch (error) {
    if (causeOfError(error) === 'probe_failed') throw error;
    return failed(null, `The token service ${realm.origin} cannot be used. ${sentenceOfError(error)}`);
  }
}

const needsBody = (status: number): boolean => status === 200 || status === 400;
const isWanted = (): boolean => false;

function get(follow: Follow, { realm, service, scope }: TokenWish, secret: ExchangedSecret, question: TokenQuestion): Promise<Reached> {
  const url = new URL(realm);
  if (service !== null) url.searchParams.set('service', service);
  if (scope !== null) url.searchParams.set('scope', scope);
  return follow(url, { ...question, method: 'GET', accept: ACCEPT, needsBody, isWanted, authorization: basicAuthorization(secret) }, noProgress());
}

function post(follow: Follow, { realm, service, scope }: TokenWish, secret: ExchangedSecret & { kind: 'client' }, question: TokenQuestion): Promise<Reached> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: secret.clientId, client_secret: secret.clientSecret });
  if (service !== null) form.set('service', service);
  if (scope !== null) form.set('scope', scope);
  return follow(realm, { ...question, method: 'POST', accept: ACCEPT, needsBody, isWanted, form: form.toString() }, noProgress());
}

const failed = (answer: Answer | null, reason: string, cause: Cause = 'token_service_failed'): TokenOutcome => ({ token: null, cause, reason, answer });

function outcomeOf({ answer, url }: Reached, realm: URL): TokenOutcome {
  const service = `The token service ${realm.origin}`;
  // Whoever answered was not told the credentials, so that the answer says nothing of them.
  if (url.origin !== realm.origin) return failed(answer, `${service} redirects to ${url.origin}, where the stored credentials were not sent.`, 'credentials_withheld');
  const { status } = answer;
  const body = status === 200 || status === 400 ? bodyOf(answer) : null;
  if (status === 401 || status === 403 || (status === 400 && isJsonObject(body) && REFUSALS.has(body['error']))) {
    return failed(answer, `${service} rejects the stored credentials (${status}).`, 'credentials_rejected');
  }
  if (status === 429) return failed(answer, `${service} asks for fewer requests (429).`, 'rate_limited');
  if (status !== 200) return failed(answer, `${service} answers ${status} instead of giving out a token.`);
  const token = tokenOf(body);
  return token === null ? failed(answer, `${service} answers without a token.`) : { token };
}

function bodyOf({ body, truncated }: Answer): Json {
  if (body === null || truncated) return null;
  try {
    return JSON.parse(body.toString('utf8')) as Json;
  } catch {
    return null;
  }
}

/** Both names are in use; what could not stand in a header is no token. */
function tokenOf(body: Json): string | null {
  if (!isJsonObject(body)) return null;
  const token = [body['token'], body['access_token']].find((value) => typeof value === 'string' && value !== '');
  return typeof token === 'string' && token.length <= limits.registryTokenLengthMax && TOKEN.test(token) ? token : null;
}
