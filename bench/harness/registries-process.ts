import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { answerParent } from './parent.ts';

/** What the registries are asked for; every answer is a list of numbers. */
export type RegistriesOrder =
  /** Answered with the ports on which so many listen from now on. They take their time for each answer. */
  | { readonly order: 'open'; readonly ports: number; readonly answerAfterMs: number }
  /** Answered, when all is done, with the times at which the breakdowns happened, in milliseconds since the epoch. */
  | { readonly order: 'break'; readonly breakdowns: readonly Breakdown[] }
  /** Answered with the times at which answers for a number of `/r/NUMBER/v2/` went to somebody who was still there. */
  | { readonly order: 'visits'; readonly number: number };

export interface Breakdown {
  readonly port: number;
  readonly afterMs: number;
  /** From then on it takes no connection, or takes them and says nothing. */
  readonly how: 'refuses' | 'hangs';
}

interface Registry {
  readonly server: Server;
  readonly open: Set<Socket>;
  readonly answerAfterMs: number;
  hangs: boolean;
}

/** What a registry of Distribution answers where no login is wanted. */
const ANSWER = Buffer.from(
  [
    'HTTP/1.1 200 OK',
    'Content-Length: 2',
    'Content-Type: application/json; charset=utf-8',
    'Docker-Distribution-Api-Version: registry/2.0',
    'X-Content-Type-Options: nosniff',
    '',
    '{}',
  ].join('\r\n'),
);
const NUMBER = /^GET \/r\/(\d+)\//;
const BACKLOG = 4_096;

const registries = new Map<number, Registry>();
const visits = new Map<number, number[]>();

async function open(answerAfterMs: number): Promise<number> {
  const server = createServer((socket) => serve(registry, socket));
  const registry: Registry = { server, open: new Set(), answerAfterMs, hangs: false };
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG }, resolve));
  const { port } = server.address() as AddressInfo;
  registries.set(port, registry);
  return port;
}

function serve(registry: Registry, socket: Socket): void {
  let head = '';
  registry.open.add(socket);
  socket.on('error', () => undefined);
  socket.on('close', () => registry.open.delete(socket));
  socket.on('data', (chunk: Buffer) => {
    head += chunk.toString('latin1');
    if (registry.hangs || !head.endsWith('\r\n\r\n')) return;
    const number = NUMBER.exec(head)?.[1];
    head = '';
    if (registry.answerAfterMs === 0) reply(socket, number);
    else setTimeout(() => reply(socket, number), registry.answerAfterMs);
  });
}

function reply(socket: Socket, number: string | undefined): void {
  if (socket.destroyed) return;
  socket.write(ANSWER);
  if (number === undefined) return;
  const times = visits.get(Number(number));
  if (times === undefined) visits.set(Number(number), [Date.now()]);
  else times.push(Date.now());
}

async function breakDown({ port, afterMs, how }: Breakdown): Promise<number> {
  await delay(afterMs);
  const registry = registries.get(port);
  if (registry === undefined) throw new Error(`No registry listens on ${port}.`);
  if (how === 'hangs') registry.hangs = true;
  else {
    registry.server.close();
    for (const socket of registry.open) socket.destroy();
  }
  return Date.now();
}

async function answer(question: RegistriesOrder): Promise<readonly number[]> {
  switch (question.order) {
    case 'open':
      return Promise.all(Array.from({ length: question.ports }, () => open(question.answerAfterMs)));
    case 'break':
      return Promise.all(question.breakdowns.map(breakDown));
    case 'visits':
      return visits.get(question.number) ?? [];
  }
}

// A process of its own, so that what the registries do is not counted as work of whoever probes them.
answerParent(answer);
