import { Command } from 'commander';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { exitCodes } from '../failure.ts';
import { meLines } from '../render/me.ts';
import { jsonLine } from '../render/text.ts';
import { tableOptions } from '../terminal.ts';

interface WhoamiFlags extends GlobalOptions {
  readonly json?: true;
}

const HELP = `
Ends with 3 if nobody is logged in to a service that wants to know who is there.

Examples:
  portolan whoami
  portolan whoami --json | jq -r .permissions[]
  PORTOLAN_TOKEN=ptl_… portolan whoami`;

/** `portolan whoami`: who calls are made as, and what that one may do. */
export function whoamiCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('whoami')
    .summary('show who you are to Portolan, and what you may do')
    .description('Shows who calls are made as, and what that one may do.')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (_flags: unknown, command: Command) => {
      const { json } = command.optsWithGlobals<WhoamiFlags>();
      const me = await context.connect(command).me();
      if (me.kind === 'anonymous') context.exitWith(exitCodes.refused);
      await terminal.out(json === true ? jsonLine(me) : `${meLines(me, { ...tableOptions(terminal), nowMs: terminal.clock.nowMs() }).join('\n')}\n`);
    });
}
