/** Reads Dockerfiles: as much of the format as ours uses. What it does not know is an error, never skipped. */

export interface Instruction {
  readonly name: string;
  readonly flags: Readonly<Record<string, string>>;
  /** The words after name and flags; of a shell form the whole command line as one. */
  readonly words: readonly string[];
}

export interface Stage {
  readonly base: string;
  readonly name: string | null;
  readonly instructions: readonly Instruction[];
}

const NAMES = ['ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'FROM', 'HEALTHCHECK', 'LABEL', 'RUN', 'USER', 'VOLUME', 'WORKDIR'];

/** Lines that say something, with the continued ones joined and comments gone. */
function logicalLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line) && line.trim() !== '');
  return lines.join('\n').replace(/\\\n\s*/g, ' ').split('\n');
}

/** Words as a shell splits them; `"a b"` is one. */
export const splitWords = (text: string): string[] =>
  [...text.matchAll(/(?:"(?:[^"\\]|\\.)*"|\S)+/g)].map(([word]) => word.replace(/"((?:[^"\\]|\\.)*)"/g, '$1'));

function parseInstruction(line: string): Instruction {
  const [, name = '', flagText = '', rest = ''] = /^(\w+)((?:\s+--\S+)*)\s+(.*)$/.exec(line) ?? [];
  if (!NAMES.includes(name)) throw new Error(`The Dockerfile has a line that is not understood here: ${line}`);
  const flags = Object.fromEntries(splitWords(flagText).map((flag) => flag.replace(/^--/, '').split(/=(.*)/s, 2)));
  if (rest.startsWith('[')) return { name, flags, words: JSON.parse(rest) as string[] };
  if (name === 'HEALTHCHECK') {
    const command = parseInstruction(rest);
    return { name, flags, words: command.words };
  }
  return { name, flags, words: ['RUN', 'CMD', 'ENTRYPOINT'].includes(name) ? [rest] : splitWords(rest) };
}

export const isExecForm = ({ words }: Instruction): boolean => words.length > 1;

/** The stages in order, with the variables that `ARG` and `ENV` set put in where the format puts them in. */
export function parseDockerfile(text: string): Stage[] {
  const stages: { base: string; name: string | null; instructions: Instruction[] }[] = [];
  const globals: Record<string, string> = {};
  let variables: Record<string, string> = {};
  for (const raw of logicalLines(text).map(parseInstruction)) {
    const instruction = { ...raw, words: raw.name === 'RUN' ? raw.words : raw.words.map((word) => insert(word, stages.length === 0 || raw.name === 'FROM' ? globals : variables)) };
    const { name, words } = instruction;
    if (name === 'FROM') {
      variables = {};
      stages.push({ base: words[0] ?? '', name: words[1] === 'AS' ? (words[2] ?? null) : null, instructions: [] });
      continue;
    }
    if (name === 'ARG' || name === 'ENV') {
      for (const [key, value] of pairsOf(words)) (stages.length === 0 ? globals : variables)[key] = value ?? globals[key] ?? '';
    }
    stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

/** `KEY=value` words; the value is undefined where there is no `=`. */
export const pairsOf = (words: readonly string[]): [string, string | undefined][] =>
  words.map((word) => {
    const [key = '', value] = word.split(/=(.*)/s, 2);
    return [key, value];
  });

const insert = (text: string, variables: Readonly<Record<string, string>>): string => text.replace(/\$\{(\w+)\}|\$(\w+)/g, (_, braced?: string, bare?: string) => variables[braced ?? bare ?? ''] ?? '');
