import { createCatalog, type Catalog, type PrincipalCatalog } from '../../../src/catalog/catalog.ts';
import type { RecordAccess } from '../../../src/core/access.ts';
import type { AuditEntry } from '../../../src/core/audit.ts';
import type { Json } from '../../../src/core/json.ts';
import type { Action, Actor } from '../../../src/core/principal.ts';
import { parseFilter } from '../../../src/query/filter.ts';
import type { RecordStore } from '../../../src/store/port.ts';
import { createMemoryStore } from '../../contract/memory-store.ts';
import { codeOf, metaOf, neverAborted, newRecord, TIME } from '../../contract/store-fixture.ts';
import { local, stranger, tokenActor, userActor, visitor } from '../../support/actors.ts';
import { createMemoryAudit, type MemoryAudit } from '../../support/memory-access.ts';

const anybody = { kind: 'none' } as const;
const clock = { nowMs: () => Date.parse(TIME), monotonicMs: () => 0 };

const admin = userActor('root', 'admin');
const ann = userActor('ann', 'publisher', ['ops']);
const bob = userActor('bob', 'publisher');
const rita = userActor('rita', 'user');
const annsReader = tokenActor('ann', 'publisher', ['record:read']);
const annsCreator = tokenActor('ann', 'publisher', ['record:create']);
const rootsReader = tokenActor('root', 'admin', ['record:read']);

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
    listener: { onWritten: (id) => heard.push(`written ${id}`), onDeleted: (id) => heard.push(`deleted ${id}`) },
    recordsPerOwnerMax: 3,
    userExists: async (name) => ['ann', 'bob', 'rita', 'root'].includes(name),
  });
});

const add = async (id: string, access: Partial<RecordAccess> = {}): Promise<void> => {
  await store.insert(newRecord(id, {}, { meta: metaOf(access) }));
};
const input = (id: string): Json => ({ container_registry_id: id, container_registry_name: id, container_registry_public_url: 'https://registry.example.com' });
const idsFor = async (actor: Actor): Promise<string[]> => {
  const ids: string[] = [];
  for await (const batch of catalog.as(actor).find({ filter: parseFilter({}), sort: [], after: null, limit: null }, neverAborted)) ids.push(...batch.map(({ id }) => id));
  return ids;
};
const textFor = async (actor: Actor): Promise<string> => {
  let text = '';
  for await (const chunk of catalog.as(actor).readAllText(neverAborted)) text += Buffer.from(chunk).toString();
  return text;
};
const lastTold = (): AuditEntry => audit.entries.at(-1)!;
const rename = { container_registry_name: 'renamed' };

/** Every call that goes to one record. */
const calls: readonly [string, (records: PrincipalCatalog) => Promise<unknown>][] = [
  ['get', (records) => records.get('x')],
  ['getFor', (records) => records.getFor('x', 'record:probe')],
  ['update', (records) => records.update('x', rename, anybody)],
  ['delete', (records) => records.delete('x', anybody)],
  ['setAccess', (records) => records.setAccess('x', { visibility: 'public' }, anybody)],
];

describe('what a principal may not see', () => {
  it.each(calls)('abuse 29: is not there for %s', async (_name, call) => {
    await add('x', { owner: 'ann', visibility: 'private' });
    for (const actor of [bob, rita, visitor, stranger, annsCreator]) expect(await codeOf(call(catalog.as(actor)))).toBe('RECORD_NOT_FOUND');
    expect(await store.get('x')).toMatchObject({ meta: { revision: 1, visibility: 'private' } });
    expect(audit.entries).toEqual([]);
  });

  it('abuse 29: is in no list, count or text', async () => {
    await add('public', { visibility: 'public' });
    await add('internal');
    await add('anns', { owner: 'ann', visibility: 'private' });
    await add('shared', { owner: 'bob', visibility: 'private', shared_with: [{ with: 'group:ops', may: 'read' }] });
    const all = ['anns', 'internal', 'public', 'shared'];
    const cases: [Actor, string[]][] = [
      [admin, all], [local, all], [rootsReader, all], [ann, all], [annsReader, ['anns', 'internal', 'public']], [bob, ['internal', 'public', 'shared']],
      [rita, ['internal', 'public']], [visitor, ['public']], [stranger, []], [annsCreator, []],
    ];
    for (const [actor, ids] of cases) {
      expect([actor.principal, await idsFor(actor)]).toEqual([actor.principal, ids]);
      expect(await catalog.as(actor).count(parseFilter({}), neverAborted)).toBe(ids.length);
      const text = await textFor(actor);
      expect(all.filter((id) => text.includes(`"container_registry_id":"${id}"`))).toEqual(ids);
    }
  });

  it('is there for the service itself', async () => {
    await add('x', { owner: 'ann', visibility: 'private' });
    expect(await catalog.count(parseFilter({}), neverAborted)).toBe(1);
  });
});

