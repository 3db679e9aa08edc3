import { isIP, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { Client, type buildConnector } from 'undici';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import { decideAddress, type AddressPolicy } from './address-policy.ts';
import type { CertificateFacts } from './certificate.ts';
import { connectFirst } from './connect-first.ts';
import { DialError } from './dial-error.ts';
import { createResolve, lookupBySystem, type Lookup } from './resolve.ts';
import { createTrust, startTls } from './start-tls.ts';

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
}

export interface ClientOptions extends DialOptions {
  readonly headerBytesMax: number;
  /** All that may be received on the connection; it is destroyed with code `ANSWER_TOO_LARGE` beyond. */
  readonly answerBytesMax: number;
}

/** The only way out of Portolan: every connection to a registry is opened here, under one policy. */
export interface Dialer {
  /**
   * Connects to a URL's host, over TLS for https. The name is resolved once, each address judged, and only judged ones dialled.
   * @throws {DialError} saying how far it came; the signal's reason when it aborts
   */
  dial(url: URL, options: DialOptions): Promise<Socket>;
  /**
   * An HTTP/1.1 client of one host for one request: fresh connection, no proxy, no redirects, nothing inflated, no
   * time-outs of its own. Whoever opens it calls `destroy`, which takes the connection along.
   * @throws {DialError} of phase `policy` when the URL is neither http nor https
   */
  openClient(url: URL, options: ClientOptions): Client;
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
  let trust: SecureContext | undefined = extraCa === undefined ? undefined : createTrust(extraCa);

  async function timed<T>(trace: DialTrace, phase: 'dnsMs' | 'connectMs' | 'tlsMs', work: Promise<T>): Promise<T> {
    const startMs = clock.monotonicMs();
    try {
      return await work;
    } finally {
      trace[phase] = clock.monotonicMs() - startMs;
    }
  }

  async function dial(url: URL, { signal, trace = emptyTrace() }: DialOptions): Promise<Socket> {
    const port = portOf(url);
    const hostname = url.hostname.replace(/^\[|\]$/g, '');
    const found = isIP(hostname) === 0 ? await timed(trace, 'dnsMs', resolve(hostname, signal)) : [hostname];
    const addresses = onlyAllowed(hostname, found, policy);
    const connection = await timed(trace, 'connectMs', connectFirst(addresses, port, signal));
    if (url.protocol === 'http:') return connection;
    trust ??= createTrust();
    const onCertificate = (certificate: CertificateFacts): void => {
      trace.certificate = certificate;
    };
    return timed(trace, 'tlsMs', startTls(connection, { hostname, trust, onCertificate }, signal));
  }

  function openClient(url: URL, options: ClientOptions): Client {
    portOf(url);
    const connect: buildConnector.connector = (_target, callback) => {
      dial(url, options).then(
        (socket) => {
          limitBytes(socket, options.answerBytesMax);
          callback(null, socket);
        },
        (error: unknown) => callback(error as Error, null),
      );
    };
    // Keep-alive is left as it is: whoever destroys the client ends it, and undici does it at greater cost.
    return new Client(url.origin, {
      connect,
      allowH2: false,
      maxHeaderSize: options.headerBytesMax,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  return { dial, openClient };
}

/** Counts all that arrives: chunk extensions, trailers and the like never show in the body that a caller counts. */
function limitBytes(socket: Socket, bytesMax: number): void {
  socket.on('readable', () => {
    if (socket.bytesRead <= bytesMax) return;
    socket.destroy(Object.assign(new Error(`More than ${bytesMax} bytes arrived.`), { code: 'ANSWER_TOO_LARGE' }));
  });
}
