import type { Cause } from '../cause.ts';

/** What a result says: that the registry serves, that it does not, or nothing of the registry. */
export type Meaning = 'good' | 'failed' | 'silent';

const good = (number: number): CauseNumber => ({ number, meaning: 'good' });
const failed = (number: number): CauseNumber => ({ number, meaning: 'failed' });
const silent = (number: number): CauseNumber => ({ number, meaning: 'silent' });

interface CauseNumber {
  /** 1 to 255. Stands in every packed hour ever written: never change one, never use one again. */
  readonly number: number;
  readonly meaning: Meaning;
}

/** How packed history writes causes. New ones are added at the end, with the next number. */
export const causeNumbers = {
  ok: good(1),
  auth_required: good(2),
  bad_url: failed(3),
  blocked: silent(4),
  dns: failed(5),
  refused: failed(6),
  unreachable: failed(7),
  timeout: failed(8),
  reset: failed(9),
  tls_expired: failed(10),
  tls_not_yet_valid: failed(11),
  tls_untrusted: failed(12),
  tls_name: failed(13),
  tls_failed: failed(14),
  protocol: failed(15),
  too_large: failed(16),
  too_many_redirects: failed(17),
  bad_redirect: failed(18),
  rate_limited: good(19),
  bad_challenge: failed(20),
  not_a_registry: failed(21),
  http_4xx: failed(22),
  http_5xx: failed(23),
  probe_failed: silent(24),
  storage_failed: failed(25),
  credentials_rejected: failed(26),
  unexpected_status: failed(27),
  credentials_expired: failed(28),
  credentials_withheld: good(29),
  token_service_failed: good(30),
} as const satisfies Record<Cause, CauseNumber>;

const causes: (Cause | undefined)[] = [];
for (const [cause, { number }] of Object.entries(causeNumbers)) causes[number] = cause as Cause;

export const numberOfCause = (cause: Cause): number => causeNumbers[cause].number;

/** A number that a later version wrote reads as `probe_failed`: nothing is known. */
export const causeOfNumber = (number: number): Cause => causes[number] ?? 'probe_failed';

export const meaningOf = (cause: Cause): Meaning => causeNumbers[cause].meaning;
