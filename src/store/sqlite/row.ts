import type { RecordAccess, Share, Visibility } from '../../core/access.ts';
import { neverProbed, viewOfHealth, type HealthSummary } from '../../core/health-summary.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { RECORD_FIELDS, type RecordFields } from '../../core/record.ts';
import type { StoredRecord } from '../port.ts';
import { viewOfMeta } from '../stored-record.ts';
import type { Row } from './connection.ts';
import { storeDamaged } from './faults.ts';

/** The columns that a `StoredRow` is made of, in their order. */
export const ROW_COLUMNS = 'id, doc, ends, revision, created_at, updated_at, health, owner, visibility, shared_with';

/** A record's JSON text, and where in it the value of each of the eight fields ends: UTF-16 units, as numbers of a fixed width. */
export interface ComposedText {
  readonly doc: string;
  readonly ends: string;
}

/** Five digits to the base of 36 are enough for any text that SQLite takes, and are read several times faster than JSON. */
const END_DIGITS = 5;
const END_BASE = 36;

/** What stands in the text between the values: `{"a":`, `,"b":` and so on. */
const LEADS = RECORD_FIELDS.map((field, index) => `${index === 0 ? '{' : ','}${JSON.stringify(field)}:`);

/** Writes a record as JSON text, the eight fields first and in their order, so that single fields can be read from it later. */
export function composeText(record: RecordFields): ComposedText {
  let doc = '';
  let ends = '';
  for (const [index, field] of RECORD_FIELDS.entries()) {
    doc += (LEADS[index] ?? '') + JSON.stringify(record[field]);
    ends += doc.length.toString(END_BASE).padStart(END_DIGITS, '0');
  }
  return { doc: `${doc}}`, ends };
}

const NO_SHARES: readonly Share[] = Object.freeze([]);
const NO_SHARES_TEXT = JSON.stringify(NO_SHARES);

/** A record as it was read; what is asked of it is worked out then, and kept. */
export class StoredRow implements RecordAccess {
  readonly #columns: Row;
  #record: StoredRecord | null = null;
  #shares: readonly Share[] | null = null;
  #fields: (Json | undefined)[] | null = null;

  /** @param columns `ROW_COLUMNS` */
  constructor(columns: Row) {
    this.#columns = columns;
  }

  get id(): string {
    return this.#columns[0] as string;
  }

  get text(): string {
    return this.#columns[1] as string;
  }

  get owner(): string | null {
    return this.#columns[7] as string | null;
  }

  get visibility(): Visibility {
    return this.#columns[8] as Visibility;
  }

  get shared_with(): readonly Share[] {
    const text = this.#columns[9] as string;
    // Most records are shared with nobody in particular.
    return text === NO_SHARES_TEXT ? NO_SHARES : (this.#shares ??= parseStored(text) as unknown as readonly Share[]);
  }

  get record(): StoredRecord {
    return (this.#record ??= this.#readRecord());
  }

  #readRecord(): StoredRecord {
    const [, , , revision, created_at, updated_at, health] = this.#columns as [string, string, string, number, string, string, string];
    const { id, text, owner, visibility, shared_with } = this;
    return recordWith({ id, text, meta: { created_at, updated_at, revision, owner, visibility, shared_with } }, health);
  }

  /** The value of one of the eight fields, by its place in `RECORD_FIELDS`; the rest of the text is not parsed. */
  field(index: number): Json {
    const fields = (this.#fields ??= []);
    return (fields[index] ??= this.#parseField(index));
  }

  #parseField(index: number): Json {
    const ends = this.#columns[2] as string;
    const start = (index === 0 ? 0 : endOf(ends, index - 1)) + (LEADS[index] ?? '').length;
    return parseStored(this.text.slice(start, endOf(ends, index)));
  }
}

/** Reads those parts of a record's view that begin with one of `roots`; parsing whole texts would take most of a query's time. */
export function viewReader(roots: ReadonlySet<string>): (row: StoredRow) => JsonObject {
  const fields = RECORD_FIELDS.flatMap((field, index) => (roots.has(field) ? [{ field, index }] : []));
  const hasHealth = roots.has('health');
  const hasMeta = roots.has('meta');
  return (row) => {
    const view: JsonObject = {};
    for (const { field, index } of fields) view[field] = row.field(index);
    if (hasHealth) view['health'] = viewOfHealth(row.record.health);
    if (hasMeta) view['meta'] = viewOfMeta(row.record.meta);
    return view;
  };
}

function endOf(ends: string, index: number): number {
  return parseInt(ends.slice(index * END_DIGITS, (index + 1) * END_DIGITS), END_BASE);
}

/** What was stored was JSON, so what is none any more has been damaged; SQLite has no checksums that would tell. */
function parseStored(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw storeDamaged(error);
  }
}

/** Reads of a record by its id seldom ask for its health, so that is parsed only for those that do. */
function recordWith({ id, text, meta }: Omit<StoredRecord, 'health'>, healthText: string): StoredRecord {
  let parsed: HealthSummary | null = null;
  return {
    id,
    text,
    meta,
    get health() {
      return (parsed ??= healthOfText(healthText));
    },
  };
}

const lastHealth = { text: '', summary: neverProbed(null) };

/** Neighbours mostly share their health, so the last one parsed is kept. */
function healthOfText(text: string): HealthSummary {
  if (text !== lastHealth.text) {
    lastHealth.summary = Object.freeze(parseStored(text) as unknown as HealthSummary);
    lastHealth.text = text;
  }
  return lastHealth.summary;
}
