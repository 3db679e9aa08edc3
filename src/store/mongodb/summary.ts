import type { Document } from 'mongodb';
import { openAccess, type Scope } from '../../core/access.ts';
import { limits } from '../../core/limits.ts';
import type { RecordSummary } from '../port.ts';
import { recordSummaryOf, type Counts } from '../summary.ts';
import { EVERY_RECORD, scopeQueryOf } from './candidate-query.ts';
import type { Connection } from './connection.ts';
import { BOOKKEEPING } from './document.ts';
import type { Searches } from './find.ts';

const TAGS = 'container_registry_tags';

/** @throws {AppError} `STORE_UNAVAILABLE` */
export async function summarize(searches: Searches, scope: Scope | null): Promise<RecordSummary> {
  const { connection } = searches;
  const within = scope === null ? EVERY_RECORD : { $and: [EVERY_RECORD, scopeQueryOf(scope)] };
  const shown = [...(searches.idsAreUnique() ? [] : SHOWN_ONCE), { $match: within }];
  const count = (path: string, stages: readonly Document[] = []): Promise<Counts> => countValues(connection, [...shown, ...stages], path);
  const [totals, tags, types, verdicts, visibilities] = await Promise.all([
    count(''),
    count(TAGS, [{ $unwind: `$${TAGS}` }]),
    count('container_registry_storage_info.registry_type'),
    count(`${BOOKKEEPING}.health.status`),
    count(`${BOOKKEEPING}.visibility`),
  ]);
  const total = [...totals.values()].reduce((sum, part) => sum + part, 0);
  return recordSummaryOf({ total, tags, types, verdicts: orElse(verdicts, 'unknown', total), visibilities: orElse(visibilities, openAccess.visibility, total) });
}

/** Of several documents with one id, the first by `_id` is the record. */
const SHOWN_ONCE: readonly Document[] = [
  { $match: EVERY_RECORD },
  { $sort: { container_registry_id: 1, _id: 1 } },
  { $group: { _id: '$container_registry_id', first: { $first: '$$ROOT' } } },
  { $replaceRoot: { newRoot: '$first' } },
];

/** How many records have each text at a path; an empty path: how many there are, under one name. */
async function countValues(connection: Connection, stages: readonly Document[], path: string): Promise<Counts> {
  const records = await connection.collection();
  const groups = records.aggregate<{ _id: unknown; count: number }>([...stages, { $group: { _id: path === '' ? '' : `$${path}`, count: { $sum: 1 } } }], {
    allowDiskUse: true,
    maxTimeMS: limits.scanDeadlineMs,
  });
  const found = await connection.whileAlive(groups.toArray());
  return new Map(found.flatMap(({ _id, count }) => (typeof _id === 'string' ? [[_id, count] as const] : [])));
}

/** Documents of an older database say nothing of some things, and are shown as if they said this. */
function orElse(counts: Counts, word: string, total: number): Counts {
  const told = [...counts.values()].reduce((sum, part) => sum + part, 0);
  return new Map([...counts, [word, (counts.get(word) ?? 0) + total - told]]);
}