describe('what a principal sees but may not do', () => {
  it.each<[string, Actor, string[]]>([
    ['a user without records', rita, ['update', 'delete', 'setAccess']],
    ['a publisher who does not own it', bob, ['update', 'delete', 'setAccess']],
    ['its owner’s token that may only read', annsReader, ['getFor', 'update', 'delete', 'setAccess']],
    ['an administrator’s token that may only read', rootsReader, ['getFor', 'update', 'delete', 'setAccess']],
    ['a visitor', visitor, ['getFor', 'update', 'delete', 'setAccess']],
    ['its owner', ann, []],
    ['an administrator', admin, []],
    ['everybody on this machine', local, []],
  ])('abuse 30: %s is refused, and nothing changes', async (_who, actor, refused) => {
    for (const [name, call] of calls) {
      await store.delete('x');
      await add('x', { owner: 'ann', visibility: 'public' });
      if (!refused.includes(name)) await call(catalog.as(actor));
      else {
        expect([name, await codeOf(call(catalog.as(actor)))]).toEqual([name, 'FORBIDDEN']);
        expect(await store.get('x')).toEqual({ ...(await store.get('x')), meta: metaOf({ owner: 'ann', visibility: 'public' }) });
      }
    }
  });

  it('is told without saying whose it is', async () => {
    await add('x', { owner: 'ann' });
    await expect(catalog.as(bob).update('x', rename, anybody)).rejects.toThrow('This record is not yours, nor is it shared with you for this.');
    await expect(catalog.as(rita).update('x', rename, anybody)).rejects.toThrow(/permission record:update/);
  });

  it('may be opened by sharing: to write, to pull, and no further than the role goes', async () => {
    await add('x', { owner: 'ann', visibility: 'private', shared_with: [{ with: 'user:bob', may: 'write' }, { with: 'user:rita', may: 'write' }] });
    await catalog.as(bob).update('x', rename, anybody);
    expect(await codeOf(catalog.as(bob).delete('x', anybody))).toBe('FORBIDDEN');
    expect(await codeOf(catalog.as(bob).setAccess('x', { visibility: 'public' }, anybody))).toBe('FORBIDDEN');
    expect(await codeOf(catalog.as(rita).update('x', rename, anybody))).toBe('FORBIDDEN');
    const actions: Action[] = ['credential:use', 'record:probe'];
    expect(await codeOf(catalog.as(rita).getFor('x', actions[0]!))).toBe('FORBIDDEN');
    expect((await catalog.as(rita).getFor('x', actions[1]!)).id).toBe('x');
  });
});

describe('creating', () => {
  it('makes whoever creates the owner, and shows the record to every principal unless told otherwise', async () => {
    expect((await catalog.as(ann).create(input('a'))).meta).toMatchObject({ owner: 'ann', visibility: 'internal', shared_with: [] });
    expect((await catalog.as(tokenActor('bob', 'publisher', ['*'])).create(input('b'), { visibility: 'private' })).meta).toMatchObject({ owner: 'bob', visibility: 'private' });
    expect((await catalog.as(local).create(input('c'), { visibility: 'public' })).meta).toMatchObject({ owner: null, visibility: 'public' });
    expect(heard).toEqual(['written a', 'written b', 'written c']);
  });

  it('holds a user to a number of records, also when they come at once', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_unused, index) => catalog.as(ann).create(input(`r${index}`))));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(await codeOf(catalog.as(ann).create(input('more')))).toBe('QUOTA_REACHED');
    await catalog.as(bob).create(input('bobs'));
    await catalog.as(ann).delete((await idsFor(ann)).find((id) => id !== 'bobs')!, anybody);
    await catalog.as(ann).create(input('again'));
    expect(await store.countOwned('ann')).toBe(3);
  });

  it('lets an administrator exceed the number, and gives back the place of what was not stored', async () => {
    for (let index = 0; index < 5; index++) await catalog.as(admin).create(input(`root${index}`));
    const refused = async (): Promise<void> => Promise.reject(new Error('not now'));
    for (let index = 0; index < 5; index++) await expect(catalog.as(ann).create(input('x'), { admit: refused })).rejects.toThrow('not now');
    for (let index = 0; index < 5; index++) expect(await codeOf(catalog.as(ann).create(input('root1')))).toBe('ID_EXISTS');
    for (let index = 0; index < 3; index++) await catalog.as(ann).create(input(`ann${index}`));
  });
});

