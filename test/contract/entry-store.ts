import type { Entry, EntryStore } from '../../src/store/access-port.ts';
import { actionsIn, AT_MS, auditEntry, chainIn, newEntry, type AccessFixture, type AccessStore } from './access-fixture.ts';

const keysOf = (entries: readonly Entry[]): string[] => entries.map(({ key }) => key);

/**
 * What every store of entries must do, whatever it is made of. `makeFixture` gives each test a place of its own.
 * @see src/store/access-port.ts
 */
export function describeEntryStore(name: string, makeFixture: () => Promise<AccessFixture>): void {
  describe(`the entry store ${name}`, () => {
    let fixture: AccessFixture;
    let store: AccessStore;
    beforeEach(async () => {
      fixture = await makeFixture();
      store = await fixture.open();
    });
    afterEach(async () => {
      await store.close();
      await fixture.dispose();
    });

    describe('writing', () => describeWriting(() => store.entries));
    describe('reading', () => describeReading(() => store.entries));
    describe('the end of entries', () => describeEnding(() => store.entries));
    describe('the audit of writes', () => describeAudit(() => store));

    it('finds everything again after it was closed and opened', async () => {
      await store.entries.put(newEntry('a', { owner: 'ann', expiresAtMs: AT_MS }));
      const before = await store.entries.get('token', 'a');
      await store.close();
      store = await fixture.open();
      expect(await store.entries.get('token', 'a')).toEqual(before);
    });
  });
}

function describeWriting(open: () => EntryStore): void {
  it('gives back what was put, text and all, at revision 1', async () => {
    const text = '{"name":"Ann Ünï 𝄞","b":[1,{"c":null}],"$odd":{"a.b":1}}';
    expect(await open().put(newEntry('k', { kind: 'user', owner: 'ann', expiresAtMs: AT_MS, text }))).toBe(true);
    expect(await open().get('user', 'k')).toEqual({ kind: 'user', key: 'k', owner: 'ann', expiresAtMs: AT_MS, revision: 1, text });
  });

  it('has nothing under a key that nobody put, nor under a key of another kind', async () => {
    await open().put(newEntry('k', { kind: 'user' }));
    expect(await open().get('token', 'k')).toBeNull();
    expect(await open().get('user', 'K')).toBeNull();
    expect(await open().get('user', '')).toBeNull();
  });

  it('makes no second entry under a key', async () => {
    await open().put(newEntry('k', { text: '"first"' }));
    expect(await open().put(newEntry('k', { text: '"second"' }))).toBe(false);
    expect(await open().get('token', 'k')).toMatchObject({ text: '"first"', revision: 1 });
  });

  it('writes over an entry at the revision that is expected, and at no other', async () => {
    await open().put(newEntry('k', { owner: 'ann', expiresAtMs: 5 }));
    expect(await open().put(newEntry('k', { owner: 'bob', expiresAtMs: null, text: '2', expectedRevision: 1 }))).toBe(true);
    expect(await open().get('token', 'k')).toEqual({ kind: 'token', key: 'k', owner: 'bob', expiresAtMs: null, revision: 2, text: '2' });
    expect(await open().put(newEntry('k', { text: '3', expectedRevision: 1 }))).toBe(false);
    expect(await open().put(newEntry('k', { text: '3', expectedRevision: 3 }))).toBe(false);
    expect(await open().get('token', 'k')).toMatchObject({ text: '2', revision: 2 });
  });

  it('writes over nothing that is not there', async () => {
    expect(await open().put(newEntry('k', { expectedRevision: 1 }))).toBe(false);
    expect(await open().get('token', 'k')).toBeNull();
  });

  it.each([0, 1])('lets one of many puts at once through that expect revision %p', async (expectedRevision) => {
    if (expectedRevision === 1) await open().put(newEntry('k'));
    const puts = Array.from({ length: 32 }, (_unused, index) => newEntry('k', { text: String(index), expectedRevision }));
    const outcomes = await Promise.all(puts.map((put) => open().put(put)));
    expect(outcomes.filter((isWritten) => isWritten)).toHaveLength(1);
    expect(await open().get('token', 'k')).toMatchObject({ text: String(outcomes.indexOf(true)), revision: expectedRevision + 1 });
  });

  it('loses none of the changes of many who read and put again until they get through', async () => {
    await open().put(newEntry('k', { text: '0' }));
    const increment = async (): Promise<void> => {
      for (;;) {
        const { text, revision } = (await open().get('token', 'k'))!;
        if (await open().put(newEntry('k', { text: String(Number(text) + 1), expectedRevision: revision }))) return;
      }
    };
    await Promise.all(Array.from({ length: 8 }, increment));
    expect(await open().get('token', 'k')).toMatchObject({ text: '8', revision: 9 });
  });

  it('begins at revision 1 again after a deletion', async () => {
    await open().put(newEntry('k'));
    expect(await open().delete('token', 'k')).toBe(true);
    expect(await open().delete('token', 'k')).toBe(false);
    expect(await open().get('token', 'k')).toBeNull();
    expect(await open().put(newEntry('k', { text: '2' }))).toBe(true);
    expect(await open().get('token', 'k')).toMatchObject({ text: '2', revision: 1 });
  });

  it('keeps a long text', async () => {
    const text = JSON.stringify('é'.repeat(200_000));
    await open().put(newEntry('k', { text }));
    expect((await open().get('token', 'k'))?.text).toBe(text);
  });
}

