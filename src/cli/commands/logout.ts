import { Command } from 'commander';
import { ClientError } from '../../client/errors.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { jsonLine, safeLine } from '../render/text.ts';

interface LogoutFlags extends GlobalOptions {
  readonly json?: true;
}

const HELP = `
The service ends the session, and this machine forgets it; also where the
service cannot be reached, which then is an error.

Examples:
  portolan logout
  portolan --url https://portolan.example.com logout`;

/** `portolan logout`: the kept session ends. */
export function logoutCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('logout')
    .summary('log out of Portolan')
    .description('Ends the session that is kept for this service.')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (_flags: unknown, command: Command) => {
      const { json } = command.optsWithGlobals<LogoutFlags>();
      const { client, keeper } = context.connectWithSession(command);
      const wasLoggedIn = (await keeper.read()) !== null;
      if (wasLoggedIn) {
        try {
          await client.logout();
        } catch (error) {
          if (!isOver(error)) throw error;
        } finally {
          await keeper.update(async () => null);
        }
      }
      const origin = safeLine(keeper.origin);
      await terminal.out(json === true ? jsonLine({ logged_out: wasLoggedIn }) : `${wasLoggedIn ? `Logged out of ${origin}` : `Nobody is logged in to ${origin}`}.\n`);
    });
}

/** A session that has ended is what logging out is for. */
const isOver = (error: unknown): boolean => error instanceof ClientError && ['TOKEN_REJECTED', 'AUTHENTICATION_REQUIRED'].includes(error.code);
