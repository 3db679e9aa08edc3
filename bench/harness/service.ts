import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcess } from './ending.ts';

export interface Service {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

const START_PATIENCE_MS = 30_000;
const main = resolve(import.meta.dirname, '../../src/main.ts');

/** Of the environment, besides those that every bench has. */
export type Variables = Readonly<Record<string, string>>;

/** Starts the service as `npm start` does, and waits until it says that it listens. */
export async function startService(folder: string, dataDir: string, variables: Variables = {}): Promise<Service> {
  const { child, logFile } = spawnService(folder, dataDir, 0, variables);
  const port = await listeningPort(child, logFile);
  return { pid: pidOf(child), port, stop: () => endProcess(child) };
}

/**
 * The service with everything switched on that a user has: protections, metrics, and a log line for each request, which goes
 * to a file. The rate limit counts but is too high to be reached. Probes reach loopback only.
 */
export function spawnService(folder: string, dataDir: string, port: number, variables: Variables = {}): { child: ChildProcess; logFile: string } {
  const logFile = join(mkdtempSync(join(folder, 'log-')), 'service.jsonl');
  const log = openSync(logFile, 'a');
  const env = {
    PATH: process.env['PATH'],
    HOST: '127.0.0.1',
    PORT: String(port),
    DATA_DIR: dataDir,
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'info',
    RATE_LIMIT_PER_MINUTE: '100000000',
    PROBE_DENY_CIDRS: '0.0.0.0/0,::/0',
    PROBE_ALLOW_CIDRS: '127.0.0.0/8',
    NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
    ...variables,
  };
  const child = spawn(process.execPath, [main], { cwd: folder, env, stdio: ['ignore', log, log] });
  closeSync(log);
  return { child, logFile };
}

async function listeningPort(child: ChildProcess, logFile: string): Promise<number> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < START_PATIENCE_MS) {
    const port = /"message":"listening","url":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(readFileSync(logFile, 'utf8'))?.[1];
    if (port !== undefined) return Number(port);
    if (child.exitCode !== null) break;
    await delay(5);
  }
  await endProcess(child);
  throw new Error(`The service did not start:\n${readFileSync(logFile, 'utf8')}`);
}

export function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error(`${process.execPath} cannot be started.`);
  return pid;
}
