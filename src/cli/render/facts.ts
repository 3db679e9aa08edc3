import { pad, wrapped } from './text.ts';

/** A label, what it says, and how a line of that is coloured. The text is safe for a terminal already. */
export type Fact = readonly [label: string, text: string, paint?: (line: string) => string];

export const LABEL_WIDTH = 13;

/** Facts in lines, labels on the left. @param widthMax columns of the terminal; null: lines are not broken */
export const factLines = (facts: readonly Fact[], widthMax: number | null): string[] => facts.flatMap((fact) => labelled(fact, widthMax));

function labelled([label, text, paint = (line) => line]: Fact, widthMax: number | null): string[] {
  const room = widthMax === null ? Infinity : Math.max(20, widthMax - LABEL_WIDTH);
  return wrapped(text, room).map((line, index) => pad(index === 0 ? label : '', LABEL_WIDTH) + paint(line));
}
