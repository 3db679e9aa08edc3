import { RE2JS } from 're2js';
import { estimateProgramSize } from '../../../src/query/regex-size.ts';

describe('estimateProgramSize', () => {
  it.each<[pattern: string, size: number]>([
    ['', 0],
    ['abc', 3],
    ['a+b*c?', 6],
    ['a{5}', 5],
    ['a{2,7}', 14],
    ['a{3,}', 6],
    ['a{0}', 1],
    ['ab{5}', 6],
    ['(ab){5}', 20],
    ['((ab){5}c){4}', 92],
    ['((((a)))){9}', 81],
    ['[a-z]{9}', 9],
    ['[)(\\]{5}]{9}', 9],
    ['[]a]{9}', 9],
    ['[^]a]{9}', 9],
    ['[[:alpha:])]{9}', 9],
    ['(a[)]b){9}', 45],
    ['(a\\)b){9}', 45],
    ['(\\Q[\\Ea){9}', 36],
    ['\\Qabc', 3],
    ['a{5', 3],
    ['a{,5}', 5],
    ['(a', 1],
    ['a)b', 4],
    ['\\', 1],
  ])('%j is about %d', (pattern, size) => {
    expect(estimateProgramSize(pattern)).toBe(size);
  });

  it('is never far below what the engine makes of a pattern', () => {
    const patterns = [
      '(?:abcdefgh){100}', '([a-z]{1,63}\\.){8}[a-z]{2}', '(a|b|[)]|\\)|\\Q)\\E){50}', '(x[(]y){30}', '((a?){0,10}b){20}', '^sha256:[0-9a-f]{64}$',
      `${'('.repeat(200)}a${')'.repeat(200)}{10}`, '(a?){100}', '(|||a){50}', '\\pL{100}', '(\\b^$a){50}',
    ];
    for (const pattern of patterns) {
      const [estimate, actual] = [estimateProgramSize(pattern), RE2JS.compile(pattern).programSize()];
      expect([pattern, estimate >= actual / 2 - 2]).toEqual([pattern, true]);
    }
  });
});
