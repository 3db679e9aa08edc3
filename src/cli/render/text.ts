/**
 * Text that came from records, registries and services, made fit for a terminal: such text may hold characters that move
 * the cursor, change the title or turn the direction of reading, and so make a terminal show what is not there.
 */

/** Controls, direction marks and other invisible format characters, halves of characters, line and paragraph separators; not the two joiners that emoji and some scripts need. */
const UNSAFE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** One line that does to a terminal nothing but show; what could do more is spelled out. */
export const safeLine = (text: string): string => text.replace(UNSAFE, escaped);

/** The same of several lines. */
export const safeLines = (text: string): string => text.split('\n').map(safeLine).join('\n');

/** What stands in a cell or after a label: `-` for nothing. Documents of older databases may hold anything anywhere. */
export function cellText(value: unknown): string {
  if (value === undefined || value === null || value === '') return '-';
  return safeLine(typeof value === 'string' ? value : JSON.stringify(value));
}

/** JSON on one line. JSON itself escapes no more than the first thirty-two controls. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value).replace(UNSAFE, (character) => [...unitsOf(character)].map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join(''))}\n`;
}

function* unitsOf(text: string): Iterable<number> {
  for (let at = 0; at < text.length; at += 1) yield text.charCodeAt(at);
}

const PLAIN = /^[\x20-\x7e]*$/;
/** What terminals draw two columns wide: East Asian scripts and emoji. */
const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}\ufe0f]|\p{Emoji_Presentation}/u;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Columns that a terminal needs for a line of safe text. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** Cuts a line of safe text to so many columns, and shows that it did. */
export function cut(text: string, widthMax: number): string {
  if (widthOf(text) <= widthMax) return text;
  let kept = '';
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += WIDE.test(segment) ? 2 : 1;
    if (width > widthMax - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Fills a line up to so many columns; longer ones stay as they are. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

/** Breaks a line of safe text at its blanks into lines of so many columns; a word that is longer stands alone. */
export function wrapped(text: string, widthMax: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > widthMax) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
