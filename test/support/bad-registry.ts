/** A server on loopback that does to its clients whatever a test wants, over TCP or TLS, and counts what it sees. */
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { TestCertificate } from './certificates.ts';

/** What happens to a connection once the head of a request has come. `connection` is the one of TCP, below TLS where that is spoken. */
export type Behaviour = (socket: Socket, requestHead: string, connection: Socket) => void;

export interface BadRegistryOptions {
  readonly behaviour: Behaviour;
  /** Speaks TLS with this. */
  readonly certificate?: TestCertificate;
  /** Address to listen on, of 127.0.0.0/8. Default: 127.0.0.1 */
  readonly host?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Called for every TCP connection before anything is read. */
  readonly onConnection?: (socket: Socket) => void;
}

export interface BadRegistry {
  /** `http://127.0.0.1:PORT` or `https://…` */
  readonly url: string;
  readonly port: number;
  /** TCP connections so far. */
  connections(): number;
  /** Connections that are still open. */
  openConnections(): number;
  /** The heads of all requests so far. */
  readonly requests: readonly string[];
  /** Bytes that were handed to the clients' sockets. */
  bytesWritten(): number;
  close(): Promise<void>;
}

export async function startBadRegistry({ behaviour, certificate, onConnection, host = '127.0.0.1', port: wantedPort = 0 }: BadRegistryOptions): Promise<BadRegistry> {
  const open = new Set<Socket>();
  const requests: string[] = [];
  let connections = 0;
  let bytesWritten = 0;

  const serve = (socket: Socket): void => {
    let head = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      requests.push(head);
      const whole = head;
      head = '';
      const connection = [...open].find(({ remotePort }) => remotePort === socket.remotePort) ?? socket;
      behaviour(socket, whole, connection);
    });
  };
  const server = certificate === undefined ? createTcpServer(serve) : createTlsServer({ cert: certificate.certPem, key: certificate.keyPem }, serve);
  server.on('tlsClientError', () => undefined);
  server.on('connection', (socket: Socket) => {
    connections += 1;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      bytesWritten += socket.bytesWritten;
    });
    onConnection?.(socket);
  });
  await new Promise<void>((resolve) => server.listen(wantedPort, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${certificate === undefined ? 'http' : 'https'}://${host}:${port}`,
    port,
    requests,
    connections: () => connections,
    openConnections: () => open.size,
    bytesWritten: () => [...open].reduce((sum, socket) => sum + socket.bytesWritten, bytesWritten),
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Writes without end, as fast as the client takes it. */
function pour(socket: Socket, chunk: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

const VERSION = 'Docker-Distribution-Api-Version: registry/2.0';

/** An answer with its body's length. */
export function answer(status: string, headers: readonly string[] = [], body: string | Buffer = ''): Behaviour {
  return (socket) => {
    socket.write([`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${Buffer.byteLength(body)}`, '', ''].join('\r\n'));
    socket.write(body);
  };
}

export const redirectTo = (location: string, status = '307 Temporary Redirect'): Behaviour => answer(status, [`Location: ${location}`]);

export const behaviours = {
  works: answer('200 OK', [VERSION, 'Content-Type: application/json'], '{}'),
  asksForLogin: answer('401 Unauthorized', ['WWW-Authenticate: Bearer realm="https://auth.example/token",service="registry.example"'], '{"errors":[]}'),
  hangsBeforeHeaders: () => undefined,
  hangsAfterHeaders: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'),
  hangsInHeaders: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-'),
  resets: (_socket, _head, connection) => connection.resetAndDestroy(),
  closesWithoutAnswer: (socket) => socket.end(),
  closesInBody: (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{'),
  dripsBody: (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'),
  dripsHeaders: (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nX-A: '),
  endlessBody: (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n');
    pour(socket, Buffer.alloc(64 * 1024, '['));
  },
  endlessChunkExtensions: (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;');
    pour(socket, Buffer.alloc(64 * 1024, 'a'));
  },
  endlessInterimAnswers: (socket) => pour(socket, Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(1024))),
  megabyteOfHeaders: (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    for (let i = 0; i < 1024; i += 1) socket.write(`X-${i}: ${'a'.repeat(1024)}\r\n`);
    socket.write('\r\n');
  },
  megabyteReasonPhrase: (socket) => {
    socket.write(`HTTP/1.1 200 ${'a'.repeat(1024 * 1024)}\r\nContent-Length: 0\r\n\r\n`);
  },
  gzipBomb: answer('200 OK', ['Content-Encoding: gzip', 'Content-Type: application/json'], gzipSync(Buffer.alloc(32 * 1024 * 1024))),
  notHttp: (socket) => socket.write('220 mail.example ESMTP\r\n'),
  secondAnswer: (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
} as const satisfies Record<string, Behaviour>;

/** One byte at a time, slowly, for as long as the client stays. */
function drip(socket: Socket, beginning: string): void {
  socket.write(beginning);
  const timer = setInterval(() => socket.write('a'), 50);
  socket.on('close', () => clearInterval(timer));
}
