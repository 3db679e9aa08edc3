import { backup, type SQLInputValue } from 'node:sqlite';
import type { AuditEntry } from '../../../core/audit.ts';
import { limits } from '../../../core/limits.ts';
import { chained, auditRowOf, type AuditHead } from '../../audit-chain.ts';
import type { Entry } from '../../access-port.ts';
import type { CopyPage, CopyPart, CopyRow, StoreCopy } from '../../copy-port.ts';
import {
  auditCopyRow,
  auditEntryOfRow,
  entryOfRow,
  entryRow,
  eventOfRow,
  eventRow,
  pastOfRow,
  pastRow,
  recordOfRow,
  recordRow,
  vantageRow,
  watchOfRow,
  watchRow,
} from '../../copy-rows.ts';
import type { HealthStore, StoredHealthEvent, Watch } from '../../health-port.ts';
import type { Connection, Row } from '../connection.ts';
import type { Records } from '../records.ts';
import type { Rows } from '../rows.ts';

interface CopyOptions {
  readonly connection: Connection;
  readonly records: Records;
  readonly rows: Rows;
  readonly watches: Pick<HealthStore, 'watchesOf'> & { putWatches(watches: readonly Watch[]): Promise<void> };
  /** Another connection, which sees the file as it is when it begins to read. */
  readonly openReader: () => Connection;
  readonly read: <T>(work: () => T) => Promise<T>;
  /** Runs a change within a transaction, perhaps twice, and resolves when it is durable. */
  readonly write: <T>(change: () => T) => Promise<T>;
}

/** A table that is read in the order of its key and written row by row. */
interface Table {
  /** `SELECT … WHERE (key) > (…) ORDER BY key LIMIT ?`; the first columns are the key. */
  readonly select: string;
  readonly first: readonly SQLInputValue[];
  row(columns: Row): CopyRow;
  write(row: CopyRow): void;
}

/** Below every text and every number that there is. */
const BEFORE_TEXT = '';
const BEFORE_NUMBERS = Number.MIN_SAFE_INTEGER;

export function createCopy({ connection, records, rows, watches, openReader, read, write }: CopyOptions): StoreCopy {
  const tables = tablesOf(connection);
  const readTable = (table: Table, after: string | null, limit: number): CopyPage => {
    const from = after === null ? table.first : (JSON.parse(after) as SQLInputValue[]);
    const found = connection.all(table.select, ...from, limit).map((columns) => table.row(columns));
    return { rows: found, next: nextOf(found, limit) };
  };
  const readRecords = (after: string | null, limit: number): CopyPage => {
    const found: CopyRow[] = [];
    for (const { record } of rows.after(after ?? BEFORE_TEXT)) {
      if (found.push(recordRow(record)) >= limit) break;
    }
    return { rows: found, next: found.length < limit ? null : String(found.at(-1)?.key[0]) };
  };
  /** Those of so many records; a record has few. */
  const readWatches = async (after: string | null, limit: number): Promise<CopyPage> => {
    const ids = await read(() => connection.all('SELECT DISTINCT id FROM watches WHERE id > ? ORDER BY id LIMIT ?', after ?? BEFORE_TEXT, limit).map(([id]) => id as string));
    const found = await watches.watchesOf(ids);
    return { rows: found.map(watchRow), next: ids.length < limit ? null : (ids.at(-1) ?? null) };
  };
  return {
    async read(part, after, limit) {
      if (part === 'records') return read(() => readRecords(after, limit));
      return part === 'watches' ? readWatches(after, limit) : read(() => readTable(tables[part], after, limit));
    },
    async write(part, given) {
      if (part === 'watches') return watches.putWatches(given.map(watchOfRow));
      const put = part === 'records' ? putRecord(records) : (row: CopyRow) => tables[part].write(row);
      await write(() => given.forEach(put));
    },
    snapshotTo: async (file) => {
      const reader = await read(openReader);
      try {
        // A moment to hold on to: changes of other connections would make the backup begin again, and again.
        reader.db.exec('BEGIN');
        await read(() => reader.first('SELECT 1 FROM records LIMIT 1'));
        await read(() => backup(reader.db, file, { rate: limits.backupPagesTogether }));
      } finally {
        reader.close();
      }
    },
    isEmpty: () => read(() => EMPTY.every((sql) => connection.first(sql) === undefined)),
  };
}

function nextOf(found: readonly CopyRow[], limit: number): string | null {
  return found.length < limit ? null : JSON.stringify(found.at(-1)?.key ?? null);
}

const EMPTY = ['records', 'entries', 'audit', 'vantages', 'watches', 'hours', 'days', 'events'].map((table) => `SELECT 1 FROM ${table} LIMIT 1`);

/** One that is there already was copied before. */
function putRecord(records: Records): (row: CopyRow) => void {
  return (row) => void records.insert(recordOfRow(row))();
}

