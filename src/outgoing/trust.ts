import { hash, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { limits } from '../core/limits.ts';
import { DialError } from './dial-error.ts';

/** The authorities that certificates are checked against. */
export interface Trust {
  /**
   * A context that trusts the usual authorities, and those of `ca`; made once and shared by all connections that need it.
   * @param ca certificates in PEM; null for the usual authorities alone
   * @throws {DialError} of phase `certificate` when `ca` is not PEM
   */
  contextFor(ca: string | null): SecureContext;
}

/** What `SecureContext` keeps for Node's own use. */
interface NativeContext {
  addCACert(pem: string): void;
}

/**
 * Node's documented way is to give it a list of all authorities, but it parses that whole list anew for each context: 20 ms
 * and 1.2 MB, where its own way of adding one to those that it has in memory takes 0.6 ms and 20 KB.
 */
function createContext(pems: readonly string[]): SecureContext {
  const context = createSecureContext();
  const native = context.context as NativeContext;
  for (const pem of pems) native.addCACert(pem);
  return context;
}

/**
 * OpenSSL passes over what is no certificate, so that the mistake would only show as certificates that are not trusted.
 * @throws {Error} unless it begins with a certificate
 */
export function checkPem(pem: string): string {
  new X509Certificate(pem);
  return pem;
}

/**
 * Trusts what Node does (with `NODE_EXTRA_CA_CERTS`), and `extraCa`.
 * @param extraCa certificates in PEM, trusted for all registries
 * @throws {Error} when `extraCa` is not PEM
 */
export function createTrust(extraCa?: string): Trust {
  const shared = extraCa === undefined ? [] : [checkPem(extraCa)];
  const kept = new Map<string, SecureContext>();
  let usual: SecureContext | undefined;

  function ownContext(ca: string): SecureContext {
    const key = hash('sha256', ca, 'base64');
    const context = kept.get(key) ?? createContext([...shared, checked(ca)]);
    // Moved to the end: the first is then the one that nobody has asked for longest.
    kept.delete(key);
    kept.set(key, context);
    const [oldest] = kept.keys();
    if (kept.size > limits.trustContextsKept && oldest !== undefined) kept.delete(oldest);
    return context;
  }

  return { contextFor: (ca) => (ca === null ? (usual ??= createContext(shared)) : ownContext(ca)) };
}

function checked(ca: string): string {
  try {
    return checkPem(ca);
  } catch (error) {
    throw new DialError('certificate', 'CA_NOT_PEM', 'The authorities that the record names cannot be read: they are not certificates in PEM form.', { cause: error });
  }
}
