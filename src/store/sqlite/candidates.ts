import { limits } from '../../core/limits.ts';
import { compareText } from '../../query/compare.ts';
import type { Connection } from './connection.ts';
import { AFTER_TEXTS, between, type Plan, type RangePlan } from './plan.ts';
import { testOf } from './plan-test.ts';
import { UNINDEXED, type TermValue } from './terms.ts';

/** Some candidates in the order of their ids, each once. All up to and with `through` are there; `null`: all that there are. */
export interface CandidatePage {
  readonly ids: readonly string[];
  readonly through: string | null;
}

const UNINDEXED_RECORDS: Plan = { kind: 'terms', pathId: UNINDEXED.pathId, values: [UNINDEXED.value] };

/** Reads the next candidates after an id: about `wanted` of them, sometimes none although more follow. */
export function candidatePage(connection: Connection, plan: Plan, afterId: string, wanted: number): CandidatePage {
  const query: PageQuery = { connection, afterId, wanted };
  return mergePages([...read(query, plan, []), ...read(query, UNINDEXED_RECORDS, [])]);
}

interface PageQuery {
  readonly connection: Connection;
  readonly afterId: string;
  readonly wanted: number;
}

/** Fewer would cost a look-up for each. */
const ROWS_MIN = 8;

/** A range is read whole for every page, so whoever wants more than a first page gets it in a few large ones. */
const RANGE_PAGES_MAX = 8;
const RANGE_PAGE_SMALL = 256;

/** Pages whose union are the plan's candidates; `tests` must hold for them besides. */
function read(query: PageQuery, plan: Plan, tests: readonly Plan[]): CandidatePage[] {
  switch (plan.kind) {
    case 'terms':
      return readTerms(query, plan, tests);
    case 'ids':
      return [{ ids: plan.ids.filter((id) => compareText(id, query.afterId) > 0), through: null }];
    case 'idRange':
      return [readIdRange(query, plan, tests)];
    case 'range':
      return [readRange(query, plan, tests)];
    case 'led':
      return [readRange(query, plan.leader, [...tests, ...plan.tests])];
    case 'or':
      return plan.of.flatMap((part) => read(query, part, tests));
    case 'and':
      return readAll(query, plan.of, tests);
  }
}

/**
 * The leader's candidates, of those that satisfy the others, too. Going through two lists side by side costs a tenth of looking
 * each row of the one up in the other, so long as the other is not very much longer.
 */
function readAll(query: PageQuery, parts: readonly Plan[], tests: readonly Plan[]): CandidatePage[] {
  const { leader, reach } = leaderOf(query, parts);
  if (leader === undefined) return [];
  const others = parts.filter((part) => part !== leader);
  if (!isSingle(leader) || reach === null) return read(query, leader, [...tests, ...others]);
  const beside = others.filter(isSingle).filter((part) => countUpTo(query, part, reach) <= REACH_ROWS * LONGER_MAX).slice(0, INTERSECTED_MAX - 1);
  const rest = others.filter((part) => !beside.some((taken) => taken === part));
  return beside.length === 0 ? read(query, leader, [...tests, ...rest]) : [readIntersection(query, [leader, ...beside], [...tests, ...rest])];
}

/** Of conditions that must all hold, the one whose next rows reach furthest has the fewest around here, so it leads. */
function leaderOf(query: PageQuery, parts: readonly Plan[]): { leader: Plan | undefined; reach: string | null } {
  const [first] = parts;
  if (first === undefined || parts.length === 1) return { leader: first, reach: null };
  let best: { leader: Plan; reach: string } | undefined;
  for (const part of parts.slice(0, limits.leadersTried)) {
    const reach = reachOf(query, part);
    if (reach === null) return { leader: part, reach };
    if (best === undefined || compareText(reach, best.reach) > 0) best = { leader: part, reach };
  }
  return best ?? { leader: first, reach: null };
}

/** Rows that are skipped to see how close together they lie. */
const REACH_ROWS = 32;

/** The id that a plan gets to within so many rows; `null` when it has no more than these. */
function reachOf(query: PageQuery, plan: Plan): string | null {
  switch (plan.kind) {
    case 'terms': {
      const tried = plan.values.slice(0, limits.leadersTried);
      const offset = Math.ceil(REACH_ROWS / Math.max(1, plan.values.length)) - 1;
      const ids = tried.map((value) => query.connection.first(REACH_OF_TERM, plan.pathId, value, query.afterId, offset)?.[0] as string | undefined);
      return nearest(ids.map((id) => id ?? null));
    }
    case 'ids':
      return plan.ids.filter((id) => compareText(id, query.afterId) > 0)[REACH_ROWS - 1] ?? null;
    case 'idRange':
      return readIdRange({ ...query, wanted: REACH_ROWS }, plan, []).through;
    case 'or':
      return nearest(plan.of.slice(0, limits.leadersTried).map((part) => reachOf(query, part)));
    case 'and': {
      const { leader } = leaderOf(query, plan.of);
      return leader === undefined ? null : reachOf(query, leader);
    }
    case 'range':
    case 'led':
      return query.afterId;
  }
}

const REACH_OF_TERM = 'SELECT id FROM terms WHERE path_id = ? AND value = ? AND id > ? ORDER BY id LIMIT 1 OFFSET ?';

/** One list of ids in their order. */
type SinglePlan = Extract<Plan, { kind: 'terms' }>;

