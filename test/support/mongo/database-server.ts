import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import type { Store } from '../../../src/store/health-port.ts';
import { openMongoStore } from '../../../src/store/mongodb/open.ts';
import { startMongo, type MongoServer } from '../peers.ts';

/** Stores over a database that nobody else has. */
export interface DatabaseFixture {
  readonly database: string;
  open(): Promise<Store>;
  dispose(): Promise<void>;
}

/** A MongoDB server for a suite: started before its tests, and gone after them. */
export interface DatabaseServer {
  readonly url: string;
  readonly client: MongoClient;
  /** A database of its own for each caller. */
  makeFixture(): Promise<DatabaseFixture>;
}

const quiet = { info: () => undefined, warn: () => undefined };

/** To be called within a `describeWithMongo`; what it gives can be used from its `beforeAll` on. */
export function useDatabaseServer(): DatabaseServer {
  let server: MongoServer;
  let client: MongoClient;
  beforeAll(async () => {
    server = await startMongo();
    client = new MongoClient(server.url);
  }, 30_000);
  afterAll(async () => {
    await client.close();
    await server.stop();
  });
  return {
    get url() {
      return server.url;
    },
    get client() {
      return client;
    },
    async makeFixture() {
      const database = `portolan-test-${randomUUID()}`;
      return {
        database,
        open: () => openMongoStore({ url: server.url, database, log: quiet }),
        async dispose() {
          await client.db(database).dropDatabase();
        },
      };
    },
  };
}
