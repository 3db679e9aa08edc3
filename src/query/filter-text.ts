import type { JsonObject } from '../core/json.ts';
import { isJsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { filterLimitExceeded, invalidFilter } from './filter-errors.ts';
import { PROTOTYPE_NAMES } from './path.ts';
import { placeBelow } from './place.ts';

/** A value still to be looked at, with the way back to the root, from which its place is told if it is wrong. */
interface Visit {
  readonly value: unknown;
  /** Of the root: the place of the whole filter. */
  readonly key: string | number;
  readonly parent: Visit | null;
  readonly depth: number;
}

/**
 * Checks what holds of all parts of a filter alike, before anything recurses into it: that it is plain JSON, not too deep and not
 * too large, that its texts are Unicode and its numbers finite, and that no key is one of those that mean something to JavaScript
 * or to a database driver (an own `__proto__`, which `JSON.parse` makes, would otherwise vanish and leave an empty filter).
 *
 * @param at the place of the filter within what was sent, for messages; empty: it is all of it
 * @throws {AppError} `INVALID_FILTER`, `LIMIT_EXCEEDED`
 */
export function checkFilterText(input: unknown, at: string): asserts input is JsonObject {
  if (!isJsonObject(input)) throw invalidFilter(at, 'a filter is a JSON object, such as {"container_registry_tags": "ai"}');
  const waiting: Visit[] = [{ value: input, key: at, parent: null, depth: 1 }];
  let nodes = 0;
  for (let visit = waiting.pop(); visit !== undefined; visit = waiting.pop()) {
    const children = childrenOf(visit);
    nodes += children.length;
    if (nodes > limits.documentNodesMax) {
      throw filterLimitExceeded(at, 'documentNodesMax', 'the filter has too many keys and array elements');
    }
    for (const [key, value] of children) waiting.push({ value, key, parent: visit, depth: visit.depth + 1 });
  }
}

function childrenOf(visit: Visit): readonly (readonly [string | number, unknown])[] {
  const { value } = visit;
  if (typeof value === 'string') checkText(visit, value);
  else if (typeof value === 'number') checkNumber(visit, value);
  else if (typeof value === 'object' && value !== null) {
    if (visit.depth > limits.filterJsonDepthMax) {
      throw filterLimitExceeded(placeOf(visit), 'filterJsonDepthMax', 'objects and arrays are nested too deeply');
    }
    if (Array.isArray(value)) return [...value.entries()];
    const entries = Object.entries(value);
    for (const [key] of entries) checkKey(visit, key);
    return entries;
  } else if (typeof value !== 'boolean' && value !== null) {
    throw invalidFilter(placeOf(visit), `a ${typeof value} is not a JSON value`);
  }
  return [];
}

function checkText(visit: Visit, text: string): void {
  if (text.length > limits.filterTextLengthMax) {
    throw filterLimitExceeded(placeOf(visit), 'filterTextLengthMax', 'the text has too many characters');
  }
  if (!text.isWellFormed()) throw invalidFilter(placeOf(visit), 'the text has half of a surrogate pair and is not valid Unicode');
}

function checkNumber(visit: Visit, value: number): void {
  if (!Number.isFinite(value)) throw invalidFilter(placeOf(visit), 'the number is too large for a double');
}

function checkKey(visit: Visit, key: string): void {
  if (PROTOTYPE_NAMES.has(key) || key === '_bsontype') {
    throw invalidFilter(placeOf(visit), `\`${key}\` is not the name of any field, and no key may be named so`);
  }
  if (!key.isWellFormed()) throw invalidFilter(placeOf(visit), 'a key has half of a surrogate pair and is not valid Unicode');
}

function placeOf(visit: Visit): string {
  const steps: (string | number)[] = [];
  for (let step: Visit | null = visit; step !== null; step = step.parent) steps.push(step.key);
  return steps.reverse().reduce<string>((place, key) => placeBelow(place, key), '');
}
