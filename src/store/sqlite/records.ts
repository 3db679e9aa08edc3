/** The changes of single records, to be run within a transaction, and the index rows that go with them. */
import type { JsonObject } from '../../core/json.ts';
import { viewOfHealth, type HealthSummary } from '../../core/health-summary.ts';
import type { RecordFields } from '../../core/record.ts';
import type { NewRecord, RecordMeta, Replacement } from '../port.ts';
import type { Connection } from './connection.ts';
import type { RowCache } from './row-cache.ts';
import { composeText, ROW_COLUMNS } from './row.ts';
import type { Rows } from './rows.ts';
import { viewOf } from '../stored-record.ts';
import { insertTerms, replaceTerms, termsOf, type PathNumbers, type Term } from './terms.ts';

export interface Records {
  /** Each of these prepares outside the transaction what does not depend on what is stored. */
  insert(record: NewRecord): () => 'inserted' | 'exists';
  replace(replacement: Replacement): () => boolean;
  delete(id: string, expectedRevision: number | undefined): () => 'deleted' | 'missing' | 'stale';
  has(id: string): boolean;
  /** Changes what a record says of its health, and nothing else of it. Only within a write. @returns whether there is such a record */
  changeHealth(id: string, change: (before: HealthSummary) => HealthSummary): boolean;
}

const INSERT = `INSERT INTO records (${ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;
const UPDATE = 'UPDATE records SET doc = ?, ends = ?, revision = ?, created_at = ?, updated_at = ? WHERE id = ?';
const UPDATE_HEALTH = 'UPDATE records SET health = ? WHERE id = ?';
const HAS = 'SELECT 1 FROM records WHERE id = ?';
const DELETE = 'DELETE FROM records WHERE id = ?';

export function createRecords(connection: Connection, rows: Rows, cache: RowCache, paths: PathNumbers): Records {
  return {
    insert({ record, meta, health }) {
      const id = record.container_registry_id;
      const { doc, ends } = composeText(record);
      const terms = termsOfParts(record, meta, health);
      return () => {
        const inserted = connection.run(INSERT, id, doc, ends, meta.revision, meta.created_at, meta.updated_at, JSON.stringify(health));
        if (inserted === 0) return 'exists';
        insertTerms(connection, paths, id, terms);
        return 'inserted';
      };
    },

    replace({ record, meta, expectedRevision }) {
      const id = record.container_registry_id;
      const { doc, ends } = composeText(record);
      return () => {
        const before = rows.one(id)?.record;
        if (before?.meta.revision !== expectedRevision) return false;
        cache.drop(id);
        connection.run(UPDATE, doc, ends, meta.revision, meta.created_at, meta.updated_at, id);
        replaceTerms(connection, paths, id, termsOf(viewOf(before)), termsOfParts(record, meta, before.health));
        return true;
      };
    },

    delete(id, expectedRevision) {
      return () => {
        const before = rows.one(id)?.record;
        if (before === undefined) return 'missing';
        if (expectedRevision !== undefined && before.meta.revision !== expectedRevision) return 'stale';
        cache.drop(id);
        connection.run(DELETE, id);
        replaceTerms(connection, paths, id, termsOf(viewOf(before)), []);
        return 'deleted';
      };
    },

    has: (id) => connection.first(HAS, id) !== undefined,

    changeHealth(id, change) {
      const before = rows.one(id)?.record;
      if (before === undefined) return false;
      const health = change(before.health);
      if (health === before.health) return true;
      cache.drop(id);
      connection.run(UPDATE_HEALTH, JSON.stringify(health), id);
      const view = viewOf(before);
      replaceTerms(connection, paths, id, termsOf(view), termsOf({ ...view, health: viewOfHealth(health) }));
      return true;
    },
  };
}

function termsOfParts(record: RecordFields, meta: RecordMeta, health: HealthSummary): readonly Term[] | null {
  return termsOf({ ...(record as unknown as JsonObject), health: viewOfHealth(health), meta: { ...meta } });
}
