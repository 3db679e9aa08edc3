import { Command, Option } from 'commander';
import type { User, UserChange } from '../../client/types.ts';
import { USER_ROLES, type UserRole } from '../../core/principal.ts';
import { gather } from '../arguments.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { UsageError } from '../failure.ts';
import { userFacts, USER_COLUMNS } from '../render/accounts.ts';
import { factLines } from '../render/facts.ts';
import { tableText } from '../render/table.ts';
import { jsonLine, safeLine } from '../render/text.ts';
import { readNewPassword } from '../secret-input.ts';
import { tableOptions, type Terminal } from '../terminal.ts';
import { passwordCommand } from './user-password.ts';

interface UserFlags extends GlobalOptions {
  readonly role?: UserRole;
  readonly group: readonly string[];
  /** false: `--no-groups`. */
  readonly groups?: boolean;
  readonly disabled?: true;
  readonly enabled?: true;
  /** false: `--no-password`. */
  readonly password: boolean;
  readonly passwordStdin?: true;
  readonly json?: true;
}

const HELP = `
Examples:
  portolan user list
  portolan user add ann --role publisher --group ops
  portolan user set ann --disabled
  portolan user password`;

/** `portolan user`: who may log in. */
export function userCommand(context: CommandContext): Command {
  return new Command('user')
    .summary('look after users')
    .description('Shows, adds, changes and removes users.')
    .addHelpText('after', HELP)
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(addCommand(context))
    .addCommand(setCommand(context))
    .addCommand(removeCommand(context))
    .addCommand(passwordCommand(context));
}

function listCommand(context: CommandContext): Command {
  return new Command('list')
    .summary('list users')
    .description('Lists all users.')
    .option('--json', 'print JSON, one user a line')
    .addHelpText('after', '\nExamples:\n  portolan user list\n  portolan user list --json | jq -r .username')
    .action(async (_flags: unknown, command: Command) => {
      const { json } = command.optsWithGlobals<UserFlags>();
      const users = await context.connect(command).listUsers();
      const { terminal } = context;
      await terminal.out(json === true ? users.map(jsonLine).join('') : tableText(USER_COLUMNS, users, tableOptions(terminal), 'There is no user. `portolan user add <name>` adds one.'));
    });
}

function showCommand(context: CommandContext): Command {
  return new Command('show')
    .summary('show one user')
    .description('Shows one user.')
    .argument('<name>', 'whom')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  portolan user show ann')
    .action(async (name: string, _flags: unknown, command: Command) => {
      const { json } = command.optsWithGlobals<UserFlags>();
      await showUser(await context.connect(command).getUser(name), json === true, context.terminal);
    });
}

const ADD_HELP = `
The password is asked for twice, and does not show. A user without a password
cannot log in, but can have tokens, as programs should.

Examples:
  portolan user add ann --role publisher --group ops
  portolan user add ci --no-password
  portolan user add rita --password-stdin < password`;

function addCommand(context: CommandContext): Command {
  return new Command('add')
    .summary('add a user')
    .description('Adds a user.')
    .argument('<name>', '1 to 64 of a-z, 0-9, ".", "_" and "-"')
    .addOption(roleOption())
    .addOption(groupOption())
    .option('--disabled', 'may not log in or use tokens yet')
    .option('--no-password', 'cannot log in, but can have tokens')
    .option('--password-stdin', 'take the password from standard input')
    .option('--json', 'print JSON')
    .addHelpText('after', ADD_HELP)
    .action(async (username: string, _flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<UserFlags>();
      const client = context.connect(command);
      const isInInput = flags.passwordStdin === true;
      if (isInInput && !flags.password) throw new UsageError('--no-password and --password-stdin say opposite things. Nothing was done.');
      const password = flags.password ? await readNewPassword(context.terminal, { question: `Password for ${safeLine(username)}`, flag: '--password-stdin', isInInput }) : undefined;
      const user = await client.createUser({ username, ...(password === undefined ? {} : { password }), ...changeOf(flags) });
      await showUser(user, flags.json === true, context.terminal);
    });
}

const SET_HELP = `
What is not named stays. Groups that are given replace those that were. Whoever
is disabled loses their sessions, and their tokens stop working, within seconds.

Examples:
  portolan user set ann --role admin
  portolan user set ann --group ops --group edge
  portolan user set ann --disabled`;

function setCommand(context: CommandContext): Command {
  return new Command('set')
    .summary('change a user')
    .description('Changes a user’s role, groups, or whether they may log in.')
    .argument('<name>', 'whom')
    .addOption(roleOption())
    .addOption(groupOption())
    .option('--no-groups', 'is in no group')
    .addOption(new Option('--disabled', 'may not log in or use tokens').conflicts('enabled'))
    .option('--enabled', 'may do so again')
    .option('--json', 'print JSON')
    .addHelpText('after', SET_HELP)
    .action(async (name: string, _flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<UserFlags>();
      const change = changeOf(flags);
      if (Object.keys(change).length === 0) throw new UsageError('Nothing is to be changed: give --role, --group, --no-groups, --disabled or --enabled.');
      await showUser(await context.connect(command).updateUser(name, change), flags.json === true, context.terminal);
    });
}

function removeCommand(context: CommandContext): Command {
  return new Command('remove')
    .summary('remove a user')
    .description('Removes a user, with their sessions and tokens. Their records stay.')
    .argument('<name>', 'whom')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  portolan user remove ann')
    .action(async (name: string, _flags: unknown, command: Command) => {
      const { json } = command.optsWithGlobals<UserFlags>();
      await context.connect(command).removeUser(name);
      await context.terminal.out(json === true ? jsonLine({ username: name }) : `The user ${safeLine(name)} is removed.\n`);
    });
}

const roleOption = (): Option => new Option('--role <role>', 'what they may do (a new one: "user")').choices(USER_ROLES);

const groupOption = (): Option => new Option('--group <group>', 'is in this group; may be given several times').default([], 'none').argParser(gather);

/** What the flags say of a user besides the password. */
function changeOf({ role, group, groups, disabled, enabled }: UserFlags): UserChange {
  return {
    ...(role === undefined ? {} : { role }),
    ...(group.length === 0 ? {} : { groups: [...new Set(group)] }),
    ...(groups === false ? { groups: [] } : {}),
    ...(disabled === true ? { disabled: true } : {}),
    ...(enabled === true ? { disabled: false } : {}),
  };
}

async function showUser(user: User, isJson: boolean, terminal: Terminal): Promise<void> {
  const lines = factLines(userFacts(user), terminal.size()?.columns ?? null);
  await terminal.out(isJson ? jsonLine(user) : `${lines.join('\n')}\n`);
}
