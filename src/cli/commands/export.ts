import { Command, Option } from 'commander';
import type { ExportQuery } from '../../client/types.ts';
import { VERDICTS } from '../../core/health-summary.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { createProgress, type Progress } from '../progress.ts';
import { countText, megabytesText } from '../render/quantities.ts';
import { jsonLine, safeLine } from '../render/text.ts';
import { print } from '../stream-out.ts';
import { makeWholeFile } from '../whole-file.ts';

interface ExportFlags extends GlobalOptions, Omit<ExportQuery, 'meta'> {
  readonly meta: boolean;
  readonly force?: true;
  readonly json?: true;
}

const HELP = `
Without a file, records go to standard output. A file is called FILE.part until
it is whole. What is exported holds no credentials.

Examples:
  portolan export registries.ndjson
  portolan export --tag edge --no-meta | jq -r .container_registry_public_url`;

/** `portolan export`: all records as lines of JSON. */
export function exportCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('export')
    .summary('write all records as lines of JSON')
    .description('Writes records as lines of JSON, as `portolan import` takes them.')
    .argument('[file]', 'file to make; - is standard output')
    .option('--tag <tag>', 'those that have this tag')
    .addOption(new Option('--type <type>', 'those of this type').choices(['aios', 'external']))
    .addOption(new Option('--health <verdict>', 'those with this verdict').choices(VERDICTS))
    .option('--q <text>', 'those with this in their id, name, URL or tags')
    .option('--no-meta', 'leave out owner, visibility, times and revision')
    .option('--force', 'replace the file where there is one')
    .option('--json', 'tell in JSON of the file that was made')
    .addHelpText('after', HELP)
    .action(async (path: string | undefined, _flags: unknown, command: Command) => {
      const { tag, type, health, q, meta, force, json } = command.optsWithGlobals<ExportFlags>();
      const client = context.connect(command);
      const progress = createProgress(terminal);
      const query = { tag, type, health, q, meta };
      if (path === undefined || path === '-') {
        await print(decoded(await client.exportRecords(query)), terminal);
        return;
      }
      const file = await makeWholeFile(path, force === true);
      const made = { file: path, bytes: 0, records: 0 };
      try {
        await file.fill(shown(await client.exportRecords(query), made, progress));
      } catch (error) {
        await file.discard();
        throw error;
      } finally {
        progress.clear();
      }
      await terminal.out(json === true ? jsonLine(made) : `${countText(made.records, 'record is', 'records are')} in ${safeLine(path)}, ${megabytesText(made.bytes)}.\n`);
    });
}

/** A character may lie across two chunks. */
async function* decoded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
}

const LINE_FEED = 0x0a;

async function* shown(chunks: AsyncIterable<Uint8Array>, made: { bytes: number; records: number }, progress: Progress): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk;
    made.bytes += chunk.length;
    for (const byte of chunk) if (byte === LINE_FEED) made.records++;
    progress.show(`${countText(made.records, 'record', 'records')}, ${megabytesText(made.bytes)}`, null);
  }
}
