import { STATUS_CODES } from 'node:http';
import { limits } from '../core/limits.ts';
import type { CertificateFacts } from '../outgoing/certificate.ts';
import { emptyTrace, type DialTrace } from '../outgoing/dialer.ts';
import type { ProbeCertificate, ProbePhases } from '../core/schema-types.ts';
import type { Witness } from './exchange.ts';

/** What is known so far; a probe that fails halfway has got somewhere. */
export interface Progress extends Witness {
  readonly trace: DialTrace;
}

export function noProgress(): Progress {
  return { trace: emptyTrace(), firstByteMs: null, status: null, reasonPhrase: '' };
}

const sum = (a: number | null, b: number | null): number | null => (a === null ? b : a + (b ?? 0));

/** Adds what one connection took to what the connections before it took. */
export function addTrace(total: DialTrace, trace: DialTrace): void {
  total.dnsMs = sum(total.dnsMs, trace.dnsMs);
  total.connectMs = sum(total.connectMs, trace.connectMs);
  total.tlsMs = sum(total.tlsMs, trace.tlsMs);
  total.certificate = trace.certificate ?? total.certificate;
}

// Finer than a microsecond is noise, and long in JSON.
const rounded = (ms: number | null): number | null => (ms === null ? null : roundedMs(ms));
const roundedMs = (ms: number): number => Math.round(ms * 1000) / 1000;

export function phasesOf({ trace, firstByteMs }: Progress, totalMs: number): ProbePhases {
  return {
    dns_ms: rounded(trace.dnsMs),
    connect_ms: rounded(trace.connectMs),
    tls_ms: rounded(trace.tlsMs),
    first_byte_ms: rounded(firstByteMs),
    total_ms: roundedMs(totalMs),
  };
}

/** A certificate may name a time that no calendar knows. */
const isoOrNull = (ms: number): string | null => (Number.isNaN(ms) ? null : new Date(ms).toISOString());

/** Null where its dates make no sense. Rounded to ten-thousandths: less than an hour of a year. */
function lifetimeLeft({ validFromMs, validToMs }: CertificateFacts, nowMs: number): number | null {
  const left = Math.min(Math.max((validToMs - nowMs) / (validToMs - validFromMs), 0), 1);
  return Number.isNaN(left) || validToMs <= validFromMs ? null : Math.round(left * 10_000) / 10_000;
}

export function certificateOf(facts: CertificateFacts | null, nowMs: number): ProbeCertificate | null {
  if (facts === null) return null;
  const { subject, issuer, names, validFromMs, validToMs } = facts;
  return { subject, issuer, names: [...names], valid_from: isoOrNull(validFromMs), expires_at: isoOrNull(validToMs), lifetime_left: lifetimeLeft(facts, nowMs) };
}

/** The server's reason phrase as one line; HTTP allows it to be empty. */
export function shownPhrase(status: number, phrase: string): string {
  const line = phrase.slice(0, limits.probeTextLengthMax).replace(/\p{Cc}/gu, ' ').trim();
  return line === '' ? (STATUS_CODES[status] ?? String(status)) : line;
}
