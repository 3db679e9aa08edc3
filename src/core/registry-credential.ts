/** What a registry, or its token service, wants to know of whoever logs in. */
export type RegistrySecret =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** Sent to the registry as it is, as a Bearer token. */
  | { readonly kind: 'token'; readonly token: string }
  /** Of a client as OAuth 2.0 knows it, for a token service. */
  | { readonly kind: 'client'; readonly clientId: string; readonly clientSecret: string };

/** A credential, unsealed, as a probe uses it. It never leaves the process but to the registry and its token service. */
export interface ProbeCredential {
  readonly secret: RegistrySecret;
  /** Scheme, host and port of the registry that it is kept for (`URL.origin`): no other gets it. */
  readonly origin: string;
  /** Host, and port where it is not the usual one, of a token service that may have it besides; null: none but the registry's own host. */
  readonly tokenHost: string | null;
  readonly expiresAtMs: number | null;
  /** Another text for each secret that is stored, so that what was learned of one is not held for true of the next. */
  readonly version: string;
}

/** A record's registry, as far as it decides about credentials. */
export interface CredentialTarget {
  /** The record's id, … */
  readonly id: string;
  /** … and when it was made: one that takes the id of another, which was deleted, is another record. */
  readonly createdAt: string;
  /** The record's public URL. */
  readonly url: string;
  /** What is asked for besides `/v2/`; null: nothing. */
  readonly repository: string | null;
}

/** What may be shown of the credential that probes use. */
export interface CredentialFacts {
  readonly version: string;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number | null;
  /** The record's URL and the service's keys are those that it was stored with. */
  readonly usable: boolean;
}

/** Scheme, host and port of a URL; null where it is not one of http or https. */
export function originOf(url: string): string | null {
  const parsed = URL.parse(url);
  return parsed !== null && (parsed.protocol === 'http:' || parsed.protocol === 'https:') ? parsed.origin : null;
}
