// Generated from schemas/*.schema.json by `npm run generate`; do not edit.

/**
 * One registry that somebody runs, as the catalog knows it: the record.
 */
export interface ContainerRegistry {
  /**
   * Identifies the record. Chosen by the client or a UUID v4.
   */
  container_registry_id?: string;
  /**
   * Name for people.
   */
  container_registry_name: string;
  container_registry_metadata?: FreeObject;
  /**
   * Words to search, filter and group by.
   *
   * @maxItems 1000
   */
  container_registry_tags?: string[];
  /**
   * Where clients reach the registry. Probes ask for /v2/ below it.
   */
  container_registry_public_url: string;
  /**
   * What image references of this registry begin with. Defaults, at creation, to host, port and path of the public URL.
   */
  container_registry_image_prefix?: string;
  /**
   * How the registry is set up: authentication, mirrors, limits. Free, but for `health`, which says how Portolan watches it.
   */
  container_registry_config?: {
    health?: HealthConfig;
    [k: string]: unknown;
  };
  /**
   * What the registry stores on, and how much.
   */
  container_registry_storage_info?: {
    /**
     * Kind of storage behind the registry.
     */
    storage_type?: 's3' | 'object-store' | 'fs' | 'unknown';
    /**
     * In MB; -1 is unlimited or unknown.
     */
    storage_size?: number;
    /**
     * In MB; -1 is unlimited or unknown.
     */
    memory_size?: number;
    /**
     * aios: run inside the network. external: run by a third party.
     */
    registry_type?: 'aios' | 'external';
    [k: string]: unknown;
  };
}
/**
 * Whatever is worth knowing: environment, owner, region. Keys may hold dots, but a filter cannot address such keys.
 */
export interface FreeObject {
  [k: string]: unknown;
}
/**
 * How this registry is probed and judged. Whatever is left out keeps its default.
 */
export interface HealthConfig {
  /**
   * false: no probes; the verdict is `unknown`, its cause `paused`.
   */
  enabled?: boolean;
  /**
   * Seconds from one probe to the next.
   */
  interval_s?: number;
  /**
   * A probe is over after this.
   */
  timeout_ms?: number;
  /**
   * Certificates (PEM) of authorities that are trusted for this registry besides the usual ones. At most 64 KiB.
   */
  ca?: string;
  /**
   * Statuses of `/v2/` that count as healthy, these and no others; for registries behind proxies with ways of their own.
   *
   * @minItems 1
   * @maxItems 50
   */
  expected_status?: number | [number, ...number[]];
  /**
   * A probe that takes longer counts as slow. Without it, the registry is compared with its own past.
   */
  slow_ms?: number;
  /**
   * An image that must be there: `repository:tag` or `repository@digest`. Its manifest is asked for, because `/v2/` may answer while the storage behind it is broken.
   */
  canary?: string;
  /**
   * Windows of planned work. The registry is probed in them as ever, but what is found does not count against its uptime.
   *
   * @maxItems 50
   */
  maintenance?: MaintenanceWindow[];
}
export interface MaintenanceWindow {
  /**
   * When it begins, ISO 8601 with time and zone.
   */
  from: string;
  /**
   * When it ends; later than `from`.
   */
  to: string;
  /**
   * What is done in it.
   */
  note?: string;
}

/**
 * A change of verdict, with what led to it.
 */
export interface HealthEvent {
  /**
   * When.
   */
  at: string;
  /**
   * Where it was seen from.
   */
  vantage: string;
  /**
   * The verdict before.
   */
  from: 'up' | 'degraded' | 'auth_failed' | 'down' | 'unknown';
  /**
   * The verdict after.
   */
  to: 'up' | 'degraded' | 'auth_failed' | 'down' | 'unknown';
  /**
   * Why.
   */
  cause: string;
  /**
   * The last result and, where something failed, the failures before it.
   */
  evidence: {
    [k: string]: unknown;
  };
}

/**
 * The past of one registry as seen from one vantage, in steps.
 */
export interface HealthHistory {
  /**
   * Where it was seen from.
   */
  vantage: string;
  /**
   * Length of a step in seconds.
   */
  step_s: number;
  /**
   * Of the whole time.
   */
  availability: number | null;
  /**
   * In order of time.
   */
  steps: HistoryStep[];
}
/**
 * One step. The times in seconds add up to its length.
 */