describe('access', () => {
  const bad: readonly [string, Json, RegExp][] = [
    ['no object', 'private', /body is not valid: it must be an object/],
    ['an unknown field', { owners: ['ann'] }, /owners is not known/],
    ['an unknown visibility', { visibility: 'secret' }, /visibility must be one of public, internal, private/],
    ['an operator where a text belongs', { visibility: { $ne: 'x' } }, /visibility must be/],
    ['an owner that is no name', { owner: 'Ann' }, /owner must be the name of a user/],
    ['an owner that is no user', { owner: 'nobody' }, /names no user/],
    ['shares that are no list', { shared_with: { with: 'user:bob', may: 'read' } }, /shared_with must be a list/],
    ['a share that is no object', { shared_with: ['user:bob'] }, /shared_with.0 must be an object/],
    ['a share with nobody', { shared_with: [{ may: 'read' }] }, /shared_with.0.with must be user: or group:/],
    ['a share with a role', { shared_with: [{ with: 'role:admin', may: 'read' }] }, /shared_with.0.with must be/],
    ['a share with an operator', { shared_with: [{ with: { $gt: '' }, may: 'read' }] }, /shared_with.0.with must be/],
    ['a share with half a name', { shared_with: [{ with: 'user:', may: 'read' }] }, /shared_with.0.with must be/],
    ['a share for an unknown right', { shared_with: [{ with: 'user:bob', may: 'own' }] }, /shared_with.0.may must be one of read, pull, write/],
    ['a share with more', { shared_with: [{ with: 'user:bob', may: 'read', until: 'then' }] }, /takes `with` and `may`/],
    ['somebody twice', { shared_with: [{ with: 'user:bob', may: 'read' }, { with: 'user:bob', may: 'write' }] }, /shared_with.1.with is named twice/],
    ['too many shares', { shared_with: Array.from({ length: 101 }, (_unused, index) => ({ with: `user:u${index}`, may: 'read' })) }, /not have more than 100 shares/],
  ];
  it.each(bad)('abuse 21: %s is refused by name', async (_what, change, message) => {
    await add('x', { owner: 'ann' });
    const work = catalog.as(ann).setAccess('x', change, anybody);
    await expect(work).rejects.toThrow(message);
    expect(await codeOf(work)).toBe('INVALID_REQUEST');
    expect((await store.get('x'))!.meta.revision).toBe(1);
  });

  it('changes what is named, leaves the rest, and raises the revision', async () => {
    await add('x', { owner: 'ann' });
    const { meta } = await catalog.as(ann).setAccess('x', { shared_with: [{ may: 'pull', with: 'user:rita' }] }, anybody);
    expect(meta).toEqual(metaOf({ owner: 'ann', revision: 2, shared_with: [{ with: 'user:rita', may: 'pull' }] }));
    await catalog.as(ann).setAccess('x', { visibility: 'private' }, { kind: 'revision', matches: ({ revision }) => revision === 2 });
    expect(await codeOf(catalog.as(ann).setAccess('x', { visibility: 'public' }, { kind: 'revision', matches: ({ revision }) => revision === 2 }))).toBe('REVISION_STALE');
    expect((await catalog.as(rita).get('x')).meta).toMatchObject({ revision: 3, visibility: 'private', owner: 'ann' });
    expect(heard).toEqual([]);
  });

  it('changes nothing where nothing would change, and then tells nothing', async () => {
    await add('x', { owner: 'ann', shared_with: [{ with: 'user:bob', may: 'read' }] });
    for (const change of [{}, { owner: 'ann' }, { visibility: 'internal', shared_with: [{ with: 'user:bob', may: 'read' }] }]) {
      expect((await catalog.as(ann).setAccess('x', change, anybody)).meta.revision).toBe(1);
    }
    await catalog.as(ann).update('x', { container_registry_name: 'registry x' }, anybody);
    expect(audit.entries).toEqual([]);
  });

  it('hands a record over, once and for all', async () => {
    await add('x', { owner: 'ann', visibility: 'private' });
    await catalog.as(ann).setAccess('x', { owner: 'bob' }, anybody);
    expect(await codeOf(catalog.as(ann).get('x'))).toBe('RECORD_NOT_FOUND');
    await catalog.as(bob).update('x', rename, anybody);
  });

  it('counts against the quota of the new owner, and leaves a record to nobody only for those who may do everything', async () => {
    for (const id of ['b1', 'b2', 'b3']) await add(id, { owner: 'bob' });
    await add('x', { owner: 'ann' });
    expect(await codeOf(catalog.as(ann).setAccess('x', { owner: 'bob' }, anybody))).toBe('QUOTA_REACHED');
    expect(await codeOf(catalog.as(ann).setAccess('x', { owner: null }, anybody))).toBe('FORBIDDEN');
    await catalog.as(admin).setAccess('x', { owner: 'bob' }, anybody);
    await catalog.as(admin).setAccess('x', { owner: null }, anybody);
    expect((await store.get('x'))!.meta).toMatchObject({ owner: null, revision: 3 });
  });

  it('is looked at again when somebody else was faster: what was handed over meanwhile is neither changed nor deleted', async () => {
    await add('x', { owner: 'ann' });
    const plain = { ...store };
    const handOver = async (): Promise<void> => {
      const stored = (await store.get('x'))!;
      if (stored.meta.owner === 'ann') await plain.replace({ record: JSON.parse(stored.text), meta: { ...stored.meta, owner: 'bob', revision: 2 }, expectedRevision: 1 });
    };
    store.replace = async (...call) => (await handOver(), plain.replace(...call));
    store.delete = async (...call) => (await handOver(), plain.delete(...call));
    expect(await codeOf(catalog.as(ann).delete('x', anybody))).toBe('FORBIDDEN');
    expect(await codeOf(catalog.as(ann).update('x', rename, anybody))).toBe('FORBIDDEN');
    expect((await store.get('x'))!.meta).toMatchObject({ owner: 'bob', revision: 2 });
  });
});

