import type { Clock } from '../core/clock.ts';
import type { ProbeCredential } from '../core/registry-credential.ts';
import type { Canary } from './canary.ts';
import type { Cause } from './cause.ts';
import type { Follow, Question } from './follow.ts';
import type { Answer } from './judge-answer.ts';
import { planLogin, type LoginPlace } from './login-plan.ts';
import { fetchToken } from './token-service.ts';

/** A credential, and what is known of it. */
export interface OfferedCredential extends ProbeCredential {
  /** When the registry last accepted this version of it; null: never, as far as is known. */
  readonly acceptedAtMs: number | null;
}

/** Why nothing more could be asked. */
export interface LoginFailure {
  readonly cause: Cause;
  readonly reason: string;
  /** Of the token service; null where none came. */
  readonly answer: Answer | null;
}

export type Login = { readonly authorization: string } | ({ readonly authorization: null } & LoginFailure);

interface LoginOptions {
  readonly follow: Follow;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly question: Pick<Question, 'ca' | 'signal' | 'log'>;
}

/** The value of `Authorization` that a challenge asks for, or why there is none. Fetches a token where that is the way. */
export async function logIn(place: LoginPlace, credential: OfferedCredential, canary: Canary | null, { follow, clock, question }: LoginOptions): Promise<Login> {
  const plan = planLogin(place, credential);
  if (plan.step === 'send') return plan;
  if (plan.step === 'stop') return { authorization: null, cause: plan.cause, reason: plan.reason, answer: null };
  const scope = canary === null ? null : `repository:${canary.repository}:pull`;
  const outcome = await fetchToken(follow, { realm: plan.realm, service: place.challenge.service, scope }, plan.secret, question);
  if (outcome.token !== null) return { authorization: `Bearer ${outcome.token}` };
  const { cause, reason, answer } = outcome;
  return { authorization: null, answer, ...(cause === 'credentials_rejected' ? rejection(credential, reason, clock.nowMs()) : { cause, reason }) };
}

/** Tells credentials whose time is over from wrong ones. */
export function rejection({ expiresAtMs, acceptedAtMs }: Pick<OfferedCredential, 'expiresAtMs' | 'acceptedAtMs'>, reason: string, nowMs: number): { readonly cause: Cause; readonly reason: string } {
  const iso = (timeMs: number): string => new Date(timeMs).toISOString();
  if (expiresAtMs !== null && expiresAtMs <= nowMs) return { cause: 'credentials_expired', reason: `${reason} They expired at ${iso(expiresAtMs)}.` };
  if (acceptedAtMs !== null) return { cause: 'credentials_expired', reason: `${reason} They were accepted until ${iso(acceptedAtMs)}.` };
  return { cause: 'credentials_rejected', reason };
}
