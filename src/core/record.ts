import type { ContainerRegistry } from './schema-types.ts';

/** A record as it is stored and shown: every one of the eight fields is there. */
export type RecordFields = Required<ContainerRegistry>;

/** The eight fields, in the order in which they are shown. */
export const RECORD_FIELDS = [
  'container_registry_id',
  'container_registry_name',
  'container_registry_metadata',
  'container_registry_tags',
  'container_registry_public_url',
  'container_registry_image_prefix',
  'container_registry_config',
  'container_registry_storage_info',
] as const satisfies readonly (keyof RecordFields)[];

/** Where a dotted path of a filter, sort or projection may begin: the eight fields, and what Portolan knows beside them. */
export const QUERY_ROOTS: ReadonlySet<string> = new Set([...RECORD_FIELDS, 'health', 'meta']);
