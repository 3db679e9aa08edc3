import type { Sums } from '../../operations/copying.ts';
import { tableText, type TableOptions } from './table.ts';

const ABOUT = {
  records: 'registries',
  entries: 'users, tokens, sessions, credentials and keys’ ids',
  audit: 'entries of the audit',
  vantages: 'places that are probed from',
  watches: 'registries seen from a vantage',
  hours: 'hours of results',
  days: 'days of figures',
  events: 'changes of verdict',
} as const;

/** What a store or a backup holds. */
export function partsText(sums: Sums, options: TableOptions): string {
  const rows = Object.entries(ABOUT).map(([part, about]) => ({ part, about, rows: sums[part as keyof typeof ABOUT].rows }));
  const columns = [
    { title: 'PART', text: ({ part }: (typeof rows)[number]) => part },
    { title: 'ROWS', text: (row: (typeof rows)[number]) => String(row.rows), align: 'right' },
    { title: 'WHAT', text: ({ about }: (typeof rows)[number]) => about, below: true },
  ] as const;
  return tableText(columns, rows, options, '');
}
