import { Command } from 'commander';
import type { SecretsOverview } from '../../client/types.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { exitCodes } from '../failure.ts';
import { countText } from '../render/quantities.ts';
import { tableText, type Column } from '../render/table.ts';
import { cellText, jsonLine } from '../render/text.ts';
import { tableOptions } from '../terminal.ts';

interface SecretsFlags extends GlobalOptions {
  readonly sessions?: true;
  readonly json?: true;
}

const HELP = `
Examples:
  portolan secrets status
  portolan secrets rotate`;

/** `portolan secrets`: the keys that seal credentials and sign sessions. */
export function secretsCommand(context: CommandContext): Command {
  return new Command('secrets')
    .summary('look after the keys of secrets')
    .description('Shows which keys seal what, and rotates them.')
    .addHelpText('after', HELP)
    .addCommand(statusCommand(context))
    .addCommand(rotateCommand(context));
}

const STATUS_HELP = `
Ends with 1 if a credential is sealed with a key that the service was not given.

Examples:
  portolan secrets status
  portolan secrets status --json | jq .locked`;

function statusCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('status')
    .summary('show which keys seal what')
    .description('Shows the ids of the keys of SECRET_KEY, and how many credentials each seals.')
    .option('--json', 'print JSON')
    .addHelpText('after', STATUS_HELP)
    .action(async (_flags: unknown, command: Command) => {
      const { json } = command.optsWithGlobals<SecretsFlags>();
      const overview = await context.connect(command).secrets();
      if (overview.locked > 0) context.exitWith(exitCodes.unhealthy);
      await terminal.out(json === true ? jsonLine(overview) : tableText(KEY_COLUMNS, keyRows(overview), tableOptions(terminal), 'The service has no key: set SECRET_KEY or SECRET_KEY_FILE.') + lockedText(overview));
    });
}

interface KeyRow {
  readonly id: string;
  readonly count: number;
  readonly note: string;
}

const KEY_COLUMNS: readonly Column<KeyRow>[] = [
  { title: 'KEY', text: ({ id }) => cellText(id) },
  { title: 'CREDENTIALS', text: ({ count }) => String(count), align: 'right' },
  { title: 'NOTE', text: ({ note }) => note, below: true },
];

/** Keys that the service has, and those that it would need. */
function keyRows({ keys, sealed_with: sealedWith }: SecretsOverview): KeyRow[] {
  const missing = Object.keys(sealedWith).filter((id) => !keys.includes(id));
  return [...keys, ...missing].map((id, index) => {
    const count = sealedWith[id] ?? 0;
    return { id, count, note: noteOn(missing.includes(id), index === 0, count) };
  });
}

function noteOn(isMissing: boolean, isFirst: boolean, count: number): string {
  if (isMissing) return 'not among the keys of the service: add it to SECRET_KEY again';
  if (isFirst) return 'seals what is new';
  return count === 0 ? 'seals nothing: it may be taken out of SECRET_KEY' : 'old: `portolan secrets rotate` frees it';
}

const lockedText = ({ locked }: SecretsOverview): string => (locked === 0 ? '' : `\n${countText(locked, 'credential', 'credentials')} cannot be used for want of a key. Nothing was changed.\n`);

const ROTATE_HELP = `
To change the key: put the new one first in SECRET_KEY and the old one behind
it, start the service anew, rotate, and take the old one out once \`portolan
secrets status\` says so. With --sessions, sessions are signed with a new key
from now on; those under way go on.

Examples:
  portolan secrets rotate
  portolan secrets rotate --sessions`;

function rotateCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('rotate')
    .summary('seal everything with the newest key')
    .description('Seals every credential anew with the first key of SECRET_KEY.')
    .option('--sessions', 'make a new key for sessions instead')
    .option('--json', 'print JSON')
    .addHelpText('after', ROTATE_HELP)
    .action(async (_flags: unknown, command: Command) => {
      const { sessions, json } = command.optsWithGlobals<SecretsFlags>();
      const client = context.connect(command);
      if (sessions === true) {
        const made = await client.rotateSigningKey();
        return terminal.out(json === true ? jsonLine(made) : `Sessions are signed with the new key ${cellText(made.kid)} from now on.\n`);
      }
      const done = await client.resealCredentials();
      if (done.failed > 0) context.exitWith(exitCodes.unhealthy);
      const failed = done.failed === 0 ? '' : ` ${countText(done.failed, 'credential', 'credentials')} could not be opened, and stayed as they were: \`portolan secrets status\` tells which key is missing.`;
      await terminal.out(json === true ? jsonLine(done) : `${countText(done.resealed, 'credential', 'credentials')} sealed anew; ${done.left} needed no change.${failed}\n`);
    });
}
