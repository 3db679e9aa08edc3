/** Reading the audit and cutting it short. */
import type { Collection, Filter } from 'mongodb';
import type { StoredAuditEntry } from '../../../core/audit.ts';
import { limits } from '../../../core/limits.ts';
import type { AuditQuery, AuditStore } from '../../access-port.ts';
import { actionsOfKind } from '../../audit-chain.ts';
import { LIMITS, READING } from '../call-options.ts';
import type { Connection } from '../connection.ts';
import type { AuditAppender } from './audit-appender.ts';
import { accessCollectionsOf, type AuditDocument } from './collections.ts';

type Audit = Collection<AuditDocument>;

export function createMongoAudit(connection: Connection, appender: AuditAppender): AuditStore {
  const run = <T>(work: (audit: Audit) => Promise<T>): Promise<T> => connection.run((records) => work(accessCollectionsOf(records).audit));
  return {
    append: (entries) => connection.run(() => appender.append(entries)),
    read: (query) => run((audit) => read(audit, query)),
    prune: (throughSeq, limit) => run((audit) => prune(audit, throughSeq, limit)),
  };
}

async function read(audit: Audit, query: AuditQuery): Promise<readonly StoredAuditEntry[]> {
  const [seqs, subject] = await Promise.all([seqsOf(audit, query), subjectOf(audit, query)]);
  const found = await audit
    .find({ ...subject, ...atOf(query), _id: seqs }, { ...READING, projection: { previous: 1, hash: 1, text: 1 }, sort: { _id: query.order === 'oldest_first' ? 1 : -1 }, limit: query.limit })
    .toArray();
  return found.map(({ _id, previous, hash, text }) => ({ seq: _id, previous, hash, text }));
}

/** Actions of a kind are few; each by itself, they can be read from the index in the order of numbers. */
async function subjectOf(audit: Audit, { user, record, action }: AuditQuery): Promise<Filter<AuditDocument>> {
  const subject = { ...(user === undefined ? {} : { user }), ...(record === undefined ? {} : { record }) };
  if (action === undefined) return subject;
  const { from, before } = actionsOfKind(action);
  const there = await audit.distinct('action', { ...(user === undefined ? {} : { user }), action: { $gte: from, $lt: before } }, LIMITS);
  return { ...subject, action: { $in: [action, ...there] } };
}

function atOf({ fromMs, toMs }: AuditQuery): Filter<AuditDocument> {
  if (fromMs === undefined && toMs === undefined) return {};
  return { at: { ...(fromMs === undefined ? {} : { $gte: fromMs }), ...(toMs === undefined ? {} : { $lt: toMs }) } };
}

/** Between which numbers all entries lie that follow and are of the times wanted. */
async function seqsOf(audit: Audit, { fromMs, toMs, afterSeq, order }: AuditQuery): Promise<Record<string, number>> {
  const [first, end, late] = await Promise.all([
    fromMs === undefined ? 1 : firstSince(audit, fromMs),
    toMs === undefined ? Infinity : firstSince(audit, toMs + limits.auditLateMs),
    toMs === undefined ? 0 : lastLate(audit, fromMs ?? Number.MIN_SAFE_INTEGER, toMs),
  ]);
  const high = Math.max(end, late + 1);
  if (afterSeq === null) return { $gte: first, $lt: high };
  return order === 'oldest_first' ? { $gte: Math.max(first, afterSeq + 1), $lt: high } : { $gte: first, $lt: Math.min(high, afterSeq) };
}

/** The number of the first entry up to which this time has come; infinite where none has it. */
async function firstSince(audit: Audit, atMs: number): Promise<number> {
  const found = await audit.findOne({ latest: { $gte: atMs } }, { ...LIMITS, sort: { latest: 1, _id: 1 }, projection: { _id: 1 } });
  return found?._id ?? Infinity;
}

/** The number of the last one of these times that came late; 0 where none did. */
async function lastLate(audit: Audit, fromMs: number, toMs: number): Promise<number> {
  const found = await audit.findOne({ late: { $gte: fromMs, $lt: toMs } }, { ...LIMITS, sort: { _id: -1 }, projection: { _id: 1 } });
  return found?._id ?? 0;
}

async function prune(audit: Audit, throughSeq: number, limit: number): Promise<boolean> {
  const last = await audit.findOne({}, { ...LIMITS, sort: { _id: -1 }, projection: { _id: 1 } });
  // The last one stays: the next is chained to it.
  const through = Math.min(throughSeq, (last?._id ?? 0) - 1);
  const found = await audit.find({ _id: { $lte: through } }, { ...READING, sort: { _id: 1 }, projection: { _id: 1 }, limit: limit + 1 }).toArray();
  const removed = found.slice(0, limit).at(-1);
  if (removed !== undefined) await audit.deleteMany({ _id: { $lte: removed._id } }, LIMITS);
  return found.length > limit;
}
