import type { X509Certificate } from 'node:crypto';
import { limits } from '../core/limits.ts';

/** What is worth knowing of a certificate that a server showed, trusted or not. */
export interface CertificateFacts {
  /** Distinguished names, the parts joined with a comma: `C=US, O=Example, CN=Example R3`. */
  readonly subject: string;
  readonly issuer: string;
  /** Names and addresses that it is valid for, as far as `limits.certificateNamesMax`. */
  readonly names: readonly string[];
  readonly validFromMs: number;
  readonly validToMs: number;
}

const distinguishedName = (text: string | undefined): string => (text ?? '').split('\n').join(', ').slice(0, limits.probeTextLengthMax);

// Node writes `DNS:a.example, IP Address:10.0.0.1`; other kinds of names are of no use for connections.
function namesOf(subjectAltName: string | undefined): string[] {
  const found = [...(subjectAltName ?? '').matchAll(/(?:^|, )(?:DNS|IP Address):([^,]+)/g)].map(([, name = '']) => name);
  return found.slice(0, limits.certificateNamesMax).map((name) => name.slice(0, limits.probeTextLengthMax));
}

export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  return {
    subject: distinguishedName(certificate.subject),
    issuer: distinguishedName(certificate.issuer),
    names: namesOf(certificate.subjectAltName),
    validFromMs: certificate.validFromDate.getTime(),
    validToMs: certificate.validToDate.getTime(),
  };
}
