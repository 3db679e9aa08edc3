import { randomBytes } from 'node:crypto';
import type { JWTPayload, JWTHeaderParameters } from 'jose';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { SigningKeys } from './signing-keys.ts';

/** What an access token proves. */
export interface AccessClaims {
  readonly user: string;
  readonly session: string;
  readonly expiresAtMs: number;
}

/** Short-lived tokens of sessions: JWTs (RFC 7519) signed by HMAC-SHA256, of the type that RFC 9068 gives access tokens. */
export interface AccessTokens {
  sign(claims: Omit<AccessClaims, 'expiresAtMs'>): Promise<string>;
  /** @throws {AppError} `TOKEN_REJECTED` for whatever this service has not signed, for now, in this very form */
  verify(text: string): Promise<AccessClaims>;
}

const NAME = 'portolan';
const TYPE = 'at+jwt';
const ALGORITHM = 'HS256';

/** A header has these and nothing else: a key that a token brings along, or names by a URL, is never looked at. */
const HEADER_NAMES = 'alg,kid,typ';

export function createAccessTokens({ keys, clock }: { keys: SigningKeys; clock: Clock }): AccessTokens {
  const keyFor = async (header: Partial<JWTHeaderParameters>): Promise<Uint8Array> => {
    const key = isOurs(header) ? await keys.find(header.kid) : null;
    if (key === null) throw rejected();
    return key.key;
  };
  return {
    async sign({ user, session }) {
      const { SignJWT } = await jose();
      const { kid, key } = await keys.current();
      const nowS = Math.floor(clock.nowMs() / 1000);
      return new SignJWT({ sid: session })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid })
        .setIssuer(NAME)
        .setAudience(NAME)
        .setSubject(user)
        .setIssuedAt(nowS)
        .setNotBefore(nowS - limits.clockLeewayS)
        .setExpirationTime(nowS + limits.accessTokenLifetimeS)
        .setJti(randomBytes(12).toString('base64url'))
        .sign(key);
    },
    async verify(text) {
      const { jwtVerify, errors } = await jose();
      const currentDate = new Date(clock.nowMs());
      try {
        const { payload } = await jwtVerify(text, keyFor, { algorithms: [ALGORITHM], typ: TYPE, issuer: NAME, audience: NAME, currentDate, requiredClaims: ['exp', 'nbf', 'iat', 'jti'] });
        return claimsOf(payload);
      } catch (error) {
        throw error instanceof errors.JOSEError ? rejected(error) : error;
      }
    },
  };
}

/** Loaded when the first session needs it, not when the service starts. */
const jose = () => import('jose');

const rejected = (cause?: unknown): AppError => new AppError('TOKEN_REJECTED', undefined, { cause });

function isOurs(header: Partial<JWTHeaderParameters>): header is JWTHeaderParameters & { kid: string } {
  return Object.keys(header).sort().join() === HEADER_NAMES && header.alg === ALGORITHM && header.typ === TYPE && typeof header.kid === 'string';
}

function claimsOf({ aud, sub, sid, exp }: JWTPayload): AccessClaims {
  if (aud !== NAME || typeof sub !== 'string' || typeof sid !== 'string' || typeof exp !== 'number') throw rejected();
  return { user: sub, session: sid, expiresAtMs: exp * 1000 };
}