function isSingle(plan: Plan): plan is SinglePlan {
  return plan.kind === 'terms' && plan.values.length === 1;
}

/** How much longer a list may be than the leader's to be gone through beside it. */
const LONGER_MAX = 16;
/** Lists that are gone through side by side. */
const INTERSECTED_MAX = 4;
/** Rows of the leader in one go. */
const INTERSECTED_ROWS = 1_024;

/** How many rows a list has up to an id, counted only so far as it matters. */
function countUpTo({ connection, afterId }: PageQuery, { pathId, values }: SinglePlan, endId: string): number {
  const sql = 'SELECT count(*) FROM (SELECT 1 FROM terms WHERE path_id = ? AND value = ? AND id > ? AND id <= ? LIMIT ?)';
  return Number(connection.first(sql, pathId, values[0] ?? null, afterId, endId, REACH_ROWS * LONGER_MAX + 1)?.[0]);
}

function readIntersection(query: PageQuery, lists: readonly SinglePlan[], tests: readonly Plan[]): CandidatePage {
  const { connection, afterId, wanted } = query;
  const [leader] = lists;
  const endId = (connection.first(REACH_OF_TERM, leader?.pathId ?? null, leader?.values[0] ?? null, afterId, INTERSECTED_ROWS - 1)?.[0] as string | undefined) ?? null;
    const parameters = lists.flatMap(({ pathId, values }) => [pathId, values[0] ?? 0, afterId, endId ?? AFTER_TEXTS.value]);
  return readRows(query, tests, wanted, `${lists.map(() => `${LIST} AND id <= ?`).join(' INTERSECT ')} ORDER BY id LIMIT ?`, parameters, endId);
}

/** `null`, the end, is the furthest of all. */
function nearest(reaches: readonly (string | null)[]): string | null {
  return reaches.reduce((least, reach) => (least === null || (reach !== null && compareText(reach, least) < 0) ? reach : least), null);
}

/** Lists that SQLite merges in one statement; more come in several. */
const MERGED_MAX = 8;

function readTerms(query: PageQuery, { pathId, values }: Extract<Plan, { kind: 'terms' }>, tests: readonly Plan[]): CandidatePage[] {
  const pages: CandidatePage[] = [];
  for (let first = 0; first < values.length; first += MERGED_MAX) {
    const merged = values.slice(first, first + MERGED_MAX);
    const share = Math.min(query.wanted, Math.max(ROWS_MIN, Math.ceil((query.wanted * 2 * merged.length) / values.length)));
    const sql = `${merged.map(() => LIST).join(' UNION ')} ORDER BY id LIMIT ?`;
    pages.push(readRows(query, tests, share, sql, merged.flatMap((value) => [pathId, value, query.afterId])));
  }
  return pages;
}

const LIST = 'SELECT id FROM terms WHERE path_id = ? AND value = ? AND id > ?';

function readIdRange(query: PageQuery, plan: Extract<Plan, { kind: 'idRange' }>, tests: readonly Plan[]): CandidatePage {
  // One lower bound, so that SQLite starts there.
  const low = compareText(query.afterId, plan.low.value) >= 0 ? { value: query.afterId, inclusive: false } : plan.low;
  const { sql, parameters } = between('id', low, plan.high);
  return readRows(query, tests, query.wanted, `SELECT id FROM records WHERE ${sql} ORDER BY id LIMIT ?`, parameters);
}

/** An id comes up once for each of its values within the range. */
function readRange(query: PageQuery, { pathId, low, high, rows }: RangePlan, tests: readonly Plan[]): CandidatePage {
  const { sql, parameters } = between('value', low, high);
  const wanted = query.wanted < RANGE_PAGE_SMALL ? query.wanted : Math.max(query.wanted, Math.ceil(rows / RANGE_PAGES_MAX));
  const page = readRows(query, tests, wanted, `SELECT id FROM terms WHERE path_id = ? AND ${sql} AND id > ? ORDER BY id LIMIT ?`, [pathId, ...parameters, query.afterId]);
  return { ...page, ids: page.ids.filter((id, index) => id !== page.ids[index - 1]) };
}

/** @param endId how far `sql` reads when it gives fewer rows than wanted; `null`: as far as there are any */
function readRows({ connection }: PageQuery, tests: readonly Plan[], wanted: number, sql: string, parameters: readonly TermValue[], endId: string | null = null): CandidatePage {
  const test = testOf(tests);
  const rows =
    test === null
      ? connection.all(sql, ...parameters, wanted)
      : connection.all(`SELECT c.id, ${test.sql} FROM (${sql}) AS c`, ...test.parameters, ...parameters, wanted);
  const ids: string[] = [];
  for (const row of rows) if (test === null || row[1] === 1) ids.push(row[0] as string);
  return { ids, through: rows.length < wanted ? endId : ((rows.at(-1)?.[0] as string | undefined) ?? null) };
}

function mergePages(parts: readonly CandidatePage[]): CandidatePage {
  const filled = parts.filter(({ ids, through }) => ids.length > 0 || through !== null);
  const [only] = filled;
  if (only === undefined) return { ids: [], through: null };
  if (filled.length === 1) return only;
  const through = nearest(filled.map((part) => part.through));
  const sorted = filled.flatMap(({ ids }) => ids).sort(compareText);
  const unique = sorted.filter((id, index) => id !== sorted[index - 1]);
  return { ids: through === null ? unique : unique.filter((id) => compareText(id, through) <= 0), through };
}