describe('what is told to the audit', () => {
  it('is every write: who, from where, which record, and what changed', async () => {
    await catalog.as(ann).create(input('x'), { visibility: 'private' });
    expect(lastTold()).toMatchObject({ at: TIME, who: 'user:ann', user: 'ann', from: '192.0.2.7', request_id: 'r-1', action: 'record:create', record: 'x', outcome: 'done', code: null });
    expect(lastTold().changes).toEqual(expect.arrayContaining([{ path: 'owner', after: 'ann' }, { path: 'visibility', after: 'private' }, { path: 'container_registry_public_url', after: 'https://registry.example.com' }]));
    await catalog.as(ann).update('x', { $set: { container_registry_name: 'y', 'container_registry_config.proxy.password': 'hunter2' } }, anybody);
    expect(lastTold()).toMatchObject({ action: 'record:update', changes: [{ path: 'container_registry_name', before: 'x', after: 'y' }, { path: 'container_registry_config.proxy.password', changed: true }] });
    await catalog.as(ann).setAccess('x', { visibility: 'internal', shared_with: [{ with: 'user:bob', may: 'read' }, { with: 'group:ops', may: 'pull' }] }, anybody);
    await catalog.as(admin).setAccess('x', { shared_with: [{ with: 'user:bob', may: 'write' }] }, anybody);
    expect(lastTold()).toMatchObject({ who: 'user:root', action: 'record:share', changes: [{ path: 'shared_with.user:bob', before: 'read', after: 'write' }, { path: 'shared_with.group:ops', before: 'pull' }] });
    await catalog.as(tokenActor('ann', 'publisher', ['record:read', 'record:delete'])).delete('x', anybody);
    expect(lastTold()).toMatchObject({ who: 'token:token-of-ann', user: 'ann', action: 'record:delete', changes: expect.arrayContaining([{ path: 'container_registry_name', before: 'y' }]) });
    expect(audit.entries.map(({ action }) => action)).toEqual(['record:create', 'record:update', 'record:share', 'record:share', 'record:delete']);
    expect(JSON.stringify(audit.entries)).not.toContain('hunter2');
  });

  it('is nothing where nothing was written', async () => {
    await add('x', { owner: 'ann' });
    await codeOf(catalog.as(ann).create(input('x')));
    await codeOf(catalog.as(bob).delete('x', anybody));
    await codeOf(catalog.as(ann).update('x', rename, { kind: 'revision', matches: () => false }));
    expect(audit.entries).toEqual([]);
  });
});