const ODD_KEYS = ['', '"', '$where', '\n', 'a', 'a\nb', "a'; DROP TABLE entries; --", 'a.b', 'aé', 'b:c', 'user;', 'z%', '~', 'é', '…'];

function describeReading(open: () => EntryStore): void {
  it('lists a kind in the order of keys by UTF-8 bytes, page after page', async () => {
    for (const key of ODD_KEYS.toReversed()) await open().put(newEntry(key, { kind: 'credential' }));
    for (const kind of ['token', 'user', 'session'] as const) await open().put(newEntry('other', { kind }));
    const inOrder = ODD_KEYS.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(keysOf(await open().list('credential', { afterKey: null, limit: 100 }))).toEqual(inOrder);
    const walked: string[] = [];
    for (let afterKey: string | null = null; ; ) {
      const page: readonly Entry[] = await open().list('credential', { afterKey, limit: 4 });
      walked.push(...keysOf(page));
      if (page.length < 4) break;
      afterKey = page.at(-1)!.key;
    }
    expect(walked).toEqual(inOrder);
    for (const key of ODD_KEYS) expect(await open().get('credential', key)).toMatchObject({ key, revision: 1 });
  });

  it('lists those of one owner, also page after page', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) await open().put(newEntry(key, { owner: 'ann' }));
    await open().put(newEntry('bb', { owner: 'bob' }));
    await open().put(newEntry('cc'));
    await open().put(newEntry('a', { kind: 'session', owner: 'ann' }));
    expect(keysOf(await open().list('token', { owner: 'ann', afterKey: null, limit: 2 }))).toEqual(['a', 'b']);
    expect(keysOf(await open().list('token', { owner: 'ann', afterKey: 'b', limit: 10 }))).toEqual(['c', 'd', 'e']);
    expect(keysOf(await open().list('token', { owner: '', afterKey: null, limit: 10 }))).toEqual([]);
  });

  it('finds those of several owners, in the order of owners and keys', async () => {
    await open().put(newEntry('2', { kind: 'credential', owner: 'r-1' }));
    await open().put(newEntry('1', { kind: 'credential', owner: 'r-2' }));
    await open().put(newEntry('3', { kind: 'credential', owner: 'r-1' }));
    await open().put(newEntry('0', { kind: 'credential', owner: 'r-3' }));
    await open().put(newEntry('4', { kind: 'credential' }));
    await open().put(newEntry('5', { kind: 'token', owner: 'r-1' }));
    const found = await open().ofOwners('credential', ['r-2', 'r-1', 'nobody', 'r-1']);
    expect(found.map(({ owner, key }) => [owner, key])).toEqual([['r-1', '2'], ['r-1', '3'], ['r-2', '1']]);
    expect(await open().ofOwners('credential', [])).toEqual([]);
  });

  it('finds those of a thousand owners', async () => {
    const owners = Array.from({ length: 1_000 }, (_unused, index) => `r-${String(index).padStart(4, '0')}`);
    await Promise.all(owners.filter((_owner, index) => index % 100 === 0).map((owner) => open().put(newEntry(owner, { kind: 'credential', owner }))));
    expect((await open().ofOwners('credential', owners)).map(({ owner }) => owner)).toEqual(owners.filter((_owner, index) => index % 100 === 0));
  });
}

