import type { Filter } from './filter-tree.ts';
import { parseDocumentFilter } from './filter-parser.ts';
import { checkFilterText } from './filter-text.ts';

export type { Condition, Filter, FilterNode } from './filter-tree.ts';

/**
 * Checks a MongoDB filter over a record's fields, `health` and `meta`, as a whole, before anything runs.
 *
 * Regular expressions are RE2's: they run in linear time and have no lookaround and no back-references, and `$` without the
 * option `m` is the very end of the text, not also the place before a last line break.
 *
 * @param input what `JSON.parse` made of a request; not changed, and kept as the filter's `source`
 * @throws {AppError} `INVALID_FILTER`, `OPERATOR_NOT_ALLOWED`, `LIMIT_EXCEEDED`; `details` names the place
 */
export function parseFilter(input: unknown): Filter {
  checkFilterText(input, '');
  return { source: input, root: parseDocumentFilter(input) };
}
