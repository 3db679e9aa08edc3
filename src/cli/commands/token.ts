import { Command, Option } from 'commander';
import { ACTIONS } from '../../core/principal.ts';
import { gather, parseSpanS } from '../arguments.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { tokenColumnsAt } from '../render/accounts.ts';
import { tableText } from '../render/table.ts';
import { jsonLine, safeLine, wrapped } from '../render/text.ts';
import { tableOptions } from '../terminal.ts';

interface TokenFlags extends GlobalOptions {
  readonly scope: readonly string[];
  readonly expiresIn?: number;
  readonly user?: string;
  readonly json?: true;
}

const HELP = `
Examples:
  portolan token create ci --scope record:read --expires-in 90d
  portolan token list
  portolan token revoke 5fKq0aTz8WmYb3xC`;

/** `portolan token`: what programs call with. */
export function tokenCommand(context: CommandContext): Command {
  return new Command('token')
    .summary('look after API tokens')
    .description('Makes, lists and revokes API tokens.')
    .addHelpText('after', HELP)
    .addCommand(createCommand(context))
    .addCommand(listCommand(context))
    .addCommand(revokeCommand(context));
}

const CREATE_HELP = `
Prints the token alone, this one time. It acts as its user, and of what that
user may do only what its scopes name:
${wrapped(['*', ...ACTIONS].join(', '), 78)
  .map((line) => `  ${line}`)
  .join('\n')}

Examples:
  portolan token create ci --scope record:read --scope record:probe
  portolan token create deploy --user ci --scope '*' --expires-in 90d > token`;

function createCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('create')
    .summary('make a token')
    .description('Makes an API token.')
    .argument('<name>', 'what it is for')
    .addOption(new Option('--scope <scope>', 'something that it may do; may be given several times').makeOptionMandatory().argParser<readonly string[] | undefined>((value, before) => gather(value, before ?? [])))
    .addOption(new Option('--expires-in <time>', 'how long it lasts, such as 90d (default: for good)').argParser(parseSpanS))
    .option('--user <name>', 'whom it acts as (default: you)')
    .option('--json', 'print JSON')
    .addHelpText('after', CREATE_HELP)
    .action(async (name: string, _flags: unknown, command: Command) => {
      const { scope, expiresIn, user, json } = command.optsWithGlobals<TokenFlags>();
      const made = await context.connect(command).createToken({
        name,
        scopes: [...new Set(scope)],
        ...(expiresIn === undefined ? {} : { expires_in_s: expiresIn }),
        ...(user === undefined ? {} : { username: user }),
      });
      await terminal.out(json === true ? jsonLine(made) : `${safeLine(made.token)}\n`);
      // Not beside the token, which a script takes from standard output.
      if (terminal.size() !== null) terminal.err(`It is not shown again. \`portolan token revoke ${safeLine(made.id)}\` ends it.\n`);
    });
}

function listCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('list')
    .summary('list tokens')
    .description('Lists API tokens: who they act as and what they may do, never the tokens themselves.')
    .option('--user <name>', 'whose (default: yours)')
    .option('--json', 'print JSON, one token a line')
    .addHelpText('after', '\nExamples:\n  portolan token list\n  portolan token list --user ci')
    .action(async (_flags: unknown, command: Command) => {
      const { user, json } = command.optsWithGlobals<TokenFlags>();
      const tokens = await context.connect(command).listTokens(user);
      const columns = tokenColumnsAt(terminal.clock.nowMs());
      await terminal.out(json === true ? tokens.map(jsonLine).join('') : tableText(columns, tokens, tableOptions(terminal), 'There is no token. `portolan token create <name>` makes one.'));
    });
}

function revokeCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('revoke')
    .summary('end a token')
    .description('Revokes an API token. It is refused within seconds.')
    .argument('<id>', 'its id, which stands in `portolan token list` and in the token, between ptl_ and the next _')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  portolan token revoke 5fKq0aTz8WmYb3xC')
    .action(async (id: string, _flags: unknown, command: Command) => {
      const { json } = command.optsWithGlobals<TokenFlags>();
      await context.connect(command).revokeToken(id);
      await terminal.out(json === true ? jsonLine({ id }) : `The token ${safeLine(id)} is revoked.\n`);
    });
}