export interface HistoryStep {
  /**
   * Its beginning.
   */
  from: string;
  /**
   * Its end.
   */
  to: string;
  /**
   * Share of the watched time, without maintenance, in which the registry could be used; null when there was no such time.
   */
  availability: number | null;
  /**
   * Seconds up.
   */
  up_s: number;
  /**
   * Seconds degraded.
   */
  degraded_s: number;
  /**
   * Seconds in which the stored credentials were rejected.
   */
  auth_failed_s: number;
  /**
   * Seconds down.
   */
  down_s: number;
  /**
   * Seconds that nobody watched.
   */
  unknown_s: number;
  /**
   * Seconds of maintenance, whatever the verdict.
   */
  maintenance_s: number;
  /**
   * Results in it.
   */
  results: number;
  /**
   * Failures among them.
   */
  failures: number;
  /**
   * 50 in 100 good results took no longer; null when there are none.
   */
  p50_ms: number | null;
  /**
   * 95 in 100 good results took no longer; null when there are none.
   */
  p95_ms: number | null;
  /**
   * 99 in 100 good results took no longer; null when there are none.
   */
  p99_ms: number | null;
}

/**
 * What kind of registry it is, as far as its answer and its name show; `distribution` also stands for the few that answer just as Distribution does.
 */
export type Flavor =
  'distribution' | 'zot' | 'harbor' | 'quay' | 'gitlab' | 'ghcr' | 'ecr' | 'acr' | 'docker_hub' | 'unknown';

/**
 * The result of one probe of one registry.
 */
export interface ProbeResult {
  /**
   * Any HTTP answer came.
   */
  reachable: boolean;
  /**
   * The answer was that of an OCI registry.
   */
  healthy: boolean;
  /**
   * HTTP status of the last answer, which may be a redirect; null where none came.
   */
  status_code: number | null;
  /**
   * HTTP reason phrase, or a sentence where there was no answer to judge.
   */
  reason: string;
  /**
   * What was asked for first.
   */
  url: string;
  /**
   * Stable word for the outcome.
   */
  cause:
    | 'ok'
    | 'auth_required'
    | 'bad_url'
    | 'blocked'
    | 'dns'
    | 'refused'
    | 'unreachable'
    | 'timeout'
    | 'reset'
    | 'tls_expired'
    | 'tls_not_yet_valid'
    | 'tls_untrusted'
    | 'tls_name'
    | 'tls_failed'
    | 'protocol'
    | 'too_large'
    | 'too_many_redirects'
    | 'bad_redirect'
    | 'rate_limited'
    | 'bad_challenge'
    | 'not_a_registry'
    | 'http_4xx'
    | 'http_5xx'
    | 'unexpected_status'
    | 'storage_failed'
    | 'credentials_rejected'
    | 'credentials_expired'
    | 'credentials_withheld'
    | 'token_service_failed'
    | 'probe_failed';
  /**
   * The registry asked for a login and accepted the stored credentials.
   */
  authenticated: boolean;
  phases: ProbePhases;
  /**
   * The last certificate that was shown, trusted or not.
   */
  tls: ProbeCertificate | null;
  /**
   * How the registry asks for a login.
   */
  challenge: Challenge | null;
  flavor: Flavor;
  /**
   * Seconds for which the registry asks to be left alone, from `Retry-After` with 429 or 503; a day at most.
   */
  retry_after_s: number | null;
  /**
   * How the image that must be there was served; null where the record names none, or where `/v2/` already failed or asked for a login that did not succeed.
   */
  canary: CanaryResult | null;
  /**
   * Where the probe was made from.
   */
  vantage: string;
  /**
   * When the probe began, ISO 8601.
   */
  checked_at: string;
  /**
   * What the probe did, step by step; only where it was asked for.
   */
  log?: ProbeLogEntry[];
}
/**
 * Milliseconds spent in each phase, over all requests to the registry; null where it was not reached or not needed.
 */
export interface ProbePhases {
  /**
   * Resolving the name.
   */
  dns_ms: number | null;
  /**
   * Connecting.
   */
  connect_ms: number | null;
  /**
   * The TLS handshake.
   */
  tls_ms: number | null;
  /**
   * From the request to the first byte of its answer.
   */
  first_byte_ms: number | null;
  /**
   * The whole probe, its login and its canary included.
   */
  total_ms: number;
}
export interface ProbeCertificate {
  subject: string;
  issuer: string;
  names: string[];
  valid_from: string | null;
  expires_at: string | null;
  /**
   * Share of its life that is left: 1 when it begins, 0 when it is over.
   */
  lifetime_left: number | null;
}
export interface Challenge {
  scheme: string;
  realm: string | null;
  service: string | null;
}
export interface CanaryResult {
  /**
   * The image, as `repository:tag` or `repository@digest`.
   */
  reference: string;
  /**
   * HTTP status of the last answer; null where none came.
   */
  status_code: number | null;
  /**
   * It is served, or the registry asks for a login before it says so.
   */
  ok: boolean;
}
export interface ProbeLogEntry {
  /**
   * Milliseconds since the probe began.
   */
  at_ms: number;
  event: string;
}

