/** How a credential stands in its entry, and how it is sealed. Pure but for the key ring. */
import type { RegistrySecret } from '../core/registry-credential.ts';
import type { Entry } from '../store/access-port.ts';
import type { KeyRing } from './key-ring.ts';

/** All of a credential. */
export interface Credential {
  readonly secret: RegistrySecret;
  readonly origin: string;
  readonly tokenHost: string | null;
  /** Host that images of the registry are named by; null where the record names none. */
  readonly imageHost: string | null;
}

/** The text of an entry: what may be shown, and the rest sealed. Times are ISO 8601 in UTC. */
export interface KeptCredential {
  readonly kind: RegistrySecret['kind'];
  /** Of the kind `basic`. */
  readonly username: string | null;
  readonly origin: string;
  readonly token_host: string | null;
  readonly expires_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  /** When the record was made that it belongs to. */
  readonly record_created_at: string;
  readonly version: string;
  /** The whole `Credential`: where it may go is sealed with it, so that nobody who can write to the store can send it elsewhere. */
  readonly sealed: string;
}

/** A credential's place: a record and, within its registry, what is below a path. */
export interface CredentialPlace {
  readonly id: string;
  readonly prefix: string;
}

export const keyOf = ({ id, prefix }: CredentialPlace): string => `${id}\n${prefix}`;

/** No id holds the end of a line, and no prefix does. */
export function placeOf({ key }: Pick<Entry, 'key'>): CredentialPlace {
  const end = key.indexOf('\n');
  return { id: key.slice(0, end), prefix: key.slice(end + 1) };
}

export const keptOf = ({ text }: Pick<Entry, 'text'>): KeptCredential => JSON.parse(text) as KeptCredential;

/** A sealed text opens in its place alone, and only for the record that it was made for. */
const contextOf = (place: CredentialPlace, recordCreatedAt: string): string => `credential\n${keyOf(place)}\n${recordCreatedAt}`;

export function sealCredential(ring: KeyRing, place: CredentialPlace, recordCreatedAt: string, credential: Credential): string {
  return ring.seal(JSON.stringify(credential), contextOf(place, recordCreatedAt));
}

/** @throws {AppError} `SECRETS_LOCKED` */
export function openCredential(ring: KeyRing, place: CredentialPlace, recordCreatedAt: string, sealed: string): Credential {
  return JSON.parse(ring.open(sealed, contextOf(place, recordCreatedAt))) as Credential;
}
