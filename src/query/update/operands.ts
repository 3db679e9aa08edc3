import { isJsonObject } from '../../core/json.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { typeOf } from '../compare.ts';
import type { SortKey } from '../sort.ts';
import { compilePullCondition, sizeOfCondition } from './pull-condition.ts';
import { invalidUpdate, placeOf, quote, refusal } from './refusal.ts';
import { checkValue } from './stored-value.ts';
import { parseRecordPath, splitPath } from './update-path.ts';
import type { Operation, PushOperation, UpdatePath } from './update.ts';

/** What an operand applies to, and where it stands in the request. */
interface Target {
  readonly path: UpdatePath;
  readonly place: string;
}

type OperandParser = (target: Target, operand: Json) => Operation;

const operandParsers: Readonly<Record<Operation['operator'], OperandParser>> = {
  $set: (target, operand) => ({ operator: '$set', ...target, value: storedValue(target, operand) }),
  $unset: (target, operand) => {
    checkValue(operand, { place: target.place, depthAbove: 0, dollarNames: 'allowed' });
    return { operator: '$unset', ...target };
  },
  $inc: (target, operand) => ({ operator: '$inc', ...target, amount: amountOf(target, operand, 'increment') }),
  $mul: (target, operand) => ({ operator: '$mul', ...target, amount: amountOf(target, operand, 'multiply') }),
  $min: (target, operand) => ({ operator: '$min', ...target, value: storedValue(target, operand) }),
  $max: (target, operand) => ({ operator: '$max', ...target, value: storedValue(target, operand) }),
  $push: parsePush,
  $addToSet: parseAddToSet,
  $pull: (target, operand) => {
    checkValue(operand, { place: target.place, depthAbove: 0, dollarNames: 'allowed' });
    return { operator: '$pull', ...target, matches: compilePullCondition(operand, target.place), conditionSize: sizeOfCondition(operand) };
  },
  $pop: parsePop,
  $rename: parseRename,
};

/** The operators that an update may use, in the order in which messages list them. */
export const UPDATE_OPERATORS = Object.keys(operandParsers) as readonly Operation['operator'][];

export function isUpdateOperator(name: string): name is Operation['operator'] {
  return Object.hasOwn(operandParsers, name);
}

/** @throws {AppError} `INVALID_UPDATE`, `INVALID_FILTER`, `OPERATOR_NOT_ALLOWED` or `LIMIT_EXCEEDED` when the operator cannot take the operand */
export function parseOperand(operator: Operation['operator'], target: Target, operand: Json): Operation {
  return operandParsers[operator](target, operand);
}

function storedValue(target: Target, operand: Json): Json {
  checkValue(operand, { place: target.place, depthAbove: target.path.length, dollarNames: 'refused' });
  return operand;
}

function amountOf(target: Target, operand: Json, verb: string): number {
  if (typeof operand !== 'number' || !Number.isFinite(operand)) {
    throw invalidUpdate(target.place, `Cannot ${verb} with the non-numeric argument ${quote(operand)}; give a number.`);
  }
  return operand;
}

function parsePop(target: Target, operand: Json): Operation {
  if (operand !== 1 && operand !== -1) {
    throw invalidUpdate(target.place, `$pop expects 1 (the last element) or -1 (the first), not ${quote(operand)}.`);
  }
  return { operator: '$pop', ...target, end: operand === 1 ? 'last' : 'first' };
}

function parseRename(target: Target, operand: Json): Operation {
  if (typeof operand !== 'string') {
    throw invalidUpdate(target.place, `$rename takes the new path as a string, not ${quote(operand)}.`);
  }
  return { operator: '$rename', ...target, to: parseRecordPath(operand, target.place) };
}

