import { Command, Option } from 'commander';
import type { Client } from '../../client/client.ts';
import type { ListQuery, ShownRecord } from '../../client/types.ts';
import type { JsonObject } from '../../core/json.ts';
import { gather, parseCount, parseFilter } from '../arguments.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { LISTED_FIELDS, listLayout } from '../render/list.ts';
import type { Layout, TableOptions } from '../render/table.ts';
import { jsonLine } from '../render/text.ts';
import { print } from '../stream-out.ts';
import { tableOptions } from '../terminal.ts';

interface ListFlags extends GlobalOptions {
  readonly filter?: JsonObject;
  readonly tag: readonly string[];
  readonly type?: string;
  readonly limit?: number;
  readonly json?: true;
}

/** Records that a table is laid out by; those after them have to do with its columns. */
const LAYOUT_RECORDS = 200;

const HELP = `
Where several conditions are given, all of them must hold.

Examples:
  portolan list
  portolan list --tag ai --tag gpu --type aios
  portolan list --filter '{"health.status": {"$in": ["down", "degraded"]}}'
  portolan list --json | jq -r .container_registry_public_url`;

/** `portolan list`: the records of the catalog. */
export function listCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('list')
    .summary('list the records of the catalog')
    .description('Lists records in the order of their ids.')
    .addOption(new Option('--filter <json>', 'a MongoDB filter').argParser(parseFilter))
    .addOption(new Option('--tag <tag>', 'has this tag; may be given several times').default([], 'any').argParser(gather))
    .addOption(new Option('--type <type>', 'is of this type').choices(['aios', 'external']))
    .addOption(new Option('--limit <number>', 'at most so many').argParser(parseCount))
    .option('--json', 'print whole records as JSON, one a line')
    .addHelpText('after', HELP)
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<ListFlags>();
      const query = { filter: filterOf(flags), ...(flags.limit === undefined ? {} : { limit: flags.limit }) };
      const client = context.connect(command);
      await print(flags.json === true ? jsonLines(client, query) : tableLines(client, query, tableOptions(terminal)), terminal);
    });
}

function filterOf({ filter, tag, type }: ListFlags): JsonObject {
  const conditions: JsonObject[] = [
    ...(filter === undefined ? [] : [filter]),
    ...tag.map((word) => ({ container_registry_tags: word })),
    ...(type === undefined ? [] : [{ 'container_registry_storage_info.registry_type': type }]),
  ];
  return conditions.length > 1 ? { $and: conditions } : (conditions[0] ?? {});
}

async function* jsonLines(client: Client, query: ListQuery): AsyncIterable<string> {
  for await (const record of client.list(query)) yield jsonLine(record);
}

async function* tableLines(client: Client, query: ListQuery, options: TableOptions): AsyncIterable<string> {
  const first: ShownRecord[] = [];
  let layout: Layout<ShownRecord> | null = null;
  const begin = (): Layout<ShownRecord> => listLayout(first, options);
  for await (const record of client.list({ ...query, fields: LISTED_FIELDS, include: 'health' })) {
    if (layout !== null) yield linesText(layout.linesOf(record));
    else if (first.push(record) === LAYOUT_RECORDS) yield tableBeginning((layout = begin()), first);
  }
  if (first.length === 0) yield 'No record to show. `portolan add <url>` adds one.\n';
  else if (layout === null) yield tableBeginning(begin(), first);
}

const tableBeginning = ({ header, linesOf }: Layout<ShownRecord>, records: readonly ShownRecord[]): string => linesText([header, ...records.flatMap(linesOf)]);

const linesText = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
