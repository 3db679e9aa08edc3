/** The changes of single records, to be run within a transaction, and the index rows that go with them. */
import type { JsonObject } from '../../core/json.ts';
import type { RecordFields } from '../../core/record.ts';
import type { HealthSummary, NewRecord, RecordMeta, Replacement } from '../port.ts';
import type { Connection, Row } from './connection.ts';
import { composeText, recordOfRow, ROW_COLUMNS } from './row.ts';
import { viewOf } from '../stored-record.ts';
import { insertTerms, replaceTerms, termsOf, type PathNumbers, type Term } from './terms.ts';

export interface Records {
  /** Each of these prepares outside the transaction what does not depend on what is stored. */
  insert(record: NewRecord): () => 'inserted' | 'exists';
  replace(replacement: Replacement): () => boolean;
  delete(id: string, expectedRevision: number | undefined): () => 'deleted' | 'missing' | 'stale';
}

const READ = `SELECT ${ROW_COLUMNS} FROM records WHERE id = ?`;
const INSERT = `INSERT INTO records (${ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;
const UPDATE = 'UPDATE records SET doc = ?, ends = ?, revision = ?, created_at = ?, updated_at = ? WHERE id = ?';
const DELETE = 'DELETE FROM records WHERE id = ?';

export function createRecords(connection: Connection, paths: PathNumbers): Records {
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
        const row = connection.first(READ, id);
        if (row === undefined || revisionOf(row) !== expectedRevision) return false;
        connection.run(UPDATE, doc, ends, meta.revision, meta.created_at, meta.updated_at, id);
        replaceTerms(connection, paths, id, termsOfRow(row), termsOfParts(record, meta, recordOfRow(row).health));
        return true;
      };
    },

    delete(id, expectedRevision) {
      return () => {
        const row = connection.first(READ, id);
        if (row === undefined) return 'missing';
        if (expectedRevision !== undefined && revisionOf(row) !== expectedRevision) return 'stale';
        connection.run(DELETE, id);
        replaceTerms(connection, paths, id, termsOfRow(row), []);
        return 'deleted';
      };
    },
  };
}

function termsOfParts(record: RecordFields, meta: RecordMeta, health: HealthSummary): readonly Term[] | null {
  return termsOf({ ...(record as unknown as JsonObject), health: { ...health }, meta: { ...meta } });
}

function termsOfRow(row: Row): readonly Term[] | null {
  return termsOf(viewOf(recordOfRow(row)));
}

function revisionOf(row: Row): number {
  return recordOfRow(row).meta.revision;
}
