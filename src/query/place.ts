import { limits } from '../core/limits.ts';
import { filterLimitExceeded, regexTooLarge } from './filter-errors.ts';

/** Where in a filter the parser is, and what it has used up of the limits. */
export interface Place {
  readonly at: string;
  /** Of $and, $or, $nor, $not and $elemMatch around this place. */
  readonly depth: number;
  /** Shared by the whole filter. */
  readonly used: { clauses: number; regexSize: number };
}

/** The place of a key or an array element within `at`, as messages write it: `$and[1].health.status`. */
export function placeBelow(at: string, key: string | number): string {
  if (typeof key === 'number') return `${at}[${key}]`;
  return at === '' ? key : `${at}.${key}`;
}

export function below(place: Place, key: string | number): Place {
  return { ...place, at: placeBelow(place.at, key) };
}

/** One level deeper in the filter's logic. @throws {AppError} `LIMIT_EXCEEDED` */
export function deeper(place: Place): Place {
  if (place.depth >= limits.filterDepthMax) {
    throw filterLimitExceeded(place.at, 'filterDepthMax', '$and, $or, $nor, $not and $elemMatch are nested too deeply');
  }
  return { ...place, depth: place.depth + 1 };
}

/** Adds a pattern's size to that of the others. @throws {AppError} `LIMIT_EXCEEDED` */
export function countRegexSize(place: Place, size: number): void {
  place.used.regexSize += size;
  if (place.used.regexSize > limits.regexProgramSizeMax) throw regexTooLarge(place.at);
}

/** @throws {AppError} `LIMIT_EXCEEDED` */
export function countClause(place: Place): void {
  place.used.clauses += 1;
  if (place.used.clauses > limits.filterClausesMax) {
    throw filterLimitExceeded(place.at, 'filterClausesMax', 'the filter has too many conditions');
  }
}
