import { Command, Option } from 'commander';
import type { ChangeReport } from '../../client/types.ts';
import type { JsonObject } from '../../core/json.ts';
import { parseFilter } from '../arguments.ts';
import { chosenFilter, failureLines, reportText } from '../changes.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { exitCodes, UsageError } from '../failure.ts';
import { createProgress } from '../progress.ts';
import { countText } from '../render/quantities.ts';
import { jsonLine } from '../render/text.ts';
import type { Terminal } from '../terminal.ts';

interface DeleteFlags extends GlobalOptions {
  readonly filter?: JsonObject;
  readonly all?: true;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
}

const HELP = `
Shows first how many records would go, and asks whether they shall; --yes does
not ask. The registries themselves are left alone. Ends with 1 when one failed.

Examples:
  portolan delete --filter '{"container_registry_tags": "decommissioned"}'
  portolan delete --filter '{"health.status": "down"}' --dry-run`;

/** `portolan delete`: takes whatever matches out of the catalog. */
export function deleteCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('delete')
    .summary('take every record that matches out of the catalog')
    .description('Deletes every record that a filter matches.')
    .addOption(new Option('--filter <json>', 'a MongoDB filter').argParser(parseFilter))
    .option('--all', 'every record is meant')
    .option('--dry-run', 'tell what would happen, and delete nothing')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (_flags: unknown, command: Command) => {
      const { filter, all, dryRun, yes, json } = command.optsWithGlobals<DeleteFlags>();
      const chosen = chosenFilter({ ...(filter === undefined ? {} : { filter }), ...(all === undefined ? {} : { all }) });
      const client = context.connect(command);
      const progress = createProgress(terminal);
      const show = async (report: ChangeReport, isTrial: boolean): Promise<void> => {
        if (report.failed > 0) context.exitWith(exitCodes.unhealthy);
        if (json !== true) terminal.err(failureLines(report));
        await terminal.out(json === true ? jsonLine(report) : `${reportText(report, 'deleted', isTrial)}\n`);
      };
      if (yes !== true || dryRun === true) {
        const trial = await client.removeMany(chosen, { dryRun: true, all });
        if (dryRun === true || trial.changed === 0) return show(trial, true);
        if (!(await isMeant(trial, terminal))) {
          terminal.err('Nothing was deleted.\n');
          return;
        }
      }
      progress.show('The service is deleting records …', null);
      return show(await client.removeMany(chosen, { all }).finally(() => progress.clear()), false);
    });
}

/** @throws {UsageError} where there is nobody to ask */
async function isMeant(trial: ChangeReport, terminal: Terminal): Promise<boolean> {
  terminal.err(`${reportText(trial, 'deleted', true)}\n`);
  const answer = await terminal.ask(`Delete ${countText(trial.changed, 'record', 'records')}? [y/N] `, { isShown: true });
  if (answer === null) throw new UsageError('Nobody can be asked whether that is meant, because there is no terminal. Give --yes.');
  return /^y(es)?$/i.test(answer.trim());
}
