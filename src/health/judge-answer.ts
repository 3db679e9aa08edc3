import type { Cause } from './cause.ts';
import type { Challenge } from '../core/schema-types.ts';
import { parseChallenge } from './challenge.ts';

/** A registry's answer to `GET /v2/`, as far as it was read. */
export interface Answer {
  readonly status: number;
  /** Names in lower case, as undici gives them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
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
  const location = [headers['location'] ?? []].flat()[0];
  return REDIRECTS.has(status) && location !== undefined && location !== '' ? location : null;
}

/** Whether an answer can be judged only by its body: registries that leave out the version header. */
export function needsBody(status: number, headers: Answer['headers']): boolean {
  return status === 200 && headers['docker-distribution-api-version'] === undefined;
}

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

function causeOfFailure(status: number): Cause {
  if (status === 429) return 'rate_limited';
  if (REDIRECTS.has(status)) return 'bad_redirect';
  if (status === 404) return 'not_a_registry';
  if (status >= 400 && status < 500) return 'http_4xx';
  return status >= 500 && status < 600 ? 'http_5xx' : 'not_a_registry';
}

/** Whether an answer is that of a registry that works (design section 7). Redirects are followed before, where they can be. */
export function judgeAnswer(answer: Answer): Judgement {
  if (answer.status === 200) {
    const cause = causeOfSuccess(answer);
    return { healthy: cause === 'ok', cause, challenge: null };
  }
  if (answer.status === 401) {
    const challenge = parseChallenge([answer.headers['www-authenticate'] ?? []].flat());
    return { healthy: challenge !== null, cause: challenge === null ? 'bad_challenge' : 'auth_required', challenge };
  }
  return { healthy: false, cause: causeOfFailure(answer.status), challenge: null };
}
