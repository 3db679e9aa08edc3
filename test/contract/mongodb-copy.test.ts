import { randomUUID } from 'node:crypto';
import { ObjectId } from 'mongodb';
import { openMongoStore } from '../../src/store/mongodb/open.ts';
import { useDatabaseServer } from '../support/mongo/database-server.ts';
import { describeWithMongo } from '../support/peers.ts';
import { describeStoreCopy, rowsOf } from './store-copy.ts';
import { newRecord } from './store-fixture.ts';

const quiet = { info: () => undefined, warn: () => undefined };

describeWithMongo('over MongoDB’s wire protocol', () => {
  const server = useDatabaseServer();

  describeStoreCopy('mongodb', () => server.makeFixture());

  it('copies documents of an older database as records that nobody has written yet, each id once', async () => {
    const [from, to] = [`portolan-test-${randomUUID()}`, `portolan-test-${randomUUID()}`];
    const foreign = (id: string, name: string) => ({ _id: new ObjectId(), container_registry_id: id, container_registry_name: name, container_registry_public_url: 'http://127.0.0.1:5000' });
    await server.client.db(from).collection<ReturnType<typeof foreign>>('container_registry').insertMany([foreign('a', 'first'), foreign('a', 'second'), foreign('b', 'b')]);
    const source = await openMongoStore({ url: server.url, database: from, log: quiet });
    const target = await openMongoStore({ url: server.url, database: to, log: quiet });
    try {
      const rows = await rowsOf(source, 'records', 1);
      expect(rows.map(({ key }) => key)).toEqual([['a'], ['b']]);
      await target.copy.write('records', rows);
      expect(await rowsOf(target, 'records')).toEqual(rows);
      const stored = await target.get('a');
      expect(stored?.meta.revision).toBe(0);
      expect(stored?.text).toContain('"first"');
      const replaced = await target.replace({ record: newRecord('a').record, meta: { ...stored!.meta, revision: 1 }, expectedRevision: 0 });
      expect(replaced).toBe(true);
    } finally {
      await Promise.all([source.close(), target.close()]);
      await Promise.all([from, to].map((name) => server.client.db(name).dropDatabase()));
    }
  });
});
