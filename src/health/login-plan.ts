import type { ProbeCredential, RegistrySecret } from '../core/registry-credential.ts';
import type { Challenge } from '../core/schema-types.ts';
import type { Cause } from './cause.ts';
import { realmUrlOf } from './probe-url.ts';

/** What a token service gives a token for. */
export type ExchangedSecret = Exclude<RegistrySecret, { kind: 'token' }>;

/** How a registry that asks for a login is answered. */
export type LoginPlan =
  | { readonly step: 'send'; readonly authorization: string }
  | { readonly step: 'fetch'; readonly realm: URL; readonly secret: ExchangedSecret }
  | { readonly step: 'stop'; readonly cause: Cause; readonly reason: string };

/** Who asks for the login, and what for. */
export interface LoginPlace {
  readonly challenge: Challenge;
  /** Whose answer held the challenge, after all redirects. */
  readonly asked: URL;
  /** What the record names. */
  readonly registry: URL;
}

const withhold = (reason: string): LoginPlan => ({ step: 'stop', cause: 'credentials_withheld', reason: `${reason} The stored credentials were not sent.` });

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };
const portOf = ({ port, protocol }: URL): string | undefined => (port === '' ? DEFAULT_PORTS[protocol] : port);

/** Whether a token service stands where the credentials may go: at the registry's own host and port, or at the one they name. */
function isTrusted(realm: URL, registry: URL, tokenHost: string | null): boolean {
  if (realm.hostname === registry.hostname && portOf(realm) === portOf(registry)) return true;
  return tokenHost !== null && URL.parse(`${realm.protocol}//${tokenHost}`)?.host === realm.host;
}

/** Base64 of UTF-8, which is what nearly all registries expect. @see https://www.rfc-editor.org/rfc/rfc7617 */
export function basicAuthorization(secret: ExchangedSecret): string {
  const pair = secret.kind === 'basic' ? `${secret.username}:${secret.password}` : `${secret.clientId}:${secret.clientSecret}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

/**
 * Decides where a credential may go (design section 6); does no I/O. It goes to the origin that it was stored for, and to a token service
 * only at the same host or at the one that was stored with it, and never over plain HTTP for a registry that speaks HTTPS.
 */
export function planLogin({ challenge, asked, registry }: LoginPlace, { secret, origin, tokenHost }: ProbeCredential): LoginPlan {
  if (registry.origin !== origin) return withhold(`The credentials were stored for ${origin}, and the record names another registry now.`);
  if (asked.origin !== origin) return withhold(`The registry redirects to ${asked.origin}, which asks for the login; the credentials are for ${origin}.`);
  if (secret.kind === 'token') return { step: 'send', authorization: `Bearer ${secret.token}` };
  const scheme = challenge.scheme.toLowerCase();
  if (scheme === 'basic') return { step: 'send', authorization: basicAuthorization(secret) };
  if (scheme !== 'bearer') return withhold('The registry asks for a login that is neither Basic nor Bearer.');
  const realm = realmUrlOf(challenge.realm);
  if (realm === null) return { step: 'stop', cause: 'token_service_failed', reason: 'The registry names a token service whose address is not an http or https URL.' };
  if (registry.protocol === 'https:' && realm.protocol !== 'https:') return withhold(`The registry speaks HTTPS, but its token service ${realm.origin} does not.`);
  if (!isTrusted(realm, registry, tokenHost)) {
    return withhold(`The registry sends its clients for tokens to ${realm.host}, which is neither its own host nor the token_host of the credentials.`);
  }
  return { step: 'fetch', realm, secret };
}
