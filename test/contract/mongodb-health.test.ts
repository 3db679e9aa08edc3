/** The health store on MongoDB: the suite that every health store passes, and what only MongoDB brings. */
import { ObjectId, type Collection, type Document } from 'mongodb';
import { openAccess } from '../../src/core/access.ts';
import { neverProbed } from '../../src/core/health-summary.ts';
import type { ClaimedWatch, HealthStore, Store } from '../../src/store/health-port.ts';
import type { CatalogDocument } from '../../src/store/mongodb/document.ts';
import { healthCollectionsOf, type HealthCollections } from '../../src/store/mongodb/health/collections.ts';
import { complete } from '../../src/store/mongodb/health/complete.ts';
import { openMongoStore } from '../../src/store/mongodb/open.ts';
import { recordOf } from '../../src/store/stored-record.ts';
import { openFixture, type MongoFixture } from '../support/mongo/stores.ts';
import { useDatabaseServer } from '../support/mongo/database-server.ts';
import { describeWithMongo } from '../support/peers.ts';
import { addDue, addRecords, bytes, claimAt, completionOf, HERE, iso, LEASE_MS, NOW, report, seen, taken, THERE, watchOf } from './health-fixture.ts';
import { describeHealthStore } from './health-store.ts';
import { find, findIds } from './store-fixture.ts';

const quiet = { info: () => undefined, warn: () => undefined };
const A = { id: 'a', vantage: HERE };
const BORN = '2024-03-09T16:00:00.000Z';

/** A document of an older database. */
const foreign = (id: string, more: Document = {}): Document => ({
  _id: ObjectId.createFromTime(Date.parse(BORN) / 1_000),
  container_registry_id: id,
  container_registry_name: `name of ${id}`,
  container_registry_public_url: 'http://10.13.21.22:32633',
  ...more,
});

/** Everything that a result can bring besides its watch. */
const NEWS = {
  next: { state: 'next', dueAtMs: NOW + 30_000 },
  verdict: seen('down'),
  event: { atMs: NOW, from: 'unknown', to: 'down', cause: 'refused', evidence: '[]' },
  closedHours: [{ hour: 49, results: bytes(1), figures: bytes(2) }],
} as const;

