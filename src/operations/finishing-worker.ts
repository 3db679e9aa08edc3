/** The thread that makes a backup of a file: see `finishing.ts`. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, stat } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { writeManifest } from '../store/sqlite/backup-file.ts';
import { storeErrorOf } from '../store/sqlite/faults.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import { FILE_NAME } from '../store/sqlite/store-file.ts';
import { faultOf } from '../store/sqlite/thread-fault.ts';
import { sumsOf, type Sums } from './copying.ts';
import type { Finished, FinishingOrder, FinishingReply } from './finishing.ts';

/** As `nice` has it: 0 is everybody else's, 19 the least. */
const NICENESS = 5;

const quiet = { info: () => undefined, warn: () => undefined };

async function sumsIn(folder: string): Promise<Sums> {
  const store = await openSqliteStore({ dataDir: folder, log: quiet });
  try {
    return await sumsOf(store.copy, 'reading', () => undefined);
  } finally {
    await store.close();
  }
}

async function finish({ folder, manifest: listed }: FinishingOrder): Promise<Finished> {
  const file = join(folder, FILE_NAME);
  const manifest = { ...listed, parts: await sumsIn(folder) };
  writeManifest(file, manifest);
  await chmod(file, 0o600);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return { manifest, bytes: (await stat(file)).size, sha256: hash.digest('base64') };
}

const port = parentPort;
if (port === null) throw new Error('finishing-worker runs only as a worker thread.');

// Requests come first. Linux has a priority for each thread; elsewhere this would slow down the whole process.
if (process.platform === 'linux') setPriority(NICENESS);

const reply = await finish(workerData as FinishingOrder).then(
  (finished): FinishingReply => ({ finished }),
  (error: unknown): FinishingReply => ({ fault: faultOf(storeErrorOf(error)) }),
);
port.postMessage(reply);
