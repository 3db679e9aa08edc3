import type { AuditItem, AuditVerdict } from '../../client/types.ts';
import type { AuditedChange } from '../../core/audit.ts';
import type { AuditHead, Comparison } from '../audit-head.ts';
import { factLines, type Fact } from './facts.ts';
import { countText } from './quantities.ts';
import type { Column } from './table.ts';
import { cellText, cut } from './text.ts';

/** Columns of a value before or after: enough to tell a word or a number. */
const VALUE_WIDTH = 40;

export const AUDIT_COLUMNS: readonly Column<AuditItem>[] = [
  { title: 'TIME', text: ({ at }) => cellText(at) },
  { title: 'WHO', text: whoText, widthMin: 10 },
  { title: 'ACTION', text: ({ action }) => cellText(action) },
  { title: 'ON', text: ({ record, target }) => [record, target].filter((what) => what !== null).map(cellText).join(' ') || '-', widthMin: 10 },
  { title: 'OUTCOME', text: ({ outcome, code }) => (code === null ? cellText(outcome) : `${cellText(outcome)}: ${cellText(code)}`) },
  { title: 'FROM', text: ({ from }) => cellText(from), below: true },
  { title: 'CHANGES', text: ({ changes }) => (changes.length === 0 ? '-' : changes.map(changeText).join('; ')), below: true },
];

/** A token is named with the user whom it acts as. */
function whoText({ who, user }: AuditItem): string {
  return user === null || who.endsWith(`:${user}`) ? cellText(who) : `${cellText(who)} (${cellText(user)})`;
}

function changeText({ path, before, after, changed }: AuditedChange): string {
  if (changed === true) return `${cellText(path)} changed`;
  return `${cellText(path)}: ${valueText(before)} → ${valueText(after)}`;
}

const valueText = (value: unknown): string => cut(cellText(value), VALUE_WIDTH);

/** What a check of the chain found. */
export function verdictLines(verdict: AuditVerdict, given: AuditHead | undefined, comparison: Comparison | null, widthMax: number | null): string[] {
  const { ok, entries, from_seq: fromSeq, head } = verdict;
  const whole = `whole: ${countText(entries, 'entry', 'entries')}${head === null ? '' : `, ${fromSeq} to ${head.seq}`}`;
  const facts: Fact[] = [
    ['the audit is', ok ? whole : brokenText(verdict)],
    ...(given === undefined || comparison === null ? [] : [[`entry ${given.seq}`, COMPARED[comparison]] as const]),
    ['head', head === null ? 'none' : `${head.seq}:${cellText(head.hash)}`],
  ];
  return factLines(facts, widthMax);
}

function brokenText({ broken_at: brokenAt, reason }: AuditVerdict): string {
  return `broken${brokenAt === undefined ? '' : ` at entry ${brokenAt}`}${reason === undefined ? '.' : `: ${cellText(reason)}`}`;
}

const COMPARED: Readonly<Record<Comparison, string>> = {
  kept: 'stands there as it did.',
  changed: 'is not what it was: the audit was written anew since.',
  cut: 'is not there: the end of the audit was cut off.',
  pruned: 'is older than what is kept, so nothing can be said of it.',
};