function parseAddToSet(target: Target, operand: Json): Operation {
  if (!isJsonObject(operand) || !Object.hasOwn(operand, '$each')) {
    return { operator: '$addToSet', ...target, each: [element(target, operand)] };
  }
  refuseOtherModifiers(target, operand, ['$each']);
  return { operator: '$addToSet', ...target, each: eachOf(target, operand['$each']) };
}

function parsePush(target: Target, operand: Json): PushOperation {
  if (!isJsonObject(operand) || !Object.hasOwn(operand, '$each')) {
    return { operator: '$push', ...target, each: [element(target, operand)], position: null, sort: null, slice: null };
  }
  refuseOtherModifiers(target, operand, ['$each', '$position', '$sort', '$slice']);
  return {
    operator: '$push',
    ...target,
    each: eachOf(target, operand['$each']),
    position: integerOf(target, operand, '$position'),
    sort: pushSortOf(target, operand),
    slice: integerOf(target, operand, '$slice'),
  };
}

/** One element to be added to the array at the target. */
function element(target: Target, operand: Json): Json {
  if (isJsonObject(operand)) {
    const modifier = ['$position', '$sort', '$slice'].find((name) => Object.hasOwn(operand, name));
    if (modifier !== undefined) {
      throw invalidUpdate(placeOf(target.place, modifier), `${modifier} needs $each beside it; give {"$each": [], …} to add nothing.`);
    }
  }
  checkValue(operand, { place: target.place, depthAbove: target.path.length + 1, dollarNames: 'refused' });
  return operand;
}

function refuseOtherModifiers(target: Target, operand: JsonObject, allowed: readonly string[]): void {
  const other = Object.keys(operand).find((name) => !allowed.includes(name));
  if (other !== undefined) {
    throw invalidUpdate(placeOf(target.place, other), `${quote(other)} cannot stand beside $each here; allowed is ${allowed.join(', ')}.`);
  }
}

function eachOf(target: Target, each: Json | undefined): readonly Json[] {
  const place = placeOf(target.place, '$each');
  if (!Array.isArray(each)) {
    throw invalidUpdate(place, `$each takes an array of elements, not a value of type ${typeOf(each)}.`);
  }
  if (each.length > limits.pushEachMax) {
    throw refusal('LIMIT_EXCEEDED', place, `$each may bring at most ${limits.pushEachMax} elements; send several updates.`);
  }
  checkValue(each, { place, depthAbove: target.path.length, dollarNames: 'refused' });
  return each;
}

function integerOf(target: Target, operand: JsonObject, modifier: '$position' | '$slice'): number | null {
  if (!Object.hasOwn(operand, modifier)) {
    return null;
  }
  const value = operand[modifier];
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw invalidUpdate(placeOf(target.place, modifier), `${modifier} takes a whole number, not ${quote(value)}.`);
  }
  return value;
}

function pushSortOf(target: Target, operand: JsonObject): readonly SortKey[] | null {
  if (!Object.hasOwn(operand, '$sort')) {
    return null;
  }
  const place = placeOf(target.place, '$sort');
  const sort = operand['$sort'];
  if (!isJsonObject(sort)) {
    return [{ path: [], direction: directionOf(sort, place) }];
  }
  const keys = Object.entries(sort);
  if (keys.length === 0) {
    throw invalidUpdate(place, '$sort takes 1, -1 or an object with at least one field, such as {"name": 1}.');
  }
  if (keys.length > limits.sortFieldsMax) {
    throw refusal('LIMIT_EXCEEDED', place, `$sort may name at most ${limits.sortFieldsMax} fields.`);
  }
  return keys.map(([text, direction]) => {
    const keyPlace = placeOf(place, text);
    return { path: splitPath(text, keyPlace), direction: directionOf(direction, keyPlace) };
  });
}

function directionOf(direction: Json | undefined, place: string): 1 | -1 {
  if (direction !== 1 && direction !== -1) {
    throw invalidUpdate(place, `$sort takes the direction 1 (ascending) or -1 (descending), not ${quote(direction)}.`);
  }
  return direction;
}
