import { auditedChanges, auditEntryOf, type AuditEntry } from '../../src/core/audit.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Actor } from '../../src/core/principal.ts';
import type { Store } from '../../src/store/health-port.ts';
import type { NewRecord } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { createLog } from '../../src/telemetry/logs.ts';
import { newRecordAt } from '../records.ts';
import { answerParent } from './parent.ts';

export interface AuditedOrder {
  /** Each has a store of its own. */
  readonly dataDir: string;
  readonly isAudited: boolean;
  readonly firstIndex: number;
  readonly records: number;
  /** Writes under way at once. */
  readonly clients: number;
}

const stores = new Map<string, Store>();

const actor: Actor = {
  principal: { kind: 'token', user: 'ann', role: 'publisher', groups: [], credentialId: 'AbCdEfGhIjKlMnOp', permissions: ['record:create'] },
  address: '192.0.2.17',
  requestId: '0198c4a2-5b1e-7c3d-9f00-2a1b3c4d5e6f',
};

/** What the catalog tells of a record's creation: its fields one by one. */
function entryOf({ record, meta }: NewRecord): AuditEntry {
  return auditEntryOf(actor, meta.created_at, { action: 'record:create', record: record.container_registry_id, changes: auditedChanges(null, record as unknown as JsonObject) });
}

export interface AuditedFigures {
  readonly elapsedMs: number;
  /** Of this process, all its threads. */
  readonly cpuMs: number;
}

/** Inserts records, and tells what that took. */
async function insertRecords({ dataDir, isAudited, firstIndex, records, clients }: AuditedOrder): Promise<AuditedFigures> {
  const store = stores.get(dataDir) ?? (await openSqliteStore({ dataDir, log: createLog({ level: 'warn', format: 'json', fd: 2 }) }));
  stores.set(dataDir, store);
  const all = Array.from({ length: records }, (_, offset) => newRecordAt(firstIndex + offset));
  let next = 0;
  const client = async (): Promise<void> => {
    for (let record = all[next++]; record !== undefined; record = all[next++]) await store.insert(record, isAudited ? entryOf(record) : undefined);
  };
  const startedMs = performance.now();
  const cpuBefore = process.cpuUsage();
  await Promise.all(Array.from({ length: clients }, client));
  const cpu = process.cpuUsage(cpuBefore);
  return { elapsedMs: performance.now() - startedMs, cpuMs: (cpu.user + cpu.system) / 1_000 };
}

answerParent(insertRecords);
