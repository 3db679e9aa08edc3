import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js';
import { AppError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { invalidFilter, regexTooLarge } from './filter-errors.ts';

/** A pattern and its options, some of `i`, `m` and `s`. */
export interface Pattern {
  readonly pattern: string;
  readonly options: string;
}

/** Whether the pattern is found in the text. @throws {AppError} `QUERY_TOO_EXPENSIVE` when both are very large */
export type TextTest = (text: string) => boolean;

/**
 * Compiles a pattern of RE2's syntax, whose matches take time in proportion to the length of the text.
 * @param at the place in the filter that an error names
 * @throws {AppError} `INVALID_FILTER`, `LIMIT_EXCEEDED`
 */
export function compilePattern(pattern: Pattern, at: string): TextTest {
  const program = compile(pattern, at);
  const size = program.programSize();
  if (size > limits.regexProgramSizeMax) throw regexTooLarge(at);
  const textLengthMax = Math.floor(limits.regexWorkMax / size);
  return (text) => {
    if (text.length > textLengthMax) throw tooMuchWork();
    return program.test(text);
  };
}

function compile({ pattern, options }: Pattern, at: string): RE2JS {
  const flags =
    (options.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) |
    (options.includes('m') ? RE2JS.MULTILINE : 0) |
    (options.includes('s') ? RE2JS.DOTALL : 0);
  try {
    return RE2JS.compile(pattern, flags);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const reason = error instanceof RE2JSSyntaxException ? error.getDescription() : error.message;
    throw invalidFilter(
      at,
      `the pattern is not understood (${reason}); regular expressions are in RE2 syntax, which runs in linear time and has no lookahead, lookbehind or back-references`,
    );
  }
}

function tooMuchWork(): AppError {
  const what = 'A record holds a text that is too long for the pattern of `$regex`';
  return new AppError('QUERY_TOO_EXPENSIVE', `${what}: instructions of the pattern times characters of the text are limited to ${limits.regexWorkMax} (limit regexWorkMax).`);
}
