import { spawn } from 'node:child_process';

/** A program that a peer's build calls failed or is missing. The message is for the person at the terminal. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}

export interface ToolOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Lines of a failed program's output that are worth showing: the cause stands at the end. */
const OUTPUT_LINES_SHOWN = 25;
/** Output kept of one program. Compilers that loop on errors must not fill the memory. */
const OUTPUT_CHARACTERS_MAX = 200_000;

/**
 * Runs one program to its end and gives its output (both streams together).
 * @throws {ToolError} when it is not installed, fails, or runs longer than `timeoutMs` (default: 20 minutes)
 */
export function runTool(program: string, args: readonly string[], options: ToolOptions): Promise<string> {
  const timeoutMs = options.timeoutMs ?? 20 * 60_000;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-OUTPUT_CHARACTERS_MAX);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'is not installed, or not in PATH' : `cannot be started: ${error.message}`;
      reject(new ToolError(`The program \`${program}\` ${reason}.`));
    });
    child.on('close', (status, signal) => {
      if (status === 0) resolve(output);
      else reject(new ToolError(failureText([program, ...args].join(' '), signal ?? `status ${status ?? 'unknown'}`, output)));
    });
  });
}

function failureText(commandLine: string, outcome: string, output: string): string {
  const lines = output.trimEnd().split('\n').slice(-OUTPUT_LINES_SHOWN);
  return `\`${commandLine}\` ended with ${outcome}. Its last lines:\n    ${lines.join('\n    ')}`;
}
