import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StartError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';

/** How soon a connection is closed after its last answer while the server closes. */
const IDLE_SWEEP_MS = 50;

export interface HttpServer {
  readonly url: string;
  /**
   * Takes no new connections, lets requests under way finish, and cuts off what is left after `timeoutMs`.
   */
  close(timeoutMs: number): Promise<void>;
}

/** @throws {StartError} when the address cannot be had */
export async function startServer(listener: RequestListener, host: string, port: number): Promise<HttpServer> {
  const server = createServer(
    {
      maxHeaderSize: limits.requestHeaderBytesMax,
      headersTimeout: limits.requestHeadersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: 5_000,
      keepAliveTimeout: 30_000,
    },
    listener,
  );
  server.maxConnections = limits.connectionsMax;
  // Also ends connections whose client has stopped reading an answer.
  server.timeout = limits.idleSocketTimeoutMs;
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return { url: `http://${shownHost}:${address.port}`, close: (timeoutMs) => close(server, timeoutMs) };
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

async function close(server: Server, timeoutMs: number): Promise<void> {
  const cutOff = setTimeout(() => server.closeAllConnections(), timeoutMs);
  server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
  // A connection whose answer was under way would otherwise be kept alive for its client's next request.
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(sweep);
  clearTimeout(cutOff);
}
