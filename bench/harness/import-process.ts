import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { recordAt } from '../records.ts';
import { answerParent } from './parent.ts';

export interface ImportOrder {
  readonly port: number;
  readonly firstIndex: number;
  readonly records: number;
}

/** Lines that are made before they are sent, and sent together. */
const LINES_TOGETHER = 500;

/** Imports records over one connection. Their lines are ready before the clock starts. @returns milliseconds until the last outcome was there */
async function importAll({ port, firstIndex, records }: ImportOrder): Promise<number> {
  const parts = Array.from({ length: Math.ceil(records / LINES_TOGETHER) }, (_, part) => Buffer.from(linesFrom(firstIndex + part * LINES_TOGETHER, Math.min(LINES_TOGETHER, records - part * LINES_TOGETHER))));
  const startedMs = performance.now();
  const sending = request({ host: '127.0.0.1', port, method: 'POST', path: '/container_registries/import', headers: { 'Content-Type': 'application/x-ndjson' } });
  const answer = outcomeOf(sending);
  for (const part of parts) if (!sending.write(part)) await once(sending, 'drain');
  sending.end();
  const last = await answer;
  if (!last.includes(`"created":${records},`)) throw new Error(`Not all were created: ${last}`);
  return performance.now() - startedMs;
}

async function outcomeOf(sending: ReturnType<typeof request>): Promise<string> {
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  let last = '';
  for await (const chunk of response.setEncoding('utf8')) last = (last + String(chunk)).slice(-300);
  return last;
}

function linesFrom(firstIndex: number, count: number): string {
  return Array.from({ length: count }, (_, offset) => `${JSON.stringify(recordAt(firstIndex + offset))}\n`).join('');
}

answerParent(importAll);
