import { Command, InvalidArgumentError, Option } from 'commander';
import type { Json, JsonObject } from '../../core/json.ts';
import { parseFilter, parseUpdate } from '../arguments.ts';
import { chosenFilter, failureLines, reportText } from '../changes.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { exitCodes, UsageError } from '../failure.ts';
import { createProgress } from '../progress.ts';
import { jsonLine } from '../render/text.ts';

interface UpdateFlags extends GlobalOptions {
  readonly filter?: JsonObject;
  readonly all?: true;
  readonly set: JsonObject;
  readonly update?: JsonObject;
  readonly dryRun?: true;
  readonly json?: true;
}

const HELP = `
--set takes JSON, and anything else as text. What one record refuses stops no
other. Ends with 1 when one failed.

Examples:
  portolan update --filter '{"container_registry_tags": "edge"}' \\
    --set container_registry_metadata.site=north --dry-run
  portolan update --all \\
    --update '{"$addToSet": {"container_registry_tags": "v2"}}'`;

/** `portolan update`: changes whatever matches. */
export function updateCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('update')
    .summary('change every record that matches')
    .description('Changes every record that a filter matches.')
    .addOption(new Option('--filter <json>', 'a MongoDB filter').argParser(parseFilter))
    .option('--all', 'every record is meant')
    .addOption(new Option('--set <field=value>', 'give a field this value; may be given several times').default({}, 'nothing').argParser(parseAssignment))
    .addOption(new Option('--update <json>', 'a MongoDB update, or fields to replace').argParser(parseUpdate))
    .option('--dry-run', 'tell what would happen, and change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (_flags: unknown, command: Command) => {
      const { filter, all, set, update, dryRun, json } = command.optsWithGlobals<UpdateFlags>();
      const chosen = chosenFilter({ ...(filter === undefined ? {} : { filter }), ...(all === undefined ? {} : { all }) });
      const change = changeOf(set, update);
      const progress = createProgress(terminal);
      progress.show('The service is changing records …', null);
      const report = await context.connect(command).updateMany(chosen, change, { dryRun, all }).finally(() => progress.clear());
      if (report.failed > 0) context.exitWith(exitCodes.unhealthy);
      if (json === true) return terminal.out(jsonLine(report));
      terminal.err(failureLines(report));
      return terminal.out(`${reportText(report, 'updated', dryRun === true)}\n`);
    });
}

function parseAssignment(text: string, before: JsonObject): JsonObject {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It looks like container_registry_metadata.site=north.');
  return { ...before, [text.slice(0, at)]: valueOf(text.slice(at + 1)) };
}

function valueOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function changeOf(set: JsonObject, update: JsonObject | undefined): JsonObject {
  const hasSet = Object.keys(set).length > 0;
  if (hasSet === (update !== undefined)) throw new UsageError('Say what is to become of the records, either with --set or with --update.');
  return update ?? { $set: set };
}
