import { Command, InvalidArgumentError, Option } from 'commander';
import { commandsFor } from './command-table.ts';
import { connectAsGiven, connectWithSession } from './connect.ts';
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

Every command ends with 0 when all is well, with 1 when a registry is not, with
2 when the command could not be carried out, and with 3 when you would have to
log in, or may not do it.`;

/**
 * Runs one command line, without the program's name before it.
 * @returns the process's exit code; it never throws
 */
export async function runCli(args: readonly string[], terminal: Terminal, version: string): Promise<number> {
  let exitCode: number = exitCodes.healthy;
  const context: CommandContext = {
    terminal,
    connect: (command) => connectAsGiven(command.optsWithGlobals<GlobalOptions>(), terminal),
    connectWithSession: (command) => connectWithSession(command.optsWithGlobals<GlobalOptions>(), terminal),
    exitWith: (code) => (exitCode = code),
  };
  try {
    const program = createProgram(context, version);
    for (const make of await commandsFor(args)) program.addCommand(inherit(make(context), program));
    await program.parseAsync(args, { from: 'user' });
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
  return new Command('portolan')
    .description('Which OCI registries there are, and which of them work right now.')
    .version(version, '-v, --version', 'show the version')
    .helpOption('-h, --help', 'show this')
    .addOption(new Option('--url <url>', 'where Portolan is; PORTOLAN_URL names it, too').default(namedUrl === '' ? DEFAULT_URL : namedUrl))
    .addOption(new Option('--timeout <seconds>', 'how long to wait for each answer').default(DEFAULT_TIMEOUT_S).argParser(parseTimeout))
    .option('--token-file <file>', 'call with the API token in this file; PORTOLAN_TOKEN holds one, too')
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
}

/** Settings are not handed down by themselves to commands that were made on their own. */
function inherit(command: Command, parent: Command): Command {
  command.helpOption('-h, --help', 'show this').copyInheritedSettings(parent);
  for (const inner of command.commands) inherit(inner, command);
  return command;
}

function parseTimeout(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !(seconds > 0 && seconds <= TIMEOUT_S_MAX)) throw new InvalidArgumentError(`It must be a number of seconds, at most ${TIMEOUT_S_MAX}.`);
  return seconds;
}
