import { hash } from 'node:crypto';
import { openAccess } from '../../src/core/access.ts';
import type { Actor } from '../../src/core/principal.ts';
import { neverProbed } from '../../src/core/health-summary.ts';
import type { RecordFields } from '../../src/core/record.ts';
import { createKeyRing, type KeyRing } from '../../src/secrets/key-ring.ts';
import { createRegistryCredentials, type RegistryCredentials } from '../../src/secrets/registry-credentials.ts';
import type { EntryStore } from '../../src/store/access-port.ts';
import type { StoredRecord } from '../../src/store/port.ts';
import { recordOf } from '../contract/store-fixture.ts';
import { createMemoryAudit, createMemoryEntries, type MemoryAudit } from './memory-access.ts';
import { rememberingLog, type RememberedLog } from './remembering-log.ts';

/** A key of the service, one for each name. */
export const secretKey = (name: string): string => hash('sha256', name, 'base64');

export const actor: Actor = {
  principal: { kind: 'user', user: 'ann', role: 'publisher', groups: [], credentialId: 'session-1', permissions: ['credential:write_own'] },
  address: '192.0.2.7',
  requestId: 'request-1',
};

export const MADE_AT = '2030-01-01T00:00:00.000Z';
export const NOW_MS = Date.UTC(2030, 5, 1);

export function storedRecord(id: string, fields: Partial<RecordFields> = {}, createdAt = MADE_AT): StoredRecord {
  const record = recordOf(id, { container_registry_public_url: `https://${id}.example`, container_registry_image_prefix: `${id}.example`, ...fields });
  return { id, text: JSON.stringify(record), meta: { ...openAccess, created_at: createdAt, updated_at: createdAt, revision: 1 }, health: neverProbed(createdAt) };
}

export interface CredentialsBench {
  readonly credentials: RegistryCredentials;
  readonly entries: EntryStore;
  readonly audit: MemoryAudit;
  readonly log: RememberedLog;
  readonly ring: KeyRing;
  /** Ids of records whose credentials were said to have changed. */
  readonly changed: string[];
  /** The same store, with other keys. */
  readonly withKeys: (...keys: readonly string[]) => RegistryCredentials;
}

/** Credentials over a store in memory, at `NOW_MS`. */
export function credentialsBench(...keys: readonly string[]): CredentialsBench {
  const audit = createMemoryAudit();
  const entries = createMemoryEntries(audit);
  const log = rememberingLog();
  const changed: string[] = [];
  const clock = { nowMs: () => NOW_MS, monotonicMs: () => 0 };
  const over = (ring: KeyRing): RegistryCredentials =>
    createRegistryCredentials({ entries, ring, clock, audit: { record: (entry) => audit.append([entry]) }, onChanged: (id) => void changed.push(id) });
  const withKeys = (...given: readonly string[]): RegistryCredentials => over(createKeyRing(given.map(secretKey), log));
  const ring = createKeyRing((keys.length === 0 ? ['first'] : keys).map(secretKey), log);
  return { credentials: over(ring), entries, audit, log, ring, changed, withKeys };
}
