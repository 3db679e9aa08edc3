/** A database that the AIOS container registry DB has filled: its documents know nothing of Portolan. */
import { Binary, Decimal128, Double, Int32, Long, ObjectId, type Document } from 'mongodb';
import { openAccess } from '../../src/core/access.ts';
import { neverProbed } from '../../src/core/health-summary.ts';
import type { RecordStore } from '../../src/store/port.ts';
import { recordOf } from '../../src/store/stored-record.ts';
import { openFixture, type MongoFixture } from '../support/mongo/stores.ts';
import { describeWithMongo, startMongo, type MongoServer } from '../support/peers.ts';
import { count, findIds } from './store-fixture.ts';

const BORN = '2024-03-09T16:00:00.000Z';
const OID = ObjectId.createFromTime(Date.parse(BORN) / 1000);
const OWNER = new ObjectId('65f1a0b2c3d4e5f60718293a');

const plain = (id: string, more: Document = {}): Document => ({
  container_registry_id: id,
  container_registry_name: `name of ${id}`,
  container_registry_metadata: { environment: 'production' },
  container_registry_tags: ['ai', 'internal'],
  container_registry_public_url: 'http://10.13.21.22:32633',
  container_registry_image_prefix: '10.13.21.22:32633',
  container_registry_config: { auth_required: true },
  container_registry_storage_info: { storage_type: 's3', storage_size: -1, memory_size: 8192, registry_type: 'aios' },
  ...more,
});

const exotic = plain('exotic', {
  _id: OID,
  container_registry_metadata: {
    since: new Date('2024-05-01T12:00:00.000Z'),
    owner: OWNER,
    size: Long.fromString('9007199254740993'),
    count: new Int32(7),
    ratio: new Double(0.5),
    price: Decimal128.fromString('12.50'),
    key: new Binary(Buffer.from('hello')),
    gone: null,
    broken: NaN,
    pattern: /^a/i,
    nested: [{ at: new Date(0) }],
  },
  team: 'platform',
});

