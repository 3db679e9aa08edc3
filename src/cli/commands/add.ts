import { readFile } from 'node:fs/promises';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import type { NewRecord } from '../../client/types.ts';
import { VISIBILITIES, type Visibility } from '../../core/access.ts';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { gather } from '../arguments.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { messageOf, UsageError } from '../failure.ts';
import { jsonLine, safeLine } from '../render/text.ts';

interface AddFlags extends GlobalOptions {
  readonly name?: string;
  readonly id?: string;
  readonly tag: readonly string[];
  readonly type?: 'aios' | 'external';
  readonly configFile?: string;
  readonly verify?: true;
  readonly visibility?: Visibility;
  readonly json?: true;
}

const HELP = `
Prints the new record's id. A registry that is down can be added; with --verify
it is not, and the command ends with 1.

The configuration may say how the registry is watched, in its key "health", such
as {"health": {"interval_s": 60, "canary": "library/busybox:latest"}}.

Examples:
  portolan add https://registry.example.com
  portolan add http://127.0.0.1:5000 --id edge-7 --name "Edge 7" --tag edge
  portolan add https://registry.example.com --config-file watch.json --verify`;

/** `portolan add`: one record more. */
export function addCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('add')
    .summary('add a registry to the catalog')
    .description('Adds a registry to the catalog, which is then probed within seconds.')
    .addArgument(new Argument('<url>', 'where clients reach the registry').argParser(parseRegistryUrl))
    .option('--name <name>', 'name for people (default: the URL’s host)')
    .option('--id <id>', 'identifies the record (default: a new UUID)')
    .addOption(new Option('--tag <tag>', 'a word to find it by; may be given several times').default([], 'none').argParser(gather))
    .addOption(new Option('--type <type>', 'aios: inside the network; external: run by a third party').choices(['aios', 'external']))
    .option('--config-file <file>', 'JSON object to keep as the record’s configuration')
    .addOption(new Option('--visibility <word>', 'who sees it: everybody; all who have logged in; you and those you share it with (default: "internal")').choices(VISIBILITIES))
    .option('--verify', 'add it only if it answers now')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (url: string, _flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<Omit<AddFlags, 'url'> & GlobalOptions>();
      const record = recordOf(url, flags, flags.configFile === undefined ? null : await readConfig(flags.configFile));
      const { id } = await context.connect(command).create(record, { verify: flags.verify === true, visibility: flags.visibility });
      await terminal.out(flags.json === true ? jsonLine({ id }) : `${safeLine(id)}\n`);
    });
}

function parseRegistryUrl(text: string): string {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) throw new InvalidArgumentError('A registry’s URL looks like https://registry.example.com or http://127.0.0.1:5000.');
  return text;
}

function recordOf(url: string, { name, id, tag, type }: AddFlags, config: JsonObject | null): NewRecord {
  return {
    ...(id === undefined ? {} : { container_registry_id: id }),
    container_registry_name: name ?? new URL(url).host,
    container_registry_public_url: url,
    ...(tag.length === 0 ? {} : { container_registry_tags: [...new Set(tag)] }),
    ...(config === null ? {} : { container_registry_config: config }),
    ...(type === undefined ? {} : { container_registry_storage_info: { registry_type: type } }),
  };
}

async function readConfig(path: string): Promise<JsonObject> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`The file ${path} of --config-file cannot be read: ${messageOf(error)}.`);
  });
  let config: Json;
  try {
    config = JSON.parse(text) as Json;
  } catch (error) {
    throw new UsageError(`The file ${path} of --config-file is not valid JSON: ${messageOf(error)}.`);
  }
  if (!isJsonObject(config)) throw new UsageError(`The file ${path} of --config-file must hold a JSON object.`);
  return config;
}
