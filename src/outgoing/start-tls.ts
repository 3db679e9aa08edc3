import { isIP, type Socket } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { abortReason } from './abort.ts';
import { certificateFacts, type CertificateFacts } from './certificate.ts';
import { codeOf, DialError } from './dial-error.ts';

export interface TlsTarget {
  /** The URL's host, without brackets: what the certificate must be valid for. */
  readonly hostname: string;
  /** The authorities to check it against. */
  readonly context: SecureContext;
  /** Hears of the server's certificate, trusted or not. */
  readonly onCertificate: (certificate: CertificateFacts) => void;
}

/** OpenSSL's words for an answer that is not TLS at all. */
const NOT_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST', 'ERR_SSL_UNEXPECTED_MESSAGE']);

function handshakeError(hostname: string, error: Error): DialError {
  const code = codeOf(error);
  const hint = NOT_TLS.has(code) ? ' What answers does not speak TLS; the URL may have to begin with http://.' : '';
  return new DialError('tls', code, `The TLS handshake with ${hostname} failed (${code}).${hint}`, { cause: error });
}

function refusal(hostname: string, socket: TLSSocket): DialError {
  // Typed as an error, it is in truth OpenSSL's or Node's code.
  const code = String(socket.authorizationError);
  return new DialError('certificate', code, `The certificate of ${hostname} was refused (${code}).`);
}

/**
 * Speaks TLS on a connection. The certificate is checked as strictly as Node does, but here instead of by Node, which would
 * throw it away: results say what was wrong with it. Nothing is sent to a server whose certificate is refused.
 * @throws {DialError} of phase `tls` or `certificate`; the signal's reason when it aborts. The connection is destroyed then.
 */
export function startTls(connection: Socket, { hostname, context, onCertificate }: TlsTarget, signal: AbortSignal): Promise<TLSSocket> {
  // A name may end in a dot that says it is complete; certificates do without, and addresses are not sent as names at all.
  const name = hostname.replace(/\.$/, '');
  const socket = connect({
    socket: connection,
    host: name,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    secureContext: context,
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: false,
  });
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      connection.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(abortReason(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    // Stays for the socket's life, as an error without a listener would end the process; after the handshake it changes nothing.
    socket.on('error', (error) => fail(handshakeError(hostname, error)));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate !== undefined) onCertificate(certificateFacts(certificate));
      if (!socket.authorized) fail(refusal(hostname, socket));
      signal.removeEventListener('abort', onAbort);
      resolve(socket);
    });
    if (signal.aborted) onAbort();
  });
}
