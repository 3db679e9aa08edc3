import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { messageOf, UsageError } from '../failure.ts';
import { onOwnStore, showCopying } from '../own-store.ts';
import { createProgress } from '../progress.ts';
import { partsText } from '../render/parts.ts';
import { jsonLine, safeLine } from '../render/text.ts';
import { tableOptions } from '../terminal.ts';

interface MigrateFlags extends GlobalOptions {
  readonly from?: string;
  readonly to?: string;
  readonly toFile?: string;
  readonly json?: true;
}

const HELP = `
A store is a folder, of the embedded store, or mongodb://HOST[/DATABASE]; without
DATABASE, that is MONGO_DATABASE. Run it on the server's own machine, as the user
and with the settings (DATA_DIR or MONGO_URL, CONFIG_FILE) that the service runs
with, and stop the service first. The store that is moved to must be empty. The
one that is moved from stays as it is, so the way back is to start the service as
before. Broken off, it goes on when it is typed once more; the service does not
start on a store that is half filled.

A URL with a password belongs in a file, because lists of processes show
arguments to everybody.

Examples:
  portolan migrate-store --to mongodb://db.example.com
  portolan migrate-store --to-file mongo-url
  portolan migrate-store --from mongodb://db.example.com --to ./data`;

/** `portolan migrate-store`: everything from one store into another. */
export function migrateStoreCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('migrate-store')
    .summary('move everything to another store')
    .description('Copies everything into another store, which must be empty, and checks it.')
    .option('--to <store>', 'store to fill')
    .option('--to-file <file>', 'file that holds where that store is')
    .option('--from <store>', 'store to read (default: the one of the service’s own settings)')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<MigrateFlags>();
      const target = targetOf(flags);
      const progress = createProgress(terminal);
      const { from, to, sums, isResumed } = await onOwnStore(() => terminal.migrateStore({ from: flags.from, to: target }, showCopying(progress))).finally(() => progress.clear());
      if (flags.json === true) return terminal.out(jsonLine({ from, to, is_resumed: isResumed, parts: sums }));
      const done = `${isResumed ? 'The move that was broken off has been finished' : 'Everything is copied'}, and was checked: ${safeLine(to)} holds what ${safeLine(from)} does.`;
      await terminal.out(`${partsText(sums, tableOptions(terminal))}\n${done}\nStart the service with the settings of the new store. It needs the same secret key: SECRET_KEY, or SECRET_KEY_FILE with secret.key of the old DATA_DIR.\n`);
    });
}

function targetOf({ to, toFile }: MigrateFlags): string {
  if ((to === undefined) === (toFile === undefined)) throw new UsageError('Say which store to fill: with --to, or with --to-file.');
  if (to !== undefined) return to;
  try {
    return readFileSync(toFile ?? '', 'utf8').trim();
  } catch (error) {
    throw new UsageError(`The file ${toFile ?? ''} of --to-file cannot be read: ${messageOf(error)}.`);
  }
}
