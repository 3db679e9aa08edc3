import type { AuditVerdict } from '../client/types.ts';

/** An entry that was the last one of the audit once. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/**
 * What became of it: it stands there as it did; it has another hash; the chain ends before it; it is older than what is kept.
 */
export type Comparison = 'kept' | 'changed' | 'cut' | 'pruned';

/** @param entry the entry of that number where it is known; `look_up` says that it is needed */
export function comparedWith({ head, from_seq: fromSeq }: AuditVerdict, given: AuditHead, entry: AuditHead | null): Comparison | 'look_up' {
  if (head === null || head.seq < given.seq) return 'cut';
  if (given.seq < fromSeq) return 'pruned';
  const found = head.seq === given.seq ? head : entry;
  if (found === null) return 'look_up';
  return found.seq === given.seq && found.hash === given.hash ? 'kept' : 'changed';
}
