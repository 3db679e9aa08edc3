import type { Json } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { PROTOTYPE_NAMES } from '../path.ts';
import { invalidUpdate, placeOf, quote, refusal } from './refusal.ts';

/**
 * Why no document may hold a field of this name, as the end of a sentence ("which …"), or `null` when it may.
 * `_bsontype` makes MongoDB's driver take an object for one of its own classes; a NUL ends a name in BSON.
 */
export function faultOfName(name: string): string | null {
  if (PROTOTYPE_NAMES.has(name)) {
    return 'is reserved by JavaScript; choose another name';
  }
  if (name === '_bsontype') {
    return 'is reserved by MongoDB; choose another name';
  }
  if (name.includes('\0')) {
    return 'holds a NUL character; leave it out';
  }
  return name.isWellFormed() ? null : 'holds half of a surrogate pair, which is not valid Unicode';
}

interface ValueRules {
  /** Where the value stands in the request. */
  readonly place: string;
  /** How many objects and arrays of the record will lie around the value. */
  readonly depthAbove: number;
  /** `refused` for values that are stored; `allowed` for conditions, whose operators are checked elsewhere. */
  readonly dollarNames: 'refused' | 'allowed';
}

interface Visit {
  readonly value: unknown;
  readonly name: string;
  readonly depth: number;
  readonly parent: Visit | null;
}

/**
 * Checks an operand down to its last leaf, without recursion, so that no depth of nesting can exhaust the stack.
 * @throws {AppError} `INVALID_UPDATE` for names and values that a record cannot hold, `LIMIT_EXCEEDED` beyond `limits.documentDepthMax`
 */
export function checkValue(value: unknown, rules: ValueRules): asserts value is Json {
  const pending: Visit[] = [{ value, name: '', depth: rules.depthAbove + 1, parent: null }];
  for (let visit = pending.pop(); visit !== undefined; visit = pending.pop()) {
    if (typeof visit.value !== 'object' || visit.value === null) {
      checkScalar(visit, rules);
      continue;
    }
    if (visit.depth > limits.documentDepthMax) {
      throw tooDeep(rules.place);
    }
    for (const [name, child] of Object.entries(visit.value)) {
      const next: Visit = { value: child, name, depth: visit.depth + 1, parent: visit };
      if (!Array.isArray(visit.value)) {
        checkName(next, rules);
      }
      pending.push(next);
    }
  }
}

export function tooDeep(place: string): Error {
  return refusal('LIMIT_EXCEEDED', place, `The record would be nested more than ${limits.documentDepthMax} levels deep.`);
}

function checkScalar(visit: Visit, rules: ValueRules): void {
  const fault = faultOfScalar(visit.value);
  if (fault !== null) {
    const place = placeOfVisit(visit, rules);
    throw invalidUpdate(place, `The value at ${quote(place)} ${fault}.`);
  }
}

function faultOfScalar(value: unknown): string | null {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? null : 'is a number too large to be stored';
    case 'string':
      return value.isWellFormed() ? null : 'holds half of a surrogate pair, which is not valid Unicode';
    case 'boolean':
      return null;
    default:
      return value === null ? null : 'is not a JSON value';
  }
}

function checkName(visit: Visit, rules: ValueRules): void {
  if (visit.name.startsWith('$') && rules.dollarNames === 'refused') {
    throw invalidUpdate(
      placeOfVisit(visit, rules),
      `The field ${quote(visit.name)} cannot be stored: names that begin with $ are kept for operators.`,
    );
  }
  const fault = faultOfName(visit.name);
  if (fault !== null) {
    throw invalidUpdate(placeOfVisit(visit, rules), `The value has the field ${quote(visit.name)}, which ${fault}.`);
  }
}

function placeOfVisit(visit: Visit, rules: ValueRules): string {
  const names: string[] = [];
  for (let at: Visit = visit; at.parent !== null; at = at.parent) {
    names.unshift(at.name);
  }
  return names.reduce(placeOf, rules.place);
}

/** Whether more than `levels` objects and arrays lie within each other in `value`. Recurses no deeper than that. */
export function isDeeperThan(levels: number, value: Json): boolean {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  return levels === 0 || Object.values(value).some((child) => isDeeperThan(levels - 1, child));
}
