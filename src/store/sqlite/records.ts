/** The changes of single records, to be run within a transaction, and the index rows that go with them. */
import type { JsonObject } from '../../core/json.ts';
import type { RecordFields } from '../../core/record.ts';
import type { HealthSummary, NewRecord, RecordMeta, Replacement } from '../port.ts';
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
}

const INSERT = `INSERT INTO records (${ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;
const UPDATE = 'UPDATE records SET doc = ?, ends = ?, revision = ?, created_at = ?, updated_at = ? WHERE id = ?';
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
  };
}

function termsOfParts(record: RecordFields, meta: RecordMeta, health: HealthSummary): readonly Term[] | null {
  return termsOf({ ...(record as unknown as JsonObject), health: { ...health }, meta: { ...meta } });
}
