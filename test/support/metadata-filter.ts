import { isJsonObject } from '../../src/core/json.ts';
import type { Json, JsonObject } from '../../src/core/json.ts';
import { parseFilter } from '../../src/query/filter.ts';
import { compileFilter } from '../../src/query/match.ts';

const ROOT = 'container_registry_metadata';

/** The same filter on a record's metadata: `{ a: 1 }` becomes `{ 'container_registry_metadata.a': 1 }`. Keeps tables of cases short. */
export function onMetadata(filter: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(filter).map(([key, operand]): [string, Json] => {
      if (!key.startsWith('$')) return [`${ROOT}.${key}`, operand];
      return [key, Array.isArray(operand) ? operand.map((arm) => (isJsonObject(arm) ? onMetadata(arm) : arm)) : operand];
    }),
  );
}

/** Whether a record with this metadata matches the filter on its metadata. */
export function metadataMatches(filter: JsonObject, metadata: JsonObject): boolean {
  return compileFilter(parseFilter(onMetadata(filter)))({ [ROOT]: metadata });
}

export type MatchCase = readonly [rule: string, filter: JsonObject, document: JsonObject, expected: boolean];

/** One test for each rule: does the filter take the document? */
export function matchTable(name: string, cases: readonly MatchCase[]): void {
  describe(name, () => {
    it.each(cases)('%s: %j on %j', (_rule, filter, document, expected) => {
      expect(metadataMatches(filter, document)).toBe(expected);
    });
  });
}