describeWithMongo('over MongoDB’s wire protocol', () => {
  const server = useDatabaseServer();

  describeHealthStore('mongodb', () => server.makeFixture());

  describe('health in MongoDB', () => {
    let fixture: MongoFixture;
    let store: Store;
    let health: HealthStore;
    const open = async (...documents: Document[]): Promise<void> => {
      fixture = await openFixture(server.url, documents);
      ({ store } = fixture);
      ({ health } = store);
    };
    afterEach(() => fixture.close());
    const collections = (): HealthCollections => healthCollectionsOf(fixture.documents as unknown as Collection<CatalogDocument>);

    describe('when a process dies on its way', () => {
      const fail = async (): Promise<never> => {
        throw new Error('died');
      };
      /** A collection on which one kind of call fails, from its nth time on. */
      const failing = <T extends object>(collection: T, call: string, nth = 1): T => {
        let calls = 0;
        return new Proxy(collection, {
          get: (target, name) => {
            const method: unknown = Reflect.get(target, name);
            if (name === call && ++calls >= nth) return fail;
            return typeof method === 'function' ? method.bind(target) : method;
          },
        });
      };
      const deaths: readonly (readonly [string, (all: HealthCollections) => HealthCollections])[] = [
        ['the event', (all) => ({ ...all, events: failing(all.events, 'bulkWrite') })],
        ['the hour', (all) => ({ ...all, hours: failing(all.hours, 'bulkWrite') })],
        ['the figures', (all) => ({ ...all, days: failing(all.days, 'bulkWrite') })],
        ['the verdict', (all) => ({ ...all, records: failing(all.records, 'bulkWrite') })],
        ['giving the claim back', (all) => ({ ...all, watches: failing(all.watches, 'bulkWrite', 2) })],
      ];

      it.each(deaths)('before %s, whoever claims the watch next writes what is missing, once', async (_what, dying) => {
        await open();
        await addDue(store, { a: NOW });
        const claim = await taken(health, A);
        await expect(complete(dying(collections()), [completionOf(claim, NEWS)])).rejects.toThrow('died');
        expect(await claimAt(health, NOW + LEASE_MS - 1)).toEqual([]);
        const [next] = await claimAt(health, NOW + LEASE_MS);
        expect(next).toMatchObject({ id: 'a', state: 'next' });
        expect(await health.events('a', { beforeMs: NOW + 1, limit: 9 })).toEqual([{ ...A, ...NEWS.event }]);
        expect(await health.hours(A, 0, 100)).toEqual([{ hour: 49, results: bytes(1) }]);
        expect(await health.days(A, 0, 100)).toEqual([{ day: 2, figures: bytes(2) }]);
        expect((await store.get('a'))!.health).toMatchObject({ status: 'down', since: iso(NOW) });
        expect(await health.complete([completionOf(next!)])).toEqual([true]);
        expect((await watchOf(health, 'a')).dueAtMs).toBe(NOW + 30_000);
      });

      it('after a failure, the same result can be told again', async () => {
        await open();
        await addDue(store, { a: NOW });
        const completion = completionOf(await taken(health, A), NEWS);
        await expect(complete({ ...collections(), days: failing(collections().days, 'bulkWrite') }, [completion])).rejects.toThrow('died');
        expect(await health.complete([completion])).toEqual([true]);
        expect(await health.events('a', { beforeMs: NOW + 1, limit: 9 })).toHaveLength(1);
        expect(await health.days(A, 0, 100)).toEqual([{ day: 2, figures: bytes(2) }]);
      });
    });

    /** A process that stands still before it writes to the records, until `goOn`. */
    const standingStill = (): { all: HealthCollections; reached: Promise<undefined>; goOn: () => void } => {
      const reached = Promise.withResolvers<undefined>();
      const going = Promise.withResolvers<undefined>();
      const all = collections();
      const records = new Proxy(all.records, {
        get: (target, name) => {
          const method = Reflect.get(target, name) as (...given: unknown[]) => unknown;
          if (name !== 'bulkWrite') return typeof method === 'function' ? method.bind(target) : method;
          return async (...given: unknown[]) => {
            reached.resolve(undefined);
            await going.promise;
            return method.apply(target, given);
          };
        },
      });
      return { all: { ...all, records }, reached: reached.promise, goOn: () => going.resolve(undefined) };
    };

    it('a process that stood still on its way does not tell an outdated verdict afterwards', async () => {
      await open();
      await addDue(store, { a: NOW });
      const { all, reached, goOn } = standingStill();
      const late = complete(all, [completionOf(await taken(health, A), NEWS)]);
      await reached;
      const next = await taken(health, A, NOW + LEASE_MS);
      expect(await health.complete([completionOf(next, { verdict: seen('up', 'ok', NOW + LEASE_MS) })])).toEqual([true]);
      goOn();
      expect(await late).toEqual([true]);
      expect((await store.get('a'))!.health).toMatchObject({ status: 'up', since: iso(NOW + LEASE_MS) });
      expect(await health.events('a', { beforeMs: NOW + 1, limit: 9 })).toHaveLength(1);
    });

    it('a watch whose record is changed while its verdict is being told is due at once afterwards', async () => {
      await open();
      await addDue(store, { a: NOW });
      const { all, reached, goOn } = standingStill();
      const late = complete(all, [completionOf(await taken(health, A), NEWS)]);
      await reached;
      await health.touch('a', [HERE]);
      expect(await claimAt(health, NOW)).toEqual([]);
      goOn();
      expect(await late).toEqual([true]);
      expect((await claimAt(health, NOW)).map(({ id, state }) => [id, state])).toEqual([['a', 'next']]);
    });

    it('finds by verdict, cause and vantage when it narrows by its indexes, too', async () => {
      await open(foreign('old'));
      await fixture.checked();
      await addRecords(store, ['down', 'new', 'up']);
      for (const id of ['down', 'up']) await health.touch(id, [THERE]);
      await report(health, { id: 'down', vantage: THERE }, { verdict: seen('down') });
      await report(health, { id: 'up', vantage: THERE }, { verdict: seen('up') });
      expect(await findIds(store, { 'health.status': 'down' })).toEqual(['down']);
      expect(await findIds(store, { 'health.status': { $in: ['unknown', 'up'] } })).toEqual(['new', 'old', 'up']);
      expect(await findIds(store, { 'health.cause': 'never_probed' })).toEqual(['new', 'old']);
      expect(await findIds(store, { [`health.vantages.${THERE}.status`]: 'up' })).toEqual(['up']);
      expect(await findIds(store, { 'health.since': null })).toEqual(['old']);
    });

    it('several processes share the work, each watch going to one, though they all begin with the most overdue', async () => {
      await open();
      const ids = Array.from({ length: 300 }, (_unused, index) => `r${String(index).padStart(3, '0')}`);
      await addRecords(store, ids);
      await health.enrol({ vantage: HERE, afterId: null, limit: 1_000, dueFromMs: NOW - 1_000, dueUntilMs: NOW });
      const others = await Promise.all([1, 2].map(() => openMongoStore({ url: server.url, database: fixture.database, log: quiet })));
      const stores = [store, ...others];
      const claimAll = async ({ health: own }: Store): Promise<ClaimedWatch[]> => {
        const all: ClaimedWatch[] = [];
        for (let batch = await claimAt(own, NOW, 20); batch.length > 0; batch = await claimAt(own, NOW, 20)) all.push(...batch);
        return all;
      };
      const shares = await Promise.all(stores.map(claimAll));
      await Promise.all(others.map((other) => other.close()));
      expect(shares.flat().map(({ id }) => id).sort()).toEqual(ids);
      expect(Math.min(...shares.map(({ length }) => length))).toBeGreaterThan(0);
    });

    it('keeps apart what ids and vantages with slashes and percent signs belong to', async () => {
      const pairs = [['a', 'b/c'], ['a/b', 'c'], ['a%2Fb', 'c'], ['a', 'b%2Fc'], ['a%', '/'], ['a', '%/']] as const;
      await open(...[...new Set(pairs.map(([id]) => id))].map((id) => foreign(id, { _id: new ObjectId() })));
      for (const [id, vantage] of pairs) await health.touch(id, [vantage]);
      for (const [index, [id, vantage]] of pairs.entries()) await report(health, { id, vantage }, { closedHours: [{ hour: 5, results: bytes(index), figures: bytes(index) }] });
      for (const [index, [id, vantage]] of pairs.entries()) expect(await health.hours({ id, vantage }, 0, 9)).toEqual([{ hour: 5, results: bytes(index) }]);
      await health.forget('a');
      const left = await Promise.all(pairs.map(async ([id, vantage]) => (await health.days({ id, vantage }, 0, 9)).length));
      expect(left).toEqual(pairs.map(([id]) => (id === 'a' ? 0 : 1)));
      expect((await health.watchesOf(['a', 'a%', 'a%2Fb', 'a/b'])).map(({ id }) => id).sort()).toEqual(['a%', 'a%2Fb', 'a/b']);
    });

    describe('of an older database', () => {
      it('tells the verdict in a document of its own kind, which stays revision 0 and as old as its ObjectId', async () => {
        await open(foreign('a', { team: 'platform' }));
        const before = (await store.get('a'))!;
        await health.enrol({ vantage: HERE, afterId: null, limit: 9, dueFromMs: NOW, dueUntilMs: NOW });
        const [claim] = await claimAt(health, NOW);
        expect(claim!.record).toEqual({ text: before.text, revision: 0, createdAt: BORN });
        expect(await health.complete([completionOf(claim!, { verdict: seen('up') })])).toEqual([true]);
        const after = (await store.get('a'))!;
        expect(after).toEqual({ ...before, health: { status: 'up', cause: 'ok', since: iso(NOW), vantages: { [HERE]: seen('up') } } });
        expect(after.meta).toEqual({ created_at: BORN, updated_at: BORN, revision: 0, ...openAccess });
        expect(await fixture.documents.findOne({})).toEqual({ ...foreign('a', { team: 'platform' }), _portolan: { health: after.health } });
        expect((await find(store, { 'meta.revision': 0, 'meta.created_at': BORN, 'health.status': 'up' }))[0]).toEqual(after);
      });

      it('keeps the health when the document is first written through Portolan, whichever comes first', async () => {
        await open(foreign('a'), foreign('b', { _id: new ObjectId() }));
        const meta = { created_at: BORN, updated_at: iso(NOW), revision: 1, ...openAccess };
        const rename = async (id: string): Promise<boolean> =>
          store.replace({ record: { ...recordOf((await store.get(id))!), container_registry_name: 'new' }, meta, expectedRevision: 0 });
        for (const id of ['a', 'b']) await health.touch(id, [HERE]);
        await report(health, A, { verdict: seen('up') });
        expect([await rename('a'), await rename('b')]).toEqual([true, true]);
        await report(health, { id: 'b', vantage: HERE }, { verdict: seen('up') });
        for (const id of ['a', 'b']) expect(await store.get(id)).toMatchObject({ meta, health: { status: 'up', vantages: { [HERE]: seen('up') } } });
      });

      it.each(['a text', 7, null, ['x']])('replaces what is not ours under the name of the book-keeping: %j', async (odd) => {
        await open(foreign('a', { _portolan: odd }), foreign('b', { _id: new ObjectId(), _portolan: odd }));
        await health.touch('a', [HERE]);
        await report(health, A, { verdict: seen('down') });
        expect((await store.get('a'))!.health.status).toBe('down');
        const before = (await store.get('b'))!;
        const meta = { created_at: BORN, updated_at: BORN, revision: 1, ...openAccess };
        expect(await store.replace({ record: { ...recordOf(before), container_registry_name: 'new' }, meta, expectedRevision: 0 })).toBe(true);
        expect(await store.get('b')).toMatchObject({ meta, health: neverProbed(null) });
      });

      it('shows a health of fewer words as never probed, and replaces it with the first verdict', async () => {
        await open(foreign('a', { _portolan: { revision: 3, created_at: BORN, updated_at: BORN, health: { status: 'unknown' } } }));
        expect((await store.get('a'))!.health).toEqual(neverProbed(null));
        expect(await findIds(store, { 'health.cause': 'never_probed' })).toEqual(['a']);
        await health.touch('a', [HERE]);
        await report(health, A, { verdict: seen('up') });
        expect(await store.get('a')).toMatchObject({ meta: { revision: 3 }, health: { status: 'up', since: iso(NOW) } });
      });

      it('holding an id twice, it watches the document that is shown, and tells its verdict there', async () => {
        const hidden = foreign('a', { _id: new ObjectId('ffffffffffffffffffffffff'), container_registry_name: 'hidden' });
        await open(foreign('a', { container_registry_name: 'shown' }), hidden, foreign('b', { _id: new ObjectId() }));
        const steps = [await health.enrol({ vantage: HERE, afterId: null, limit: 1, dueFromMs: NOW, dueUntilMs: NOW })];
        while (steps.at(-1) !== null) steps.push(await health.enrol({ vantage: HERE, afterId: steps.at(-1) ?? null, limit: 1, dueFromMs: NOW, dueUntilMs: NOW }));
        expect(steps).toEqual(['a', 'b', null]);
        expect((await health.watchesOf(['a', 'b'])).map(({ id }) => id).sort()).toEqual(['a', 'b']);
        const claims = await claimAt(health, NOW);
        expect(claims.map(({ id, record }) => [id, (JSON.parse(record.text) as Document)['container_registry_name']])).toContainEqual(['a', 'shown']);
        await health.complete(claims.map((claim) => completionOf(claim, { verdict: seen('down') })));
        expect((await store.get('a'))!.health.status).toBe('down');
        expect(await fixture.documents.findOne({ container_registry_name: 'hidden' })).toEqual(hidden);
      });

      it('does not watch documents that cannot be addressed', async () => {
        await open({ container_registry_name: 'no id' }, foreign('a', { container_registry_id: 5 }), foreign('b', { _id: new ObjectId() }));
        expect(await health.enrol({ vantage: THERE, afterId: null, limit: 9, dueFromMs: NOW, dueUntilMs: NOW })).toBeNull();
        expect((await health.watchesOf(['a', 'b', '5'])).map(({ id }) => id)).toEqual(['b']);
      });
    });
  });
});
