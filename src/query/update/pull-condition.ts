import { isJsonObject } from '../../core/json.ts';
import type { Json } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { equalValues } from '../compare.ts';
import { compileElementFilter } from '../element.ts';
import { estimateProgramSize } from '../regex-size.ts';
import { refusal } from './refusal.ts';

/**
 * What `$pull` removes: elements that an object, as a condition, matches; elements that are equal to any other operand.
 * The operand must have passed `checkValue`.
 * @throws {AppError} as filters do: `INVALID_FILTER`, `OPERATOR_NOT_ALLOWED`, `LIMIT_EXCEEDED`
 */
export function compilePullCondition(operand: Json, place: string): (element: Json) => boolean {
  return isJsonObject(operand) ? compileElementFilter(operand, place) : (element) => equalValues(element, operand);
}

/**
 * What one character of an array may cost a condition: its fields and operators, and the instructions of its patterns.
 * Does not recurse.
 */
export function sizeOfCondition(condition: Json): number {
  let size = 1;
  const pending: Json[] = [condition];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (Array.isArray(value)) {
      for (const element of value) {
        pending.push(element);
      }
    } else if (isJsonObject(value)) {
      for (const [name, child] of Object.entries(value)) {
        size += name === '$regex' && typeof child === 'string' ? estimateProgramSize(child.slice(0, limits.regexLengthMax)) : 1;
        pending.push(child);
      }
    }
  }
  return size;
}

/** Refuses conditions that would take long to compile, before any of them is. `conditions` is the operand of `$pull`. */
export function refuseLargeConditions(conditions: Json): void {
  if (sizeOfCondition(conditions) > limits.pullConditionSizeMax) {
    throw refusal(
      'LIMIT_EXCEEDED',
      '$pull',
      `The conditions of $pull have more than ${limits.pullConditionSizeMax} fields, operators and steps of patterns; send several updates with shorter ones.`,
    );
  }
}
