import { readFileSync } from 'node:fs';

/** A command of the README and what follows it, if anything does before the next command: a block of JSON or of plain text. */
export interface ReadmeStep {
  readonly command: string;
  readonly json: string | null;
  readonly text: string | null;
}

/** Blocks between fences, with the language that each is said to be in. */
export const blocksOf = (text: string): { readonly language: string; readonly text: string }[] =>
  [...text.matchAll(/^```(\w+)\n([\s\S]*?)\n```$/gm)].map(([, language = '', block = '']) => ({ language, text: block }));

export const readmeText = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** All commands of the README in order. */
export function readmeSteps(): ReadmeStep[] {
  const steps: { command: string; json: string | null; text: string | null }[] = [];
  for (const { language, text } of blocksOf(readmeText)) {
    const last = steps.at(-1);
    if (language === 'sh') steps.push({ command: text, json: null, text: null });
    else if (language === 'json' && last?.json === null) last.json = text;
    else if (language === 'text' && last?.text === null) last.text = text;
    else throw new Error(`The README has a block of ${language} that follows no command:\n${text}`);
  }
  return steps;
}
