/** Telling the verdicts of vantages in the records' health. */
import type { Filter, UpdateFilter } from 'mongodb';
import { AppError } from '../../../core/errors.ts';
import { withoutVantage, withVantage, type HealthSummary } from '../../../core/health-summary.ts';
import { limits } from '../../../core/limits.ts';
import type { WatchKey } from '../../health-port.ts';
import { READING, UNORDERED } from '../call-options.ts';
import { BOOKKEEPING, bookkeepingChange, rawHealthOf, showHealth, type CatalogDocument } from '../document.ts';
import type { HealthCollections } from './collections.ts';
import { shownDocuments } from './record-lookup.ts';
import { watchKeyOf } from './watch-document.ts';

type Change = (before: HealthSummary) => HealthSummary;

/** Makes the records say what these watches' verdicts are now. */
export async function tellVerdicts(collections: HealthCollections, keys: readonly WatchKey[]): Promise<void> {
  const readChanges = async (): Promise<ReadonlyMap<string, Change>> => {
    const query = { _id: { $in: keys.map(watchKeyOf) }, verdict: { $ne: null } };
    const watches = await collections.watches.find(query, { ...READING, projection: { id: 1, vantage: 1, verdict: 1 } }).toArray();
    return changesOf(watches, (before, { vantage, verdict }) => (verdict === null ? before : withVantage(before, vantage, verdict)));
  };
  await changeHealth(collections, keys.map(({ id }) => id), readChanges);
}

/** Makes the records of these watches say nothing any more of their vantages. */
export async function forgetVantages(collections: HealthCollections, keys: readonly WatchKey[], nowIso: string): Promise<void> {
  const changes = changesOf(keys, (before, { vantage }) => (Object.hasOwn(before.vantages, vantage) ? withoutVantage(before, vantage, nowIso) : before));
  await changeHealth(collections, keys.map(({ id }) => id), async () => changes);
}

/** One change for each record, made of those of all its watches. */
function changesOf<T extends WatchKey>(watches: readonly T[], change: (before: HealthSummary, watch: T) => HealthSummary): ReadonlyMap<string, Change> {
  const byId = Map.groupBy(watches, ({ id }) => id);
  return new Map([...byId].map(([id, of]) => [id, (before: HealthSummary) => of.reduce(change, before)]));
}

/**
 * Compare-and-swap on the health as it was. The health is read before what shall be told of it: whoever read a verdict that
 * has been replaced since has then also read a health that has, or will have, been replaced, so that the latest verdict stands in the end.
 */
async function changeHealth(collections: HealthCollections, ids: readonly string[], readChanges: () => Promise<ReadonlyMap<string, Change>>): Promise<void> {
  if (ids.length === 0) return;
  const { records } = collections;
  for (let attempt = 0; attempt < limits.updateRetriesMax; attempt++) {
    const documents = await shownDocuments(records, ids, { [BOOKKEEPING]: 1 });
    const changes = await readChanges();
    const swaps = [...documents].flatMap(([id, document]) => swapOf(document, changes.get(id)));
    if (swaps.length === 0) return;
    const { matchedCount } = await records.bulkWrite(swaps, UNORDERED);
    if (matchedCount === swaps.length) return;
  }
  throw new AppError('OVERLOADED', 'The health of a record is being changed by too many others at once.', { retryAfterS: 1 });
}

interface Swap {
  readonly updateOne: { readonly filter: Filter<CatalogDocument>; readonly update: UpdateFilter<CatalogDocument> };
}

function swapOf(document: CatalogDocument, change: Change | undefined): Swap[] {
  if (change === undefined) return [];
  const raw = rawHealthOf(document);
  const health = change(showHealth(document));
  if (JSON.stringify(health) === JSON.stringify(raw)) return [];
  // Null finds what is missing, too.
  const filter: Filter<CatalogDocument> = { _id: document._id, [`${BOOKKEEPING}.health`]: { $eq: raw ?? null } };
  return [{ updateOne: { filter, update: { $set: bookkeepingChange(document, { health }) } } }];
}
