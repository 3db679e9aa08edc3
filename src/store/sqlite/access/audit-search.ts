/** Finds entries of the audit by what its indexes know, in slices that keep nobody waiting. */
import type { SQLInputValue } from 'node:sqlite';
import type { StoredAuditEntry } from '../../../core/audit.ts';
import { limits } from '../../../core/limits.ts';
import type { AuditQuery } from '../../access-port.ts';
import { actionsOfKind } from '../../audit-chain.ts';
import type { Connection, Row } from '../connection.ts';

/** A condition in SQL. */
interface Condition {
  readonly sql: string;
  readonly parameters: readonly SQLInputValue[];
}

/** Where entries are looked for: lists in the order of `seq`, one of which holds each entry that is sought. No list: all entries. */
interface Plan {
  readonly lists: readonly Condition[];
  /** What must hold besides. */
  readonly tests: readonly Condition[];
}

interface Bounds {
  readonly lowSeq: number;
  readonly highSeq: number;
}

const COLUMNS = 'audit.seq, previous, hash, text';

/** @returns steps that bring what matches, in order; each is short, reads by one connection, and may bring nothing */
export function createAuditSearch(connection: Connection): (query: AuditQuery) => Generator<readonly StoredAuditEntry[], void, undefined> {
  return function* search(query) {
    const isUp = query.order === 'oldest_first';
    const plan = planOf(connection, query);
    if (plan === null) return;
    let { lowSeq, highSeq } = boundsOf(connection, query);
    let left = query.limit;
    while (left > 0 && lowSeq <= highSeq) {
      const slice = plan.tests.length === 0 ? left : limits.auditSliceRows;
      const seqs = nextSeqs(connection, plan.lists, { lowSeq, highSeq }, isUp, slice);
      const found = seqs.length === 0 ? [] : readListed(connection, seqs, plan.tests, left);
      left -= found.length;
      yield found;
      const last = seqs.at(-1);
      if (last === undefined || seqs.length < slice) return;
      if (isUp) lowSeq = last + 1;
      else highSeq = last - 1;
    }
  };
}

/** Of a record there are few entries, so the rest is tested; of a user and an action there may be many. `null`: nothing can match. */
function planOf(connection: Connection, { user, record, action, fromMs, toMs }: AuditQuery): Plan | null {
  const tests: Condition[] = [];
  if (fromMs !== undefined) tests.push({ sql: 'at_ms >= ?', parameters: [fromMs] });
  if (toMs !== undefined) tests.push({ sql: 'at_ms < ?', parameters: [toMs] });
  if (record !== undefined) {
    if (user !== undefined) tests.push({ sql: 'user = ?', parameters: [user] });
    if (action !== undefined) tests.push(isOfAction(action));
    return { lists: [{ sql: 'record = ?', parameters: [record] }], tests };
  }
  if (user === undefined && action === undefined) return { lists: [], tests };
  const ofUser = user === undefined ? ANYBODY : { sql: 'user = ? AND', parameters: [user] };
  const lists = actionsThere(connection, ofUser, action).map((there) => ({ sql: `${ofUser.sql} action = ?`, parameters: [...ofUser.parameters, there] }));
  return lists.length === 0 ? null : { lists, tests };
}

const ANYBODY: Condition = { sql: '', parameters: [] };

function isOfAction(action: string): Condition {
  const { from, before } = actionsOfKind(action);
  return { sql: '(action = ? OR action >= ? AND action < ?)', parameters: [action, from, before] };
}

/** Which actions there are, of the kind where one is given: they are few, and take one look-up each. */
function actionsThere(connection: Connection, ofUser: Condition, action: string | undefined): readonly string[] {
  const next = (sql: string, parameters: readonly SQLInputValue[]): string | null =>
    (connection.first(`SELECT min(action) FROM audit WHERE ${ofUser.sql} action ${sql}`, ...ofUser.parameters, ...parameters)?.[0] ?? null) as string | null;
  const { from, before } = action === undefined ? ALL_ACTIONS : actionsOfKind(action);
  const there: string[] = [];
  if (action !== undefined && next('= ?', [action]) !== null) there.push(action);
  for (let found = next('>= ? AND action < ?', [from, before]); found !== null; found = next('> ? AND action < ?', [found, before])) there.push(found);
  return there;
}

