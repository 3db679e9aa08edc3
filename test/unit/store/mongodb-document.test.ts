import { BSON, Code, DBRef, MaxKey, ObjectId, Timestamp } from 'mongodb';
import { isWithin, VISIBILITIES } from '../../../src/core/access.ts';
import type { RecordFields } from '../../../src/core/record.ts';
import { changesTo, jsonOf, newDocumentOf, showDocument, storedRecordOf, type CatalogDocument } from '../../../src/store/mongodb/document.ts';
import { probed } from '../../contract/store-fixture.ts';

const record: RecordFields = {
  container_registry_id: 'a',
  container_registry_name: 'a',
  container_registry_metadata: { 'dotted.key': { deeper: [1, null] }, '': 'empty key' },
  container_registry_tags: ['x'],
  container_registry_public_url: 'http://127.0.0.1:5000',
  container_registry_image_prefix: '127.0.0.1:5000',
  container_registry_config: {},
  container_registry_storage_info: {},
};
const meta = { created_at: '2026-01-01T00:00:00.000Z', updated_at: '2026-01-02T00:00:00.000Z', revision: 3, owner: 'ann', visibility: 'private', shared_with: [{ with: 'group:ops', may: 'write' }] } as const;

/** What comes back when MongoDB has kept it. */
const kept = (document: CatalogDocument): CatalogDocument => BSON.deserialize(BSON.serialize(document)) as CatalogDocument;

describe('a record in MongoDB', () => {
  it('comes back as it was written', () => {
    const document = kept(newDocumentOf({ record, meta, health: probed('up') }));
    expect(document._id).toBe('a');
    expect(storedRecordOf(showDocument(document))).toEqual({ id: 'a', text: JSON.stringify(record), meta, health: probed('up') });
  });

  it.each(['Code', 'ObjectId', 'Long', 'nonsense'])('abuse 25: an object that calls itself a BSON %s is only an object', (type) => {
    const odd = { ...record, container_registry_metadata: { a: { _bsontype: type, code: 'x', id: 'y', low: 1 } } };
    const document = kept(newDocumentOf({ record: odd, meta, health: probed('up') }));
    expect(showDocument(document).record).toEqual(odd);
  });

  it.each([
    ['code', new Code('return 1')],
    ['a reference', new DBRef('other', new ObjectId())],
    ['the largest key', new MaxKey()],
    ['a timestamp', new Timestamp({ t: 1, i: 2 })],
    ['a date beyond all calendars', new Date(NaN)],
    ['infinity', Infinity],
    ['nothing', undefined],
  ])('shows %s as null', (_what, value) => {
    expect(jsonOf({ value })).toEqual({ value: null });
  });

  it('keeps a key named like a prototype an own key', () => {
    const shown = jsonOf(JSON.parse('{"__proto__":{"polluted":true}}'));
    expect(Object.keys(shown as object)).toEqual(['__proto__']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('changes only the fields that differ', () => {
    const shown = showDocument({ _id: new ObjectId(), ...record, container_registry_config: undefined });
    expect(changesTo(shown, record)).toEqual({});
    expect(changesTo(shown, { ...record, container_registry_tags: ['x', 'y'] })).toEqual({ container_registry_tags: ['x', 'y'] });
  });

  it('is open to every principal where nothing says otherwise', () => {
    for (const bookkeeping of [undefined, null, 'ours', { health: {} }, { revision: 1 }]) {
      expect(showDocument({ _id: new ObjectId(), ...record, _portolan: bookkeeping }).meta).toMatchObject({ owner: null, visibility: 'internal', shared_with: [] });
    }
  });

  it('lets nobody in by a visibility or a share that this Portolan does not know', () => {
    const access = { owner: 5, visibility: 'team', shared_with: [{ with: 'user:ann', may: 'own' }, { with: 7, may: 'read' }, 'user:bob', { with: 'user:cy', may: 'read', until: 'then' }] };
    const { meta: shown } = showDocument({ _id: new ObjectId(), ...record, _portolan: access });
    expect(shown).toMatchObject({ owner: null, shared_with: [{ with: 'user:cy', may: 'read' }] });
    expect(isWithin({ visibilities: VISIBILITIES, owner: 'ann', members: ['user:ann', 'user:bob'] }, shown)).toBe(false);
  });
});
