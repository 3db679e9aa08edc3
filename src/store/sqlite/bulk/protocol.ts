import type { Insertion, NewRecord } from '../../port.ts';
import { auditRowOf, type AuditRow } from '../../audit-chain.ts';
import type { ThreadFault } from '../thread-fault.ts';

/** What the bulk thread is started with. */
export interface BulkThreadData {
  readonly file: string;
}

/** Records to be inserted in one transaction. */
export interface BulkRequest {
  /** JSON text of `NewRecord[]`: a text is copied from thread to thread in a tenth of the time that objects take. */
  readonly records: string;
  /** For each record, what the audit is told of it. */
  readonly told: readonly (AuditRow | null)[];
}

export type BulkOutcome = 'inserted' | 'exists';

export type BulkReply = { readonly outcomes: readonly BulkOutcome[] } | { readonly fault: ThreadFault };

export function bulkRequestOf(insertions: readonly Insertion[]): BulkRequest {
  return {
    records: JSON.stringify(insertions.map(({ record }) => record)),
    told: insertions.map(({ audit }) => (audit === undefined ? null : auditRowOf(audit))),
  };
}

export function recordsOf({ records }: BulkRequest): readonly NewRecord[] {
  return JSON.parse(records) as readonly NewRecord[];
}
