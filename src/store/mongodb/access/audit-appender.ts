/**
 * Appending to the audit without transactions. The number is the key, so of two processes that append at once one is refused and goes on
 * behind the other. Entries that belong to a change that took effect are tried until they are in, however long MongoDB is away: a process
 * that dies meanwhile loses them.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Collection } from 'mongodb';
import type { AuditEntry } from '../../../core/audit.ts';
import type { Clock } from '../../../core/clock.ts';
import { AppError } from '../../../core/errors.ts';
import { limits } from '../../../core/limits.ts';
import { auditRowOf, chained, emptyAudit, type AuditHead, type AuditRow, type ChainedRow } from '../../audit-chain.ts';
import { LIMITS, READING } from '../call-options.ts';
import type { Connection, StoreLog } from '../connection.ts';
import type { CatalogDocument } from '../document.ts';
import { isDuplicateKey } from '../errors.ts';
import { accessCollectionsOf, type AuditDocument } from './collections.ts';

type Audit = Collection<AuditDocument>;

/** Runs a change, bounded in time as `Connection.run`, and appends what tells of it when it had an effect. */
export type AuditedRun = <T>(change: (records: Collection<CatalogDocument>) => Promise<T>, hasEffect: (outcome: T) => boolean, entry: AuditEntry | undefined) => Promise<T>;

export interface AuditAppender {
  readonly runAudited: AuditedRun;
  /** Likewise a change that there are several entries to tell of. */
  readonly runTold: <T>(change: (records: Collection<CatalogDocument>) => Promise<T>, entriesOf: (outcome: T) => readonly AuditEntry[]) => Promise<T>;
  /** Resolves when they are in. A caller that gave up waiting does not stop them. @throws {AppError} `OVERLOADED` */
  append(entries: readonly AuditEntry[]): Promise<void>;
  /** Tries what is left once more. */
  close(): Promise<void>;
}

/** What one caller brought. */
interface Job {
  readonly rows: readonly AuditRow[];
  resolve(): void;
  reject(error: unknown): void;
}

/** Rows on their way, and how far they have come. */
interface Progress {
  /** Tells the rows from equal ones of somebody else. */
  readonly by: string;
  left: readonly AuditRow[];
  /** Where those that are left were put last; whether they arrived is not known. */
  attempted: readonly ChainedRow[];
  head: AuditHead | null;
}

export function createAuditAppender(connection: Connection, clock: Clock, log: StoreLog): AuditAppender {
  const waiting: Job[] = [];
  const closing = new AbortController();
  let head: AuditHead | null = null;
  let headKnownAtMs = -Infinity;
  let working: Promise<void> | null = null;
  const checkRoom = (): void => {
    if (waiting.length < limits.auditWaitingMax) return;
    throw new AppError('OVERLOADED', `${limits.auditWaitingMax} entries wait to join the audit. Try again shortly.`, { retryAfterS: 2 });
  };

  /** @throws {AppError} when it took too long; what was sent may yet arrive, which the next try finds out */
  const tryOnce = (progress: Progress): Promise<void> => {
    let isGivenUp = false;
    return connection
      .run((records) => advance(accessCollectionsOf(records).audit, progress, () => isGivenUp))
      .finally(() => {
        isGivenUp = true;
      });
  };
  const tryUntilDone = async (progress: Progress): Promise<void> => {
    for (;;) {
      try {
        await tryOnce(progress);
        return;
      } catch (error) {
        if (closing.signal.aborted || !mayPass(error)) throw error;
        await delay(limits.auditRetryMs, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  };
  const work = async (): Promise<void> => {
    for (let jobs = takeSome(waiting); jobs.length > 0; jobs = takeSome(waiting)) {
      const progress: Progress = { by: randomUUID(), left: jobs.flatMap(({ rows }) => rows), attempted: [], head: clock.monotonicMs() - headKnownAtMs < limits.auditHeadKnownMs ? head : null };
      try {
        await tryUntilDone(progress);
        for (const job of jobs) job.resolve();
      } catch (error) {
        log.warn('Entries of the audit could not be written and are lost', { entries: progress.left.length, error });
        for (const job of jobs) job.reject(error);
      }
      head = progress.head;
      headKnownAtMs = clock.monotonicMs();
    }
    working = null;
  };
  const appendRows = (rows: readonly AuditRow[]): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push({ rows, resolve, reject });
      working ??= work();
    });

  const runTold: AuditAppender['runTold'] = (change, entriesOf) =>
    connection.run(async (records) => {
      // Before the change: one that cannot be told of is not made.
      checkRoom();
      const outcome = await change(records);
      const rows = entriesOf(outcome).map(auditRowOf);
      if (rows.length > 0) await appendRows(rows);
      return outcome;
    });

  return {
    async append(entries) {
      checkRoom();
      if (entries.length > 0) await appendRows(entries.map(auditRowOf));
    },
    runAudited: (change, hasEffect, entry) => (entry === undefined ? connection.run(change) : runTold(change, (outcome) => (hasEffect(outcome) ? [entry] : []))),
    runTold,
    async close() {
      closing.abort();
      await working;
    },
  };
}

/** What is written together: as much as there is, within a limit. */
function takeSome(waiting: Job[]): Job[] {
  let rows = 0;
  let jobs = 0;
  for (const job of waiting) {
    rows += job.rows.length;
    if (jobs > 0 && rows > limits.auditAppendedTogether) break;
    jobs++;
  }
  return waiting.splice(0, jobs);
}

function mayPass(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'STORE_UNAVAILABLE' || error.code === 'STORE_FULL');
}

