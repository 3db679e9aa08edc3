/** The audit in the store's file: what belongs to a change is written in the change's own transaction. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditEntry, StoredAuditEntry } from '../../../core/audit.ts';
import type { AuditStore } from '../../access-port.ts';
import { auditRowOf, chained, emptyAudit, type AuditHead, type AuditRow } from '../../audit-chain.ts';
import type { Connection } from '../connection.ts';
import { createAuditSearch } from './audit-search.ts';

/** Adds to a change what tells of it, to be written exactly when the change has an effect. */
export type Audited = <T>(change: () => T, hasEffect: (outcome: T) => boolean, entry: AuditEntry | undefined) => () => T;

export interface AuditLog {
  readonly audited: Audited;
  /** Only within a write. */
  append(rows: readonly AuditRow[]): void;
  /** To be called when a transaction that appended was undone, or when another connection has appended: the last entry is then another. */
  forget(): void;
}

const HEAD = 'SELECT seq, hash, latest_ms FROM audit ORDER BY seq DESC LIMIT 1';
const INSERT = 'INSERT INTO audit (seq, previous, hash, at_ms, latest_ms, late_ms, user, record, action, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';

export function createAuditLog(connection: Connection): AuditLog {
  let head: AuditHead | null = null;

  const readHead = (): AuditHead => {
    const row = connection.first(HEAD);
    if (row === undefined) return emptyAudit;
    const [seq, hash, latestMs] = row as [number, Uint8Array, number];
    return { seq, hash: Buffer.from(hash).toString('hex'), latestMs };
  };
  const append = (rows: readonly AuditRow[]): void => {
    for (const row of rows) {
      const next = chained((head ??= readHead()), row);
      const { seq, previous, hash, atMs, latestMs, lateMs, user, record, action, text } = next;
      connection.run(INSERT, seq, Buffer.from(previous, 'hex'), Buffer.from(hash, 'hex'), atMs, latestMs, lateMs, user, record, action, text);
      head = next;
    }
  };
  return {
    audited: (change, hasEffect, entry) => {
      if (entry === undefined) return change;
      const rows = [auditRowOf(entry)];
      return () => {
        const outcome = change();
        if (hasEffect(outcome)) append(rows);
        return outcome;
      };
    },
    append,
    forget() {
      head = null;
    },
  };
}

interface AuditOptions {
  readonly connection: Connection;
  readonly log: AuditLog;
  readonly read: <T>(work: () => T) => Promise<T>;
  readonly write: <T>(change: () => T) => Promise<T>;
}

const LAST = 'SELECT max(seq) FROM audit';
const OLDER = 'SELECT EXISTS (SELECT 1 FROM audit WHERE seq <= ?)';
const PRUNE = 'DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE seq <= ? ORDER BY seq LIMIT ?)';

export function createAudit({ connection, log, read, write }: AuditOptions): AuditStore {
  const search = createAuditSearch(connection);
  return {
    async append(entries) {
      const rows = entries.map(auditRowOf);
      if (rows.length > 0) await write(() => log.append(rows));
    },
    async read(query) {
      const found: StoredAuditEntry[] = [];
      const steps = search(query);
      for (;;) {
        const step = await read(() => connection.snapshot(() => steps.next()));
        if (step.done === true) return found;
        found.push(...step.value);
        await nextTurn();
      }
    },
    async prune(throughSeq, limit) {
      // The last one stays: the next is chained to it.
      const through = (): number => Math.min(throughSeq, Number(connection.first(LAST)?.[0] ?? 0) - 1);
      const isLeft = (): boolean => connection.first(OLDER, through())?.[0] === 1;
      if (!(await read(isLeft))) return false;
      await write(() => connection.run(PRUNE, through(), limit));
      return read(isLeft);
    },
  };
}
