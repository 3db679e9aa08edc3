import { MongoServerError, type Collection } from 'mongodb';
import type { CatalogDocument } from '../../../src/store/mongodb/document.ts';
import { ensureIndexes, RECORD_INDEXES } from '../../../src/store/mongodb/indexes.ts';
import { codeOf } from '../../contract/store-fixture.ts';
import { rememberingLog } from '../../support/mongo/stores.ts';

/** A server that refuses some indexes; no server at hand does. */
const refusing = (error: Error, refused: (name: string) => boolean): { collection: Collection<CatalogDocument>; created: string[] } => {
  const created: string[] = [];
  const createIndex = async (_keys: unknown, { name }: { name: string }): Promise<string> => {
    if (refused(name)) throw error;
    created.push(name);
    return name;
  };
  return { collection: { createIndex } as unknown as Collection<CatalogDocument>, created };
};

describe('the indexes in MongoDB', () => {
  it('are created as far as the server knows them; the log names the others', async () => {
    const log = rememberingLog();
    const isWildcard = (name: string): boolean => ['portolan_metadata', 'portolan_config', 'portolan_storage_info'].includes(name);
    const { collection, created } = refusing(new MongoServerError({ code: 67, errmsg: 'unknown index plugin' }), isWildcard);
    await ensureIndexes(collection, RECORD_INDEXES, log);
    expect(created).toContain('portolan_id');
    expect(created).toContain('portolan_tags');
    expect(log.lines.map(({ fields }) => fields?.['index'])).toEqual(['portolan_metadata', 'portolan_config', 'portolan_storage_info']);
  });

  it('are given up for now when the server is away', async () => {
    const { collection, created } = refusing(new MongoServerError({ code: 10_107, errmsg: 'not primary' }), () => true);
    expect(await codeOf(ensureIndexes(collection, RECORD_INDEXES, rememberingLog()))).toBe('STORE_UNAVAILABLE');
    expect(created).toEqual([]);
  });
});
