import type { Clock } from '../core/clock.ts';
import type { EntryStore } from '../store/access-port.ts';
import { allEntries } from '../store/all-entries.ts';
import type { Log } from '../telemetry/logs.ts';
import { keyIdOf, type KeyRing } from './key-ring.ts';

interface KeyCheckParts {
  readonly entries: EntryStore;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly log: Pick<Log, 'error' | 'info'>;
}

/**
 * At the start: remembers which keys are in use, and tells the operator when one that was is missing. Nothing is changed or destroyed but
 * for the note of a key with which nothing is sealed any more.
 */
export async function checkKeys({ entries, ring, clock, log }: KeyCheckParts): Promise<void> {
  const noted = new Set<string>();
  for await (const { key } of allEntries(entries, 'secret_check')) noted.add(key);
  const [first] = ring.ids;
  if (first !== undefined && !noted.has(first)) await note(entries, first, clock);
  const missing = [...noted].filter((id) => !ring.ids.includes(id));
  if (missing.length === 0) return;
  const counts = await countByKey(entries);
  for (const id of missing) {
    const credentials = counts.get(id) ?? 0;
    if (credentials === 0) {
      await entries.delete('secret_check', id);
      log.info('a secret key is no longer given, and nothing is sealed with it', { key: id });
    } else {
      log.error('credentials are locked: the key that they are sealed with is not among those of SECRET_KEY; give it again, all else works meanwhile', { key: id, credentials });
    }
  }
}

async function note(entries: EntryStore, id: string, clock: Clock): Promise<void> {
  const text = JSON.stringify({ first_used_at: new Date(clock.nowMs()).toISOString() });
  // Another process may note the same: once is enough.
  await entries.put({ kind: 'secret_check', key: id, owner: null, expiresAtMs: null, text, expectedRevision: 0 });
}

async function countByKey(entries: EntryStore): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const { text } of allEntries(entries, 'credential')) {
    const id = keyIdOf((JSON.parse(text) as { sealed: string }).sealed);
    if (id !== null) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}
