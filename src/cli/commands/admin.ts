import { Command } from 'commander';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { onOwnStore } from '../own-store.ts';
import { jsonLine, safeLine } from '../render/text.ts';
import { readNewPassword } from '../secret-input.ts';

interface ResetFlags extends GlobalOptions {
  readonly passwordStdin?: true;
  readonly json?: true;
}

/** `portolan admin`: what is done on the server’s own machine, without the service. */
export function adminCommand(context: CommandContext): Command {
  return new Command('admin')
    .summary('what helps when nobody can log in')
    .description('Works on the store itself, on the server’s own machine.')
    .addHelpText('after', '\nExamples:\n  portolan admin reset')
    .addCommand(resetCommand(context));
}

const RESET_HELP = `
It needs no login: run it on the server's own machine, as the user and with the
settings (DATA_DIR or MONGO_URL, CONFIG_FILE) that the service runs with. Stop
the service first if it uses the embedded store.

Examples:
  portolan admin reset
  DATA_DIR=/var/lib/portolan portolan admin reset --password-stdin < password`;

function resetCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('reset')
    .summary('give the administrator a new password')
    .description('Gives the user admin a new password and all rights, and makes it where it is not there.')
    .option('--password-stdin', 'take the password from standard input')
    .option('--json', 'print JSON')
    .addHelpText('after', RESET_HELP)
    .action(async (_flags: unknown, command: Command) => {
      const { passwordStdin, json } = command.optsWithGlobals<ResetFlags>();
      const password = await readNewPassword(terminal, { question: 'New password for admin', flag: '--password-stdin', isInInput: passwordStdin === true });
      const { outcome, store } = await onOwnStore(() => terminal.resetAdmin(password));
      await terminal.out(json === true ? jsonLine({ username: 'admin', outcome, store }) : `${SAID[outcome]} ${safeLine(store)}. \`portolan login --username admin\` logs in.\n`);
    });
}

const SAID = {
  reset: 'The user admin has a new password and all rights, and its old sessions have ended, in',
  // In an unexpected place this shows that the settings were not those of the service.
  made: 'There was no user admin. Now there is one, with this password and all rights, in',
} as const;
