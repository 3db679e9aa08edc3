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
  container_registry_config?: FreeObject1;
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
 * How the registry is set up: authentication, mirrors, limits.
 */
export interface FreeObject1 {
  [k: string]: unknown;
}

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
    | 'probe_failed';
  phases: ProbePhases;
  /**
   * The last certificate that was shown, trusted or not.
   */
  tls: ProbeCertificate | null;
  /**
   * How the registry asks for a login.
   */
  challenge: Challenge | null;
  /**
   * Where the probe was made from.
   */
  vantage: string;
  /**
   * When the probe began, ISO 8601.
   */
  checked_at: string;
}
/**
 * Milliseconds spent in each phase, over all redirects; null where it was not reached or not needed.
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
   * The whole probe.
   */
  total_ms: number;
}
export interface ProbeCertificate {
  subject: string;
  issuer: string;
  names: string[];
  valid_from: string | null;
  expires_at: string | null;
}
export interface Challenge {
  scheme: string;
  realm: string | null;
  service: string | null;
}
