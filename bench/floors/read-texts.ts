import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { limits } from '../../src/core/limits.ts';
import { FILE_NAME } from '../../src/store/sqlite/store-file.ts';
import { answerParent } from '../harness/parent.ts';

export interface TextOrder {
  readonly dataDir: string;
}

export interface TextRead {
  /** Of all texts together, in UTF-8. */
  readonly bytes: number;
  readonly elapsedMs: number;
}

/** The least that has to be done to read every stored text in the order in which it is answered: one statement, one loop. */
async function readTexts({ dataDir }: TextOrder): Promise<TextRead> {
  const db = new DatabaseSync(join(dataDir, FILE_NAME), { readOnly: true });
  db.exec(`PRAGMA cache_size = -${limits.sqliteCacheKib}`);
  const statement = db.prepare('SELECT doc FROM records ORDER BY id', { returnArrays: true });
  const startedMs = performance.now();
  let bytes = 0;
  for (const [doc] of statement.iterate() as unknown as Iterable<[string]>) bytes += Buffer.byteLength(doc);
  const elapsedMs = performance.now() - startedMs;
  db.close();
  return { bytes, elapsedMs };
}

answerParent(readTexts);
