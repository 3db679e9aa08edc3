import { codeOf, DialError } from '../outgoing/dial-error.ts';
import { causeTable, type Cause } from './cause.ts';

/** Why a probe ended without an answer that could be judged, where the probe itself found out. */
export class ProbeFailure extends Error {
  override readonly name = 'ProbeFailure';
  readonly outcome: Cause;

  constructor(outcome: Cause, message: string) {
    super(message);
    this.outcome = outcome;
  }
}

/** Codes of certificates that were refused; every other one means that nobody trusted vouches for it. */
const CERTIFICATE_CAUSES: Readonly<Record<string, Cause>> = {
  CERT_HAS_EXPIRED: 'tls_expired',
  CERT_NOT_YET_VALID: 'tls_not_yet_valid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls_name',
};

const CODE_CAUSES: Readonly<Record<string, Cause>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EAFNOSUPPORT: 'unreachable',
  EINVAL: 'unreachable',
  EACCES: 'unreachable',
  EPERM: 'unreachable',
};

/** These are this machine's own troubles. */
const OWN_TROUBLES = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EBUSY']);

/** Names what went wrong, by how far it came and by Node's and OpenSSL's codes. */
export function causeOfError(error: unknown): Cause {
  if (error instanceof ProbeFailure) return error.outcome;
  const code = codeOf(error);
  if (OWN_TROUBLES.has(code)) return 'probe_failed';
  if (error instanceof DialError) {
    if (error.phase === 'policy') return error.code === 'SCHEME' ? 'bad_url' : 'blocked';
    if (error.phase === 'dns') return 'dns';
    if (error.phase === 'certificate') return CERTIFICATE_CAUSES[code] ?? 'tls_untrusted';
    if (error.phase === 'tls') return CODE_CAUSES[code] ?? 'tls_failed';
  }
  if (code.startsWith('ERR_SSL')) return 'tls_failed';
  return CODE_CAUSES[code] ?? 'probe_failed';
}

/** A sentence for people. Errors of libraries are not written for them, so their place is taken by the cause's meaning. */
export function sentenceOfError(error: unknown): string {
  if (error instanceof ProbeFailure || error instanceof DialError) return error.message;
  const code = codeOf(error);
  const { meaning } = causeTable[causeOfError(error)];
  return code === 'UNKNOWN' ? meaning : meaning.replace(/\.$/, ` (${code}).`);
}
