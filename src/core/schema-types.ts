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
