import { AppError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';

/** The operators that a filter may use; everything else that begins with `$` is refused by name. */
export const ALLOWED_OPERATORS = [
  '$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$in', '$nin', '$and', '$or', '$nor', '$not',
  '$exists', '$type', '$all', '$elemMatch', '$size', '$regex', '$options', '$mod',
] as const;

export function isAllowedOperator(name: string): boolean {
  return ALLOWED_OPERATORS.some((allowed) => allowed === name);
}

/** What a caller wrote is repeated in messages only so far: it may be a megabyte. */
const QUOTED_LENGTH_MAX = 120;

export function shortened(text: string): string {
  const whole = text.toWellFormed();
  return whole.length <= QUOTED_LENGTH_MAX ? whole : `${whole.slice(0, QUOTED_LENGTH_MAX).toWellFormed()}…`;
}

/** `what` is a sentence without its full stop. `at` is the place in the filter, such as `$and[1].health.status`; empty: all of it. */
export function invalidFilter(at: string, what: string): AppError {
  return filterError('INVALID_FILTER', at, what);
}

export function operatorNotAllowed(at: string, operator: string): AppError {
  const what = `\`${shortened(operator)}\` is not an operator that filters may use; allowed are ${ALLOWED_OPERATORS.join(' ')}`;
  return filterError('OPERATOR_NOT_ALLOWED', at, what);
}

export function filterLimitExceeded(at: string, limit: keyof typeof limits, what: string): AppError {
  return filterError('LIMIT_EXCEEDED', at, `${what}; at most ${limits[limit]} are allowed (limit ${limit})`);
}

export function regexTooLarge(at: string): AppError {
  return filterLimitExceeded(at, 'regexProgramSizeMax', 'the patterns of `$regex` repeat too much and compile to too many instructions');
}

function filterError(code: 'INVALID_FILTER' | 'OPERATOR_NOT_ALLOWED' | 'LIMIT_EXCEEDED', at: string, what: string): AppError {
  const path = shortened(at);
  const where = path === '' ? 'The filter is refused' : `The filter is refused at ${path}`;
  return new AppError(code, `${where}: ${what}.`, { details: [{ path, message: `${what}.` }] });
}
