import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { BackupManifest } from '../store/sqlite/backup-file.ts';
import { errorOf, type ThreadFault } from '../store/sqlite/thread-fault.ts';

/** A file that holds a whole store and is to become a backup. */
export interface FinishingOrder {
  /** Where it lies, as the store of a folder. */
  readonly folder: string;
  /** All of its list but what is in it. */
  readonly manifest: Omit<BackupManifest, 'parts'>;
}

export interface Finished {
  readonly manifest: BackupManifest;
  readonly bytes: number;
  /** Of the file, in base64. */
  readonly sha256: string;
}

export type FinishingReply = { readonly finished: Finished } | { readonly fault: ThreadFault };

/** This module is compiled or not, and so is the thread's. */
const WORKER_URL = new URL(`./finishing-worker${extname(import.meta.url)}`, import.meta.url);

/**
 * Counts what is in the file, lists that in it, and takes its digest; in a thread of its own, because it looks at every row and every byte,
 * and requests are served meanwhile.
 * @throws {AppError} as a store does
 */
export async function finishBackup(order: FinishingOrder): Promise<Finished> {
  const worker = new Worker(WORKER_URL, { name: 'portolan-backup', workerData: order });
  const reply = await new Promise<FinishingReply>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('The thread of the backup has ended.')));
  });
  if ('fault' in reply) throw errorOf(reply.fault);
  return reply.finished;
}
