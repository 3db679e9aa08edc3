import { cellText, cut, jsonLine, pad, safeLine, safeLines, widthOf, wrapped } from '../../../src/cli/render/text.ts';

/** All that may make a terminal do something: controls, direction marks, invisible format characters, separators, halves of characters. */
const DANGEROUS = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u{e0001}-\u{e007f}]/u;

describe('text for a terminal', () => {
  it.each([
    ['a title', '\u001b]0;owned\u0007', '\\u{1b}]0;owned\\u{7}'],
    ['a screen cleared', 'a\u001b[2Jb', 'a\\u{1b}[2Jb'],
    ['a CSI of one byte', '\u009b31m', '\\u{9b}31m'],
    ['a new line', 'one\ntwo\r', 'one\\u{a}two\\u{d}'],
    ['a turned direction', 'gpj\u202eexe', 'gpj\\u{202e}exe'],
    ['an isolated direction', '\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['a hidden tag', 'a\u{e0041}', 'a\\u{e0041}'],
    ['half a character', 'a\ud800b', 'a\\u{d800}b'],
    ['separators', '\u2028\u2029', '\\u{2028}\\u{2029}'],
    ['nothing visible', 'pay\u200bpal\ufeff', 'pay\\u{200b}pal\\u{feff}'],
  ])('spells out %s', (_what, text, shown) => {
    expect(safeLine(text)).toBe(shown);
    expect(shown).not.toMatch(DANGEROUS);
  });

  it.each(['edge-7', 'Zürich', '東京', '👩‍💻 team', 'می‌خواهم'])('leaves %s as it is', (text) => {
    expect(safeLine(text)).toBe(text);
  });

  it('keeps the ends of lines only where several lines are meant', () => {
    expect(safeLines('a\u0007\nb')).toBe('a\\u{7}\nb');
  });

  it('shows something for whatever a foreign document holds', () => {
    expect([undefined, null, '', 7, ['a\u001b'], { a: 1 }].map(cellText)).toEqual(['-', '-', '-', '7', '["a\\u001b"]', '{"a":1}']);
  });

  it('as JSON is the same value, with everything dangerous escaped', () => {
    const value = { name: '\u001b]0;x\u0007\u007f\u009b\u202e\u2028\u{e0041}', half: '\ud800' };
    const line = jsonLine(value);
    expect(JSON.parse(line)).toEqual(value);
    expect(line.slice(0, -1)).not.toMatch(DANGEROUS);
    expect(line.endsWith('}\n')).toBe(true);
  });
});

describe('columns', () => {
  it.each([
    ['edge', 4],
    ['東京', 4],
    ['e\u0301', 1],
    ['👩‍💻', 2],
    ['✅', 2],
    ['…', 1],
  ])('%s takes as many as a terminal gives it', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });

  it('are cut where characters end, never by halves', () => {
    expect(cut('registry', 8)).toBe('registry');
    expect(cut('registry', 5)).toBe('regi…');
    expect(cut('東京都庁', 6)).toBe('東京…');
    expect(cut('👩‍💻👩‍💻👩‍💻', 4)).toBe('👩‍💻…');
  });

  it('are filled from either side', () => {
    expect([pad('up', 4), pad('up', 4, 'right'), pad('東', 4), pad('down', 2)]).toEqual(['up  ', '  up', '東  ', 'down']);
  });

  it('hold sentences broken at blanks, and long words whole', () => {
    expect(wrapped('Start the registry, or correct the port', 20)).toEqual(['Start the registry,', 'or correct the port']);
    expect(wrapped('a https://a-long-word b', 5)).toEqual(['a', 'https://a-long-word', 'b']);
  });
});
