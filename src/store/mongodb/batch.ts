import type { AuditEntry } from '../../core/audit.ts';
import { limits } from '../../core/limits.ts';
import type { NewRecord, RecordBatch } from '../port.ts';
import type { AuditAppender } from './access/audit-appender.ts';
import { insertRecords } from './records.ts';

interface Insertion {
  readonly record: NewRecord;
  readonly audit: AuditEntry | undefined;
}

/** Inserts in calls of a few dozen, each of which is short enough for the time that a call may take. */
export function newBatchOf(runTold: AuditAppender['runTold']): RecordBatch {
  const all: Insertion[] = [];
  return {
    add: (record, audit) => void all.push({ record, audit }),
    async insert(positions) {
      const chosen = positions.map((position) => all[position]).filter((insertion) => insertion !== undefined);
      const outcomes: ('inserted' | 'exists')[] = [];
      for (let start = 0; start < chosen.length; start += limits.mongoInsertedTogether) {
        const some = chosen.slice(start, start + limits.mongoInsertedTogether);
        outcomes.push(...(await runTold((records) => insertRecords(records, some.map(({ record }) => record)), (told) => toldOf(some, told))));
      }
      return outcomes;
    },
  };
}

/** What is to be told of those that were inserted. */
function toldOf(insertions: readonly Insertion[], outcomes: readonly string[]): readonly AuditEntry[] {
  return insertions.flatMap(({ audit }, index) => (audit !== undefined && outcomes[index] === 'inserted' ? [audit] : []));
}
