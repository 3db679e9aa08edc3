import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ScriptedService {
  readonly url: string;
  /** Method, target and body of each request so far. */
  readonly asked: readonly { readonly method: string; readonly target: string; readonly headers: IncomingMessage['headers']; readonly body: string }[];
  close(): Promise<void>;
}

/** A server on loopback that answers as a test says, for what the real service does not do on demand. */
export async function startScriptedService(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<ScriptedService> {
  const asked: ScriptedService['asked'][number][] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      asked.push({ method: request.method ?? '', target: request.url ?? '', headers: request.headers, body });
      answer(request, response);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** Answers in Portolan's envelope. */
export function sendData(response: ServerResponse, data: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', ...headers }).end(JSON.stringify({ success: true, data }));
}

/** Answers with an error in Portolan's envelope. */
export function refusedWith(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify({ success: false, error: 'No.', code }));
}
