import { setTimeout as delay } from 'node:timers/promises';
import { idAt, recordAt } from '../records.ts';
import { randomSource } from '../../test/support/random.ts';
import type { Json } from '../../src/core/json.ts';
import { HttpConnection } from './http-connection.ts';
import { percentile } from './statistics.ts';

/** What is asked for. Requests are made ready before the clock starts; when they run out they begin again. */
export type Requests =
  | { readonly kind: 'read'; readonly records: number; readonly seed: number; readonly authorization?: string }
  | { readonly kind: 'find'; readonly path: string; readonly filters: readonly Json[] }
  | { readonly kind: 'create'; readonly firstIndex: number };

/** Work for the load generator: as many clients as connections, each waiting for its answer before it asks again. */
export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly requests: Requests;
  /** Ends after so many answers, or after a time. */
  readonly until: { readonly answers: number } | { readonly elapsedMs: number };
  /** So many requests a second, evenly, rather than as many as are answered. */
  readonly perS?: number;
  readonly expectedStatus: number;
}

export interface LoadResult {
  readonly answers: number;
  readonly elapsedMs: number;
  readonly bodyBytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Prepared requests of a load that has no end in answers. */
const REQUESTS_PREPARED = 20_000;

/** @throws {Error} at the first answer that is not the expected one: figures of failures mean nothing */
export async function runLoad(load: Load): Promise<LoadResult> {
  const answersMax = 'answers' in load.until ? load.until.answers : Number.POSITIVE_INFINITY;
  const elapsedMaxMs = 'elapsedMs' in load.until ? load.until.elapsedMs : Number.POSITIVE_INFINITY;
  const requests = prepare(load.requests, Math.min(answersMax, REQUESTS_PREPARED));
  const connections = await Promise.all(Array.from({ length: load.connections }, () => HttpConnection.open(load.port)));
  const latenciesMs: number[] = [];
  let next = 0;
  let bodyBytes = 0;
  const startedMs = performance.now();
  const client = async (connection: HttpConnection): Promise<void> => {
    while (next < answersMax) {
      const number = next++;
      const request = requests[number % requests.length];
      if (load.perS !== undefined) await delay(Math.max(0, startedMs + (number * 1000) / load.perS - performance.now()));
      const sentMs = performance.now();
      if (request === undefined || sentMs - startedMs > elapsedMaxMs) return;
      const reply = await connection.send(request);
      if (reply.status !== load.expectedStatus) throw new Error(`${request.toString('utf8').slice(0, 200)}\nwas answered with ${reply.status}.`);
      latenciesMs.push(performance.now() - sentMs);
      bodyBytes += reply.bodyBytes;
    }
  };
  try {
    await Promise.all(connections.map(client));
  } finally {
    for (const connection of connections) connection.close();
  }
  const elapsedMs = performance.now() - startedMs;
  return { answers: latenciesMs.length, elapsedMs, bodyBytes, p50Ms: percentile(latenciesMs, 50), p99Ms: percentile(latenciesMs, 99) };
}

function prepare(requests: Requests, count: number): Buffer[] {
  switch (requests.kind) {
    case 'read': {
      const random = randomSource(requests.seed);
      return Array.from({ length: count }, () => get(`/container_registry/${idAt(random.int(requests.records))}`, requests.authorization));
    }
    case 'find':
      return requests.filters.map((filter) => post(requests.path, filter));
    case 'create':
      return Array.from({ length: count }, (_, index) => post('/container_registry', recordAt(requests.firstIndex + index)));
  }
}

const COMMON_HEADERS = 'Host: 127.0.0.1\r\nUser-Agent: portolan-bench\r\nAccept: application/json\r\n';

function get(path: string, authorization?: string): Buffer {
  const who = authorization === undefined ? '' : `Authorization: ${authorization}\r\n`;
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${COMMON_HEADERS}${who}\r\n`);
}

function post(path: string, value: unknown): Buffer {
  const body = JSON.stringify(value);
  const head = `POST ${path} HTTP/1.1\r\n${COMMON_HEADERS}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}
