import type { AuditedDeed } from '../core/audit.ts';
import { AppError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Actor } from '../core/principal.ts';
import type { Entry, EntryStore } from '../store/access-port.ts';
import { allEntries } from '../store/all-entries.ts';
import { keyIdOf, type KeyRing } from './key-ring.ts';
import { keptOf, openCredential, placeOf, sealCredential } from './sealed-credential.ts';

/** How many credentials were sealed anew. */
export interface Rotated {
  readonly resealed: number;
  /** Sealed with the first key already. */
  readonly left: number;
  /** Cannot be opened, because the key is missing or they are damaged, or others kept changing them. They stay as they are. */
  readonly failed: number;
}

export interface SecretsOverview {
  /** Ids of the keys that the service was given, the one that seals first. */
  readonly keys: readonly string[];
  /** Credentials, by the id of the key that they are sealed with. */
  readonly sealed_with: Readonly<Record<string, number>>;
  /** Credentials whose key is missing. */
  readonly locked: number;
}

interface RotationParts {
  readonly entries: EntryStore;
  readonly ring: KeyRing;
  readonly record: (actor: Actor, deed: AuditedDeed) => Promise<void>;
}

/** Exchanging the key that seals. */
export function createRotation({ entries, ring, record }: RotationParts): { rotate(actor: Actor): Promise<Rotated>; overview(): Promise<SecretsOverview> } {
  const [first] = ring.ids;
  const isCurrent = (entry: Entry): boolean => keyIdOf(keptOf(entry).sealed) === first;

  async function reseal(entry: Entry): Promise<keyof Rotated> {
    for (let attempt = 0, current: Entry | null = entry; attempt < limits.credentialRetriesMax; attempt++) {
      if (current === null || isCurrent(current)) return 'left';
      const text = sealedAnew(current);
      if (text === null) return 'failed';
      const { revision: expectedRevision, ...unchanged } = current;
      if (await entries.put({ ...unchanged, expectedRevision, text })) return 'resealed';
      current = await entries.get('credential', entry.key);
    }
    return 'failed';
  }

  /** Null where it cannot be opened. */
  function sealedAnew(entry: Entry): string | null {
    const kept = keptOf(entry);
    const place = placeOf(entry);
    try {
      const credential = openCredential(ring, place, kept.record_created_at, kept.sealed);
      return JSON.stringify({ ...kept, sealed: sealCredential(ring, place, kept.record_created_at, credential) });
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
  }

  return {
    async rotate(actor) {
      if (ring.isEmpty) throw new AppError('SECRETS_LOCKED', 'The service was given no SECRET_KEY, so there is nothing to seal with.');
      const counts = { resealed: 0, left: 0, failed: 0 };
      for await (const entry of allEntries(entries, 'credential')) counts[await reseal(entry)] += 1;
      const changes = Object.entries(counts).map(([path, after]) => ({ path, after }));
      await record(actor, { action: 'credential:rotate', changes });
      return counts;
    },

    async overview() {
      const sealedWith: Record<string, number> = {};
      for await (const entry of allEntries(entries, 'credential')) {
        const id = keyIdOf(keptOf(entry).sealed) ?? 'damaged';
        sealedWith[id] = (sealedWith[id] ?? 0) + 1;
      }
      const locked = Object.entries(sealedWith).reduce((sum, [id, count]) => sum + (ring.ids.includes(id) ? 0 : count), 0);
      return { keys: ring.ids, sealed_with: sealedWith, locked };
    },
  };
}
