import { spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const projectRoot = fileURLToPath(new URL('../../', import.meta.url));

/** No command here takes a quarter of this; one that hangs must fail before whoever runs the checks gives up on them. */
const COMMAND_TIMEOUT_MS = 45 * 60_000;

/** Runs a command with this terminal's streams, under this very Node; gives its exit status, -1 when a signal or the time limit ended it. */
export function runCommand(command: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = projectRoot): Promise<number> {
  const [program = '', ...args] = command;
  // npm and its scripts must find the pinned Node first, not whichever the machine has.
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, stdio: 'inherit', env: { ...process.env, PATH: path, ...env }, timeout: COMMAND_TIMEOUT_MS });
    child.on('error', (error) => {
      console.error(`${program} cannot be started: ${error.message}`);
      resolve(-1);
    });
    child.on('exit', (status) => resolve(status ?? -1));
  });
}
