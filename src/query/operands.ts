import type { Json } from '../core/json.ts';
import { isJsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { filterLimitExceeded, invalidFilter, isAllowedOperator, operatorNotAllowed, shortened } from './filter-errors.ts';
import type { Condition } from './filter-tree.ts';
import type { Place } from './place.ts';
import { below, countRegexSize } from './place.ts';
import { estimateProgramSize } from './regex-size.ts';
import { compilePattern } from './regex.ts';

/** MongoDB's names for the types that JSON values have. `number` stands for `int`, `long` and `double`. */
const JSON_TYPE_NAMES = ['double', 'string', 'object', 'array', 'bool', 'null', 'int', 'long', 'number'] as const;

/** Types that MongoDB knows and JSON values never have: understood, and matching nothing. */
const OTHER_TYPE_NAMES = [
  'binData', 'undefined', 'objectId', 'date', 'regex', 'dbPointer', 'javascript', 'symbol', 'javascriptWithScope',
  'timestamp', 'decimal', 'minKey', 'maxKey',
] as const;

const TYPE_NAMES: ReadonlySet<string> = new Set([...JSON_TYPE_NAMES, ...OTHER_TYPE_NAMES]);

const INT64_LIMIT = 2 ** 63;

/** A value to compare with. Operators have no place in it, at any depth: no stored key begins with `$`. */
export function parseLiteral(value: Json, place: Place): Json {
  if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) parseLiteral(element, below(place, index));
  } else if (isJsonObject(value)) {
    for (const [key, member] of Object.entries(value)) {
      const memberPlace = below(place, key);
      if (key.startsWith('$')) {
        if (!isAllowedOperator(key)) throw operatorNotAllowed(memberPlace.at, key);
        throw invalidFilter(memberPlace.at, `\`${key}\` stands inside a value, where operators are not understood; to reach into a field, write a dotted path`);
      }
      parseLiteral(member, memberPlace);
    }
  }
  return value;
}

export function parseArray(operator: string, operand: Json, place: Place): Json[] {
  if (!Array.isArray(operand)) throw invalidFilter(place.at, `\`${operator}\` takes an array`);
  if (operand.length > limits.filterArrayMax) {
    throw filterLimitExceeded(place.at, 'filterArrayMax', `\`${operator}\` has too many values`);
  }
  return operand;
}

export function parseValues(operator: string, operand: Json, place: Place): Json[] {
  return parseArray(operator, operand, place).map((value, index) => parseLiteral(value, below(place, index)));
}

export function parseExists(operand: Json, place: Place): Condition {
  if (typeof operand !== 'boolean' && typeof operand !== 'number') throw invalidFilter(place.at, '`$exists` takes true or false');
  const exists: Condition = { kind: 'exists' };
  return operand === false || operand === 0 ? { kind: 'not', condition: exists } : exists;
}

export function parseType(operand: Json, place: Place): Condition {
  const names = Array.isArray(operand) ? parseArray('$type', operand, place) : [operand];
  if (names.length === 0) throw invalidFilter(place.at, '`$type` takes a type or an array of one or more types');
  const types = names.map((name) => {
    if (typeof name === 'string' && TYPE_NAMES.has(name)) return name;
    const shown = typeof name === 'string' ? `"${shortened(name)}"` : 'that';
    throw invalidFilter(place.at, `\`$type\` takes the names of types, and ${shown} is none; use ${JSON_TYPE_NAMES.join(', ')}`);
  });
  return { kind: 'type', types: new Set(types) };
}

export function parseSize(operand: Json, place: Place): Condition {
  if (typeof operand !== 'number' || !Number.isInteger(operand) || operand < 0) {
    throw invalidFilter(place.at, '`$size` takes a whole number of elements, 0 or more');
  }
  return { kind: 'size', size: operand };
}

/** Fractions are cut off towards zero, as MongoDB does with all three numbers of `$mod`. */
export function parseMod(operand: Json, place: Place): Condition {
  const numbers = Array.isArray(operand) ? operand : [];
  const [divisor, remainder] = numbers;
  if (numbers.length !== 2 || typeof divisor !== 'number' || typeof remainder !== 'number') {
    throw invalidFilter(place.at, '`$mod` takes an array of two numbers, [divisor, remainder]');
  }
  if (Math.abs(divisor) >= INT64_LIMIT || Math.abs(remainder) >= INT64_LIMIT) {
    throw invalidFilter(place.at, '`$mod` takes numbers that fit into 64 bits');
  }
  if (Math.trunc(divisor) === 0) throw invalidFilter(place.at, 'the divisor of `$mod` must not be 0 once its fraction is cut off');
  return { kind: 'mod', divisor: Math.trunc(divisor), remainder: Math.trunc(remainder) };
}

export function parseRegex(pattern: Json, options: Json | undefined, place: Place): Condition {
  if (typeof pattern !== 'string') throw invalidFilter(place.at, '`$regex` takes a text, the pattern without slashes');
  if (options !== undefined && (typeof options !== 'string' || !/^[ims]*$/.test(options))) {
    throw invalidFilter(place.at, '`$options` takes a text of the letters i (any case), m (line by line) and s (a dot is a line break, too)');
  }
  if (pattern.length > limits.regexLengthMax) {
    throw filterLimitExceeded(place.at, 'regexLengthMax', 'the pattern of `$regex` has too many characters');
  }
  // Compiling a large program takes long by itself, so its size is estimated before.
  countRegexSize(place, estimateProgramSize(pattern));
  const regex = { kind: 'regex', pattern, options: options ?? '' } as const;
  compilePattern(regex, place.at);
  return regex;
}
