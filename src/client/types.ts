/** What the service's answers hold, as `/openapi.json` describes them; times are ISO 8601 in UTC. */
import type { HealthSummary, Verdict } from '../core/health-summary.ts';
import type { JsonObject } from '../core/json.ts';
import type { RecordFields } from '../core/record.ts';
import type { ContainerRegistry } from '../core/schema-types.ts';

export type { HealthSummary, Verdict };
export type { HealthEvent, HealthHistory, ProbeResult, RegistryHealth, VantageReport } from '../core/schema-types.ts';
export type NewRecord = ContainerRegistry;

/** The service's own book-keeping of a record. */
export interface RecordMeta {
  readonly created_at: string;
  readonly updated_at: string;
  readonly revision: number;
}

/** A record as asked for: with `fields` some are missing, and a document of an older database may lack any but the id. */
export interface ShownRecord extends Partial<RecordFields> {
  readonly container_registry_id: string;
  readonly health?: HealthSummary;
  readonly meta?: RecordMeta;
}

export type Include = 'health' | 'meta' | 'health,meta';

export interface ListQuery {
  /** A MongoDB filter. Default: every record. */
  readonly filter?: JsonObject;
  /** Fields to order by, separated by commas; `-` before a field turns its order round. */
  readonly sort?: string;
  /** Fields to show, separated by commas. */
  readonly fields?: string;
  readonly include?: Include;
  /** At most so many records in all. Default: no limit. */
  readonly limit?: number;
}

/** What a change answers: the record's id, and its new entity tag for `ifMatch`. */
export interface Written {
  readonly id: string;
  readonly etag: string | null;
}

export interface HealthQuery {
  /** Only these verdicts. */
  readonly status?: readonly Verdict[];
  /** Only what this vantage sees. */
  readonly vantage?: string;
}

export interface HistoryQuery {
  /** ISO 8601. Default: 24 hours before the end. */
  readonly from?: string;
  /** Default: now. */
  readonly to?: string;
  /** Length of a step in seconds. Default: what makes about a hundred of them. */
  readonly stepS?: number;
  readonly vantage?: string;
}
