/** The changes of single records, to be run within a transaction, and the index rows that go with them. */
import type { SQLInputValue } from 'node:sqlite';
import type { RecordAccess } from '../../core/access.ts';
import type { JsonObject } from '../../core/json.ts';
import { viewOfHealth, type HealthSummary } from '../../core/health-summary.ts';
import type { RecordFields } from '../../core/record.ts';
import type { NewRecord, RecordMeta, Replacement } from '../port.ts';
import type { Connection } from './connection.ts';
import type { RowCache } from './row-cache.ts';
import { composeText, ROW_COLUMNS } from './row.ts';
import type { Rows } from './rows.ts';
import { viewOf, viewOfMeta } from '../stored-record.ts';
import { insertTerms, replaceTerms, storedTermsOf, termsOf, type PathNumbers, type Term } from './terms.ts';

export interface Records {
  /** Each of these prepares outside the transaction what does not depend on what is stored. */
  insert(record: NewRecord): () => 'inserted' | 'exists';
  replace(replacement: Replacement): () => boolean;
  delete(id: string, expectedRevision: number | undefined): () => 'deleted' | 'missing' | 'stale';
  has(id: string): boolean;
  /** Changes what a record says of its health, and nothing else of it. Only within a write. @returns whether there is such a record */
  changeHealth(id: string, change: (before: HealthSummary) => HealthSummary): boolean;
}

const INSERT = `INSERT INTO records (${ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;
const UPDATE = 'UPDATE records SET doc = ?, ends = ?, revision = ?, created_at = ?, updated_at = ?, owner = ?, visibility = ?, shared_with = ? WHERE id = ?';
const UPDATE_HEALTH = 'UPDATE records SET health = ? WHERE id = ?';
const HAS = 'SELECT 1 FROM records WHERE id = ?';
const DELETE = 'DELETE FROM records WHERE id = ?';

/** What a new record puts into the tables. */
export interface NewRows {
  readonly id: string;
  readonly columns: readonly SQLInputValue[];
  readonly terms: readonly Term[] | null;
}

export function newRowsOf({ record, meta, health }: NewRecord): NewRows {
  const id = record.container_registry_id;
  const { doc, ends } = composeText(record);
  const { revision, created_at, updated_at } = meta;
  const columns = [id, doc, ends, revision, created_at, updated_at, JSON.stringify(health), ...accessColumns(meta)];
  return { id, columns, terms: termsOfParts(record, meta, health) };
}

/** Adds the record's own row; those of the index are to follow. @returns false where the id is taken */
export function insertRow(connection: Connection, columns: NewRows['columns']): boolean {
  return connection.run(INSERT, ...columns) === 1;
}

export function createRecords(connection: Connection, rows: Rows, cache: RowCache, paths: PathNumbers): Records {
  return {
    insert(record) {
      const added = newRowsOf(record);
      return () => {
        if (!insertRow(connection, added.columns)) return 'exists';
        insertTerms(connection, paths, added.id, added.terms);
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
        connection.run(UPDATE, doc, ends, meta.revision, meta.created_at, meta.updated_at, ...accessColumns(meta), id);
        replaceTerms(connection, paths, id, storedTermsOf(connection, id, viewOf(before)), termsOfParts(record, meta, before.health));
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
        replaceTerms(connection, paths, id, storedTermsOf(connection, id, viewOf(before)), []);
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
      replaceTerms(connection, paths, id, storedTermsOf(connection, id, view), termsOf({ ...view, health: viewOfHealth(health) }));
      return true;
    },
  };
}

function accessColumns({ owner, visibility, shared_with: shares }: RecordAccess): [string | null, string, string] {
  return [owner, visibility, JSON.stringify(shares)];
}

function termsOfParts(record: RecordFields, meta: RecordMeta, health: HealthSummary): readonly Term[] | null {
  return termsOf({ ...(record as unknown as JsonObject), health: viewOfHealth(health), meta: viewOfMeta(meta) });
}
