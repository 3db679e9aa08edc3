import type { ProbeResult } from '../core/schema-types.ts';
import type { Cause } from './cause.ts';

/** What the verdict takes from one result; times in milliseconds, null where a probe did not come so far. */
export interface Observation {
  readonly atMs: number;
  /** What was asked for: another one is another registry, with a past of its own. */
  readonly url: string;
  readonly cause: Cause;
  readonly healthy: boolean;
  /** Version of the stored credential that the registry accepted; null where it accepted none. */
  readonly acceptedCredential: string | null;
  readonly statusCode: number | null;
  readonly reason: string;
  readonly totalMs: number;
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
  readonly firstByteMs: number | null;
  readonly certificate: { readonly validFromMs: number; readonly validToMs: number } | null;
  /** How long the registry asks to be left alone. */
  readonly retryAfterMs: number | null;
  readonly flavor: string;
  /** Scheme of the challenge. */
  readonly challenge: string | null;
}

function certificateOf(tls: ProbeResult['tls']): Observation['certificate'] {
  if (tls === null || tls.valid_from === null || tls.expires_at === null) return null;
  const [validFromMs, validToMs] = [Date.parse(tls.valid_from), Date.parse(tls.expires_at)];
  return Number.isNaN(validFromMs) || Number.isNaN(validToMs) ? null : { validFromMs, validToMs };
}

/**
 * @param atMs wall clock of the result, from which its verdict counts
 * @param credentialVersion of the credential that the probe was given; null: of none
 */
export function observationOf(result: ProbeResult, atMs: number, credentialVersion: string | null): Observation {
  const { phases } = result;
  return {
    atMs,
    url: result.url,
    cause: result.cause,
    healthy: result.healthy,
    acceptedCredential: result.authenticated ? credentialVersion : null,
    statusCode: result.status_code,
    reason: result.reason,
    totalMs: phases.total_ms,
    dnsMs: phases.dns_ms,
    connectMs: phases.connect_ms,
    tlsMs: phases.tls_ms,
    firstByteMs: phases.first_byte_ms,
    certificate: certificateOf(result.tls),
    retryAfterMs: result.retry_after_s === null ? null : result.retry_after_s * 1000,
    flavor: result.flavor,
    challenge: result.challenge?.scheme ?? null,
  };
}
