import { AppError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import { neverProbed } from '../core/health-summary.ts';
import type { Json, JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { RecordFields } from '../core/record.ts';
import { applyUpdate } from '../query/update/apply.ts';
import { parseUpdate } from '../query/update/parse.ts';
import type { FindQuery, RecordMeta, RecordStore, StoredRecord } from '../store/port.ts';
import { recordOf } from '../store/stored-record.ts';
import { completeNewRecord, completeUpdatedRecord } from './record.ts';

/** What a writer knows of the revision that it means to change: any, or one of these. */
export type Precondition = { readonly kind: 'none' } | { readonly kind: 'revision'; readonly matches: (meta: RecordMeta) => boolean };

export interface Written {
  readonly id: string;
  readonly meta: RecordMeta;
}

/** The catalog: everything that may be done to records, whoever asks and wherever they are kept. */
export interface Catalog {
  /** @throws {AppError} `INVALID_RECORD`, `RECORD_TOO_LARGE`, `ID_EXISTS`, or whatever `admit` throws */
  create(input: Json, admit?: (record: RecordFields) => Promise<void>): Promise<Written>;
  /** @throws {AppError} `RECORD_NOT_FOUND` */
  get(id: string): Promise<StoredRecord>;
  /** @throws {AppError} `INVALID_UPDATE`, `INVALID_RECORD`, `RECORD_NOT_FOUND`, `REVISION_STALE` … */
  update(id: string, input: Json, precondition: Precondition): Promise<Written>;
  /** @throws {AppError} `RECORD_NOT_FOUND`, `REVISION_STALE` */
  delete(id: string, precondition: Precondition): Promise<void>;
  find(query: FindQuery, signal: AbortSignal): AsyncIterable<readonly StoredRecord[]>;
  count(filter: FindQuery['filter'], signal: AbortSignal): Promise<number>;
  readAllText(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Hears of every change that was written. */
export interface CatalogListener {
  onWritten(id: string): void;
  onDeleted(id: string): void;
}

export function createCatalog(store: RecordStore, clock: Clock, listener?: CatalogListener): Catalog {
  const get = async (id: string): Promise<StoredRecord> => {
    const stored = await store.get(id);
    if (stored === null) throw new AppError('RECORD_NOT_FOUND');
    return stored;
  };
  const now = (): string => new Date(clock.nowMs()).toISOString();

  return {
    get,
    find: (query, signal) => store.find(query, signal),
    count: (filter, signal) => store.count(filter, signal),
    readAllText: (signal) => store.readAllText(signal),

    async create(input, admit) {
      const record = completeNewRecord(input);
      const id = record.container_registry_id;
      await admit?.(record);
      const time = now();
      const meta = { created_at: time, updated_at: time, revision: 1 };
      if ((await store.insert({ record, meta, health: neverProbed(time) })) === 'exists') {
        throw new AppError('ID_EXISTS', `There is a record with the id ${id} already. Update it with PUT, or choose another id.`);
      }
      listener?.onWritten(id);
      return { id, meta };
    },

    async update(id, input, precondition) {
      const update = parseUpdate(input);
      for (let attempt = 0; attempt < limits.updateRetriesMax; attempt++) {
        const stored = await get(id);
        refuseStale(precondition, stored);
        const before = recordOf(stored);
        const record = completeUpdatedRecord(before, applyUpdate(before as unknown as JsonObject, update));
        // Nothing changed: nothing is written, and the revision stays what clients know.
        if (JSON.stringify(record) === stored.text) return { id, meta: stored.meta };
        const meta = { ...stored.meta, updated_at: now(), revision: stored.meta.revision + 1 };
        if (!(await store.replace({ record, meta, expectedRevision: stored.meta.revision }))) continue;
        listener?.onWritten(id);
        return { id, meta };
      }
      throw new AppError('OVERLOADED', `The record ${id} is being changed by too many others at once.`, { retryAfterS: 1 });
    },

    async delete(id, precondition) {
      if (precondition.kind === 'none') {
        if ((await store.delete(id)) === 'missing') throw new AppError('RECORD_NOT_FOUND');
        listener?.onDeleted(id);
        return;
      }
      const stored = await get(id);
      refuseStale(precondition, stored);
      const outcome = await store.delete(id, stored.meta.revision);
      if (outcome === 'missing') throw new AppError('RECORD_NOT_FOUND');
      if (outcome === 'stale') throw new AppError('REVISION_STALE');
      listener?.onDeleted(id);
    },
  };
}

function refuseStale(precondition: Precondition, stored: StoredRecord): void {
  if (precondition.kind === 'revision' && !precondition.matches(stored.meta)) throw new AppError('REVISION_STALE');
}
