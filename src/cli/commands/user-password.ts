import { Command } from 'commander';
import type { Client } from '../../client/client.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { UsageError } from '../failure.ts';
import { jsonLine, safeLine } from '../render/text.ts';
import { readNewPassword, readPasswordChange } from '../secret-input.ts';

interface PasswordFlags extends GlobalOptions {
  readonly passwordStdin?: true;
  readonly json?: true;
}

const HELP = `
Changing one's own needs the current one. With --password-stdin, standard input
holds the new password; for one's own, the current one on the line before it.
All sessions of that user end; your own is begun anew.

Examples:
  portolan user password
  portolan user password rita
  portolan user password rita --password-stdin < password`;

/** `portolan user password`: one's own, or another user's. */
export function passwordCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('password')
    .summary('change a password')
    .description('Changes your own password, or sets that of another user.')
    .argument('[name]', 'whose (default: your own)')
    .option('--password-stdin', 'take it from standard input')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (name: string | undefined, _flags: unknown, command: Command) => {
      const { passwordStdin, json } = command.optsWithGlobals<PasswordFlags>();
      const isInInput = passwordStdin === true;
      const client = context.connect(command);
      const { user } = await client.me();
      const whose = name ?? user;
      if (whose === null) throw new UsageError('Nobody is logged in, so it must be said whose password: `portolan user password <name>`.');
      if (whose === user) await changeOwn(whose, isInInput, context, command);
      else await setOther(client, whose, isInInput);
      await terminal.out(json === true ? jsonLine({ username: whose }) : `The password of ${safeLine(whose)} is changed. Sessions begun with the old one have ended.\n`);
    });

  async function setOther(client: Client, whose: string, isInInput: boolean): Promise<void> {
    const password = await readNewPassword(terminal, { question: `New password for ${safeLine(whose)}`, flag: '--password-stdin', isInInput });
    await client.updateUser(whose, { password });
  }
}

/** One's own password is changed in a session, which ends with it. */
async function changeOwn(user: string, isInInput: boolean, context: CommandContext, command: Command): Promise<void> {
  const { client, keeper } = context.connectWithSession(command);
  const { current, next } = await readPasswordChange(context.terminal, isInInput);
  await client.updateUser(user, { password: next, current_password: current });
  const session = await client.login(user, next);
  await keeper.update(async () => session);
}
