import { AppError } from '../../core/errors.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { shortened } from '../filter-errors.ts';

/**
 * A name, path or value of the user's as it may stand in a message: shortened when long, and without what lies in objects
 * and arrays, which may be deeper than a stack.
 */
export function quote(value: Json | undefined): string {
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? '[…]' : '{…}';
  }
  return value === undefined ? 'nothing' : shortened(JSON.stringify(value));
}

/** The error for an update that is refused at `place`; `sentence` says what is wrong and what to do. */
export function refusal(code: ErrorCode, place: string, sentence: string): AppError {
  return new AppError(code, sentence, { details: [{ path: place, message: sentence }] });
}

export function invalidUpdate(place: string, sentence: string): AppError {
  return refusal('INVALID_UPDATE', place, sentence);
}

/** The place of `name` inside `place`, with a bounded length however long the name is. */
export function placeOf(place: string, name: string): string {
  return place === '' ? shortened(name) : `${place}.${shortened(name)}`;
}
