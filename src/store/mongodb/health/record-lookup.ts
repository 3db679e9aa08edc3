import type { Collection } from 'mongodb';
import { READING } from '../call-options.ts';
import type { CatalogDocument } from '../document.ts';

/** The documents that are shown for these ids: of several with one id, the first by `_id`. */
export async function shownDocuments(
  records: Collection<CatalogDocument>,
  ids: readonly string[],
  projection: Readonly<Record<string, 0 | 1>>,
): Promise<ReadonlyMap<string, CatalogDocument>> {
  const wanted = [...new Set(ids)];
  const found = records.find<CatalogDocument>(
    { container_registry_id: { $in: wanted } },
    { ...READING, projection: { container_registry_id: 1, ...projection }, sort: { container_registry_id: 1, _id: 1 } },
  );
  const byId = new Map<string, CatalogDocument>();
  for (const document of await found.toArray()) {
    const id: unknown = document['container_registry_id'];
    if (typeof id === 'string' && !byId.has(id)) byId.set(id, document);
  }
  return byId;
}
