import { checkKeys } from '../../../src/secrets/key-check.ts';
import { createKeyRing, type KeyRing } from '../../../src/secrets/key-ring.ts';
import type { EntryStore } from '../../../src/store/access-port.ts';
import { secretKeys } from '../../support/access.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { createMemoryEntries } from '../../support/memory-access.ts';
import { rememberingLog, type RememberedLog } from '../../support/remembering-log.ts';

const ringOf = (...keys: readonly string[]): KeyRing => createKeyRing(keys, rememberingLog());
const [lost, found] = [ringOf(secretKeys[0]), ringOf(secretKeys[1])];

async function keepCredential(entries: EntryStore, ring: KeyRing): Promise<void> {
  const text = JSON.stringify({ sealed: ring.seal('hunter2', 'here') });
  await entries.put({ kind: 'credential', key: 'a\n', owner: 'a', expiresAtMs: null, text, expectedRevision: 0 });
}

async function startWith(ring: KeyRing, entries: EntryStore): Promise<RememberedLog['lines']> {
  const log = rememberingLog();
  await checkKeys({ entries, ring, clock: manualClock(), log });
  return log.lines;
}

describe('the check of keys at the start', () => {
  it('says nothing while the keys are there', async () => {
    const entries = createMemoryEntries();
    expect(await startWith(lost, entries)).toEqual([]);
    await keepCredential(entries, lost);
    expect(await startWith(lost, entries)).toEqual([]);
    expect(await startWith(ringOf(secretKeys[1], secretKeys[0]), entries)).toEqual([]);
  });

  it.each([
    ['another key', found],
    ['no key', ringOf()],
  ])('abuse 39: tells of %s than the one that sealed, at each start, and destroys nothing', async (_, ring) => {
    const entries = createMemoryEntries();
    await startWith(lost, entries);
    await keepCredential(entries, lost);
    const told = [{ level: 'error', message: expect.stringContaining('SECRET_KEY'), fields: { key: lost.ids[0], credentials: 1 } }];
    expect(await startWith(ring, entries)).toMatchObject(told);
    expect(await startWith(ring, entries)).toMatchObject(told);
    const kept = await entries.get('credential', 'a\n');
    expect(lost.open((JSON.parse(kept!.text) as { sealed: string }).sealed, 'here')).toBe('hunter2');
    expect(await startWith(lost, entries)).not.toContainEqual(expect.objectContaining({ level: 'error' }));
  });

  it('forgets a key with which nothing is sealed any more', async () => {
    const entries = createMemoryEntries();
    await startWith(lost, entries);
    await keepCredential(entries, found);
    expect(await startWith(found, entries)).toMatchObject([{ level: 'info', fields: { key: lost.ids[0] } }]);
    expect(await startWith(found, entries)).toEqual([]);
  });
});
