import { Command } from 'commander';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { onOwnStore, showCopying } from '../own-store.ts';
import { createProgress } from '../progress.ts';
import { partsText } from '../render/parts.ts';
import { jsonLine, safeLine } from '../render/text.ts';
import { tableOptions } from '../terminal.ts';

interface RestoreFlags extends GlobalOptions {
  readonly json?: true;
}

const HELP = `
It needs no login and no service: run it on the server's own machine, as the
user and with the settings (DATA_DIR or MONGO_URL, CONFIG_FILE) that the service
runs with, and stop the service first. The store must be empty: nothing is ever
written over. The file is checked whole before anything is written, and the
store afterwards. Broken off, it goes on when it is typed once more; the service
does not start on a store that is half filled.

Examples:
  portolan restore portolan-2026-11-21.db
  DATA_DIR=/var/lib/portolan portolan restore /backups/latest.db`;

/** `portolan restore`: an empty store becomes what a backup holds. */
export function restoreCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('restore')
    .summary('fill an empty store from a backup')
    .description('Fills the store that the service’s own settings name from a backup.')
    .argument('<file>', 'file that `portolan backup` made')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (file: string, _flags: unknown, command: Command) => {
      const { json } = command.optsWithGlobals<RestoreFlags>();
      const progress = createProgress(terminal);
      const { store, manifest, sums, isResumed } = await onOwnStore(() => terminal.restoreStore(file, showCopying(progress))).finally(() => progress.clear());
      if (json === true) return terminal.out(jsonLine({ store, made_at: manifest.made_at, version: manifest.version, is_one_moment: manifest.is_one_moment, is_resumed: isResumed, parts: sums }));
      const done = `${isResumed ? 'The restore that was broken off has been finished' : 'Everything is restored'}, and was checked: ${safeLine(store)} holds what the backup of ${safeLine(manifest.made_at)} does.`;
      await terminal.out(`${partsText(sums, tableOptions(terminal))}\n${done}\nWhat is sealed opens with the secret key that sealed it (SECRET_KEY, or secret.key of the old DATA_DIR): the service needs that, too.\n`);
    });
}
