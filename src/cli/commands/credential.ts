import { Command, Option } from 'commander';
import type { CredentialInput, ShownCredential } from '../../client/types.ts';
import { parseTime } from '../arguments.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { UsageError } from '../failure.ts';
import { endsText } from '../render/quantities.ts';
import { tableText, type Column } from '../render/table.ts';
import { cellText, jsonLine, safeLine } from '../render/text.ts';
import { readSecret, type SecretRequest } from '../secret-input.ts';
import { tableOptions } from '../terminal.ts';

interface CredentialFlags extends GlobalOptions {
  readonly username?: string;
  readonly clientId?: string;
  readonly passwordStdin?: true;
  readonly tokenStdin?: true;
  readonly prefix?: string;
  readonly expiresAt?: string;
  readonly tokenHost?: string;
  readonly json?: true;
}

const HELP = `
Examples:
  portolan credential set edge-7 --username robot
  portolan credential list edge-7
  portolan credential remove edge-7`;

/** `portolan credential`: what it takes to log in to a registry. */
export function credentialCommand(context: CommandContext): Command {
  return new Command('credential')
    .summary('look after the credentials of registries')
    .description('Keeps what it takes to log in to a registry. It is never shown again.')
    .addHelpText('after', HELP)
    .addCommand(setCommand(context))
    .addCommand(listCommand(context))
    .addCommand(removeCommand(context));
}

const SET_HELP = `
With --username it is that user's password, with --client-id that client's
secret, otherwise a token. It is asked for, or taken from standard input.

Examples:
  portolan credential set edge-7 --username robot
  portolan credential set edge-7 --username robot --password-stdin < password
  portolan credential set edge-7 --token-stdin --prefix team < token`;

function setCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('set')
    .summary('keep a credential')
    .description('Keeps a credential for a registry, in place of the one that was kept.')
    .argument('<id>', 'the record of the registry')
    .addOption(new Option('--username <name>', 'who logs in there').conflicts(['clientId', 'tokenStdin']))
    .addOption(new Option('--client-id <id>', 'the client that gets tokens there').conflicts('tokenStdin'))
    .option('--password-stdin', 'take the password or the client’s secret from standard input')
    .addOption(new Option('--token-stdin', 'take the token from standard input').conflicts('passwordStdin'))
    .option('--prefix <prefix>', 'only for repositories at or below this path (default: all)')
    .addOption(new Option('--expires-at <time>', 'when it ends, so that this is told before').argParser(parseTime))
    .option('--token-host <host>', 'the host that gives out the registry’s tokens, where that is another one')
    .option('--json', 'print JSON')
    .addHelpText('after', SET_HELP)
    .action(async (id: string, _flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CredentialFlags>();
      const client = context.connect(command);
      const kept = await client.setCredential(id, credentialOf(flags, await readSecret(terminal, requestFor(flags))));
      await terminal.out(flags.json === true ? jsonLine(kept) : `Kept for ${safeLine(id)}${kept.repository_prefix === '' ? '' : `, repositories ${safeLine(kept.repository_prefix)}`}. It is used for ${cellText(kept.origin)} alone.\n`);
    });
}

/** @throws {UsageError} where the flags do not say whose password is on standard input */
function requestFor({ username, clientId, passwordStdin, tokenStdin }: CredentialFlags): SecretRequest {
  const flag = '--password-stdin';
  const isInInput = passwordStdin === true;
  if (username !== undefined) return { question: `Password of ${safeLine(username)}`, flag, isInInput };
  if (clientId !== undefined) return { question: `Secret of ${safeLine(clientId)}`, flag, isInInput };
  if (isInInput) throw new UsageError('A password belongs to somebody: give --username or --client-id, or --token-stdin for a token.');
  return { question: 'Token', flag: '--token-stdin', isInInput: tokenStdin === true };
}

function credentialOf({ username, clientId, prefix, expiresAt, tokenHost }: CredentialFlags, secret: string): CredentialInput {
  const more = {
    ...(prefix === undefined ? {} : { repository_prefix: prefix }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    ...(tokenHost === undefined ? {} : { token_host: tokenHost }),
  };
  if (username !== undefined) return { username, password: secret, ...more };
  return clientId === undefined ? { token: secret, ...more } : { client_id: clientId, client_secret: secret, ...more };
}

function listCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('list')
    .summary('list what is kept for a registry')
    .description('Lists the credentials that are kept for a registry, never what they are.')
    .argument('<id>', 'the record of the registry')
    .option('--json', 'print JSON, one credential a line')
    .addHelpText('after', '\nExamples:\n  portolan credential list edge-7')
    .action(async (id: string, _flags: unknown, command: Command) => {
      const { json } = command.optsWithGlobals<CredentialFlags>();
      const kept = await context.connect(command).credentials(id);
      const columns = columnsAt(terminal.clock.nowMs());
      await terminal.out(json === true ? kept.map(jsonLine).join('') : tableText(columns, kept, tableOptions(terminal), 'No credential is kept. `portolan credential set <id>` keeps one.'));
    });
}

const columnsAt = (nowMs: number): readonly Column<ShownCredential>[] => [
  { title: 'REPOSITORIES', text: ({ repository_prefix: prefix }) => (prefix === '' ? 'all' : cellText(prefix)), widthMin: 12 },
  { title: 'KIND', text: ({ kind }) => cellText(kind) },
  { title: 'USER', text: ({ username }) => cellText(username), widthMin: 8 },
  { title: 'USABLE', text: ({ usable }) => (usable ? 'yes' : 'no') },
  { title: 'FOR', text: ({ origin, token_host: tokenHost }) => (tokenHost === null ? cellText(origin) : `${cellText(origin)}, tokens of ${cellText(tokenHost)}`), below: true },
  { title: 'END', text: ({ expires_at: expiresAt }) => (expiresAt === null ? 'not known' : endsText(expiresAt, nowMs)), below: true },
];

function removeCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('remove')
    .summary('forget a credential')
    .description('Removes a credential.')
    .argument('<id>', 'the record of the registry')
    .option('--prefix <prefix>', 'the one for repositories at or below this path (default: the one for all)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  portolan credential remove edge-7\n  portolan credential remove edge-7 --prefix team')
    .action(async (id: string, _flags: unknown, command: Command) => {
      const { prefix, json } = command.optsWithGlobals<CredentialFlags>();
      await context.connect(command).removeCredential(id, prefix);
      await terminal.out(json === true ? jsonLine({ id, repository_prefix: prefix ?? '' }) : `The credential for ${safeLine(id)}${prefix === undefined ? '' : `, repositories ${safeLine(prefix)}`} is removed.\n`);
    });
}