/**
 * What is known of one registry now, from all vantages.
 */
export interface RegistryHealth {
  /**
   * The record's id.
   */
  id: string;
  /**
   * The record's name.
   */
  name: string;
  /**
   * The registry's public URL.
   */
  url: string;
  /**
   * The record's `registry_type`; `unknown` where it has none.
   */
  registry_type: string;
  /**
   * The verdict of all vantages together: `down` only where every one that knows says so.
   */
  status: 'up' | 'degraded' | 'auth_failed' | 'down' | 'unknown';
  /**
   * Why it stands; `vantages_differ` where some reach the registry and others do not.
   */
  cause: string;
  /**
   * Since when the verdict's word stands; null where nothing was ever known.
   */
  since: string | null;
  /**
   * The stored credential that probes log in with; null where none is kept for it.
   */
  credential: CredentialReport | null;
  /**
   * What each vantage sees, by its name.
   */
  vantages: {
    [k: string]: VantageReport;
  };
}
/**
 * What may be told of a stored credential.
 */
export interface CredentialReport {
  /**
   * When it ends, as whoever stored it said; null where nobody did.
   */
  expires_at: string | null;
  /**
   * It ends within 14 days, or within the last tenth of its life where that is shorter; or it has ended.
   */
  expires_soon: boolean;
  /**
   * When a probe from any vantage last logged in with it; null where none did since it was stored.
   */
  last_accepted_at: string | null;
  /**
   * False where the record names another registry than the one it was stored for, and where the service lacks the key that it is sealed with.
   */
  usable: boolean;
}
/**
 * What one vantage makes of a registry.
 */
export interface VantageReport {
  /**
   * The verdict.
   */
  status: 'up' | 'degraded' | 'auth_failed' | 'down' | 'unknown';
  /**
   * Why it stands: a probe's cause, or the verdict's own.
   */
  cause: string;
  /**
   * Since when the verdict's word stands, ISO 8601.
   */
  since: string;
  /**
   * When the last result came; null before the first.
   */
  last_checked_at: string | null;
  /**
   * When the next probe is due; null while probes are paused.
   */
  next_check_at: string | null;
  /**
   * What the last probe took in all.
   */
  latency_ms: number | null;
  /**
   * When the certificate that the registry showed last ends.
   */
  certificate_expires_at: string | null;
  /**
   * Whether the record names this time as maintenance; probes go on.
   */
  in_maintenance: boolean;
  uptime: Uptime;
  /**
   * The last result; only where one registry is asked for.
   */
  last_result?: LastResult | null;
  /**
   * The last ten failures whatever their age, the latest first; only where one registry is asked for.
   */
  last_failures?: PastFailure[];
}
/**
 * Share of the watched time, without maintenance, in which the registry could be used, 0 to 1; null where nobody watched.
 */
export interface Uptime {
  /**
   * Of the last 24 hours.
   */
  '24h': number | null;
  /**
   * Of the last 7 days.
   */
  '7d': number | null;
  /**
   * Of the last 30 days.
   */
  '30d': number | null;
  /**
   * Of the last 90 days.
   */
  '90d': number | null;
}
/**
 * The last result.
 */
export interface LastResult {
  /**
   * When.
   */
  checked_at: string;
  /**
   * Whether the answer was that of an OCI registry.
   */
  healthy: boolean;
  /**
   * Stable word for the outcome.
   */
  cause: string;
  /**
   * HTTP status; null where no answer came.
   */
  status_code: number | null;
  /**
   * HTTP reason phrase, or a sentence where there was no answer to judge.
   */
  reason: string;
  /**
   * The whole probe, in milliseconds.
   */
  total_ms: number;
  /**
   * Resolving the name. Null where it was not reached or not needed.
   */
  dns_ms: number | null;
  /**
   * Connecting. Null where it was not reached or not needed.
   */
  connect_ms: number | null;
  /**
   * The TLS handshake. Null where it was not reached or not needed.
   */
  tls_ms: number | null;
  /**
   * From the request to the first byte of its answer. Null where it was not reached or not needed.
   */
  first_byte_ms: number | null;
  /**
   * What kind of server it is, as far as it shows.
   */
  flavor: string;
  /**
   * Scheme by which the registry asks for a login.
   */
  challenge: string | null;
  /**
   * When the certificate's time began.
   */
  certificate_valid_from: string | null;
  /**
   * When the certificate ends.
   */
  certificate_expires_at: string | null;
}
/**
 * A result that was a failure.
 */
export interface PastFailure {
  /**
   * When.
   */
  at: string;
  /**
   * Stable word for the outcome.
   */
  cause: string;
  /**
   * HTTP status; null where no answer came.
   */
  status_code: number | null;
  /**
   * What came, or a sentence.
   */
  reason: string;
}
