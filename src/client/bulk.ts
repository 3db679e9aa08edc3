import type { Visibility } from '../core/access.ts';
import type { JsonObject } from '../core/json.ts';
import type { Exchange } from './exchange.ts';
import type { CatalogSummary, ChangeReport, ExportQuery, ImportedLine, ImportSummary } from './types.ts';

export interface ImportOptions {
  readonly contentType: 'application/x-ndjson' | 'application/json';
  readonly mode?: 'create' | 'upsert' | undefined;
  readonly dryRun?: boolean | undefined;
  readonly visibility?: Visibility | undefined;
}

interface ChangeOptions {
  readonly dryRun?: boolean | undefined;
  /** Confirms a filter that matches every record. */
  readonly all?: boolean | undefined;
}

/** Many records at once. */
export interface BulkCalls {
  /** What comes of each record, while they are sent; the last is the summary, without which the answer has broken off. */
  importRecords(chunks: AsyncIterable<Uint8Array>, options: ImportOptions): AsyncIterable<ImportedLine | ImportSummary>;
  /** Lines of JSON, a record each, to be read once. */
  exportRecords(query?: ExportQuery): Promise<AsyncIterable<Uint8Array>>;
  /** Updates every record that matches. */
  updateMany(filter: JsonObject, update: JsonObject, options?: ChangeOptions): Promise<ChangeReport>;
  removeMany(filter: JsonObject, options?: ChangeOptions): Promise<ChangeReport>;
  summary(): Promise<CatalogSummary>;
}

export function bulkCalls(exchange: Exchange, timeoutMs: number): BulkCalls {
  const change = async (verb: 'update' | 'delete', body: JsonObject, { dryRun, all }: ChangeOptions): Promise<ChangeReport> =>
    (await exchange.longData({ method: 'POST', path: `/container_registries/${verb}`, query: { dry_run: flag(dryRun), all: flag(all) }, body })) as ChangeReport;
  return {
    async *importRecords(chunks, { contentType, mode, dryRun, visibility }) {
      // What is sent can be sent once, so a session that has to be renewed is renewed before.
      await exchange.data({ method: 'GET', path: '/api/v1/auth/me' });
      const call = { method: 'POST', path: '/container_registries/import', query: { mode, dry_run: flag(dryRun), visibility }, upload: { contentType, chunks } } as const;
      yield* exchange.lines(call) as AsyncIterable<ImportedLine | ImportSummary>;
    },
    async exportRecords({ q, tag, type, health, meta } = {}) {
      const query = { q, tag, registry_type: type, health, meta: meta === false ? 'false' : undefined };
      const { chunks } = await exchange.download({ method: 'GET', path: '/container_registries/export', query }, { contentType: 'application/x-ndjson', headTimeoutMs: timeoutMs });
      return chunks;
    },
    updateMany: (filter, update, options = {}) => change('update', { filter, update }, options),
    removeMany: (filter, options = {}) => change('delete', { filter }, options),
    async summary() {
      return (await exchange.data({ method: 'GET', path: '/container_registries/summary' })).data as CatalogSummary;
    },
  };
}

const flag = (value: boolean | undefined): string | undefined => (value === true ? 'true' : undefined);