/** Actions are words of ASCII. */
const ALL_ACTIONS = { from: '', before: '\u{7f}' } as const;

/** Asked for together in one SELECT, all entries would be gone over. */
const ENDS = 'SELECT (SELECT min(seq) FROM audit), (SELECT max(seq) FROM audit)';
const LATE = 'SELECT max(seq) FROM audit WHERE late_ms >= ? AND late_ms < ?';

/** Between which numbers all entries lie that follow and are of the times wanted. */
function boundsOf(connection: Connection, { fromMs, toMs, afterSeq, order }: AuditQuery): Bounds {
  const [first, last] = (connection.first(ENDS) ?? []).map(Number);
  if (first === undefined || last === undefined || last === 0) return { lowSeq: 1, highSeq: 0 };
  let [lowSeq, highSeq] = [first, last];
  if (fromMs !== undefined) lowSeq = firstSince(connection, fromMs, { lowSeq, highSeq });
  if (toMs !== undefined) {
    const late = Number(connection.first(LATE, fromMs ?? Number.MIN_SAFE_INTEGER, toMs)?.[0] ?? 0);
    highSeq = Math.max(late, firstSince(connection, toMs + limits.auditLateMs, { lowSeq, highSeq }) - 1);
  }
  if (afterSeq === null) return { lowSeq, highSeq };
  return order === 'oldest_first' ? { lowSeq: Math.max(lowSeq, afterSeq + 1), highSeq } : { lowSeq, highSeq: Math.min(highSeq, afterSeq - 1) };
}

const LATEST_AT = 'SELECT latest_ms FROM audit WHERE seq >= ? ORDER BY seq LIMIT 1';

/** The number of the first entry up to which this time has come; one above `highSeq` where none has it. Times never fall, so halving finds it. */
function firstSince(connection: Connection, atMs: number, { lowSeq, highSeq }: Bounds): number {
  let [low, high] = [lowSeq, highSeq + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const latestMs = Number(connection.first(LATEST_AT, middle)?.[0]);
    if (latestMs >= atMs) high = middle;
    else low = middle + 1;
  }
  return low;
}

function nextSeqs(connection: Connection, lists: readonly Condition[], { lowSeq, highSeq }: Bounds, isUp: boolean, limit: number): readonly number[] {
  const parts = lists.length === 0 ? [{ sql: 'TRUE', parameters: [] }] : lists;
  // Each list is in order already, so SQLite merges them.
  const sql = parts.map((list) => `SELECT seq FROM audit WHERE ${list.sql} AND seq >= ? AND seq <= ?`).join(' UNION ALL ');
  const parameters = parts.flatMap((list) => [...list.parameters, lowSeq, highSeq]);
  return connection.all(`${sql} ORDER BY seq ${isUp ? 'ASC' : 'DESC'} LIMIT ?`, ...parameters, limit).map(([seq]) => seq as number);
}

function readListed(connection: Connection, seqs: readonly number[], tests: readonly Condition[], limit: number): StoredAuditEntry[] {
  const where = tests.length === 0 ? '' : `WHERE ${tests.map(({ sql }) => sql).join(' AND ')}`;
  const sql = `SELECT ${COLUMNS} FROM json_each(?) AS listed CROSS JOIN audit ON audit.seq = listed.value ${where} LIMIT ?`;
  return connection.all(sql, JSON.stringify(seqs), ...tests.flatMap(({ parameters }) => parameters), limit).map(storedEntryOf);
}

function storedEntryOf(columns: Row): StoredAuditEntry {
  const [seq, previous, hash, text] = columns as [number, Uint8Array, Uint8Array, string];
  return { seq, previous: Buffer.from(previous).toString('hex'), hash: Buffer.from(hash).toString('hex'), text };
}
