/** What has been read of one group: the size of all of it, and of the part that a quantifier would repeat. */
interface Group {
  readonly size: number;
  readonly lastAtom: number;
}

const EMPTY: Group = { size: 0, lastAtom: 0 };

/** One step of a pattern: quoted text, an escape, a set of characters, a counted repetition, a bracket, or any character. */
const TOKENS = /\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]?|\[\^?\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*\]?|\{(\d+)(,(\d*))?\}|[\s\S]/g;

/** A group that remembers what it matched costs an instruction at either end. */
const GROUP_SIZE = 2;

/**
 * Roughly how many instructions a pattern compiles to, from its text alone: each step and each quantifier counts as one, and a
 * counted repetition multiplies what it repeats. RE2 itself only limits the repetitions, not what is repeated.
 */
export function estimateProgramSize(pattern: string): number {
  const outer: Group[] = [];
  let group = EMPTY;
  for (const [token, least, range, most] of pattern.matchAll(TOKENS)) {
    if (least !== undefined) {
      const times = Math.max(Number(least), Number(most === undefined || most === '' ? 0 : most), 1);
      group = withLastAtom(group, (range === undefined ? group.lastAtom : group.lastAtom + 1) * times);
    } else if ('*+?'.includes(token)) {
      group = withLastAtom(group, group.lastAtom + 1);
    } else if (token === '(') {
      outer.push(group);
      group = EMPTY;
    } else if (token === ')') {
      group = followedBy(outer.pop() ?? EMPTY, group.size + GROUP_SIZE);
    } else {
      group = followedBy(group, token.startsWith('\\Q') ? token.replace(/^\\Q|\\E$/g, '').length : 1);
    }
  }
  return outer.reduce((size, around) => size + around.size, group.size);
}

function followedBy(group: Group, atom: number): Group {
  return { size: group.size + atom, lastAtom: atom };
}

function withLastAtom(group: Group, atom: number): Group {
  return { size: group.size - group.lastAtom + atom, lastAtom: atom };
}
