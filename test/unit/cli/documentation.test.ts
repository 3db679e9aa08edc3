import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runCommandLine as run } from '../../support/command-line.ts';

const root = resolve(import.meta.dirname, '../../..');
const pages = ['README.md', ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];

/** A call of the command as documentation shows it. */
interface Shown {
  readonly page: string;
  readonly line: string;
  /** The command and its options, without their values. */
  readonly command: readonly string[];
  readonly flags: readonly string[];
}

/** What stands after `portolan` in blocks of shell and of plain text, up to a pipe, a redirect or a comment. */
function shownIn(page: string): Shown[] {
  const blocks = [...readFileSync(join(root, page), 'utf8').matchAll(/^```(?:sh)?\n([\s\S]*?)\n```$/gm)].map(([, text = '']) => text.replaceAll('\\\n', ' '));
  const lines = blocks.flatMap((block) => block.split('\n'));
  return lines.flatMap((line) => {
    const [, call] = /^(?:\w+=\S+ )*(?:npx )?portolan ([a-z][^|<>#&]*)/.exec(line.trim()) ?? [];
    if (call === undefined) return [];
    const words = call.trim().split(/\s+/);
    const ends = words.findIndex((word) => !/^[a-z-]+$/.test(word) || word.startsWith('-'));
    return [{ page, line: line.trim(), command: (ends < 0 ? words : words.slice(0, ends)).slice(0, 2), flags: words.filter((word) => /^--[a-z]/.test(word)) }];
  });
}

const shown = pages.flatMap(shownIn);

describe('the command in the documentation', () => {
  it('is found there', () => {
    expect(shown.length).toBeGreaterThan(30);
  });

  it.each(shown.map((one) => [one.page, one.line, one] as const))('%s: %s', async (_page, _line, { command, flags }) => {
    const help = async (words: readonly string[]): Promise<string> => (await run([...words, '--help'])).out;
    const [name = ''] = command;
    expect(await help([])).toContain(`\n  ${name} `);
    const whole = await help(command);
    const [, kinds] = /\nCommands:\n([\s\S]*?)\n\n/.exec(await help([name])) ?? [];
    // Where a command has kinds, one of them is named.
    if (kinds !== undefined) expect(kinds).toMatch(new RegExp(`^  ${command[1] ?? 'none named'} `, 'm'));
    for (const flag of flags) expect(whole).toMatch(new RegExp(`${flag}[ ,\\n]`));
  });
});
