/** How the audit is kept so that it can be searched; the same in every store. */
import { AUDIT_ORIGIN, auditHash, type AuditEntry, type StoredAuditEntry } from '../core/audit.ts';
import { limits } from '../core/limits.ts';

/** An entry on its way into the audit: its text, and what it can be found by. */
export interface AuditRow extends Pick<AuditEntry, 'user' | 'record' | 'action'> {
  readonly text: string;
  readonly atMs: number;
}

/** The last entry: what the next one is chained to. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
  /** The latest time that any entry up to this one has told. */
  readonly latestMs: number;
}

/**
 * An entry with its place. `latestMs` never falls from one to the next, so times are found by it in the order of `seq`; an entry that is
 * later in coming than the clocks of several processes explain has its own time in `lateMs` besides, where it is looked for, too.
 */
export interface ChainedRow extends AuditRow, AuditHead, StoredAuditEntry {
  readonly lateMs: number | null;
}

export const emptyAudit: AuditHead = Object.freeze({ seq: 0, hash: AUDIT_ORIGIN, latestMs: 0 });

export function auditRowOf(entry: AuditEntry): AuditRow {
  const { at, user, record, action } = entry;
  return { text: JSON.stringify(entry), atMs: Date.parse(at), user, record, action };
}

/** The row as it follows on `head`. */
export function chained(head: AuditHead, row: AuditRow): ChainedRow {
  const seq = head.seq + 1;
  const latestMs = Math.max(head.latestMs, row.atMs);
  const lateMs = row.atMs < latestMs - limits.auditLateMs ? row.atMs : null;
  return { ...row, seq, previous: head.hash, hash: auditHash(head.hash, seq, row.text), latestMs, lateMs };
}

/** Actions of a kind lie between these: `record` stands for `record:` and whatever follows. */
export function actionsOfKind(kind: string): { readonly from: string; readonly before: string } {
  return { from: `${kind}:`, before: `${kind};` };
}
