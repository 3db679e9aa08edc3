/** What has been read of one group: the size of all of it, and of the part that a quantifier would repeat. */
interface Group {
  size: number;
  lastAtom: number;
}

/** One step of a pattern: quoted text, an escape, a set of characters, a counted repetition, a bracket, or any character. */
const TOKENS = /\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]?|\[\^?\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*\]?|\{(\d+)(?:,(\d*))?\}|[\s\S]/g;

/**
 * Roughly how many instructions a pattern compiles to, from its text alone: each step counts as one, and a counted
 * repetition of a group multiplies what is in it. RE2 itself only limits the repetitions, not what is repeated.
 */
export function estimateProgramSize(pattern: string): number {
  const outer: Group[] = [];
  let group: Group = { size: 0, lastAtom: 0 };
  for (const [token, least, most] of pattern.matchAll(TOKENS)) {
    if (least !== undefined) {
      const times = Math.max(Number(least), Number(most === undefined || most === '' ? least : most), 1);
      const repeated = group.lastAtom * times;
      group = { size: group.size - group.lastAtom + repeated, lastAtom: repeated };
    } else if (token === '(') {
      outer.push(group);
      group = { size: 0, lastAtom: 0 };
    } else if (token === ')') {
      const around = outer.pop() ?? { size: 0, lastAtom: 0 };
      group = { size: around.size + group.size, lastAtom: group.size };
    } else if (!'*+?'.includes(token)) {
      // A quantifier without a count belongs to the step before it: what is repeated around both stays one step.
      const size = token.startsWith('\\Q') ? token.length : 1;
      group = { size: group.size + size, lastAtom: size };
    }
  }
  return outer.reduce((size, around) => size + around.size, group.size);
}
