import type { Json, JsonObject } from '../core/json.ts';
import { isJsonObject } from '../core/json.ts';
import { parseElementFilter } from './filter-parser.ts';
import { checkFilterText } from './filter-text.ts';
import { compileNode } from './match.ts';

/**
 * Compiles what `$pull` asks of each element of an array, as MongoDB does:
 * - operators (`{ $gte: 6 }`) look at the element as if it were a field: an element that is itself an array is looked into;
 * - anything else (`{ score: 8, item: "B" }`) is a filter on the element as if it were a document of its own; elements that are not
 *   objects do not match, and fields that the filter does not name may have any value.
 *
 * @param at the place of the operand within the request, which errors name
 * @throws {AppError} `INVALID_FILTER`, `OPERATOR_NOT_ALLOWED`, `LIMIT_EXCEEDED`
 * @see https://www.mongodb.com/docs/manual/reference/operator/update/pull/
 */
export function compileElementFilter(operand: JsonObject, at: string): (element: Json) => boolean {
  checkFilterText(operand, at);
  const filter = parseElementFilter(operand, at);
  if (filter.of === 'value') {
    const test = compileNode({ kind: 'field', path: ['element'], condition: filter.condition });
    return (element) => test({ element });
  }
  const test = compileNode(filter.node);
  return (element) => isJsonObject(element) && test(element);
}
