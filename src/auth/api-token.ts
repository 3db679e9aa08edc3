import { hash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * An API token as its holder sees it: `ptl_<id>_<secret>_<check>`. The prefix lets scanners find tokens that have strayed into code; the
 * check tells a mistyped or invented one before anything is looked up. The store keeps the id and a hash of the secret.
 */
export interface ApiToken {
  readonly id: string;
  /** SHA-256 of the secret, in hexadecimal. The secret is random, so a slow hash would add nothing. */
  readonly secretHash: string;
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_LENGTH = 16;
const SECRET_BYTES = 32;
const CHECK_LENGTH = 6;

const TOKEN = /^ptl_([0-9A-Za-z]{16})_([A-Za-z0-9_-]{43})_([0-9A-Za-z]{6})$/;

/** @returns the text, which is shown once, beside what is kept */
export function newApiToken(): ApiToken & { readonly text: string } {
  const id = Array.from({ length: ID_LENGTH }, () => BASE62.charAt(randomInt(BASE62.length))).join('');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const body = `ptl_${id}_${secret}`;
  return { id, secretHash: hashOf(secret), text: `${body}_${checkOf(body)}` };
}

export const looksLikeApiToken = (text: string): boolean => text.startsWith('ptl_');

/** @returns null for what cannot be a token of ours */
export function readApiToken(text: string): ApiToken | null {
  const [, id, secret, check] = TOKEN.exec(text) ?? [];
  if (id === undefined || secret === undefined || check !== checkOf(text.slice(0, -CHECK_LENGTH - 1))) return null;
  return { id, secretHash: hashOf(secret) };
}

/** Compares two hashes in a time that does not depend on where they differ. */
export function isSameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const hashOf = (secret: string): string => hash('sha256', secret, 'hex');

/** CRC-32 in base 62. It keeps out accidents, not attackers. */
function checkOf(body: string): string {
  let rest = crc32(body);
  let text = '';
  while (text.length < CHECK_LENGTH) {
    text = BASE62.charAt(rest % BASE62.length) + text;
    rest = Math.floor(rest / BASE62.length);
  }
  return text;
}
