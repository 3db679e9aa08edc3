import { importRecords, type ImportedLine, type ImportOptions, type ImportSummary } from '../../../src/catalog/bulk/import.ts';
import { linesOf, type Piece } from '../../../src/catalog/bulk/pieces.ts';
import { createCatalog, type Catalog } from '../../../src/catalog/catalog.ts';
import { AppError } from '../../../src/core/errors.ts';
import { limits } from '../../../src/core/limits.ts';
import type { Actor } from '../../../src/core/principal.ts';
import type { RecordBatch, RecordStore } from '../../../src/store/port.ts';
import { createMemoryStore } from '../../contract/memory-store.ts';
import { metaOf, newRecord, TIME } from '../../contract/store-fixture.ts';
import { local, tokenActor, userActor } from '../../support/actors.ts';
import { createMemoryAudit, type MemoryAudit } from '../../support/memory-access.ts';

const clock = { nowMs: () => Date.parse(TIME), monotonicMs: () => performance.now() };
const root = userActor('root', 'admin');
const ann = userActor('ann', 'publisher');

let store: RecordStore;
let audit: MemoryAudit;
let catalog: Catalog;
let heard: string[];
beforeEach(() => {
  audit = createMemoryAudit();
  store = createMemoryStore(audit);
  heard = [];
  catalog = createCatalog({
    store,
    clock,
    listener: { onWritten: (...ids) => heard.push(...ids), onDeleted: () => undefined },
    recordsPerOwnerMax: 3,
    userExists: async (name) => ['ann', 'bob'].includes(name),
  });
});

const lineFor = (id: string, more: object = {}): object => ({ container_registry_id: id, container_registry_name: id, container_registry_public_url: 'https://r.example.com', ...more });

async function* piecesOf(lines: readonly (object | string)[]): AsyncGenerator<Piece> {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  yield* linesOf((async function* () {
    yield Buffer.from(text);
  })(), limits.importLineBytesMax);
}

async function imported(lines: readonly (object | string)[], options: Partial<ImportOptions> = {}, actor: Actor = local): Promise<{ lines: ImportedLine[]; summary: ImportSummary['summary'] }> {
  const all: (ImportedLine | ImportSummary)[] = [];
  const given = { mode: 'create', dryRun: false, visibility: undefined, ...options } as const;
  for await (const batch of importRecords(catalog.as(actor), piecesOf(lines), given, clock)) all.push(...batch);
  const { summary } = all.pop() as ImportSummary;
  return { lines: all as ImportedLine[], summary };
}

const shortOf = ({ lines }: { lines: readonly ImportedLine[] }): unknown[] => lines.map(({ line, id, outcome, code }) => [line, id, outcome, ...(code === undefined ? [] : [code])]);

