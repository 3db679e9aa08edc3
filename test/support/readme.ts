import { readFileSync } from 'node:fs';

/** A command of the README and the JSON block that follows it, if one does before the next command. */
export interface ReadmeStep {
  readonly command: string;
  readonly json: string | null;
}

export const readmeText = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** All commands of the README in order. */
export function readmeSteps(): ReadmeStep[] {
  const steps: { command: string; json: string | null }[] = [];
  for (const [, language, text = ''] of readmeText.matchAll(/^```(\w+)\n([\s\S]*?)\n```$/gm)) {
    const last = steps.at(-1);
    if (language === 'sh') steps.push({ command: text, json: null });
    else if (language === 'json' && last?.json === null) last.json = text;
    else throw new Error(`The README has a block of ${String(language)} that follows no command:\n${text}`);
  }
  return steps;
}
