import { Command } from 'commander';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { exitCodes } from '../failure.ts';
import { checkLines } from '../render/check.ts';
import { jsonLine } from '../render/text.ts';
import { tableOptions } from '../terminal.ts';

interface CheckFlags extends GlobalOptions {
  readonly debug?: true;
  readonly json?: true;
}

const HELP = `
Portolan probes from where it runs, which may see other things than you do.
Ends with 0 if the registry is healthy and with 1 if it is not.

Examples:
  portolan check b3c38f52-8f2e-43a3-9aa9-bd9a4c75e509
  portolan check https://registry.example.com --debug
  portolan check edge-7 --json | jq .phases`;

/** `portolan check`: one probe now. */
export function checkCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('check')
    .summary('probe one registry now')
    .description('Has Portolan probe a registry now, and shows what came of it.')
    .argument('<id|url>', 'the id of a record, or the URL of any registry')
    .option('--debug', 'show the probe’s own log')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (target: string, _flags: unknown, command: Command) => {
      const { debug = false, json } = command.optsWithGlobals<CheckFlags>();
      const client = context.connect(command);
      const isUrl = /^https?:\/\//i.test(target);
      const result = await (isUrl ? client.probeUrl(target, { debug }) : client.check(target, { debug }));
      if (!result.healthy) context.exitWith(exitCodes.unhealthy);
      if (json === true) return terminal.out(jsonLine(result));
      // After the probe, which may have changed the verdict.
      const record = isUrl ? null : (await client.get(target, { include: 'health' })).record;
      const lines = checkLines(result, { ...tableOptions(terminal), record, nowMs: terminal.clock.nowMs() });
      await terminal.out(`${lines.join('\n')}\n`);
    });
}
