import type { Json, JsonObject } from '../core/json.ts';
import { isJsonObject } from '../core/json.ts';
import { QUERY_ROOTS } from '../core/record.ts';
import { invalidFilter, isAllowedOperator, operatorNotAllowed, shortened } from './filter-errors.ts';
import type { Condition, FilterNode } from './filter-tree.ts';
import { parseArray, parseExists, parseLiteral, parseMod, parseRegex, parseSize, parseType, parseValues } from './operands.ts';
import { pathFault } from './path.ts';
import type { Place } from './place.ts';
import { below, countClause, deeper } from './place.ts';

/** What the paths of a filter start from: a whole record, or an element of some array, which may have any fields. */
type Scope = 'record' | 'element';

const LOGICAL_KINDS: ReadonlyMap<string, 'and' | 'or' | 'nor'> = new Map([['$and', 'and'], ['$or', 'or'], ['$nor', 'nor']]);

/** Reads a filter that `checkFilterText` has passed. */
export function parseDocumentFilter(input: JsonObject): FilterNode {
  return parseDocument(input, { at: '', depth: 0, used: { clauses: 0, regexSize: 0 } }, 'record');
}

/**
 * Reads the operand of `$pull`, which `checkFilterText` has passed: conditions on an element by itself when the first key is an
 * operator of fields; otherwise a filter whose paths start at the element.
 */
export function parseElementFilter(input: JsonObject, at: string): { of: 'value'; condition: Condition } | { of: 'document'; node: FilterNode } {
  const place: Place = { at, depth: 0, used: { clauses: 0, regexSize: 0 } };
  return startsWithFieldOperator(input)
    ? { of: 'value', condition: parseOperators(input, place) }
    : { of: 'document', node: parseDocument(input, place, 'element') };
}

function parseDocument(input: JsonObject, place: Place, scope: Scope): FilterNode {
  const nodes = Object.entries(input).map(([key, operand]) =>
    key.startsWith('$') ? parseLogical(key, operand, below(place, key), scope) : parseField(key, operand, below(place, key), scope),
  );
  const [only] = nodes;
  return nodes.length === 1 && only !== undefined ? only : { kind: 'and', of: nodes };
}

function parseLogical(operator: string, operand: Json, place: Place, scope: Scope): FilterNode {
  const kind = LOGICAL_KINDS.get(operator);
  if (kind === undefined) {
    if (!isAllowedOperator(operator)) throw operatorNotAllowed(place.at, operator);
    throw invalidFilter(place.at, `\`${operator}\` belongs below a field, as in {"container_registry_name": {"${operator}": …}}`);
  }
  countClause(place);
  if (!Array.isArray(operand) || operand.length === 0) {
    throw invalidFilter(place.at, `\`${operator}\` takes an array of one or more filters`);
  }
  const inner = deeper(place);
  const of = operand.map((filter, index) => {
    const armPlace = below(inner, index);
    if (!isJsonObject(filter)) throw invalidFilter(armPlace.at, `each element of \`${operator}\` is a filter object`);
    return parseDocument(filter, armPlace, scope);
  });
  return { kind, of };
}

function parseField(path: string, operand: Json, place: Place, scope: Scope): FilterNode {
  const fault = pathFault(path);
  if (fault !== null) throw invalidFilter(place.at, `the path \`${shortened(path)}\` ${fault}`);
  const segments = path.split('.');
  const [root = ''] = segments;
  if (scope === 'record' && !QUERY_ROOTS.has(root)) {
    throw invalidFilter(place.at, `\`${shortened(root)}\` is not a field of a record; a path begins with one of ${[...QUERY_ROOTS].join(', ')}`);
  }
  return { kind: 'field', path: segments, condition: parseFieldOperand(operand, place) };
}

/** What stands after a field: an object of operators, or a value that the field must equal. */
function parseFieldOperand(operand: Json, place: Place): Condition {
  if (hasOperators(operand)) return parseOperators(operand, place);
  countClause(place);
  return { kind: 'eq', value: parseLiteral(operand, place) };
}

function hasOperators(operand: Json): operand is JsonObject {
  return isJsonObject(operand) && Object.keys(operand).some((key) => key.startsWith('$'));
}

