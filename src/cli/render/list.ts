import type { ShownRecord } from '../../client/types.ts';
import { layOut, type Column, type Layout, type TableOptions } from './table.ts';
import { cellText } from './text.ts';
import { paintVerdict } from './verdict.ts';

/** What the table needs of each record, as the list's `fields`. */
export const LISTED_FIELDS = [
  'container_registry_name',
  'container_registry_tags',
  'container_registry_public_url',
  'container_registry_storage_info.registry_type',
].join(',');

/** The layout of the list, made for its first records. */
export function listLayout(records: readonly ShownRecord[], options: TableOptions): Layout<ShownRecord> {
  return layOut(COLUMNS, records, options);
}

const verdictOf = ({ health }: ShownRecord): string => health?.status ?? 'unknown';

const COLUMNS: readonly Column<ShownRecord>[] = [
  { title: 'ID', text: (record) => cellText(record.container_registry_id), below: true },
  { title: 'NAME', text: (record) => cellText(record.container_registry_name), widthMin: 12 },
  { title: 'VERDICT', text: (record) => cellText(verdictOf(record)), paint: (record, text) => paintVerdict(verdictOf(record), text) },
  { title: 'TYPE', text: (record) => cellText(record.container_registry_storage_info?.registry_type) },
  { title: 'TAGS', text: tagsText, widthMin: 10 },
  { title: 'URL', text: (record) => cellText(record.container_registry_public_url), below: true },
];

function tagsText({ container_registry_tags: tags }: ShownRecord): string {
  return Array.isArray(tags) && tags.length > 0 ? tags.map(cellText).join(',') : '-';
}
