import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyRing } from '../secrets/key-ring.ts';

/** Which session a refresh token renews, and how often it had been renewed when the token was given out. */
export interface RefreshToken {
  readonly family: string;
  readonly counter: number;
}

const TOKEN = /^ptr_([A-Za-z0-9_-]{22})_(\d{1,10})_([A-Za-z0-9_-]{43})$/;

/** `ptr_<family>_<counter>_<mac>`: the service recognises its own tokens by the mac, so none of them is kept. */
export function refreshTokenText(ring: KeyRing, token: RefreshToken): string {
  return `ptr_${token.family}_${token.counter}_${macOf(ring, token)}`;
}

/** @returns null for what was not made with a key of the ring */
export function readRefreshToken(ring: KeyRing, text: string): RefreshToken | null {
  const [, family, digits, mac] = TOKEN.exec(text) ?? [];
  if (family === undefined || mac === undefined) return null;
  const token = { family, counter: Number(digits) };
  return ring.ids.some((keyId) => timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(ring, token, keyId)))) ? token : null;
}

function macOf(ring: KeyRing, { family, counter }: RefreshToken, keyId?: string): string {
  return createHmac('sha256', ring.derive('refresh', keyId)).update(`${family}|${counter}`).digest('base64url');
}