/** Reads `{ $gt: 1, $lt: 5 }`. The keys of one object are all operators: a field among them is refused, as in MongoDB. */
function parseOperators(operators: JsonObject, place: Place): Condition {
  const conditions: Condition[] = [];
  for (const [operator, operand] of Object.entries(operators)) {
    const operatorPlace = below(place, operator);
    countClause(operatorPlace);
    if (!operator.startsWith('$')) {
      throw invalidFilter(operatorPlace.at, `unknown operator \`${shortened(operator)}\`: one object holds either operators or the fields of a value, not both`);
    }
    if (!isAllowedOperator(operator)) throw operatorNotAllowed(operatorPlace.at, operator);
    const condition = parseOperator(operator, operand, operators, operatorPlace);
    if (condition !== null) conditions.push(condition);
  }
  const [only] = conditions;
  return conditions.length === 1 && only !== undefined ? only : { kind: 'every', of: conditions };
}

const RANGE_KINDS = { $gt: 'gt', $gte: 'gte', $lt: 'lt', $lte: 'lte' } as const;

/**
 * Reads one operator below a field. `siblings` is the object that it stands in, for the pair of `$regex` and `$options`.
 * `null`: it says nothing by itself. @throws {AppError} `INVALID_FILTER`, `LIMIT_EXCEEDED`, `OPERATOR_NOT_ALLOWED`
 */
function parseOperator(operator: string, operand: Json, siblings: JsonObject, place: Place): Condition | null {
  switch (operator) {
    case '$eq':
      return { kind: 'eq', value: parseLiteral(operand, place) };
    case '$ne':
      return { kind: 'not', condition: { kind: 'eq', value: parseLiteral(operand, place) } };
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return { kind: RANGE_KINDS[operator], value: parseLiteral(operand, place) };
    case '$in':
      return { kind: 'in', values: parseValues(operator, operand, place) };
    case '$nin':
      return { kind: 'not', condition: { kind: 'in', values: parseValues(operator, operand, place) } };
    case '$exists':
      return parseExists(operand, place);
    case '$type':
      return parseType(operand, place);
    case '$all':
      return parseAll(operand, place);
    case '$elemMatch':
      return parseElementMatch(operand, place);
    case '$size':
      return parseSize(operand, place);
    case '$mod':
      return parseMod(operand, place);
    case '$regex':
      return parseRegex(operand, siblings['$options'], place);
    case '$options':
      if (!Object.hasOwn(siblings, '$regex')) throw invalidFilter(place.at, '`$options` needs a `$regex` beside it');
      return null;
    case '$not':
      return parseNegated(operand, place);
    default:
      throw invalidFilter(place.at, `\`${operator}\` does not belong below a field; it takes whole filters, as in {"${operator}": [{"container_registry_name": …}]}`);
  }
}

function parseAll(operand: Json, place: Place): Condition {
  const elements = parseArray('$all', operand, place);
  if (elements.length === 0) return { kind: 'never' };
  const isElementMatch = (element: Json): element is JsonObject => isJsonObject(element) && Object.keys(element)[0] === '$elemMatch';
  const ofElementMatches = elements.some(isElementMatch);
  const of = elements.map((element, index): Condition => {
    const elementPlace = below(place, index);
    if (!ofElementMatches) return { kind: 'eq', value: parseLiteral(element, elementPlace) };
    if (!isElementMatch(element) || Object.keys(element).length > 1) {
      throw invalidFilter(elementPlace.at, '`$all` takes either values or objects of `$elemMatch` alone, not both');
    }
    return parseElementMatch(element['$elemMatch'] ?? null, below(elementPlace, '$elemMatch'));
  });
  return { kind: 'every', of };
}

/** Reads what `$not` negates. */
function parseNegated(operand: Json, place: Place): Condition {
  if (!isJsonObject(operand) || Object.keys(operand).length === 0) {
    throw invalidFilter(place.at, '`$not` takes an object of operators, as in {"$not": {"$gt": 5}}');
  }
  return { kind: 'not', condition: parseOperators(operand, deeper(place)) };
}

/**
 * Reads `$elemMatch`: conditions on the element itself when the first key is an operator of fields; otherwise a filter whose paths
 * start at the element.
 */
function parseElementMatch(operand: Json, place: Place): Condition {
  if (!isJsonObject(operand)) throw invalidFilter(place.at, '`$elemMatch` takes an object of operators or of fields');
  const inner = deeper(place);
  return startsWithFieldOperator(operand)
    ? { kind: 'elementValue', condition: parseOperators(operand, inner) }
    : { kind: 'elementDocument', node: parseDocument(operand, inner, 'element') };
}

/** `$and`, `$or` and `$nor` are made of filters with fields of their own. */
function startsWithFieldOperator(operand: JsonObject): boolean {
  const [first = ''] = Object.keys(operand);
  return first.startsWith('$') && !LOGICAL_KINDS.has(first);
}
