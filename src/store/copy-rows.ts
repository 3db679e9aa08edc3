/** What the rows of a copy look like; the same in every store. */
import { openAccess } from '../core/access.ts';
import type { StoredAuditEntry } from '../core/audit.ts';
import type { HealthSummary } from '../core/health-summary.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { RecordFields } from '../core/record.ts';
import type { Entry } from './access-port.ts';
import type { CopyRow } from './copy-port.ts';
import type { StoredHealthEvent, Watch } from './health-port.ts';
import type { NewRecord, RecordMeta, StoredRecord } from './port.ts';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
const textOf = (value: Json | undefined): string => value as string;
const bytesOf = (value: Json | undefined): Uint8Array => new Uint8Array(Buffer.from(textOf(value), 'base64'));

export function recordRow({ id, text, meta, health }: StoredRecord): CopyRow {
  const { created_at, updated_at, revision, owner, visibility, shared_with } = meta;
  const metaValue = { created_at, updated_at, revision, owner, visibility, shared_with: shared_with.map(({ with: member, may }) => ({ with: member, may })) };
  const { status, cause, since, vantages } = health;
  return { key: [id], value: { text, meta: metaValue, health: { status, cause, since, vantages: vantages as unknown as JsonObject } } };
}

export function recordOfRow({ value }: CopyRow): NewRecord {
  return {
    record: JSON.parse(textOf(value['text'])) as RecordFields,
    meta: { ...openAccess, ...(value['meta'] as unknown as RecordMeta) },
    health: value['health'] as unknown as HealthSummary,
  };
}

export function entryRow({ kind, key, owner, expiresAtMs, revision, text }: Entry): CopyRow {
  return { key: [kind, key], value: { owner, expires_at_ms: expiresAtMs, revision, text } };
}

export function entryOfRow({ key, value }: CopyRow): Entry {
  const { owner, expires_at_ms: expiresAtMs, revision, text } = value as { owner: string | null; expires_at_ms: number | null; revision: number; text: string };
  return { kind: key[0] as Entry['kind'], key: String(key[1]), owner, expiresAtMs, revision, text };
}

export function auditCopyRow({ seq, previous, hash, text }: StoredAuditEntry): CopyRow {
  return { key: [seq], value: { previous, hash, text } };
}

export function auditEntryOfRow({ key, value }: CopyRow): StoredAuditEntry {
  return { seq: Number(key[0]), previous: textOf(value['previous']), hash: textOf(value['hash']), text: textOf(value['text']) };
}

export function vantageRow(vantage: string, seenAtMs: number): CopyRow {
  return { key: [vantage], value: { seen_at_ms: seenAtMs } };
}

export function watchRow({ id, vantage, dueAtMs, staleAtMs, intervalMs, state, tail, totals }: Watch): CopyRow {
  return {
    key: [id, vantage],
    value: { due_at_ms: dueAtMs, stale_at_ms: staleAtMs, interval_ms: intervalMs, state, tail: base64(tail), totals: base64(totals) },
  };
}

export function watchOfRow({ key, value }: CopyRow): Watch {
  const { due_at_ms: dueAtMs, stale_at_ms: staleAtMs, interval_ms: intervalMs, state } = value as { due_at_ms: number | null; stale_at_ms: number | null; interval_ms: number; state: string };
  return { id: String(key[0]), vantage: String(key[1]), dueAtMs, staleAtMs, intervalMs, state, tail: bytesOf(value['tail']), totals: bytesOf(value['totals']) };
}

/** An hour's results or a day's figures. */
export interface PastBlock {
  /** Of the hour or the day, since the epoch. */
  readonly number: number;
  readonly id: string;
  readonly vantage: string;
  readonly bytes: Uint8Array;
}

export function pastRow({ number, id, vantage, bytes }: PastBlock): CopyRow {
  return { key: [number, id, vantage], value: { bytes: base64(bytes) } };
}

export function pastOfRow({ key: [number, id, vantage], value }: CopyRow): PastBlock {
  return { number: Number(number), id: String(id), vantage: String(vantage), bytes: bytesOf(value['bytes']) };
}

export function eventRow({ id, atMs, vantage, from, to, cause, evidence }: StoredHealthEvent): CopyRow {
  return { key: [id, atMs, vantage], value: { from, to, cause, evidence } };
}

export function eventOfRow({ key: [id, atMs, vantage], value }: CopyRow): StoredHealthEvent {
  return { id: String(id), atMs: Number(atMs), vantage: String(vantage), ...(value as unknown as Pick<StoredHealthEvent, 'from' | 'to' | 'cause' | 'evidence'>) };
}
