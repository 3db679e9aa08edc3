import { limits } from '../core/limits.ts';

/**
 * What one result says of its registry, as one character, because the last ones are stored with each result:
 * good, slow (and otherwise good), limited (answers, but asks for fewer requests), rejected (our credentials), untried (they could not be
 * tried), failed.
 */
export type Mark = keyof typeof markNames;

export const markNames = { g: 'good', s: 'slow', l: 'rate_limited', r: 'credentials_rejected', u: 'credentials_untried', f: 'failed' } as const;

/** The last marks, the latest at the end. */
export type Marks = string;

const NO_MARK = new RegExp(`[^${Object.keys(markNames).join('')}]`);

export const isMarks = (text: string): boolean => text.length <= limits.outcomesKept && !NO_MARK.test(text);

export const withMark = (marks: Marks, mark: Mark): Marks => (marks + mark).slice(-limits.outcomesKept);

/** The marks of results in which the registry answered as one. */
export const answersIn = (marks: Marks): Marks => marks.replaceAll('f', '');

export function countIn(marks: Marks, mark: Mark): number {
  let count = 0;
  for (const found of marks) if (found === mark) count++;
  return count;
}
