import type { Challenge } from '../core/schema-types.ts';
import type { Cause } from './cause.ts';
import { parseChallenge } from './challenge.ts';
import { valuesOf, type Headers } from './headers.ts';

/** A registry's answer to `GET /v2/`, as far as it was read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Null where it was not needed. */
  readonly body: Buffer | null;
  /** Whether the body went on beyond what was read. */
  readonly truncated: boolean;
}

export interface Judgement {
  readonly healthy: boolean;
  readonly cause: Cause;
  readonly challenge: Challenge | null;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Where an answer sends its client, or null. */
export function locationOf({ status, headers }: Answer): string | null {
  const [location] = valuesOf(headers, 'location');
  return REDIRECTS.has(status) && location !== undefined && location !== '' ? location : null;
}

/** Whether an answer can be judged only by its body: registries that leave out the version header, and complaints of servers. */
export function needsBody(status: number, headers: Headers): boolean {
  return status === 400 || (status === 200 && headers['docker-distribution-api-version'] === undefined);
}

/** What servers written in Go, and nginx, answer to plain HTTP on a port where they speak TLS. */
const WANTS_TLS = /HTTP request (?:was sent )?to (?:an )?HTTPS/i;

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

function causeOfSuccess({ status, headers, body, truncated }: Answer): Cause {
  if (!needsBody(status, headers)) return 'ok';
  if (truncated) return 'too_large';
  return body === null || body.length === 0 || isJson(body) ? 'ok' : 'not_a_registry';
}

function causeOfFailure({ status, body }: Answer): Cause {
  if (status === 400 && body !== null && WANTS_TLS.test(body.toString('latin1'))) return 'protocol';
  if (status === 429) return 'rate_limited';
  if (REDIRECTS.has(status)) return 'bad_redirect';
  if (status === 404) return 'not_a_registry';
  if (status >= 400 && status < 500) return 'http_4xx';
  return status >= 500 && status < 600 ? 'http_5xx' : 'not_a_registry';
}

function judgeAsUsual(answer: Answer): Judgement {
  if (answer.status === 200) {
    const cause = causeOfSuccess(answer);
    return { healthy: cause === 'ok', cause, challenge: null };
  }
  if (answer.status === 401) {
    const challenge = parseChallenge(valuesOf(answer.headers, 'www-authenticate'));
    return { healthy: challenge !== null, cause: challenge === null ? 'bad_challenge' : 'auth_required', challenge };
  }
  return { healthy: false, cause: causeOfFailure(answer), challenge: null };
}

/**
 * Whether an answer is that of a registry that works (design section 7). Redirects are followed before, where they can be.
 * @param expectedStatus exactly these are healthy then, whatever their bodies say; null for what is usual
 */
export function judgeAnswer(answer: Answer, expectedStatus: readonly number[] | null = null): Judgement {
  const usual = judgeAsUsual(answer);
  if (expectedStatus === null) return usual;
  if (expectedStatus.includes(answer.status)) return { ...usual, healthy: true, cause: usual.cause === 'auth_required' ? 'auth_required' : 'ok' };
  return usual.healthy ? { ...usual, healthy: false, cause: 'unexpected_status' } : usual;
}