const PUT_ENTRY = 'INSERT OR REPLACE INTO entries (kind, key, owner, expires_at_ms, revision, text) VALUES (?, ?, ?, ?, ?, ?)';
const HEAD_BEFORE = 'SELECT seq, hash, latest_ms FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT 1';
const PUT_AUDIT = 'INSERT OR REPLACE INTO audit (seq, previous, hash, at_ms, latest_ms, late_ms, user, record, action, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
const PUT_VANTAGE = 'INSERT OR REPLACE INTO vantages (vantage, seen_at_ms) VALUES (?, ?)';
const PUT_HOUR = 'INSERT OR REPLACE INTO hours (hour, id, vantage, results) VALUES (?, ?, ?, ?)';
const PUT_DAY = 'INSERT OR REPLACE INTO days (day, id, vantage, figures) VALUES (?, ?, ?, ?)';
const PUT_EVENT = 'INSERT OR REPLACE INTO events (id, at_ms, vantage, from_verdict, to_verdict, cause, evidence) VALUES (?, ?, ?, ?, ?, ?, ?)';

function tablesOf(connection: Connection): Record<Exclude<CopyPart, 'records' | 'watches'>, Table> {
  return {
    entries: {
      select: 'SELECT kind, key, owner, expires_at_ms, revision, text FROM entries WHERE (kind, key) > (?, ?) ORDER BY kind, key LIMIT ?',
      first: [BEFORE_TEXT, BEFORE_TEXT],
      row(columns) {
        const [kind, key, owner, expiresAtMs, revision, text] = columns as [Entry['kind'], string, string | null, number | null, number, string];
        return entryRow({ kind, key, owner, expiresAtMs, revision, text });
      },
      write(row) {
        const { kind, key, owner, expiresAtMs, revision, text } = entryOfRow(row);
        connection.run(PUT_ENTRY, kind, key, owner, expiresAtMs, revision, text);
      },
    },
    audit: {
      select: 'SELECT seq, previous, hash, text FROM audit WHERE seq > ? ORDER BY seq LIMIT ?',
      first: [BEFORE_NUMBERS],
      row(columns) {
        const [seq, previous, hash, text] = columns as [number, Uint8Array, Uint8Array, string];
        return auditCopyRow({ seq, previous: Buffer.from(previous).toString('hex'), hash: Buffer.from(hash).toString('hex'), text });
      },
      write: (row) => putAudit(connection, row),
    },
    vantages: {
      select: 'SELECT vantage, seen_at_ms FROM vantages WHERE vantage > ? ORDER BY vantage LIMIT ?',
      first: [BEFORE_TEXT],
      row: ([vantage, seenAtMs]) => vantageRow(vantage as string, seenAtMs as number),
      write: ({ key, value }) => void connection.run(PUT_VANTAGE, String(key[0]), Number(value['seen_at_ms'])),
    },
    hours: pastTable(connection, 'SELECT hour, id, vantage, results FROM hours WHERE (hour, id, vantage) > (?, ?, ?) ORDER BY hour, id, vantage LIMIT ?', PUT_HOUR),
    days: pastTable(connection, 'SELECT day, id, vantage, figures FROM days WHERE (day, id, vantage) > (?, ?, ?) ORDER BY day, id, vantage LIMIT ?', PUT_DAY),
    events: {
      select: 'SELECT id, at_ms, vantage, from_verdict, to_verdict, cause, evidence FROM events WHERE (id, at_ms, vantage) > (?, ?, ?) ORDER BY id, at_ms, vantage LIMIT ?',
      first: [BEFORE_TEXT, BEFORE_NUMBERS, BEFORE_TEXT],
      row(columns) {
        const [id, atMs, vantage, from, to, cause, evidence] = columns as [string, number, string, StoredHealthEvent['from'], StoredHealthEvent['to'], string, string];
        return eventRow({ id, atMs, vantage, from, to, cause, evidence });
      },
      write(row) {
        const { id, atMs, vantage, from, to, cause, evidence } = eventOfRow(row);
        connection.run(PUT_EVENT, id, atMs, vantage, from, to, cause, evidence);
      },
    },
  };
}

function pastTable(connection: Connection, select: string, put: string): Table {
  return {
    select,
    first: [BEFORE_NUMBERS, BEFORE_TEXT, BEFORE_TEXT],
    row([number, id, vantage, bytes]) {
      return pastRow({ number: number as number, id: id as string, vantage: vantage as string, bytes: bytes as Uint8Array });
    },
    write(row) {
      const { number, id, vantage, bytes } = pastOfRow(row);
      connection.run(put, number, id, vantage, bytes);
    },
  };
}

/** The columns that entries are found by follow from their texts and from the entry before. */
function putAudit(connection: Connection, row: CopyRow): void {
  const { seq, previous, hash, text } = auditEntryOfRow(row);
  const before = connection.first(HEAD_BEFORE, seq) as [number, Uint8Array, number] | undefined;
  const head: AuditHead = { seq: seq - 1, hash: previous, latestMs: before?.[2] ?? 0 };
  const { atMs, latestMs, lateMs, user, record, action } = chained(head, auditRowOf(JSON.parse(text) as AuditEntry));
  connection.run(PUT_AUDIT, seq, Buffer.from(previous, 'hex'), Buffer.from(hash, 'hex'), atMs, latestMs, lateMs, user, record, action, text);
}