describeWithMongo('an AIOS database opened by Portolan', () => {
  let server: MongoServer;
  let fixture: MongoFixture;

  beforeAll(async () => {
    server = await startMongo();
  }, 30_000);
  afterAll(() => server.stop());
  afterEach(() => fixture.close());

  const open = async (...documents: Document[]): Promise<RecordStore> => {
    fixture = await openFixture(server.url, documents);
    return fixture.store;
  };
  it('shows documents as records with revision 0, as old as their ObjectId', async () => {
    const store = await open(plain('a', { _id: OID }));
    const found = await store.get('a');
    expect(found?.meta).toEqual({ created_at: BORN, updated_at: BORN, revision: 0, ...openAccess });
    expect(found?.health).toEqual(neverProbed(null));
    expect(JSON.parse(found?.text ?? '')).toEqual(plain('a'));
  });

  it('shows defaults where optional fields are missing, and nothing beside the eight fields', async () => {
    const store = await open({ container_registry_id: 'sparse', container_registry_name: 'sparse', secret_note: 'x' });
    expect(recordOf((await store.get('sparse'))!)).toEqual({
      container_registry_id: 'sparse',
      container_registry_name: 'sparse',
      container_registry_metadata: {},
      container_registry_tags: [],
      container_registry_public_url: '',
      container_registry_image_prefix: '',
      container_registry_config: {},
      container_registry_storage_info: {},
    });
  });

  it('shows types that JSON does not have', async () => {
    const store = await open(exotic);
    expect(recordOf((await store.get('exotic'))!).container_registry_metadata).toEqual({
      since: '2024-05-01T12:00:00.000Z',
      owner: OWNER.toHexString(),
      size: 9007199254740992,
      count: 7,
      ratio: 0.5,
      price: '12.50',
      key: 'aGVsbG8=',
      gone: null,
      broken: null,
      pattern: null,
      nested: [{ at: '1970-01-01T00:00:00.000Z' }],
    });
  });

  it.each([
    [{ 'container_registry_metadata.since': '2024-05-01T12:00:00.000Z' }],
    [{ 'container_registry_metadata.since': { $gte: '2024-05' } }],
    [{ 'container_registry_metadata.owner': OWNER.toHexString() }],
    [{ 'container_registry_metadata.owner': { $in: ['nobody', OWNER.toHexString()] } }],
    [{ 'container_registry_metadata.price': '12.50' }],
    [{ 'container_registry_metadata.price': { $lt: '2' } }],
    [{ 'container_registry_metadata.key': 'aGVsbG8=' }],
    [{ 'container_registry_metadata.size': 9007199254740992 }],
    [{ 'container_registry_metadata.size': { $gte: 9007199254740992 } }],
    [{ 'container_registry_metadata.nested.at': { $lt: '1971' } }],
    [{ 'container_registry_metadata.nested': { $elemMatch: { at: '1970-01-01T00:00:00.000Z' } } }],
    [{ 'health.status': 'unknown' }],
    [{ 'health.status': { $in: ['down', 'unknown'] } }],
    [{ 'meta.revision': 0 }],
    [{ 'meta.revision': { $lt: 1 } }],
    [{ 'meta.created_at': BORN }],
    [{ 'meta.created_at': { $gt: '2024', $lt: '2025' } }],
  ])('finds by what is shown: %j', async (filter) => {
    const store = await open(exotic, plain('other', { container_registry_metadata: {} }));
    await fixture.checked();
    expect(await findIds(store, { $and: [filter, { container_registry_id: 'exotic' }] })).toEqual(['exotic']);
    expect(await findIds(store, filter)).toContain('exotic');
  });

  it('finds records by the defaults that missing fields are shown as', async () => {
    const store = await open({ container_registry_id: 'sparse' }, plain('full'));
    await fixture.checked();
    expect(await findIds(store, { container_registry_image_prefix: '' })).toEqual(['sparse']);
    expect(await findIds(store, { container_registry_name: { $lt: 'a' } })).toEqual(['sparse']);
  });

  it('leaves extra fields and untouched types as they are when a record is first written, and adds its book-keeping', async () => {
    const store = await open(exotic);
    const before = (await store.get('exotic'))!;
    const record = { ...recordOf(before), container_registry_name: 'renamed' };
    const meta = { created_at: before.meta.created_at, updated_at: '2026-01-01T00:00:00.000Z', revision: 1, ...openAccess };
    expect(await store.replace({ record, meta, expectedRevision: 0 })).toBe(true);
    const raw = await fixture.documents.findOne({ container_registry_id: 'exotic' });
    expect(raw).toMatchObject({ _id: OID, team: 'platform', container_registry_name: 'renamed', _portolan: meta });
    expect((await store.get('exotic'))!.health).toEqual(neverProbed(null));
    expect(raw!['container_registry_metadata'].since).toEqual(new Date('2024-05-01T12:00:00.000Z'));
    expect(raw!['container_registry_metadata'].price).toEqual(Decimal128.fromString('12.50'));
    expect((await store.get('exotic'))!.meta).toEqual(meta);
  });

  it('lets only one of two first writes win', async () => {
    const store = await open(plain('a'));
    const record = recordOf((await store.get('a'))!);
    const write = (name: string): Promise<boolean> =>
      store.replace({ record: { ...record, container_registry_name: name }, meta: { created_at: BORN, updated_at: BORN, revision: 1, ...openAccess }, expectedRevision: 0 });
    const outcomes = await Promise.all(['one', 'two', 'three'].map(write));
    expect(outcomes.filter((won) => won)).toHaveLength(1);
    expect(await store.delete('a', 0)).toBe('stale');
    expect(await store.delete('a', 1)).toBe('deleted');
  });

  it('refuses a new record whose id an older document holds', async () => {
    const store = await open(plain('taken', { _id: OID }));
    const record = recordOf((await store.get('taken'))!);
    const outcome = await store.insert({ record, meta: { created_at: BORN, updated_at: BORN, revision: 1, ...openAccess }, health: neverProbed(BORN) });
    expect(outcome).toBe('exists');
    expect(await fixture.documents.countDocuments({})).toBe(1);
  });

  it('does not show documents without a text for an id', async () => {
    const store = await open(plain('a'), { container_registry_name: 'no id' }, plain('b', { container_registry_id: 5 }));
    expect(await findIds(store, {})).toEqual(['a']);
    expect(await count(store, {})).toBe(1);
  });

  describe('holding an id twice', () => {
    const twice = (): Document[] => [
      plain('twice', { _id: OID, container_registry_name: 'first' }),
      plain('twice', { _id: new ObjectId('ffffffffffffffffffffffff'), container_registry_name: 'second' }),
      plain('once'),
    ];

    it('says so once and shows the first', async () => {
      const store = await open(...twice());
      await fixture.checked();
      expect(fixture.log.lines.find(({ message }) => message.includes('the same id'))?.fields).toEqual({ ids: ['twice'] });
      expect(recordOf((await store.get('twice'))!).container_registry_name).toBe('first');
      expect(await findIds(store, {})).toEqual(['once', 'twice']);
      expect(await count(store, {})).toBe(2);
    });

    it('does not find the hidden one by what only it holds', async () => {
      const store = await open(...twice());
      await fixture.checked();
      expect(await findIds(store, { container_registry_name: 'second' })).toEqual([]);
      expect(await findIds(store, { container_registry_name: 'first' })).toEqual(['twice']);
    });

    it('deletes the one that is shown', async () => {
      const store = await open(...twice());
      expect(await store.delete('twice')).toBe('deleted');
      expect(recordOf((await store.get('twice'))!).container_registry_name).toBe('second');
    });
  });
});
