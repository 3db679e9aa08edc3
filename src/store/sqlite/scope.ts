/** Scopes as SQL, for what is counted or joined without being read. Where records are read, `isWithin` decides. */
import { VISIBILITIES, type Scope } from '../../core/access.ts';
import type { Connection } from './connection.ts';
import { UNINDEXED } from './terms.ts';

export interface ScopeCondition {
  readonly sql: string;
  readonly parameters: readonly string[];
}

/** Whether a row of `records` is within a scope; says the same as `isWithin`. */
export function conditionOf({ visibilities, owner, members }: Scope): ScopeCondition {
  const tests = [
    // What most records are comes first.
    ...visibilities.toReversed().map((visibility) => ({ sql: 'visibility = ?', parameter: visibility })),
    ...(owner === null ? [] : [{ sql: 'owner = ?', parameter: owner }]),
    // The shares are JSON text of our own making, in which no other value can look like this. Reading it as JSON takes fifty times as long.
    ...members.map((member) => ({ sql: 'instr(shared_with, ?)', parameter: `"with":${JSON.stringify(member)}` })),
  ];
  return tests.length === 0 ? { sql: 'FALSE', parameters: [] } : { sql: `(${tests.map(({ sql }) => sql).join(' OR ')})`, parameters: tests.map(({ parameter }) => parameter) };
}

/** Each record has one revision, or else one row that says that it is not indexed. Both take a tenth of the space of the records. */
const COUNT_ALL = `SELECT count(*) FROM terms WHERE path_id IN (?, ${pathId('meta.revision')})`;

/** The number of records within a scope, from the index alone but for those that are not indexed. */
export function countWithin(connection: Connection, scope: Scope | null): number {
  if (scope === null) return Number(connection.first(COUNT_ALL, UNINDEXED.pathId)?.[0]);
  const { visibilities, owner, members } = scope;
  const hidden = VISIBILITIES.filter((visibility) => !visibilities.includes(visibility));
  const bySight = visibilities.map(() => ` + (SELECT count(*) FROM terms WHERE path_id = ${pathId('meta.visibility')} AND value = ?)`).join('');
  const own = `SELECT id FROM terms WHERE path_id = ${pathId('meta.owner')} AND value = ?`;
  const shared = `SELECT id FROM terms WHERE path_id = ${pathId('meta.shared_with.with')} AND value IN (SELECT value FROM json_each(?))`;
  const isHidden = `EXISTS (SELECT 1 FROM terms WHERE path_id = ${pathId('meta.visibility')} AND value IN (${marksFor(hidden)}) AND id = c.id)`;
  const byRight = `SELECT count(*) FROM (${own} UNION ${shared}) AS c WHERE ${isHidden}`;
  const condition = conditionOf(scope);
  const sql = `SELECT (${byRight}) + (${countUnindexed(condition.sql)})${bySight}`;
  return Number(connection.first(sql, owner, JSON.stringify(members), ...hidden, UNINDEXED.pathId, ...condition.parameters, ...visibilities)?.[0]);
}

export function countOwned(connection: Connection, owner: string): number {
  const sql = `SELECT (SELECT count(*) FROM terms WHERE path_id = ${pathId('meta.owner')} AND value = ?) + (${countUnindexed('owner = ?')})`;
  return Number(connection.first(sql, owner, UNINDEXED.pathId, owner)?.[0]);
}

function countUnindexed(condition: string): string {
  return `SELECT count(*) FROM terms AS unindexed CROSS JOIN records ON records.id = unindexed.id WHERE unindexed.path_id = ? AND ${condition}`;
}

/** The number of a path, as SQL; null where no record ever had it. */
export function pathId(path: string): string {
  return `(SELECT path_id FROM paths WHERE path = '${path}')`;
}

export function marksFor(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}
