import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';

export interface CliRun {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface CliProcess {
  readonly child: ChildProcess;
  /** Resolves when it has ended, however that was. */
  readonly ended: Promise<CliRun>;
}

const entry = resolve(import.meta.dirname, '../../src/cli/main.ts');

/** Starts the command `portolan` as a process of its own, with no more in its environment than this. */
export function startCli(args: readonly string[], variables: Record<string, string> = {}): CliProcess {
  const child = spawn(process.execPath, [entry, ...args], { env: { PATH: process.env['PATH'] ?? '', ...variables }, stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000, killSignal: 'SIGKILL' });
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (texts.out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (texts.err += chunk));
  const ended = new Promise<CliRun>((done) => child.once('close', (code) => done({ code, ...texts })));
  return { child, ended };
}

/** The same, until it ends. */
export const runCliProcess = (args: readonly string[], variables: Record<string, string> = {}): Promise<CliRun> => startCli(args, variables).ended;
