import { viewOfHealth } from '../core/health-summary.ts';
import type { JsonObject } from '../core/json.ts';
import type { RecordFields } from '../core/record.ts';
import type { RecordMeta, StoredRecord } from './port.ts';

export function recordOf(stored: StoredRecord): RecordFields {
  return JSON.parse(stored.text) as RecordFields;
}

/** What filters and sorts see: the eight fields, and `health` and `meta` beside them. */
export function viewOf(stored: StoredRecord): JsonObject {
  const view = JSON.parse(stored.text) as JsonObject;
  view['health'] = viewOfHealth(stored.health);
  view['meta'] = viewOfMeta(stored.meta);
  return view;
}

export function viewOfMeta(meta: RecordMeta): JsonObject {
  return { ...meta, shared_with: meta.shared_with.map((share) => ({ ...share })) };
}
