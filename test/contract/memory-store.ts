import { isWithin } from '../../src/core/access.ts';
import type { AuditEntry } from '../../src/core/audit.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { RECORD_FIELDS, type RecordFields } from '../../src/core/record.ts';
import { compareText } from '../../src/query/compare.ts';
import { compileFilter } from '../../src/query/match.ts';
import { comparePositions, positionOf, type SortPosition } from '../../src/query/sort.ts';
import type { AuditStore } from '../../src/store/access-port.ts';
import type { FindQuery, NewRecord, RecordStore, RecordSummary, StoredRecord } from '../../src/store/port.ts';
import { recordSummaryOf, type Counts } from '../../src/store/summary.ts';
import { viewOf } from '../../src/store/stored-record.ts';
import { createMemoryAudit } from '../support/memory-access.ts';

/** The plainest store that keeps the contract: a map, every record looked at, no index. The other stores are held to it. */
/** @param audit where writes tell of themselves */
export function createMemoryStore(audit: AuditStore = createMemoryAudit()): RecordStore {
  const records = new Map<string, StoredRecord>();
  const tell = async (entry: AuditEntry | undefined): Promise<void> => {
    if (entry !== undefined) await audit.append([entry]);
  };
  const inOrder = (): StoredRecord[] => [...records.values()].sort((a, b) => compareText(a.id, b.id));
  const insert = async ({ record, meta, health }: NewRecord, told?: AuditEntry): Promise<'inserted' | 'exists'> => {
    if (records.has(record.container_registry_id)) return 'exists';
    records.set(record.container_registry_id, { id: record.container_registry_id, text: textOf(record), meta, health });
    await tell(told);
    return 'inserted';
  };
  return {
    insert,
    newBatch() {
      const all: [NewRecord, AuditEntry | undefined][] = [];
      return {
        add: (record, told) => void all.push([record, told]),
        async insert(positions) {
          const outcomes: ('inserted' | 'exists')[] = [];
          for (const position of positions) outcomes.push(await insert(...all[position]!));
          return outcomes;
        },
      };
    },
    get: async (id) => records.get(id) ?? null,
    find: async function* (query, signal) {
      if (!signal.aborted) yield matches(inOrder(), query);
    },
    readAllText: async function* (scope, signal) {
      for (const { text, meta } of inOrder()) {
        if (signal.aborted) return;
        if (isWithin(scope, meta)) yield Buffer.from(text);
      }
    },
    readAllLines: async function* (scope, withMeta, signal) {
      for (const { text, meta } of inOrder()) {
        if (signal.aborted) return;
        if (isWithin(scope, meta)) yield Buffer.from(withMeta ? `${text.slice(0, -1)},"meta":${JSON.stringify(meta)}}\n` : `${text}\n`);
      }
    },
    count: async (filter, scope) => inOrder().filter(({ meta }) => isWithin(scope, meta)).map(viewOf).filter(compileFilter(filter)).length,
    summary: async (scope) => summaryOf(inOrder().filter(({ meta }) => isWithin(scope, meta))),
    countOwned: async (owner) => inOrder().filter(({ meta }) => meta.owner === owner).length,
    replace: async ({ record, meta, expectedRevision }, told) => {
      const before = records.get(record.container_registry_id);
      if (before?.meta.revision !== expectedRevision) return false;
      records.set(before.id, { ...before, text: textOf(record), meta });
      await tell(told);
      return true;
    },
    delete: async (id, expectedRevision, told) => {
      const before = records.get(id);
      if (before === undefined) return 'missing';
      if (expectedRevision !== undefined && before.meta.revision !== expectedRevision) return 'stale';
      records.delete(id);
      await tell(told);
      return 'deleted';
    },
    ping: async () => undefined,
    close: async () => undefined,
  };
}

function summaryOf(records: readonly StoredRecord[]): RecordSummary {
  const counted = (wordsOf: (stored: StoredRecord) => readonly unknown[]): Counts => {
    const words = records.flatMap((stored) => [...new Set(wordsOf(stored))]).map(String);
    return new Map(Object.entries(Object.groupBy(words, (word) => word)).map(([word, all]) => [word, all!.length]));
  };
  const fieldsOf = ({ text }: StoredRecord): RecordFields => JSON.parse(text) as RecordFields;
  return recordSummaryOf({
    total: records.length,
    tags: counted((stored) => fieldsOf(stored).container_registry_tags),
    types: counted((stored) => [fieldsOf(stored).container_registry_storage_info.registry_type]),
    verdicts: counted(({ health }) => [health.status]),
    visibilities: counted(({ meta }) => [meta.visibility]),
  });
}

function textOf(record: RecordFields): string {
  return JSON.stringify(Object.fromEntries(RECORD_FIELDS.map((field) => [field, record[field]])));
}

function matches(records: readonly StoredRecord[], { filter, scope, sort, after, limit }: FindQuery): StoredRecord[] {
  const test = compileFilter(filter);
  const placed = records
    .filter(({ meta }) => isWithin(scope, meta))
    .map((record): { record: StoredRecord; view: JsonObject } => ({ record, view: viewOf(record) }))
    .filter(({ view }) => test(view))
    .map(({ record, view }): { record: StoredRecord; position: SortPosition } => ({ record, position: positionOf(view, record.id, sort) }))
    .filter(({ position }) => after === null || comparePositions(sort, position, after) > 0)
    .sort((a, b) => comparePositions(sort, a.position, b.position));
  return placed.slice(0, limit ?? placed.length).map(({ record }) => record);
}
