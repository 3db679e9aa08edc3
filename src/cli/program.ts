import { Command, InvalidArgumentError, Option } from 'commander';
import { createClient } from '../client/client.ts';
import { addCommand } from './commands/add.ts';
import { checkCommand } from './commands/check.ts';
import { listCommand } from './commands/list.ts';
import { statusCommand } from './commands/status.ts';
import type { CommandContext, GlobalOptions } from './context.ts';
import { exitCodes, failureOf } from './failure.ts';
import { safeLines } from './render/text.ts';
import type { Terminal } from './terminal.ts';

const DEFAULT_URL = 'http://127.0.0.1:8000';
const DEFAULT_TIMEOUT_S = 30;
const TIMEOUT_S_MAX = 600;

const EXAMPLES = `
Examples:
  portolan add https://registry.example.com --tag internal
  portolan status --watch
  portolan check https://registry.example.com

Every command ends with 0 when all is well, with 1 when a registry is not, and
with 2 when the command could not be carried out.`;

/**
 * Runs one command line, without the program's name before it.
 * @returns the process's exit code; it never throws
 */
export async function runCli(args: readonly string[], terminal: Terminal, version: string): Promise<number> {
  let exitCode: number = exitCodes.healthy;
  const context: CommandContext = {
    terminal,
    connect(command) {
      const { url, timeout } = command.optsWithGlobals<GlobalOptions>();
      return createClient({ url, timeoutMs: timeout * 1000, fetch: terminal.fetch });
    },
    exitWith: (code) => (exitCode = code),
  };
  try {
    await createProgram(context, version).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.text !== '') terminal.err(`portolan: ${safeLines(failure.text)}\n`);
    return failure.exitCode;
  }
}

function createProgram(context: CommandContext, version: string): Command {
  const { terminal } = context;
  const namedUrl = terminal.env['PORTOLAN_URL'] ?? '';
  const program = new Command('portolan')
    .description('Which OCI registries there are, and which of them work right now.')
    .version(version, '-v, --version', 'show the version')
    .helpOption('-h, --help', 'show this')
    .addOption(new Option('--url <url>', 'where Portolan is; PORTOLAN_URL names it, too').default(namedUrl === '' ? DEFAULT_URL : namedUrl))
    .addOption(new Option('--timeout <seconds>', 'how long to wait for each answer').default(DEFAULT_TIMEOUT_S).argParser(parseTimeout))
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void terminal.out(text),
      writeErr: (text) => terminal.err(safeLines(text)),
      outputError: (text, write) => write(`${text.replace(/^error: /, 'portolan: ').trimEnd()}\nSee --help.\n`),
      getOutHelpWidth: () => terminal.size()?.columns ?? 80,
      getErrHelpWidth: () => 80,
    });
  for (const make of [statusCommand, checkCommand, listCommand, addCommand]) {
    program.addCommand(make(context).helpOption('-h, --help', 'show this').copyInheritedSettings(program));
  }
  return program;
}

function parseTimeout(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !(seconds > 0 && seconds <= TIMEOUT_S_MAX)) throw new InvalidArgumentError(`It must be a number of seconds, at most ${TIMEOUT_S_MAX}.`);
  return seconds;
}
