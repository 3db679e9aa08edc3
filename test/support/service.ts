import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';

type Variables = Record<string, string>;

/** Probes of tests reach loopback only, whatever address a record names. */
export const loopbackOnly: Variables = { PROBE_DENY_CIDRS: '0.0.0.0/0,::/0', PROBE_ALLOW_CIDRS: '127.0.0.0/8,::1/128' };

export interface TestService {
  readonly url: string;
  readonly dataDir: string;
  stop(): Promise<void>;
}

export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'portolan-test-'));
}

/** The whole service inside the test's own process, on a free port and a store of its own. */
export async function startService(variables: Variables = {}): Promise<TestService> {
  const dataDir = variables['DATA_DIR'] ?? (await temporaryFolder());
  const app = await createApp(loadConfig({ PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'error', ...loopbackOnly, ...variables }), '0.0.0-test');
  return {
    url: app.url,
    dataDir,
    async stop() {
      await app.stop();
      if (variables['DATA_DIR'] === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export interface SpawnedService extends TestService {
  readonly child: ChildProcess;
  /** Everything that the process has printed so far. */
  readonly output: () => string;
  /** Ends the process the hard way, by its own id. */
  readonly kill: () => Promise<void>;
  /** Asks for an orderly end and resolves to the exit code. */
  readonly terminate: () => Promise<number | null>;
  /** Resolves to the exit code when the process ends, whoever ended it. */
  readonly exited: Promise<number | null>;
}

export interface SpawnOptions {
  readonly args?: readonly string[];
  /** A command to start the process by, such as `unshare -m`; it must become the process, so that signals reach it. */
  readonly prefix?: readonly string[];
}

const root = resolve(import.meta.dirname, '../..');

/** The service as a process of its own, started as `npm start` does. */
export async function spawnService(variables: Variables, options: SpawnOptions = {}): Promise<SpawnedService> {
  const { child, output, exited } = spawnMain({ PORT: '0', ...variables }, options);
  const url = await listeningUrl(child, output);
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return exited;
  };
  return {
    url,
    child,
    output,
    exited,
    dataDir: variables['DATA_DIR'] ?? '',
    kill: async () => {
      await end('SIGKILL');
    },
    terminate: () => end('SIGTERM'),
    stop: async () => {
      await end('SIGTERM');
    },
  };
}

/** How a run of the service ended by itself. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the service expecting it to refuse to start, or to have nothing to serve. */
export async function runToExit(variables: Variables, options: SpawnOptions = {}): Promise<Run> {
  const { child, stdout, stderr, exited } = spawnMain(variables, options);
  const deadline = setTimeout(() => child.kill('SIGKILL'), 15_000);
  const code = await exited;
  clearTimeout(deadline);
  return { code, stdout: stdout(), stderr: stderr() };
}

interface Spawned {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly output: () => string;
}

function spawnMain(variables: Variables, { args = [], prefix = [] }: SpawnOptions): Spawned {
  const environment = { PATH: process.env['PATH'] ?? '', LOG_FORMAT: 'json', ...loopbackOnly, ...variables };
  const [program = '', ...rest] = [...prefix, process.execPath, join(root, 'src/main.ts'), ...args];
  const child = spawn(program, rest, { env: environment, cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (texts.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (texts.stderr += chunk));
  // `close` comes when all output has been read, too.
  const exited = new Promise<number | null>((done) => child.once('close', done));
  return { child, exited, stdout: () => texts.stdout, stderr: () => texts.stderr, output: () => texts.stdout + texts.stderr };
}

async function listeningUrl(child: ChildProcess, output: () => string): Promise<string> {
  for (let waitedMs = 0; waitedMs < 15_000; waitedMs += 10) {
    const url = /"message":"listening","url":"([^"]+)"/.exec(output())?.[1];
    if (url !== undefined) return url;
    if (child.exitCode !== null) break;
    await new Promise((resume) => setTimeout(resume, 10));
  }
  child.kill('SIGKILL');
  throw new Error(`The service did not start:\n${output()}`);
}
