import { AUDIT_ORIGIN, auditHash, type AuditEntry, type StoredAuditEntry } from '../../src/core/audit.ts';
import { compareText } from '../../src/query/compare.ts';
import type { AuditQuery, AuditStore, Entry, EntryKind, EntryStore } from '../../src/store/access-port.ts';

/** An audit in memory, for tests of what writes to it. It passes the contract of the real ones. */
export interface MemoryAudit extends AuditStore {
  /** All that was appended, oldest first. */
  readonly entries: readonly AuditEntry[];
}

export function createMemoryAudit(): MemoryAudit {
  let chain: StoredAuditEntry[] = [];
  return {
    get entries() {
      return chain.map(entryOf);
    },
    append: async (entries) => {
      for (const entry of entries) {
        const last = chain.at(-1) ?? { seq: 0, hash: AUDIT_ORIGIN };
        const seq = last.seq + 1;
        const text = JSON.stringify(entry);
        chain.push({ seq, previous: last.hash, hash: auditHash(last.hash, seq, text), text });
      }
    },
    read: async (query) => {
      const found = chain.filter((stored) => isAfter(stored, query) && matches(entryOf(stored), query));
      return (query.order === 'oldest_first' ? found : found.reverse()).slice(0, query.limit);
    },
    prune: async (throughSeq, limit) => {
      const left = chain.slice(0, -1).filter(({ seq }) => seq <= throughSeq);
      const removed = left.slice(0, limit);
      chain = chain.slice(removed.length);
      return left.length > removed.length;
    },
  };
}

function entryOf({ text }: StoredAuditEntry): AuditEntry {
  return JSON.parse(text) as AuditEntry;
}

function isAfter({ seq }: StoredAuditEntry, { afterSeq, order }: AuditQuery): boolean {
  if (afterSeq === null) return true;
  return order === 'oldest_first' ? seq > afterSeq : seq < afterSeq;
}

function matches(entry: AuditEntry, { user, record, action, fromMs, toMs }: AuditQuery): boolean {
  const atMs = Date.parse(entry.at);
  if (user !== undefined && entry.user !== user) return false;
  if (record !== undefined && entry.record !== record) return false;
  if (action !== undefined && entry.action !== action && !entry.action.startsWith(`${action}:`)) return false;
  return (fromMs === undefined || atMs >= fromMs) && (toMs === undefined || atMs < toMs);
}

/** Entries in memory. @param audit where writes tell of themselves */
export function createMemoryEntries(audit: AuditStore = createMemoryAudit()): EntryStore {
  const entries = new Map<string, Entry>();
  const placeOf = (kind: EntryKind, key: string): string => `${kind}:${key}`;
  const inOrder = (kind: EntryKind): Entry[] => [...entries.values()].filter((entry) => entry.kind === kind).sort((a, b) => compareText(a.key, b.key));
  const tell = async (isChange: boolean, entry: AuditEntry | undefined): Promise<void> => {
    if (isChange && entry !== undefined) await audit.append([entry]);
  };
  return {
    get: async (kind, key) => entries.get(placeOf(kind, key)) ?? null,
    list: async (kind, { owner, afterKey, limit }) =>
      inOrder(kind)
        .filter((entry) => (owner === undefined || entry.owner === owner) && (afterKey === null || compareText(entry.key, afterKey) > 0))
        .slice(0, limit),
    ofOwners: async (kind, owners) => [...new Set(owners)].sort(compareText).flatMap((owner) => inOrder(kind).filter((entry) => entry.owner === owner)),
    put: async ({ expectedRevision, ...entry }, told) => {
      const place = placeOf(entry.kind, entry.key);
      if ((entries.get(place)?.revision ?? 0) !== expectedRevision) return false;
      entries.set(place, { ...entry, revision: expectedRevision + 1 });
      await tell(true, told);
      return true;
    },
    delete: async (kind, key, told) => {
      const isThere = entries.delete(placeOf(kind, key));
      await tell(isThere, told);
      return isThere;
    },
    deleteOwned: async (kind, owner, told) => {
      const owned = inOrder(kind).filter((entry) => entry.owner === owner);
      for (const { key } of owned) entries.delete(placeOf(kind, key));
      await tell(owned.length > 0, told);
      return owned.length;
    },
    prune: async (nowMs, limit) => {
      const expired = [...entries.values()].filter(({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs < nowMs);
      for (const { kind, key } of expired.slice(0, limit)) entries.delete(placeOf(kind, key));
      return expired.length > limit;
    },
  };
}