describe('importing records', () => {
  it('creates one for each line, tells of each in order, and sums up', async () => {
    const outcome = await imported([lineFor('b'), '', lineFor('a')]);
    expect(shortOf(outcome)).toEqual([[1, 'b', 'created'], [3, 'a', 'created']]);
    expect(outcome.summary).toEqual({ lines: 2, created: 2, updated: 0, unchanged: 0, failed: 0, dry_run: false });
    expect((await store.get('a'))!.meta).toEqual(metaOf());
    expect(audit.entries.map(({ action, record }) => `${action} ${record}`)).toEqual(['record:create b', 'record:create a']);
    expect(heard).toEqual(['b', 'a']);
  });

  it('goes on past whatever is wrong with a line, and says what it is', async () => {
    const outcome = await imported([lineFor('a'), '{"container_registry_id": "b",', '[]', lineFor('a'), { container_registry_id: 'c' }, lineFor('d', { meta: 3 }), lineFor('e', { nonsense: 1 }), lineFor('f')]);
    expect(shortOf(outcome)).toEqual([
      [1, 'a', 'created'],
      [2, null, 'failed', 'INVALID_JSON'],
      [3, null, 'failed', 'INVALID_RECORD'],
      [4, 'a', 'failed', 'ID_EXISTS'],
      [5, 'c', 'failed', 'INVALID_RECORD'],
      [6, 'd', 'failed', 'INVALID_RECORD'],
      [7, 'e', 'failed', 'INVALID_RECORD'],
      [8, 'f', 'created'],
    ]);
    expect(outcome.lines[1]!.error).toMatch(/^The line is not valid JSON: /);
    expect(outcome.summary).toMatchObject({ lines: 8, created: 2, failed: 6 });
  });

  it('gives a record that names no id one, and tells it', async () => {
    const { lines } = await imported([{ container_registry_name: 'x', container_registry_public_url: 'https://r.example.com' }]);
    expect(await store.get(lines[0]!.id!)).not.toBeNull();
  });

  it('creates thousands, in batches, each id once', async () => {
    const ids = Array.from({ length: 1_000 }, (_unused, index) => `r${String(index).padStart(4, '0')}`);
    const outcome = await imported([...ids, 'r0007'].map((id) => lineFor(id)));
    expect(outcome.summary).toMatchObject({ lines: 1_001, created: 1_000, failed: 1 });
    expect(outcome.lines.map(({ line }) => line)).toEqual(Array.from({ length: 1_001 }, (_unused, index) => index + 1));
  });

  it('updates what is there already where that is asked for, also what an earlier line made', async () => {
    await store.insert(newRecord('a', { container_registry_tags: ['kept'] }));
    const outcome = await imported([{ container_registry_id: 'a', container_registry_name: 'new name' }, lineFor('b'), lineFor('b', { container_registry_name: 'B' }), lineFor('b', { container_registry_name: 'B' }), { container_registry_id: 'c', container_registry_name: 'lacks a url' }], { mode: 'upsert' });
    expect(shortOf(outcome)).toEqual([[1, 'a', 'updated'], [2, 'b', 'created'], [3, 'b', 'updated'], [4, 'b', 'unchanged'], [5, 'c', 'failed', 'INVALID_RECORD']]);
    expect(JSON.parse((await store.get('a'))!.text)).toMatchObject({ container_registry_name: 'new name', container_registry_tags: ['kept'] });
    expect((await store.get('b'))!.meta.revision).toBe(2);
  });

  it('writes nothing in a trial, and tells what would come of each line', async () => {
    await store.insert(newRecord('a'));
    const lines = [lineFor('a', { container_registry_name: 'A' }), lineFor('b'), lineFor('b'), '{'];
    const creating = await imported(lines, { dryRun: true });
    expect(shortOf(creating)).toEqual([[1, 'a', 'failed', 'ID_EXISTS'], [2, 'b', 'created'], [3, 'b', 'failed', 'ID_EXISTS'], [4, null, 'failed', 'INVALID_JSON']]);
    expect(creating.summary).toMatchObject({ created: 1, failed: 3, dry_run: true });
    expect(shortOf(await imported(lines, { dryRun: true, mode: 'upsert' }))).toEqual([[1, 'a', 'updated'], [2, 'b', 'created'], [3, 'b', 'updated'], [4, null, 'failed', 'INVALID_JSON']]);
    expect(await store.get('b')).toBeNull();
    expect((await store.get('a'))!.meta.revision).toBe(1);
    expect([audit.entries, heard]).toEqual([[], []]);
  });

  it('takes visibility and shares from an export’s meta, the owner from whoever may do everything, and the rest is new', async () => {
    const meta = { created_at: '2001-01-01T00:00:00.000Z', updated_at: '2001-01-01T00:00:00.000Z', revision: 9, owner: 'bob', visibility: 'private', shared_with: [{ with: 'group:ops', may: 'read' }] };
    await imported([lineFor('a', { meta }), lineFor('b')], { visibility: 'public' }, root);
    expect((await store.get('a'))!.meta).toEqual(metaOf({ owner: 'bob', visibility: 'private', shared_with: [{ with: 'group:ops', may: 'read' }] }));
    expect((await store.get('b'))!.meta).toEqual(metaOf({ owner: 'root', visibility: 'public' }));
    await imported([lineFor('c', { meta })], {}, ann);
    expect((await store.get('c'))!.meta).toMatchObject({ owner: 'ann', visibility: 'private' });
    const outcome = await imported([lineFor('d', { meta: { owner: 'nobody-there' } }), lineFor('e', { meta: { visibility: 'loud' } })], {}, root);
    expect(shortOf(outcome)).toEqual([[1, 'd', 'failed', 'INVALID_REQUEST'], [2, 'e', 'failed', 'INVALID_REQUEST']]);
  });

  it('abuse 29: neither reads nor changes what the caller may not, and shares nothing for who may not share', async () => {
    await store.insert(newRecord('hidden', {}, { meta: metaOf({ owner: 'bob', visibility: 'private' }) }));
    await store.insert(newRecord('bobs', {}, { meta: metaOf({ owner: 'bob' }) }));
    const outcome = await imported([lineFor('hidden'), lineFor('bobs'), lineFor('mine')], { mode: 'upsert' }, ann);
    expect(shortOf(outcome)).toEqual([[1, 'hidden', 'failed', 'ID_EXISTS'], [2, 'bobs', 'failed', 'FORBIDDEN'], [3, 'mine', 'created']]);
    const creator = tokenActor('ann', 'publisher', ['record:create']);
    const sharing = await imported([lineFor('shared', { meta: { shared_with: [{ with: 'user:bob', may: 'write' }] } })], {}, creator);
    expect(shortOf(sharing)).toEqual([[1, 'shared', 'failed', 'FORBIDDEN']]);
  });

  it('holds the quota, in which records that are there already take no place', async () => {
    await store.insert(newRecord('a'));
    const outcome = await imported(['a', 'b', 'c', 'd', 'e'].map((id) => lineFor(id)), {}, ann);
    expect(shortOf(outcome)).toEqual([[1, 'a', 'failed', 'ID_EXISTS'], [2, 'b', 'created'], [3, 'c', 'created'], [4, 'd', 'created'], [5, 'e', 'failed', 'QUOTA_REACHED']]);
    expect(shortOf(await imported([lineFor('f')], { dryRun: true }, ann))).toEqual([[1, 'f', 'failed', 'QUOTA_REACHED']]);
  });

  it('tells of lines that a store could not take, and goes on', async () => {
    let batches = 0;
    const newBatch = (): RecordBatch => {
      const batch = store.newBatch();
      return batches++ === 0 ? { ...batch, insert: () => Promise.reject(new AppError('STORE_UNAVAILABLE')) } : batch;
    };
    catalog = createCatalog({
      store: { ...store, newBatch },
      clock,
      recordsPerOwnerMax: 3,
      userExists: async () => true,
    });
    const outcome = await imported(Array.from({ length: limits.importRecordsTogether + 1 }, (_unused, index) => lineFor(`r${index}`)));
    expect(outcome.summary).toMatchObject({ created: 1, failed: limits.importRecordsTogether });
    expect(outcome.lines[0]).toMatchObject({ outcome: 'failed', code: 'STORE_UNAVAILABLE' });
  });

  it('tells of a line soon, though the next one lets itself be waited for', async () => {
    const pieces = (async function* (): AsyncGenerator<Piece> {
      yield { line: 1, text: JSON.stringify(lineFor('a')) };
      await new Promise((resolve) => setTimeout(resolve, 400));
      yield { line: 2, text: JSON.stringify(lineFor('b')) };
    })();
    const told: { id: unknown; thereIsNext: boolean }[] = [];
    for await (const batch of importRecords(catalog.as(local), pieces, { mode: 'create', dryRun: false, visibility: undefined }, clock)) {
      for (const line of batch) if ('id' in line) told.push({ id: line.id, thereIsNext: (await store.get('b')) !== null });
    }
    expect(told).toEqual([{ id: 'a', thereIsNext: false }, { id: 'b', thereIsNext: true }]);
  });

  it('finishes what it has begun when the lines break off, and then fails as they did', async () => {
    const pieces = (async function* (): AsyncGenerator<Piece> {
      for (let line = 1; line <= limits.importRecordsTogether; line++) yield { line, text: JSON.stringify(lineFor(`r${line}`)) };
      throw new Error('client gone');
    })();
    const walk = importRecords(catalog.as(local), pieces, { mode: 'create', dryRun: false, visibility: undefined }, clock);
    await expect((async () => {
      for await (const batch of walk) expect(batch.length).toBeGreaterThan(0);
    })()).rejects.toThrow('client gone');
    expect(await store.get(`r${limits.importRecordsTogether}`)).not.toBeNull();
  });
});