function describeEnding(open: () => EntryStore): void {
  it('deletes all of one kind that belong to an owner, and nothing else', async () => {
    for (const key of ['a', 'b', 'c']) await open().put(newEntry(key, { kind: 'session', owner: 'ann' }));
    await open().put(newEntry('d', { kind: 'session', owner: 'bob' }));
    await open().put(newEntry('e', { kind: 'session' }));
    await open().put(newEntry('f', { kind: 'token', owner: 'ann' }));
    expect(await open().deleteOwned('session', 'ann')).toBe(3);
    expect(await open().deleteOwned('session', 'ann')).toBe(0);
    expect(keysOf(await open().list('session', { afterKey: null, limit: 10 }))).toEqual(['d', 'e']);
    expect(await open().get('token', 'f')).not.toBeNull();
  });

  it('gives out what has expired until it is pruned', async () => {
    await open().put(newEntry('k', { expiresAtMs: 1 }));
    expect(await open().get('token', 'k')).toMatchObject({ expiresAtMs: 1 });
    expect(await open().prune(2, 10)).toBe(false);
    expect(await open().get('token', 'k')).toBeNull();
  });

  it('prunes what expired before a time, so many at most, and says whether more are left', async () => {
    for (let n = 0; n < 5; n++) await open().put(newEntry(`k${n}`, { expiresAtMs: AT_MS + n }));
    await open().put(newEntry('forever'));
    expect(await open().prune(AT_MS, 10)).toBe(false);
    expect(await open().prune(AT_MS + 3, 2)).toBe(true);
    expect(await open().prune(AT_MS + 3, 2)).toBe(false);
    expect(await open().prune(AT_MS + 3, 2)).toBe(false);
    expect(keysOf(await open().list('token', { afterKey: null, limit: 10 }))).toEqual(['forever', 'k3', 'k4']);
  });

  it('prunes by the time that an entry was given last', async () => {
    await open().put(newEntry('k', { expiresAtMs: AT_MS }));
    await open().put(newEntry('k', { expiresAtMs: AT_MS + 100, expectedRevision: 1 }));
    await open().prune(AT_MS + 50, 10);
    expect(await open().get('token', 'k')).toMatchObject({ revision: 2 });
  });
}

function describeAudit(open: () => AccessStore): void {
  it('has of each write that took effect what was to be told of it, and of no other', async () => {
    const { entries, audit } = open();
    const told = (action: string): Parameters<typeof entries.put>[1] => auditEntry({ action, target: 'k' });
    await entries.put(newEntry('k', { owner: 'ann' }), told('token:create'));
    await entries.put(newEntry('k'), told('no:create'));
    await entries.put(newEntry('k', { owner: 'ann', expectedRevision: 1 }), told('token:update'));
    await entries.put(newEntry('k', { expectedRevision: 1 }), told('no:update'));
    await entries.delete('token', 'other', told('no:delete'));
    await entries.delete('token', 'k', told('token:delete'));
    await entries.deleteOwned('token', 'ann', told('no:delete'));
    await entries.put(newEntry('k', { owner: 'ann' }));
    await entries.put(newEntry('l', { owner: 'ann' }));
    await entries.deleteOwned('token', 'ann', told('token:clear'));
    expect(await actionsIn(audit)).toEqual(['token:create', 'token:update', 'token:delete', 'token:clear']);
    await chainIn(audit);
  });

  it('tells once of many puts at once of which one gets through', async () => {
    const { entries, audit } = open();
    const outcomes = await Promise.all(Array.from({ length: 16 }, (_unused, index) => entries.put(newEntry('k'), auditEntry({ target: String(index) }))));
    expect((await chainIn(audit)).map((text) => (JSON.parse(text) as { target: string }).target)).toEqual([String(outcomes.indexOf(true))]);
  });
}
