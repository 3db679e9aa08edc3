import { Command } from 'commander';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { crossesNetworkInTheClear } from '../plain-http.ts';
import { meText } from '../render/me.ts';
import { jsonLine, safeLine } from '../render/text.ts';
import { readSecret, readShown } from '../secret-input.ts';

interface LoginFlags extends GlobalOptions {
  readonly username?: string;
  readonly passwordStdin?: true;
  readonly json?: true;
}

const HELP = `
The password is asked for, and does not show. The session is kept for this URL's
host in sessions.json below XDG_CONFIG_HOME (default: ~/.config), readable by
you alone, and is renewed as needed. Programs use API tokens instead, which
PORTOLAN_TOKEN or --token-file give and which need no login.

Examples:
  portolan login --username ann
  portolan --url https://portolan.example.com login
  portolan login --username ci --password-stdin < password`;

/** `portolan login`: a session for the calls to come. */
export function loginCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('login')
    .summary('log in to Portolan')
    .description('Logs in to Portolan, and keeps the session for the commands to come.')
    .option('--username <name>', 'who logs in (default: asked for)')
    .option('--password-stdin', 'take the password from standard input')
    .option('--json', 'print JSON: who you are')
    .addHelpText('after', HELP)
    .action(async (_flags: unknown, command: Command) => {
      const { url, username, passwordStdin, json } = command.optsWithGlobals<LoginFlags>();
      const { client, keeper } = context.connectWithSession(command);
      if (crossesNetworkInTheClear(url)) terminal.err(`portolan: warning: ${safeLine(keeper.origin)} is not https, so whoever is on the way can read the password.\n`);
      const name = username ?? (await readShown(terminal, 'User name', '--username'));
      const password = await readSecret(terminal, { question: `Password of ${safeLine(name)}`, flag: '--password-stdin', isInInput: passwordStdin === true });
      const session = await client.login(name, password);
      await keeper.update(async () => session);
      const me = await client.me();
      if ((terminal.env['PORTOLAN_TOKEN'] ?? '') !== '') terminal.err('portolan: PORTOLAN_TOKEN is set, and is used rather than the session.\n');
      await terminal.out(json === true ? jsonLine(me) : `Logged in to ${safeLine(keeper.origin)} as ${meText(me)}.\n`);
    });
}
