import { Command } from 'commander';
import type { CatalogSummary } from '../../client/types.ts';
import type { CommandContext, GlobalOptions } from '../context.ts';
import { countText } from '../render/quantities.ts';
import { jsonLine, safeLine } from '../render/text.ts';

const HELP = `
Examples:
  portolan summary
  portolan summary --json | jq '.by_verdict.down'`;

/** The most frequent tags, as many as fit a screen. */
const TAGS_SHOWN = 20;

/** `portolan summary`: how many records there are, of which kinds. */
export function summaryCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command('summary')
    .summary('count the records by verdict, type, visibility and tag')
    .description('Counts the records of the catalog.')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (_flags: unknown, command: Command) => {
      const { json } = command.optsWithGlobals<GlobalOptions & { readonly json?: true }>();
      const summary = await context.connect(command).summary();
      await terminal.out(json === true ? jsonLine(summary) : summaryText(summary));
    });
}

function summaryText({ total, by_verdict, by_type, by_visibility, by_tag: tags }: CatalogSummary): string {
  const shown = tags.slice(0, TAGS_SHOWN);
  const more = tags.length - shown.length;
  const lines = [
    countText(total, 'record', 'records'),
    `verdicts    ${countsText(by_verdict)}`,
    `types       ${countsText(by_type)}`,
    `visibility  ${countsText(by_visibility)}`,
    `tags        ${shown.length === 0 ? '-' : shown.map(({ tag, count }) => `${count} ${tag}`).join(', ')}${more > 0 ? `, and ${more} more` : ''}`,
  ];
  return `${lines.map(safeLine).join('\n')}\n`;
}

function countsText(counts: Readonly<Record<string, number>>): string {
  const there = Object.entries(counts).filter(([, count]) => count > 0);
  return there.length === 0 ? '-' : there.map(([word, count]) => `${count} ${word}`).join(', ');
}
