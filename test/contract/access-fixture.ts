import { AUDIT_ORIGIN, auditHash, type AuditEntry, type StoredAuditEntry } from '../../src/core/audit.ts';
import type { AuditQuery, AuditStore, EntryWrite } from '../../src/store/access-port.ts';
import type { Store } from '../../src/store/health-port.ts';

export type AccessStore = Pick<Store, 'entries' | 'audit' | 'close'>;

/** A place where one store keeps entries and the audit, at first empty. */
export interface AccessFixture {
  /** Opens the store of this place. Opened again after it was closed, it finds what it had; one is open at a time. */
  open(): Promise<AccessStore>;
  /** Takes the place away. */
  dispose(): Promise<void>;
}

export const AT_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

export const atMs = (ms: number): string => new Date(ms).toISOString();

/** Something that was done; `fields` say what is of interest. */
export function auditEntry(fields: Partial<AuditEntry> = {}): AuditEntry {
  return {
    at: atMs(AT_MS),
    who: 'user:ann',
    user: 'ann',
    from: '127.0.0.1',
    request_id: 'r-1',
    action: 'record:update',
    record: null,
    target: null,
    changes: [],
    outcome: 'done',
    code: null,
    ...fields,
  };
}

/** An entry that is to be made; `fields` replace its own. */
export function newEntry(key: string, fields: Partial<EntryWrite> = {}): EntryWrite {
  return { kind: 'token', key, owner: null, expiresAtMs: null, text: `{"of":${JSON.stringify(key)}}`, expectedRevision: 0, ...fields };
}

export const readAudit = (audit: AuditStore, query: Partial<AuditQuery> = {}): Promise<readonly StoredAuditEntry[]> =>
  audit.read({ order: 'oldest_first', afterSeq: null, limit: 10_000, ...query });

export const entryIn = ({ text }: StoredAuditEntry): AuditEntry => JSON.parse(text) as AuditEntry;

/** What was done according to the audit, the oldest first. */
export async function actionsIn(audit: AuditStore, query: Partial<AuditQuery> = {}): Promise<string[]> {
  return (await readAudit(audit, query)).map((stored) => entryIn(stored).action);
}

/** Fails the test where the whole audit is not one chain of the numbers from 1 on. @returns its texts */
export async function chainIn(audit: AuditStore): Promise<string[]> {
  const entries = await readAudit(audit);
  let before = AUDIT_ORIGIN;
  for (const [index, { seq, previous, hash, text }] of entries.entries()) {
    expect({ seq, previous, hash }).toEqual({ seq: index + 1, previous: before, hash: auditHash(before, seq, text) });
    before = hash;
  }
  return entries.map(({ text }) => text);
}
