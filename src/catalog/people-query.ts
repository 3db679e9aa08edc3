import type { Json, JsonObject } from '../core/json.ts';

/** What people ask for in a URL. Each given condition must hold. */
export interface PeopleQuery {
  /** Part of an id, name, URL or tag; case does not matter. */
  readonly q?: string | undefined;
  readonly tag?: string | undefined;
  readonly registryType?: string | undefined;
  readonly health?: string | undefined;
}

const SEARCHED_FIELDS = ['container_registry_id', 'container_registry_name', 'container_registry_public_url', 'container_registry_tags'];

/** The same as a filter, so that people and programs are answered by one matcher. */
export function filterOfPeopleQuery({ q, tag, registryType, health }: PeopleQuery): JsonObject {
  const conditions: Json[] = [];
  if (tag !== undefined) conditions.push({ container_registry_tags: tag });
  if (registryType !== undefined) conditions.push({ 'container_registry_storage_info.registry_type': registryType });
  if (health !== undefined) conditions.push({ 'health.status': health });
  if (q !== undefined) conditions.push({ $or: SEARCHED_FIELDS.map((field) => ({ [field]: { $regex: escapePattern(q), $options: 'i' } })) });
  return conditions.length === 0 ? {} : { $and: conditions };
}

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
