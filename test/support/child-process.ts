import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

export interface StartOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to this process's environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What its output says when it serves. */
  readonly ready: RegExp;
  readonly startTimeoutMs?: number;
}

/** A running program that a test started. */
export interface RunningProcess {
  readonly pid: number;
  /** The match of `ready`. */
  readonly ready: RegExpExecArray;
  /** The end of both output streams so far, for the messages of failed assertions. */
  output(): string;
  /** Sends a signal and waits for nothing. */
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit status, or with the name of the signal that ended it. */
  ended(): Promise<number | NodeJS.Signals>;
  /** SIGTERM, and SIGKILL when that does not help; resolves when the process is gone. May be called twice. */
  stop(): Promise<void>;
}

const OUTPUT_CHARACTERS_KEPT = 64 * 1024;
const START_TIMEOUT_MS = 20_000;
const STOP_PATIENCE_MS = 3_000;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Starts a program and waits until it says that it serves. Its standard input stays open as long as this process lives.
 * @throws {Error} with the program's output when it ends first or does not become ready in time; it is then gone
 */
export async function startProcess(options: StartOptions): Promise<RunningProcess> {
  const child: Child = spawn(options.program, options.args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.on('exit', (status, signal) => resolve(status ?? signal ?? -1));
    child.on('error', (error) => {
      output += `\n${error.message}`;
      resolve(-1);
    });
  });
  // A program that is gone no longer reads its input; that is no error of ours.
  child.stdin.on('error', () => undefined);

  const ready = new Promise<RegExpExecArray>((resolve) => {
    const take = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-OUTPUT_CHARACTERS_KEPT);
      const match = options.ready.exec(output);
      if (match !== null) resolve(match);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    if (!(await endsWithin(ended, STOP_PATIENCE_MS))) child.kill('SIGKILL');
    await ended;
  };

  const startTimeoutMs = options.startTimeoutMs ?? START_TIMEOUT_MS;
  const outcome = await Promise.race([ready, ended, delay(startTimeoutMs, 'late' as const, { ref: false })]);
  if (!Array.isArray(outcome) || child.pid === undefined) {
    await stop();
    const what = outcome === 'late' ? `did not become ready within ${startTimeoutMs} ms` : `ended with ${String(outcome)} before it was ready`;
    throw new Error(`${options.program} ${what}. Its output:\n${output}`);
  }
  return {
    pid: child.pid,
    ready: outcome,
    output: () => output,
    signal: (name) => void child.kill(name),
    ended: () => ended,
    stop,
  };
}

async function endsWithin(ended: Promise<unknown>, patienceMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(patienceMs, false, { signal: timer.signal }).catch(() => false);
  const result = await Promise.race([ended.then(() => true), late]);
  timer.abort();
  return result;
}
