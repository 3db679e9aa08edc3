import { isJsonObject } from '../../core/json.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { isUpdateOperator, parseOperand, UPDATE_OPERATORS } from './operands.ts';
import { refuseLargeConditions } from './pull-condition.ts';
import { invalidUpdate, placeOf, quote, refusal } from './refusal.ts';
import { checkValue } from './stored-value.ts';
import { comparePaths, parseRecordPath, refuseForeignRoot, WrittenPaths } from './update-path.ts';
import type { Operation, Update, UpdatePath } from './update.ts';

/** What MongoDB's drivers take beside an update; people who come from there put them into the body. */
const DRIVER_OPTIONS: ReadonlySet<string> = new Set(['upsert', 'arrayFilters', 'multi']);

/**
 * Checks the body of an update whole, before anything is applied. It is either a document of MongoDB's update operators
 * or a plain object of fields, each of which replaces the record's field of that name; an empty object changes nothing.
 * @throws {AppError} `INVALID_UPDATE`, `OPERATOR_NOT_ALLOWED` or `LIMIT_EXCEEDED`, each with the place in `details`
 * @see https://www.mongodb.com/docs/manual/reference/operator/update/
 */
export function parseUpdate(input: unknown): Update {
  if (Array.isArray(input)) {
    throw invalidUpdate('', 'The update is an array, but aggregation pipelines are not offered; send an object of update operators or of fields.');
  }
  if (!isJsonObject(input)) {
    throw invalidUpdate('', 'The update must be a JSON object of update operators or of fields to replace.');
  }
  const operations = hasOperators(input) ? parseOperators(input) : parseFields(input);
  return { operations: operations.sort((left, right) => comparePaths(writtenPath(left), writtenPath(right))) };
}

function writtenPath(operation: Operation): UpdatePath {
  return operation.operator === '$rename' ? operation.to : operation.path;
}

function hasOperators(input: JsonObject): boolean {
  const names = Object.keys(input);
  const option = names.find((name) => DRIVER_OPTIONS.has(name));
  if (option !== undefined) {
    throw invalidUpdate(option, `${quote(option)} is not offered: an update changes one record that exists, and only by its body.`);
  }
  const operator = names.find((name) => name.startsWith('$'));
  const field = names.find((name) => !name.startsWith('$'));
  if (operator !== undefined && field !== undefined) {
    throw invalidUpdate(
      placeOf('', field),
      `The update mixes the operator ${quote(operator)} with the field ${quote(field)}; send either operators or fields, for example {"$set": {${quote(field)}: …}}.`,
    );
  }
  return operator !== undefined;
}

/** A plain object of fields is `$set` of whole top-level fields. */
function parseFields(input: JsonObject): Operation[] {
  return Object.entries(input).map(([field, value]) => {
    const place = placeOf('', field);
    if (field.includes('.')) {
      throw invalidUpdate(place, `${quote(field)} is a path, not a field; to change a part of a field use {"$set": {${quote(field)}: …}}.`);
    }
    refuseForeignRoot(field, place);
    checkValue(value, { place, depthAbove: 1, dollarNames: 'refused' });
    return { operator: '$set', path: [field], place, value };
  });
}

function parseOperators(input: JsonObject): Operation[] {
  const written = new WrittenPaths();
  return Object.entries(input).flatMap(([operator, operands]) => {
    if (!isUpdateOperator(operator)) {
      throw refusal(
        'OPERATOR_NOT_ALLOWED',
        placeOf('', operator),
        `The update operator ${quote(operator)} is not offered; use ${UPDATE_OPERATORS.join(', ')}.`,
      );
    }
    if (!isJsonObject(operands)) {
      throw invalidUpdate(operator, `${operator} takes an object of paths and operands, such as {"${operator}": {"container_registry_metadata.owner": …}}.`);
    }
    if (operator === '$pull') {
      refuseLargeConditions(operands);
    }
    return Object.entries(operands).map(([text, operand]) => parseOperation(operator, text, operand, written));
  });
}

function parseOperation(operator: Operation['operator'], text: string, operand: Json, written: WrittenPaths): Operation {
  const place = placeOf(operator, text);
  const path = parseRecordPath(text, place);
  written.add(path, place);
  const operation = parseOperand(operator, { path, place }, operand);
  if (operation.operator === '$rename') {
    written.add(operation.to, place);
  }
  return operation;
}
