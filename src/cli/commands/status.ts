import { Command, InvalidArgumentError, Option } from 'commander';
import type { Client } from '../../client/client.ts';
import { ClientError } from '../../client/errors.ts';
import type { RegistryHealth, Verdict } from '../../client/types.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { exitCodes, failureOf } from '../failure.ts';
import { shownVerdict, statusLines } from '../render/status.ts';
import { cut, jsonLine, safeLine } from '../render/text.ts';
import { isVerdict, VERDICTS } from '../render/verdict.ts';
import { tableOptions, type Terminal } from '../terminal.ts';

interface StatusFlags extends GlobalOptions {
  /** Seconds from one look to the next, where they are given. */
  readonly watch?: true | number;
  readonly json?: true;
  readonly status?: readonly Verdict[];
  readonly vantage?: string;
}

const WATCH_S_DEFAULT = 5;
const WATCH_S_MAX = 3_600;

const HELP = `
Latency and uptime are those of the vantage that sees the registry worst.
Ends with 1 if any of the registries shown is down.

Examples:
  portolan status
  portolan status --watch 10
  portolan status --status down,degraded
  portolan status --json | jq -r 'select(.status == "down") | .url'`;

/** `portolan status`: the verdicts on all registries. */
export function statusCommand(context: CommandContext): Command {
  return new Command('status')
    .summary('show which registries work')
    .description('Shows the verdict on each registry, worst first.')
    .addOption(new Option('--watch [seconds]', `look again and again (default: every ${WATCH_S_DEFAULT} seconds)`).argParser(parseWatch))
    .addOption(new Option('--status <verdicts>', `only these verdicts, separated by commas: ${VERDICTS.join(', ')}`).argParser(parseVerdicts))
    .option('--vantage <name>', 'show what is seen from this place')
    .addOption(new Option('--json', 'print JSON, one registry a line').conflicts('watch'))
    .addHelpText('after', HELP)
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<StatusFlags>();
      const client = context.connect(command);
      if (flags.watch !== undefined) return watch(client, flags, (flags.watch === true ? WATCH_S_DEFAULT : flags.watch) * 1000, context.terminal);
      const registries = await healthOfAll(client, flags);
      if (registries.some((health) => shownVerdict(health, flags.vantage) === 'down')) context.exitWith(exitCodes.unhealthy);
      await context.terminal.out(flags.json === true ? registries.map(jsonLine).join('') : `${tableOf(registries, flags, context.terminal).join('\n')}\n`);
    });
}

function parseWatch(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !(seconds >= 1 && seconds <= WATCH_S_MAX)) throw new InvalidArgumentError(`It must be a number of seconds from 1 to ${WATCH_S_MAX}.`);
  return seconds;
}

function parseVerdicts(text: string): Verdict[] {
  const words = text.split(',').map((word) => word.trim());
  const verdicts = words.filter(isVerdict);
  if (verdicts.length < words.length) throw new InvalidArgumentError(`Verdicts are ${VERDICTS.join(', ')}.`);
  return verdicts;
}

async function healthOfAll(client: Client, { status, vantage }: StatusFlags): Promise<RegistryHealth[]> {
  const query = { ...(status === undefined ? {} : { status }), ...(vantage === undefined ? {} : { vantage }) };
  const registries: RegistryHealth[] = [];
  for await (const health of client.health(query)) registries.push(health);
  return registries;
}

const tableOf = (registries: readonly RegistryHealth[], { vantage }: StatusFlags, terminal: Terminal): string[] =>
  statusLines(registries, { ...tableOptions(terminal), nowMs: terminal.clock.nowMs(), vantage });

/** Looks until it is interrupted. A service that goes away meanwhile is waited for; one that was never there is an error. */
async function watch(client: Client, flags: StatusFlags, pauseMs: number, terminal: Terminal): Promise<never> {
  let registries = await healthOfAll(client, flags);
  for (let trouble = ''; ; ) {
    const time = new Date(terminal.clock.nowMs()).toTimeString().slice(0, 8);
    const title = trouble === '' ? `${time}, every ${pauseMs / 1000} s; Ctrl-C ends` : `${time}, as last seen: ${trouble}`;
    await terminal.out(frame(title, tableOf(registries, flags, terminal), terminal.size()));
    await terminal.wait(pauseMs);
    trouble = '';
    try {
      registries = await healthOfAll(client, flags);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      trouble = safeLine(failureOf(error).text);
    }
  }
}

/** Goes to the window's upper left corner, and clears what is left of each line and of the window behind it: that flickers less than clearing first. */
function frame(title: string, lines: readonly string[], size: ReturnType<Terminal['size']>): string {
  if (size === null) return `${title}\n${lines.join('\n')}\n\n`;
  const shown = fitted([cut(title, size.columns), '', ...lines], size.rows - 1);
  return `\x1b[H${shown.map((line) => `${line}\x1b[K`).join('\n')}\n\x1b[J`;
}

/** The first lines and the last one, the sums; what is worst stands first. */
function fitted(lines: readonly string[], rows: number): readonly string[] {
  const last = lines.at(-1);
  if (lines.length <= rows || last === undefined) return lines;
  const kept = lines.slice(0, Math.max(0, rows - 2));
  return [...kept, `… ${lines.length - kept.length - 1} more lines`, last];
}
