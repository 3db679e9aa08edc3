/** Whether a chain of entries is what it was when they were sealed. Pure. */
import { auditHash, type StoredAuditEntry } from '../core/audit.ts';

/** What somebody who removed the beginning wrote down before: all through this entry, which had this hash. */
export interface Attestation {
  readonly seq: number;
  readonly hash: string;
}

/** What goes over the wire. */
export interface AuditVerification {
  readonly ok: boolean;
  /** How many there are, as far as they were looked at. */
  readonly entries: number;
  /** The first one that is kept. */
  readonly from_seq: number;
  /** The last one. Kept elsewhere, it shows later that the end was not cut off. */
  readonly head: { readonly seq: number; readonly hash: string } | null;
  /** The first one that is not what it was, or is missing. */
  readonly broken_at?: number;
  readonly reason?: string;
}

/** How far a check has come. */
export interface ChainCheck {
  readonly entries: number;
  readonly fromSeq: number;
  readonly head: Attestation | null;
  /** Whether what is missing before `fromSeq` has been found attested. */
  readonly isAttested: boolean;
  readonly broken: { readonly seq: number; readonly reason: string } | null;
}

/** Nothing is missing before the first entry of all. */
export const chainBeginning: ChainCheck = Object.freeze({ entries: 0, fromSeq: 1, head: null, isAttested: true, broken: null });

const ATTESTATION = /^(\d{1,15}):([0-9a-f]{64})$/;

/** The `target` of an entry `audit:prune`. */
export function attestationText({ seq, hash }: Attestation): string {
  return `${seq}:${hash}`;
}

/** @returns null where an entry's target is no attestation */
export function attestationOf(target: string | null): Attestation | null {
  const [, seq, hash] = ATTESTATION.exec(target ?? '') ?? [];
  return seq === undefined || hash === undefined ? null : { seq: Number(seq), hash };
}

/** Whether entries are missing before this one, which somebody must have attested to. */
export function isGap({ head }: ChainCheck, { seq }: StoredAuditEntry): boolean {
  return seq > (head?.seq ?? 0) + 1;
}

/** The check with one more entry, the next in order. Nothing is added to a chain that is broken. */
export function withEntry(before: ChainCheck, entry: StoredAuditEntry, attestations: readonly Attestation[]): ChainCheck {
  if (before.broken !== null) return before;
  const check = isGap(before, entry) ? afterGap(before, entry, attestations) : before;
  const { seq, previous, hash, text } = entry;
  if (check.broken !== null) return check;
  if (check.head !== null && previous !== check.head.hash) return broken(check, seq, 'it does not follow on the entry before, which was changed, moved or replaced.');
  if (auditHash(previous, seq, text) !== hash) return broken(check, seq, 'its text or its place is not what was sealed.');
  const isAttested = check.isAttested || attestations.some((told) => (told.seq === seq && told.hash === hash) || (told.seq === seq - 1 && told.hash === previous));
  return { ...check, entries: check.entries + 1, head: { seq, hash }, isAttested };
}

/** What was removed may have been removed in part only: whatever is left of it is as good as gone. */
function afterGap(check: ChainCheck, { seq }: StoredAuditEntry, attestations: readonly Attestation[]): ChainCheck {
  if (attestations.some((told) => told.seq >= seq - 1)) return { entries: 0, fromSeq: seq, head: null, isAttested: false, broken: null };
  return broken(check, (check.head?.seq ?? 0) + 1, 'it is missing, and no entry audit:prune tells of its removal.');
}

function broken(check: ChainCheck, seq: number, reason: string): ChainCheck {
  return { ...check, broken: { seq, reason } };
}

export function verificationOf({ entries, fromSeq, head, isAttested, broken: found }: ChainCheck): AuditVerification {
  const reason = 'nothing that is left fits what the entries audit:prune tell of what was before.';
  const fault = found ?? (isAttested ? null : { seq: fromSeq, reason });
  return { ok: fault === null, entries, from_seq: fromSeq, head, ...(fault === null ? {} : { broken_at: fault.seq, reason: fault.reason }) };
}
