import { createServer as createHttpServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createHttpsServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Log } from '../telemetry/logs.ts';
import { setBodyDeadline } from './body-deadline.ts';
import { readCertificate, watchCertificate, type CertificateFiles } from './certificate.ts';

/** How soon a connection is closed after its last answer while the server closes. */
const IDLE_SWEEP_MS = 50;

export interface HttpServer {
  readonly url: string;
  /**
   * For `delayMs` answers as before, but asks each client to leave its connection. Then takes no new ones, lets requests under way
   * finish, and cuts off what is left after another `timeoutMs`.
   */
  close(patience: ClosePatience): Promise<void>;
}

export interface ClosePatience {
  readonly delayMs: number;
  readonly timeoutMs: number;
}

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** Where HTTPS is to be served; null: plain HTTP. Both files are read again when they change. */
  readonly certificate: CertificateFiles | null;
}

const options: ServerOptions = {
  maxHeaderSize: limits.requestHeaderBytesMax,
  headersTimeout: limits.requestHeadersTimeoutMs,
  // Instead, each request has a deadline of its own (`setBodyDeadline`).
  requestTimeout: 0,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 30_000,
};

/** @throws {StartError} when the address cannot be had, or the certificate cannot be used */
export async function startServer(answer: RequestListener, { host, port, certificate }: ServerAddress, log: Log): Promise<HttpServer> {
  const listener: RequestListener = (request, response) => {
    setBodyDeadline(request, response);
    answer(request, response);
  };
  const { server, stopWatching } = certificate === null ? { server: createHttpServer(options, listener), stopWatching: () => undefined } : secureServer(listener, certificate, log);
  server.maxConnections = limits.connectionsMax;
  // Also ends connections whose client has stopped reading an answer.
  server.timeout = limits.idleSocketTimeoutMs;
  const sockets = socketsOf(server);
  try {
    await listen(server, host, port);
  } catch (error) {
    stopWatching();
    throw error;
  }
  const address = server.address() as AddressInfo;
  const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `${certificate === null ? 'http' : 'https'}://${shownHost}:${address.port}`,
    close(patience) {
      stopWatching();
      return close(server, sockets, patience);
    },
  };
}

function secureServer(listener: RequestListener, files: CertificateFiles, log: Log): { server: SecureServer; stopWatching: () => void } {
  // RFC 8996: what came before TLS 1.2 must not be used.
  const secureOptions = { ...options, minVersion: 'TLSv1.2', handshakeTimeout: limits.requestHeadersTimeoutMs } as const;
  const server = createHttpsServer({ ...secureOptions, ...readCertificate(files) }, listener);
  const watch = watchCertificate({ files, log, onRenewed: (pair) => server.setSecureContext({ ...secureOptions, ...pair }) });
  return { server, stopWatching: () => watch.stop() };
}

/** All connections, also those that are still agreeing on TLS, which the server itself cannot close. */
function socketsOf(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new StartError(whyNotListening(error, host, port), { cause: error })));
    server.listen({ host, port }, resolve);
  });
}

function whyNotListening({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use by another program. Stop that program, or choose another port with PORT.`;
    case 'EACCES':
      return `Port ${port} on ${host} may not be used by this user. Choose a port above 1023 with PORT.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST=${host} is not an address of this machine.`;
    default:
      return `Cannot listen on ${host}, port ${port}: ${message}.`;
  }
}

async function close(server: Server, sockets: ReadonlySet<Socket>, { delayMs, timeoutMs }: ClosePatience): Promise<void> {
  // A connection would otherwise be kept alive for its client's next request, which would meet nobody (RFC 9112, section 9.6).
  server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
  if (delayMs > 0) await delay(delayMs);
  const cutOff = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, timeoutMs);
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(sweep);
  clearTimeout(cutOff);
}
