import type { Visibility } from '../core/access.ts';
import type { JsonObject } from '../core/json.ts';
import type { Reply } from './envelope.ts';
import type { Exchange } from './exchange.ts';
import { entriesOf } from './pages.ts';
import { segmentOf } from './path-segment.ts';
import type {
  HealthEvent,
  HealthHistory,
  HealthQuery,
  HistoryQuery,
  Include,
  ListQuery,
  NewRecord,
  ProbeResult,
  RegistryHealth,
  ShownRecord,
  Written,
} from './types.ts';

/** Records, and what is known of their registries' health. */
export interface CatalogCalls {
  list(query?: ListQuery): AsyncIterable<ShownRecord>;
  get(id: string, options?: { readonly include?: Include }): Promise<{ readonly record: ShownRecord; readonly etag: string | null }>;
  /** With `verify` a record is stored only if its registry answers now. */
  create(record: NewRecord, options?: { readonly verify?: boolean; readonly visibility?: Visibility | undefined }): Promise<Written>;
  /** `update` is a MongoDB update document or an object of the fields to replace. With `ifMatch` it changes only what is still as it was read. */
  update(id: string, update: JsonObject, options?: { readonly ifMatch?: string }): Promise<Written>;
  remove(id: string, options?: { readonly ifMatch?: string }): Promise<void>;
  /** Probes a recorded registry now. An outage is a result, not an error. */
  check(id: string, options?: { readonly debug?: boolean }): Promise<ProbeResult>;
  /** The same for a registry that stands in no record. */
  probeUrl(url: string, options?: { readonly debug?: boolean }): Promise<ProbeResult>;
  /** What all registries are like now. */
  health(query?: HealthQuery): AsyncIterable<RegistryHealth>;
  /** One registry, with its last result and the last failures whatever their age. */
  healthOf(id: string): Promise<RegistryHealth>;
  /** Availability and latency of one registry, step by step. */
  history(id: string, query?: HistoryQuery): Promise<HealthHistory>;
  /** Changes of verdict, the latest first. */
  events(id: string, query?: { readonly limit?: number; readonly before?: string }): Promise<readonly HealthEvent[]>;
}

export function catalogCalls(exchange: Exchange): CatalogCalls {
  const recordPath = (id: string, rest = ''): string => `/container_registry/${segmentOf(id)}${rest}`;
  return {
    list({ filter = {}, sort, fields, include, limit = Infinity } = {}) {
      return entriesOf<ShownRecord>(exchange, { method: 'POST', path: '/container_registries', query: { sort, fields, include }, body: filter }, limit);
    },
    async get(id, { include } = {}) {
      const { data, headers } = await exchange.data({ method: 'GET', path: recordPath(id), query: { include } });
      return { record: data as ShownRecord, etag: headers.get('etag') };
    },
    async create(record, { verify, visibility } = {}) {
      return writtenOf(await exchange.data({ method: 'POST', path: '/container_registry', query: { verify: flag(verify), visibility }, body: record }));
    },
    async update(id, update, { ifMatch } = {}) {
      return writtenOf(await exchange.data({ method: 'PUT', path: recordPath(id), body: update, ifMatch }));
    },
    async remove(id, { ifMatch } = {}) {
      await exchange.data({ method: 'DELETE', path: recordPath(id), ifMatch });
    },
    async check(id, { debug } = {}) {
      const { data } = await exchange.data({ method: 'GET', path: `/check_container_health/${segmentOf(id)}`, query: { debug: flag(debug) } });
      return data as ProbeResult;
    },
    async probeUrl(registryUrl, { debug } = {}) {
      const { data } = await exchange.data({ method: 'POST', path: '/api/v1/probe', body: { url: registryUrl, ...(debug === true ? { debug } : {}) } });
      return data as ProbeResult;
    },
    health({ status, vantage } = {}) {
      return entriesOf<RegistryHealth>(exchange, { method: 'GET', path: '/container_registries/health', query: { status: status?.join(','), vantage } }, Infinity);
    },
    async healthOf(id) {
      return (await exchange.data({ method: 'GET', path: recordPath(id, '/health') })).data as RegistryHealth;
    },
    async history(id, { from, to, stepS, vantage } = {}) {
      return (await exchange.data({ method: 'GET', path: recordPath(id, '/health/history'), query: { from, to, step: stepS, vantage } })).data as HealthHistory;
    },
    async events(id, { limit, before } = {}) {
      return (await exchange.data({ method: 'GET', path: recordPath(id, '/health/events'), query: { limit, before } })).data as readonly HealthEvent[];
    },
  };
}

const flag = (value: boolean | undefined): string | undefined => (value === true ? 'true' : undefined);

const writtenOf = ({ data, headers }: Reply): Written => ({ id: (data as { id: string }).id, etag: headers.get('etag') });
