import type { JsonObject } from '../core/json.ts';
import { projectFields } from '../query/project.ts';
import type { StoredRecord } from '../store/port.ts';

/** What `include` can add to a record. */
type Part = 'health' | 'meta';

export function shownParts(include: string | undefined): readonly Part[] {
  return (include?.split(',') ?? []) as Part[];
}

/** A record's JSON text as a client sees it: all fields or those asked for, and the objects included. */
export function shownText(stored: StoredRecord, parts: readonly Part[], fields: readonly string[][] | null = null): string {
  const text = fields === null ? stored.text : JSON.stringify(projectFields(JSON.parse(stored.text) as JsonObject, fields));
  if (parts.length === 0) return text;
  const added = parts.map((part) => `,${JSON.stringify(part)}:${JSON.stringify(stored[part])}`);
  return `${text.slice(0, -1)}${added.join('')}}`;
}
