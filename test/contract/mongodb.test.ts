import { randomUUID } from 'node:crypto';
import { MongoClient, type Db } from 'mongodb';
import { ACCESS_COLLECTIONS } from '../../src/store/mongodb/access/collections.ts';
import { HEALTH_COLLECTIONS } from '../../src/store/mongodb/health/collections.ts';
import { openMongoStore } from '../../src/store/mongodb/open.ts';
import { describeWithMongo, startMongo, type MongoServer } from '../support/peers.ts';
import { describeRecordStore } from './record-store.ts';

const quiet = { info: () => undefined, warn: () => undefined };

describeWithMongo('over MongoDB’s wire protocol', () => {
  let server: MongoServer;
  beforeAll(async () => {
    server = await startMongo();
  }, 30_000);
  afterAll(() => server.stop());

  describeRecordStore('mongodb', async () => {
    const database = `portolan-test-${randomUUID()}`;
    /** As another program: connections of the fixture must not be taken for some that the store left behind. */
    const inDatabase = async <T>(work: (db: Db) => Promise<T>): Promise<T> => {
      const client = new MongoClient(server.url);
      try {
        return await work(client.db(database));
      } finally {
        await client.close();
      }
    };
    return {
      open: () => openMongoStore({ url: server.url, database, log: quiet }),
      leftovers: () =>
        inDatabase(async (db) => {
          const ours: readonly string[] = ['container_registry', ...Object.values(HEALTH_COLLECTIONS), ...Object.values(ACCESS_COLLECTIONS)];
          return (await db.listCollections().toArray()).map(({ name }) => name).filter((name) => !ours.includes(name));
        }),
      dispose: () => inDatabase(async (db) => {
          await db.dropDatabase();
        }),
    };
  });
});
