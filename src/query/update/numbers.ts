import type { Json } from '../../core/json.ts';
import { compareValues, typeOf } from '../compare.ts';
import { invalidUpdate, quote } from './refusal.ts';
import type { BoundOperation, NumberOperation } from './update.ts';

/**
 * What `$inc` or `$mul` make of the current value; of a missing one the amount, or 0.
 * @throws {AppError} `INVALID_UPDATE` for a value that is not a number, and for a result that JSON could not hold exactly
 */
export function calculated(current: Json | undefined, operation: NumberOperation): number {
  const { operator, amount, path, place } = operation;
  if (current !== undefined && typeof current !== 'number') {
    throw invalidUpdate(
      place,
      `Cannot apply ${operator} to a value of non-numeric type: the field ${quote(path.join('.'))} is of type ${typeOf(current)}.`,
    );
  }
  const result = operator === '$inc' ? (current ?? 0) + amount : (current ?? 0) * amount;
  if (!Number.isFinite(result) || (Number.isInteger(result) && !Number.isSafeInteger(result))) {
    throw invalidUpdate(
      place,
      `${operator} on the field ${quote(path.join('.'))} would lead to a number beyond ±${Number.MAX_SAFE_INTEGER}, which cannot be stored exactly.`,
    );
  }
  return result;
}

/** What `$min` or `$max` make of the current value; of a missing one their operand. */
export function bounded(current: Json | undefined, operation: BoundOperation): Json {
  if (current === undefined) {
    return operation.value;
  }
  const order = compareValues(operation.value, current);
  const isBeyond = operation.operator === '$min' ? order < 0 : order > 0;
  return isBeyond ? operation.value : current;
}
