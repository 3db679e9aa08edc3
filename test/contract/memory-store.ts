import type { JsonObject } from '../../src/core/json.ts';
import { RECORD_FIELDS, type RecordFields } from '../../src/core/record.ts';
import { compareText } from '../../src/query/compare.ts';
import { compileFilter } from '../../src/query/match.ts';
import { comparePositions, positionOf, type SortPosition } from '../../src/query/sort.ts';
import type { FindQuery, RecordStore, StoredRecord } from '../../src/store/port.ts';
import { viewOf } from '../../src/store/stored-record.ts';

/** The plainest store that keeps the contract: a map, every record looked at, no index. The other stores are held to it. */
export function createMemoryStore(): RecordStore {
  const records = new Map<string, StoredRecord>();
  const inOrder = (): StoredRecord[] => [...records.values()].sort((a, b) => compareText(a.id, b.id));
  return {
    insert: async ({ record, meta, health }) => {
      if (records.has(record.container_registry_id)) return 'exists';
      records.set(record.container_registry_id, { id: record.container_registry_id, text: textOf(record), meta, health });
      return 'inserted';
    },
    get: async (id) => records.get(id) ?? null,
    find: async function* (query, signal) {
      if (!signal.aborted) yield matches(inOrder(), query);
    },
    readAllText: async function* (signal) {
      for (const { text } of inOrder()) {
        if (signal.aborted) return;
        yield Buffer.from(text);
      }
    },
    count: async (filter) => inOrder().map(viewOf).filter(compileFilter(filter)).length,
    replace: async ({ record, meta, expectedRevision }) => {
      const before = records.get(record.container_registry_id);
      if (before?.meta.revision !== expectedRevision) return false;
      records.set(before.id, { ...before, text: textOf(record), meta });
      return true;
    },
    delete: async (id, expectedRevision) => {
      const before = records.get(id);
      if (before === undefined) return 'missing';
      if (expectedRevision !== undefined && before.meta.revision !== expectedRevision) return 'stale';
      records.delete(id);
      return 'deleted';
    },
    ping: async () => undefined,
    close: async () => undefined,
  };
}

function textOf(record: RecordFields): string {
  return JSON.stringify(Object.fromEntries(RECORD_FIELDS.map((field) => [field, record[field]])));
}

function matches(records: readonly StoredRecord[], { filter, sort, after, limit }: FindQuery): StoredRecord[] {
  const test = compileFilter(filter);
  const placed = records
    .map((record): { record: StoredRecord; view: JsonObject } => ({ record, view: viewOf(record) }))
    .filter(({ view }) => test(view))
    .map(({ record, view }): { record: StoredRecord; position: SortPosition } => ({ record, position: positionOf(view, record.id, sort) }))
    .filter(({ position }) => after === null || comparePositions(sort, position, after) > 0)
    .sort((a, b) => comparePositions(sort, a.position, b.position));
  return placed.slice(0, limit ?? placed.length).map(({ record }) => record);
}
