import type { Collection, Document, IndexSpecification } from 'mongodb';
import { AppError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import type { StoreLog } from './connection.ts';
import { BOOKKEEPING, type CatalogDocument } from './document.ts';
import { storeErrorOf } from './errors.ts';

export interface IndexPlan {
  readonly name: string;
  readonly keys: IndexSpecification;
}

/** No index is unique: an older database may hold an id twice. Ours are unique by `_id`. */
export const RECORD_INDEXES: readonly IndexPlan[] = [
  { name: 'portolan_id', keys: { container_registry_id: 1, _id: 1 } },
  { name: 'portolan_name', keys: { container_registry_name: 1 } },
  { name: 'portolan_tags', keys: { container_registry_tags: 1 } },
  { name: 'portolan_public_url', keys: { container_registry_public_url: 1 } },
  { name: 'portolan_image_prefix', keys: { container_registry_image_prefix: 1 } },
  { name: 'portolan_registry_type', keys: { 'container_registry_storage_info.registry_type': 1 } },
  { name: 'portolan_health', keys: { [`${BOOKKEEPING}.health.status`]: 1 } },
  { name: 'portolan_created_at', keys: { [`${BOOKKEEPING}.created_at`]: 1 } },
  { name: 'portolan_updated_at', keys: { [`${BOOKKEEPING}.updated_at`]: 1 } },
  { name: 'portolan_visibility', keys: { [`${BOOKKEEPING}.visibility`]: 1 } },
  { name: 'portolan_owner', keys: { [`${BOOKKEEPING}.owner`]: 1 } },
  { name: 'portolan_shared_with', keys: { [`${BOOKKEEPING}.shared_with.with`]: 1 } },
  { name: 'portolan_metadata', keys: { 'container_registry_metadata.$**': 1 } },
  { name: 'portolan_config', keys: { 'container_registry_config.$**': 1 } },
  { name: 'portolan_storage_info', keys: { 'container_registry_storage_info.$**': 1 } },
];

/**
 * Creates the indexes that are missing. Queries work without any; a server that refuses one (some know no wildcard
 * indexes) is slower, which the log says.
 * @throws {AppError} `STORE_UNAVAILABLE`
 */
export async function ensureIndexes<T extends Document>(collection: Collection<T>, indexes: readonly IndexPlan[], log: StoreLog): Promise<void> {
  for (const { name, keys } of indexes) {
    try {
      await collection.createIndex(keys, { name }, undefined);
    } catch (error) {
      const known = storeErrorOf(error);
      if (known instanceof AppError) throw known;
      log.warn('MongoDB refused an index; queries that it would serve are slower', { index: name, reason: String(error) });
    }
  }
}

/**
 * Ids that several documents of an older database hold, at most `mongoDuplicatesShown` of them.
 * @throws {AppError} `STORE_UNAVAILABLE`
 */
export async function findDuplicateIds(collection: Collection<CatalogDocument>): Promise<readonly string[]> {
  const groups = collection.aggregate<{ _id: unknown }>(
    [
      { $match: { container_registry_id: { $type: 'string' } } },
      { $group: { _id: '$container_registry_id', documents: { $sum: 1 } } },
      { $match: { documents: { $gt: 1 } } },
      { $sort: { _id: 1 } },
      { $limit: limits.mongoDuplicatesShown },
    ],
    { allowDiskUse: true },
  );
  try {
    return (await groups.toArray()).map((group) => String(group._id));
  } catch (error) {
    throw storeErrorOf(error);
  }
}
