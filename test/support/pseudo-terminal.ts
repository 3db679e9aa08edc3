import { spawn, spawnSync } from 'node:child_process';

/** What somebody at a terminal waits to see, and what they type or do then. */
export interface Step {
  readonly sees: string;
  /** Keys; without them, the process is sent SIGTERM. */
  readonly types?: string;
}

export interface AtTerminal {
  /** Exit status; negative: the signal that ended it. */
  readonly code: number;
  /** All that the terminal showed, its own echo of what was typed included. */
  readonly screen: string;
  /** Whether the terminal echoed when each step's text had appeared, and whether it does at the end. */
  readonly echoed: readonly boolean[];
  readonly echoesAfterwards: boolean;
}

/** Python has pseudo-terminals in its standard library; Node has none. Without Python such tests are left out, unless CI=true. */
const hasPython = spawnSync('python3', ['-c', 'import termios']).status === 0;
export const itAtTerminal = hasPython || process.env['CI'] === 'true' ? it : it.skip;

const DRIVER = `
import fcntl, json, os, select, signal, sys, termios, time
job = json.load(sys.stdin)
# The program's end stays open here, so that the settings can be read when the program is gone.
fd, keeper = os.openpty()
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(keeper, termios.TIOCSCTTY, 0)
    null = os.open('/dev/null', os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null if stream in job['detached'] else keeper, stream)
    os.closerange(3, 64)
    os.execvpe(job['args'][0], job['args'], job['env'])
echo = lambda: bool(termios.tcgetattr(keeper)[3] & termios.ECHO)
screen, seen, echoed, steps, end = b'', 0, [], job['steps'], time.time() + 20
status = None
while time.time() < end:
    if select.select([fd], [], [], 0.05)[0]:
        screen += os.read(fd, 65536)
    if steps and steps[0]['sees'].encode() in screen[seen:]:
        step = steps.pop(0)
        seen = len(screen)
        time.sleep(0.2)
        echoed.append(echo())
        if 'types' in step:
            os.write(fd, step['types'].encode())
        else:
            os.kill(child, signal.SIGTERM)
    if status is None:
        pid, found = os.waitpid(child, os.WNOHANG)
        if pid:
            status = os.waitstatus_to_exitcode(found)
    elif not select.select([fd], [], [], 0.1)[0]:
        break
else:
    os.kill(child, signal.SIGKILL)
    status = 124
print(json.dumps({'code': status, 'screen': screen.decode('utf8', 'replace'), 'echoed': echoed, 'echoesAfterwards': echo()}))
`;

/**
 * Runs a program at a terminal of its own.
 * @param detached standard streams that do not lead to the terminal
 */
export async function runAtTerminal(args: readonly string[], env: Record<string, string>, steps: readonly Step[], detached: readonly (0 | 1 | 2)[] = []): Promise<AtTerminal> {
  const python = spawn('python3', ['-c', DRIVER], { stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  python.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  python.stdin.end(JSON.stringify({ args, env: { PATH: process.env['PATH'] ?? '', ...env }, steps, detached }));
  await new Promise((closed) => python.once('close', closed));
  return JSON.parse(out) as AtTerminal;
}
