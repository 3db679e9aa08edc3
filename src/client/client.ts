import type { JsonObject } from '../core/json.ts';
import { ClientError } from './errors.ts';
import { createExchange, type Reply } from './exchange.ts';
import { entriesOf } from './pages.ts';
import { pinnedFetch, type Send } from './transport.ts';
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

export interface ClientOptions {
  /** Where the service is, such as `http://127.0.0.1:8000`; a path before its own paths is kept. */
  readonly url: string;
  /** No call takes longer than this; a page of a list is a call of its own. Probes on demand may need 15 s. */
  readonly timeoutMs: number;
  /** Default: undici's. */
  readonly fetch?: Send;
}

/** Portolan's REST API as functions. All of them fail with `ClientError`, lists while they are read. Answers are taken to be what the API's description says. */
export interface Client {
  list(query?: ListQuery): AsyncIterable<ShownRecord>;
  get(id: string, options?: { readonly include?: Include }): Promise<{ readonly record: ShownRecord; readonly etag: string | null }>;
  /** With `verify` a record is stored only if its registry answers now. */
  create(record: NewRecord, options?: { readonly verify?: boolean }): Promise<Written>;
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

/**
 * Sends nothing anywhere but to `url` and follows no redirects.
 * @throws {ClientError} `BAD_SERVICE_URL`
 */
export function createClient({ url, timeoutMs, fetch: send = pinnedFetch }: ClientOptions): Client {
  const exchange = createExchange({ base: serviceUrl(url), fetch: send, timeoutMs });
  const recordPath = (id: string, rest = ''): string => `/container_registry/${segmentOf(id)}${rest}`;
  return {
    list({ filter = {}, sort, fields, include, limit = Infinity } = {}) {
      return entriesOf<ShownRecord>(exchange, { method: 'POST', path: '/container_registries', query: { sort, fields, include }, body: filter }, limit);
    },
    async get(id, { include } = {}) {
      const { data, headers } = await exchange({ method: 'GET', path: recordPath(id), query: { include } });
      return { record: data as ShownRecord, etag: headers.get('etag') };
    },
    async create(record, { verify } = {}) {
      return writtenOf(await exchange({ method: 'POST', path: '/container_registry', query: { verify: flag(verify) }, body: record }));
    },
    async update(id, update, { ifMatch } = {}) {
      return writtenOf(await exchange({ method: 'PUT', path: recordPath(id), body: update, ifMatch }));
    },
    async remove(id, { ifMatch } = {}) {
      await exchange({ method: 'DELETE', path: recordPath(id), ifMatch });
    },
    async check(id, { debug } = {}) {
      const { data } = await exchange({ method: 'GET', path: `/check_container_health/${segmentOf(id)}`, query: { debug: flag(debug) } });
      return data as ProbeResult;
    },
    async probeUrl(registryUrl, { debug } = {}) {
      const { data } = await exchange({ method: 'POST', path: '/api/v1/probe', body: { url: registryUrl, ...(debug === true ? { debug } : {}) } });
      return data as ProbeResult;
    },
    health({ status, vantage } = {}) {
      return entriesOf<RegistryHealth>(exchange, { method: 'GET', path: '/container_registries/health', query: { status: status?.join(','), vantage } }, Infinity);
    },
    async healthOf(id) {
      return (await exchange({ method: 'GET', path: recordPath(id, '/health') })).data as RegistryHealth;
    },
    async history(id, { from, to, stepS, vantage } = {}) {
      return (await exchange({ method: 'GET', path: recordPath(id, '/health/history'), query: { from, to, step: stepS, vantage } })).data as HealthHistory;
    },
    async events(id, { limit, before } = {}) {
      return (await exchange({ method: 'GET', path: recordPath(id, '/health/events'), query: { limit, before } })).data as readonly HealthEvent[];
    },
  };
}

/** An id as one segment of a path. Those that a URL cannot hold as one would lead elsewhere. */
function segmentOf(id: string): string {
  if (id === '' || id === '.' || id === '..' || !id.isWellFormed()) throw new ClientError('RECORD_NOT_FOUND', `No record can be asked for by the id “${id}”.`);
  return encodeURIComponent(id);
}

const flag = (value: boolean | undefined): string | undefined => (value === true ? 'true' : undefined);

const writtenOf = ({ data, headers }: Reply): Written => ({ id: (data as { id: string }).id, etag: headers.get('etag') });

function serviceUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ClientError('BAD_SERVICE_URL', `“${text}” is not an http or https URL. Portolan’s own looks like http://127.0.0.1:8000.`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ClientError('BAD_SERVICE_URL', 'The service’s URL must hold neither a user name nor a query nor a fragment.');
  }
  return url;
}
