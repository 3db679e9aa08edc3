import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { StartError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Log } from '../telemetry/logs.ts';

/** Files (PEM) of the certificate chain that HTTPS is served with, and of its key. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/**
 * The files that the settings name; null where neither is set.
 * @throws {StartError} when only one is
 */
export function certificateFilesOf(certFile: string, keyFile: string): CertificateFiles | null {
  if (certFile === '' && keyFile === '') return null;
  if (certFile === '') throw new StartError('TLS_CERT_FILE is missing: TLS_KEY_FILE names a key, and HTTPS needs the certificate that belongs to it.');
  if (keyFile === '') throw new StartError('TLS_KEY_FILE is missing: TLS_CERT_FILE names a certificate, and HTTPS needs the key that belongs to it.');
  return { certFile, keyFile };
}

/** @throws {StartError} that names the file when one cannot be read, is not PEM, or the two do not belong together */
export function readCertificate({ certFile, keyFile }: CertificateFiles): CertificatePair {
  const cert = readPem('TLS_CERT_FILE', certFile);
  const key = readPem('TLS_KEY_FILE', keyFile);
  const certificate = parsed('TLS_CERT_FILE', certFile, 'certificate', () => new X509Certificate(cert));
  const privateKey = parsed('TLS_KEY_FILE', keyFile, 'private key without a pass phrase', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) throw new StartError(`TLS_KEY_FILE: ${keyFile} is not the key of the certificate in ${certFile}. Where that holds a chain, the server’s own certificate comes first.`);
  // What only TLS itself finds, such as a chain whose later certificates are damaged, or a key that is too weak.
  parsed('TLS_CERT_FILE', certFile, 'certificate chain that TLS takes', () => createSecureContext({ cert, key }));
  return { cert, key };
}

function readPem(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`${variable}: cannot read ${file}: ${messageOf(error)}.`, { cause: error });
  }
}

function parsed<T>(variable: string, file: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new StartError(`${variable}: ${file} holds no ${what} in PEM: ${messageOf(error)}.`, { cause: error });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface CertificateWatchOptions {
  readonly files: CertificateFiles;
  readonly onRenewed: (pair: CertificatePair) => void;
  readonly log: Log;
  readonly everyMs?: number;
}

/**
 * Looks every few seconds whether the files have changed, which also sees links that are turned to other files, as container platforms
 * renew certificates. A pair that cannot be used is told to the log, and the one before goes on: a renewal under way has perhaps
 * written only one file yet.
 */
export function watchCertificate({ files, onRenewed, log, everyMs = limits.certificateCheckEveryMs }: CertificateWatchOptions): { stop(): void } {
  let seen = stateOf(files);
  const look = (): void => {
    const state = stateOf(files);
    if (state === seen) return;
    seen = state;
    try {
      onRenewed(readCertificate(files));
      log.info('the certificate was read again');
    } catch (error) {
      log.error('the new certificate cannot be used; the one before goes on', { reason: messageOf(error) });
    }
  };
  const timer = setInterval(look, everyMs).unref();
  return {
    stop() {
      clearInterval(timer);
    },
  };
}

/** What changes when a file is written or replaced. */
function stateOf({ certFile, keyFile }: CertificateFiles): string {
  return [certFile, keyFile].map(stateOfFile).join();
}

function stateOfFile(file: string): string {
  try {
    const { dev, ino, size, mtimeNs } = statSync(file, { bigint: true });
    return `${dev}:${ino}:${size}:${mtimeNs}`;
  } catch {
    return 'away';
  }
}
