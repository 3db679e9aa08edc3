import { VISIBILITIES, type Scope } from '../../core/access.ts';
import type { Json } from '../../core/json.ts';
import { isJsonObject } from '../../core/json.ts';
import type { RecordSummary } from '../port.ts';
import { recordSummaryOf } from '../summary.ts';
import type { Connection } from './connection.ts';
import { conditionOf, countWithin, marksFor, pathId } from './scope.ts';
import { UNINDEXED } from './terms.ts';

const TAGS = 'container_registry_tags';
const TYPE = 'container_registry_storage_info.registry_type';

/** Goes over whole parts of the index: for the scanning thread only. */
export function summarize(connection: Connection, scope: Scope | null): RecordSummary {
  return connection.snapshot(() => {
    const counts = {
      total: countWithin(connection, scope),
      tags: countValues(connection, TAGS, scope),
      types: countValues(connection, TYPE, scope),
      verdicts: countValues(connection, 'health.status', scope),
      visibilities: countValues(connection, 'meta.visibility', scope),
    };
    addUnindexed(connection, scope, counts);
    return recordSummaryOf(counts);
  });
}

/** How many records have each text at a path. */
function countValues(connection: Connection, path: string, scope: Scope | null): Map<string, number> {
  const hidden = hiddenIds(scope);
  const sql = `SELECT value, count(*) FROM terms WHERE path_id = ${pathId(path)} AND typeof(value) = 'text' ${hidden.sql} GROUP BY value`;
  return new Map(connection.all(sql, ...hidden.parameters).map(([value, count]) => [String(value), Number(count)]));
}

/** Leaves out what is not within the scope, which is mostly little. */
function hiddenIds(scope: Scope | null): { readonly sql: string; readonly parameters: readonly (string | null)[] } {
  if (scope === null) return { sql: '', parameters: [] };
  const { owner, members } = scope;
  const others = VISIBILITIES.filter((visibility) => !scope.visibilities.includes(visibility));
  const unseen = `SELECT id FROM terms WHERE path_id = ${pathId('meta.visibility')} AND value IN (${marksFor(others)})`;
  const own = `SELECT id FROM terms WHERE path_id = ${pathId('meta.owner')} AND value = ?`;
  const shared = `SELECT id FROM terms WHERE path_id = ${pathId('meta.shared_with.with')} AND value IN (SELECT value FROM json_each(?))`;
  return { sql: `AND id NOT IN (${unseen} EXCEPT ${own} EXCEPT ${shared})`, parameters: [...others, owner, JSON.stringify(members)] };
}

interface Addable {
  readonly tags: Map<string, number>;
  readonly types: Map<string, number>;
  readonly verdicts: Map<string, number>;
  readonly visibilities: Map<string, number>;
}

/** Records with more leaves than the index takes have to be read. */
function addUnindexed(connection: Connection, scope: Scope | null, { tags, types, verdicts, visibilities }: Addable): void {
  const within = scope === null ? { sql: 'TRUE', parameters: [] } : conditionOf(scope);
  const sql = `SELECT doc ->> '$.${TAGS}', doc ->> '$.${TYPE}', health ->> '$.status', visibility
    FROM terms AS unindexed CROSS JOIN records ON records.id = unindexed.id WHERE unindexed.path_id = ? AND ${within.sql}`;
  for (const [tagsText, type, verdict, visibility] of connection.iterate(sql, UNINDEXED.pathId, ...within.parameters)) {
    for (const tag of new Set(textsIn(tagsText))) add(tags, tag);
    for (const [counts, value] of [[types, type], [verdicts, verdict], [visibilities, visibility]] as const) if (typeof value === 'string') add(counts, value);
  }
}

function textsIn(json: unknown): string[] {
  const values = typeof json === 'string' ? (JSON.parse(json) as Json) : [];
  return Array.isArray(values) && !isJsonObject(values) ? values.filter((value) => typeof value === 'string') : [];
}

function add(counts: Map<string, number>, value: string): void {
  counts.set(value, (counts.get(value) ?? 0) + 1);
}
