import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { ClientError } from '../../client/errors.ts';
import type { ImportedLine, ImportSummary } from '../../client/types.ts';
import { VISIBILITIES, type Visibility } from '../../core/access.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { exitCodes, messageOf, UsageError } from '../failure.ts';
import { createProgress, type Progress } from '../progress.ts';
import { countText } from '../render/quantities.ts';
import { jsonLine, safeLine } from '../render/text.ts';
import type { Terminal } from '../terminal.ts';

interface ImportFlags extends GlobalOptions {
  readonly mode: 'create' | 'upsert';
  readonly dryRun?: true;
  readonly visibility?: Visibility;
  readonly json?: true;
}

const HELP = `
The file holds a record on each line, as \`portolan export\` writes them, or an
array of records; - is standard input. A record that fails stops no other, and
is told of on standard error. Ends with 1 when one failed.

Examples:
  portolan import registries.ndjson
  portolan import --dry-run registries.json
  portolan --url http://old:8000 export | portolan import --mode upsert -`;

/** `portolan import`: adds many records. */
export function importCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('import')
    .summary('add many records, or bring them up to date')
    .description('Adds the records of a file to the catalog.')
    .argument('<file>', 'file of records; - is standard input')
    .addOption(new Option('--mode <mode>', 'what becomes of records that are there: create fails, upsert updates').choices(['create', 'upsert']).default('create'))
    .addOption(new Option('--visibility <visibility>', 'of new records that do not say').choices(VISIBILITIES))
    .option('--dry-run', 'tell what would happen, and change nothing')
    .option('--json', 'print JSON, one outcome a line')
    .addHelpText('after', HELP)
    .action(async (path: string, _flags: unknown, command: Command) => {
      const { mode, dryRun, visibility, json } = command.optsWithGlobals<ImportFlags>();
      const client = context.connect(command);
      const progress = createProgress(terminal);
      const source = await openSource(path, terminal);
      const { contentType, chunks } = await beginning(source.chunks);
      const outcomes = client.importRecords(counted(chunks, source), { contentType, mode, dryRun, visibility });
      const summary = await told(outcomes, { terminal, progress, source, json: json === true });
      if (json !== true) await terminal.out(summaryText(summary));
      if (summary.failed > 0) context.exitWith(exitCodes.unhealthy);
    });
}

/** What is to be sent, and how much of it has been. */
interface Source {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** null: nobody knows. */
  readonly bytes: number | null;
  sentBytes: number;
}

async function openSource(path: string, terminal: Terminal): Promise<Source> {
  if (path === '-') return { chunks: terminal.inputChunks(), bytes: null, sentBytes: 0 };
  const failed = (error: unknown): UsageError => new UsageError(`${path} cannot be read: ${messageOf(error)}.`);
  const { size } = await stat(path).catch((error: unknown) => {
    throw failed(error);
  });
  const chunks = (async function* () {
    try {
      for await (const chunk of createReadStream(path)) yield chunk as Uint8Array;
    } catch (error) {
      throw failed(error);
    }
  })();
  return { chunks, bytes: size, sentBytes: 0 };
}

/** Whether an array or lines are coming shows in the first character that is no blank. */
async function beginning(chunks: AsyncIterable<Uint8Array>): Promise<{ contentType: 'application/json' | 'application/x-ndjson'; chunks: AsyncIterable<Uint8Array> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  const text = first.done === true ? '' : Buffer.from(first.value).toString('utf8').replace(/^\uFEFF/, '').trimStart();
  const rest = (async function* () {
    for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
  })();
  return { contentType: text.startsWith('[') ? 'application/json' : 'application/x-ndjson', chunks: rest };
}

async function* counted(chunks: AsyncIterable<Uint8Array>, source: Source): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk;
    source.sentBytes += chunk.length;
  }
}

interface Telling {
  readonly terminal: Terminal;
  readonly progress: Progress;
  readonly source: Source;
  readonly json: boolean;
}

/** Tells of what failed while it happens. @throws {ClientError} when there is no summary in the end */
async function told(outcomes: AsyncIterable<ImportedLine | ImportSummary>, { terminal, progress, source, json }: Telling): Promise<ImportSummary['summary']> {
  let lines = 0;
  let failed = 0;
  try {
    for await (const outcome of outcomes) {
      if (json) await terminal.out(jsonLine(outcome));
      if ('summary' in outcome) return outcome.summary;
      lines++;
      if (outcome.outcome === 'failed') {
        failed++;
        progress.clear();
        if (!json) terminal.err(`${safeLine(failureText(outcome))}\n`);
      }
      progress.show(`${countText(lines, 'record', 'records')}${failed > 0 ? `, ${failed} failed` : ''}`, source.bytes === null ? null : source.sentBytes / Math.max(1, source.bytes));
    }
  } finally {
    progress.clear();
  }
  throw new ClientError('NOT_PORTOLAN', `The answer broke off after ${countText(lines, 'record', 'records')}, which are as it told. Import the file again with --mode upsert.`);
}

const failureText = ({ line, id, code, error }: ImportedLine): string => `line ${line}${id === null ? '' : ` (${id})`}: ${code ?? ''}: ${error ?? ''}`;

function summaryText({ lines, created, updated, unchanged, failed, dry_run: isTrial }: ImportSummary['summary']): string {
  const parts = [`${created} created`, ...(updated > 0 ? [`${updated} updated`] : []), ...(unchanged > 0 ? [`${unchanged} unchanged`] : []), ...(failed > 0 ? [`${failed} failed`] : [])];
  return `${countText(lines, 'record', 'records')}: ${parts.join(', ')}.${isTrial ? ' Nothing was changed: this was a dry run.' : ''}\n`;
}