/** Brings all that is left into the audit. Each round that was refused is one in which somebody else got on. */
async function advance(audit: Audit, progress: Progress, isGivenUp: () => boolean): Promise<void> {
  while (progress.left.length > 0 && !isGivenUp()) {
    if (progress.head === null) {
      const { arrived, head } = await findPlace(audit, progress);
      if (isGivenUp()) return;
      moveOn(progress, { left: progress.left.slice(arrived), attempted: [], head });
      continue;
    }
    const rows = follow(progress.head, progress.left);
    moveOn(progress, { left: progress.left, attempted: rows, head: null });
    if (!(await insert(audit, rows, progress.by)) || isGivenUp()) continue;
    moveOn(progress, { left: [], attempted: [], head: rows.at(-1) ?? null });
  }
}

function moveOn(progress: Progress, next: Omit<Progress, 'by'>): void {
  Object.assign(progress, next);
}

function follow(head: AuditHead, rows: readonly AuditRow[]): readonly ChainedRow[] {
  const all: ChainedRow[] = [];
  for (const row of rows) all.push(chained(all.at(-1) ?? head, row));
  return all;
}

/**
 * Where to go on, and how many of the rows attempted last have arrived. The head is read first: rows whose numbers it has reached, and that
 * are not there, can never arrive any more; rows that follow it would be put into the same places again, where they arrive only once.
 */
async function findPlace(audit: Audit, { by, attempted }: Progress): Promise<{ arrived: number; head: AuditHead }> {
  const last = await audit.findOne({}, { ...LIMITS, sort: { _id: -1 }, projection: { hash: 1, latest: 1 } });
  const head = last === null ? emptyAudit : { seq: last._id, hash: last.hash, latestMs: last.latest };
  if (attempted.length === 0) return { arrived: 0, head };
  const found = await audit.find({ _id: { $in: attempted.map(({ seq }) => seq) }, by }, { ...READING, projection: { hash: 1 } }).toArray();
  const hashes = new Map(found.map(({ _id, hash }) => [_id, hash]));
  const missing = attempted.findIndex(({ seq, hash }) => hashes.get(seq) !== hash);
  const arrived = missing === -1 ? attempted.length : missing;
  const ours = attempted[arrived - 1];
  return { arrived, head: ours !== undefined && ours.seq > head.seq ? ours : head };
}

/** @returns whether all are in; in order, so that none follows on one that was refused */
async function insert(audit: Audit, rows: readonly ChainedRow[], by: string): Promise<boolean> {
  try {
    await audit.insertMany(rows.map((row) => documentOf(row, by)), { ...LIMITS, ordered: true });
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

function documentOf({ seq, previous, hash, text, atMs, latestMs, lateMs, user, record, action }: ChainedRow, by: string): AuditDocument {
  return { _id: seq, previous, hash, text, at: atMs, latest: latestMs, late: lateMs, user, record, action, by };
}
