/** What the service's answers hold, as `/openapi.json` describes them; times are ISO 8601 in UTC. */
import type { RecordAccess } from '../core/access.ts';
import type { AuditEntry } from '../core/audit.ts';
import type { HealthSummary, Verdict } from '../core/health-summary.ts';
import type { JsonObject } from '../core/json.ts';
import type { Permission, Principal, UserRole } from '../core/principal.ts';
import type { RecordFields } from '../core/record.ts';
import type { ContainerRegistry } from '../core/schema-types.ts';

export type { HealthSummary, Verdict };
export type { HealthEvent, HealthHistory, ProbeResult, RegistryHealth, VantageReport } from '../core/schema-types.ts';
export type NewRecord = ContainerRegistry;

/** The service's own book-keeping of a record. */
export interface RecordMeta extends RecordAccess {
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

/** Who calls are made as. */
export interface Me {
  readonly kind: Principal['kind'];
  readonly user: string | null;
  readonly role: UserRole | null;
  readonly groups: readonly string[];
  readonly permissions: readonly Permission[];
  /** Of an API token; otherwise null. */
  readonly token_id: string | null;
  readonly expires_at: string | null;
}

export interface User {
  readonly username: string;
  readonly role: UserRole;
  readonly groups: readonly string[];
  readonly disabled: boolean;
  /** Without one a user cannot log in, but can have tokens. */
  readonly has_password: boolean;
  readonly created_at: string;
  readonly password_changed_at: string | null;
}

export interface NewUser {
  readonly username: string;
  readonly password?: string;
  readonly role?: UserRole;
  readonly groups?: readonly string[];
  readonly disabled?: boolean;
}

export interface UserChange extends Partial<Omit<NewUser, 'username'>> {
  readonly current_password?: string;
}

export interface NewToken {
  readonly name: string;
  /** Actions, or `*`: of what its user may do, the token may do only these. */
  readonly scopes: readonly string[];
  /** Default: it does not end by itself. */
  readonly expires_in_s?: number;
  /** Whom it acts as. Default: oneself. */
  readonly username?: string;
}

export interface ApiToken {
  readonly id: string;
  readonly token: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expires_at: string | null;
}

export interface ShownToken extends Omit<ApiToken, 'token'> {
  readonly username: string;
  readonly created_at: string;
  readonly last_used_at: string | null;
}

/** Each given condition must hold. */
export interface AuditQuery {
  readonly user?: string;
  readonly record?: string;
  /** A whole action, or all of one kind: `record:update`, `record`. */
  readonly action?: string;
  /** ISO 8601; from this time on, … */
  readonly from?: string;
  /** … and before this one. */
  readonly to?: string;
  /** At most so many entries. Default: no limit. */
  readonly limit?: number;
}

export interface AuditItem extends AuditEntry {
  readonly seq: number;
  readonly hash: string;
}

/** What became of a check of the chain. */
export interface AuditVerdict {
  readonly ok: boolean;
  readonly entries: number;
  readonly from_seq: number;
  /** The last entry. */
  readonly head: { readonly seq: number; readonly hash: string } | null;
  readonly broken_at?: number;
  readonly reason?: string;
}

export interface SecretsOverview {
  /** Ids of the keys that the service was given; the first one seals. */
  readonly keys: readonly string[];
  /** How many credentials each key seals. */
  readonly sealed_with: Readonly<Record<string, number>>;
  /** Credentials whose key is not there. */
  readonly locked: number;
}

export interface ResealedSecrets {
  readonly resealed: number;
  readonly left: number;
  readonly failed: number;
}

/** What it takes to log in to a registry: a user name with a password, a token, or a client's id with its secret. */
export type CredentialInput = (
  | { readonly username: string; readonly password: string }
  | { readonly token: string }
  | { readonly client_id: string; readonly client_secret: string }
) & {
  /** Only for repositories at or below this path, such as `team/apps`; where a host has several credentials. */
  readonly repository_prefix?: string;
  readonly expires_at?: string;
  /** Host that gives out the registry's tokens, where that is not its own. */
  readonly token_host?: string;
};

export interface ShownCredential {
  readonly kind: 'basic' | 'token' | 'client';
  readonly repository_prefix: string;
  readonly username: string | null;
  readonly expires_at: string | null;
  readonly token_host: string | null;
  /** Scheme, host and port that it is used for, and no other. */
  readonly origin: string;
  readonly usable: boolean;
  readonly updated_at: string;
}

export interface PullSecretQuery {
  readonly format?: 'dockerconfigjson' | 'kubernetes';
  readonly namespace?: string;
  readonly name?: string;
}

/** What came of one record of an import. */
export interface ImportedLine {
  readonly line: number;
  readonly id: string | null;
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'failed';
  readonly code?: string;
  readonly error?: string;
}

export interface ImportSummary {
  readonly summary: {
    readonly lines: number;
    readonly created: number;
    readonly updated: number;
    readonly unchanged: number;
    readonly failed: number;
    readonly dry_run: boolean;
  };
}

export interface ExportQuery {
  readonly q?: string | undefined;
  readonly tag?: string | undefined;
  readonly type?: string | undefined;
  readonly health?: string | undefined;
  /** `false` leaves the book-keeping out. */
  readonly meta?: boolean | undefined;
}

/** What came of a change of whatever matches a filter. `matched` is the sum of the next four. */
export interface ChangeReport {
  readonly matched: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly failed: number;
  /** Those that the caller sees and may not change. */
  readonly forbidden: number;
  /** The first of those that failed. */
  readonly failures: readonly { readonly id: string; readonly code: string; readonly error: string }[];
}

export interface CatalogSummary {
  readonly total: number;
  /** The most frequent first. */
  readonly by_tag: readonly { readonly tag: string; readonly count: number }[];
  readonly by_type: Readonly<Record<string, number>>;
  readonly by_verdict: Readonly<Record<string, number>>;
  readonly by_visibility: Readonly<Record<string, number>>;
}
