import { isIP, type Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import { decideAddress, type AddressPolicy } from './address-policy.ts';
import type { CertificateFacts } from './certificate.ts';
import { connectFirst } from './connect-first.ts';
import { DialError } from './dial-error.ts';
import { createResolve, lookupBySystem, type Lookup } from './resolve.ts';
import { startTls, type TlsTarget } from './start-tls.ts';
import { createTrust } from './trust.ts';

export interface DialerOptions {
  readonly policy: AddressPolicy;
  readonly clock: Clock;
  /** Default: the system's resolver. */
  readonly lookup?: Lookup;
  /** Authorities to trust besides the usual ones, in PEM. */
  readonly extraCa?: string;
}

/** What became known while a connection was made; a duration is null as long as its phase was not reached. */
export interface DialTrace {
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
  certificate: CertificateFacts | null;
}

export interface DialOptions {
  /** Ends the attempt at any point; the caller's deadline. */
  readonly signal: AbortSignal;
  readonly trace?: DialTrace;
  /** Authorities to trust for this connection besides the usual ones, in PEM. */
  readonly ca?: string | null;
  /** Hears of each step, in words. */
  readonly log?: ((event: string) => void) | undefined;
}

/** The only way out of Portolan: every connection to a registry is opened here, under one policy. */
export interface Dialer {
  /**
   * Connects to a URL's host, over TLS for https. The name is resolved once, each address judged, and only judged ones dialled.
   * No proxy is used, whatever the environment names. The socket carries a listener for errors; who gets it destroys it.
   * @throws {DialError} saying how far it came; the signal's reason when it aborts
   */
  dial(url: URL, options: DialOptions): Promise<Socket>;
}

export function emptyTrace(): DialTrace {
  return { dnsMs: null, connectMs: null, tlsMs: null, certificate: null };
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** @throws {DialError} of phase `policy` when none of the addresses may be dialled */
function onlyAllowed(hostname: string, addresses: readonly string[], policy: AddressPolicy): string[] {
  const refusals: string[] = [];
  const allowed = addresses.filter((address) => {
    const decision = decideAddress(address, policy);
    if (!decision.allowed) refusals.push(address === hostname ? `${address} ${decision.reason}` : `${hostname} resolves to ${address}, which ${decision.reason}`);
    return decision.allowed;
  });
  if (allowed.length === 0) throw new DialError('policy', 'BLOCKED', `${refusals[0] ?? hostname}. Nothing was sent.`);
  return allowed.slice(0, limits.dialAddressesMax);
}

/** @throws {DialError} of phase `policy` when the URL is not http or https */
function portOf(url: URL): number {
  const defaultPort = DEFAULT_PORTS[url.protocol];
  if (defaultPort === undefined) throw new DialError('policy', 'SCHEME', `${url.protocol} is neither http: nor https:. Nothing was sent.`);
  return url.port === '' ? defaultPort : Number(url.port);
}

/**
 * Opens the way out under one policy.
 * @throws {Error} when `extraCa` is not PEM
 */
export function createDialer({ policy, clock, lookup = lookupBySystem, extraCa }: DialerOptions): Dialer {
  const resolve = createResolve(lookup);
  const trust = createTrust(extraCa);

  async function lookUp(hostname: string, trace: DialTrace, { signal, log }: DialOptions): Promise<string[]> {
    log?.(`Resolving ${hostname}.`);
    const startMs = clock.monotonicMs();
    try {
      const found = await resolve(hostname, signal);
      log?.(`${hostname} has the addresses ${found.join(', ')}.`);
      return found;
    } finally {
      trace.dnsMs = clock.monotonicMs() - startMs;
    }
  }

  async function secure(connection: Socket, target: Pick<TlsTarget, 'hostname' | 'context'>, trace: DialTrace, { signal, log }: DialOptions): Promise<Socket> {
    const onCertificate = (certificate: CertificateFacts): void => {
      trace.certificate = certificate;
      log?.(`The server shows a certificate for ${certificate.subject} from ${certificate.issuer}.`);
    };
    const startMs = clock.monotonicMs();
    try {
      const socket = await startTls(connection, { ...target, onCertificate }, signal);
      log?.(`Speaking ${socket.getProtocol() ?? 'TLS'}.`);
      return socket;
    } finally {
      trace.tlsMs = clock.monotonicMs() - startMs;
    }
  }

  async function dial(url: URL, options: DialOptions): Promise<Socket> {
    const { signal, trace = emptyTrace(), ca = null, log } = options;
    const port = portOf(url);
    const hostname = url.hostname.replace(/^\[|\]$/g, '');
    const context = url.protocol === 'https:' ? trust.contextFor(ca) : null;
    const addresses = onlyAllowed(hostname, isIP(hostname) === 0 ? await lookUp(hostname, trace, options) : [hostname], policy);
    log?.(`Connecting to port ${port} of ${addresses.join(', ')}.`);
    const startMs = clock.monotonicMs();
    let connection: Socket;
    try {
      connection = await connectFirst(addresses, port, signal);
    } finally {
      trace.connectMs = clock.monotonicMs() - startMs;
    }
    log?.(`Connected to ${connection.remoteAddress ?? 'an address that has gone'}.`);
    return context === null ? connection : secure(connection, { hostname, context }, trace, options);
  }

  return { dial };
}
