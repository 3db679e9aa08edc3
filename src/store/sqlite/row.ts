import type { Json, JsonObject } from '../../core/json.ts';
import { RECORD_FIELDS, type RecordFields } from '../../core/record.ts';
import type { HealthSummary, RecordMeta, StoredRecord } from '../port.ts';
import type { Row } from './connection.ts';
import { storeDamaged } from './faults.ts';

/** The columns that `recordOfRow` and `viewReader` expect, in their order. */
export const ROW_COLUMNS = 'id, doc, ends, revision, created_at, updated_at, health';

/** A record's JSON text, and where in it the value of each of the eight fields ends, counted in UTF-16 units. */
export interface ComposedText {
  readonly doc: string;
  readonly ends: string;
}

/** What stands in the text between the values: `{"a":`, `,"b":` and so on. */
const LEADS = RECORD_FIELDS.map((field, index) => `${index === 0 ? '{' : ','}${JSON.stringify(field)}:`);

/** Writes a record as JSON text, the eight fields first and in their order, so that single fields can be read from it later. */
export function composeText(record: RecordFields): ComposedText {
  let doc = '';
  const ends: number[] = [];
  for (const [index, field] of RECORD_FIELDS.entries()) {
    doc += (LEADS[index] ?? '') + JSON.stringify(record[field]);
    ends.push(doc.length);
  }
  return { doc: `${doc}}`, ends: JSON.stringify(ends) };
}

export function recordOfRow(row: Row): StoredRecord {
  return { id: row[0] as string, text: row[1] as string, meta: metaOfRow(row), health: healthOfText(row[6] as string) };
}

export function metaOfRow(row: Row): RecordMeta {
  return { created_at: row[4] as string, updated_at: row[5] as string, revision: row[3] as number };
}

/** Reads, of a row, those parts of the record's view that begin with one of `roots`; parsing whole texts would take most of a query's time. */
export function viewReader(roots: ReadonlySet<string>): (row: Row) => JsonObject {
  const fields = RECORD_FIELDS.flatMap((field, index) => (roots.has(field) ? [{ field, index }] : []));
  const hasHealth = roots.has('health');
  const hasMeta = roots.has('meta');
  return (row) => {
    const view: JsonObject = {};
    if (fields.length > 0) {
      const ends = parseStored(row[2] as string) as number[];
      for (const { field, index } of fields) view[field] = fieldOf(row[1] as string, ends, index);
    }
    if (hasHealth) view['health'] = { ...healthOfText(row[6] as string) };
    if (hasMeta) view['meta'] = { ...metaOfRow(row) };
    return view;
  };
}

function fieldOf(doc: string, ends: readonly number[], index: number): Json {
  const start = (ends[index - 1] ?? 0) + (LEADS[index] ?? '').length;
  return parseStored(doc.slice(start, ends[index]));
}

/** What was stored was JSON, so what is none any more has been damaged; SQLite has no checksums that would tell. */
function parseStored(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw storeDamaged(error);
  }
}

const lastHealth = { text: '{"status":"unknown"}', summary: { status: 'unknown' } as HealthSummary };

/** Neighbours mostly share their health, so the last one parsed is kept. */
function healthOfText(text: string): HealthSummary {
  if (text !== lastHealth.text) {
    lastHealth.summary = Object.freeze(parseStored(text) as unknown as HealthSummary);
    lastHealth.text = text;
  }
  return lastHealth.summary;
}
