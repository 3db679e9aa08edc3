import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { limits } from '../../../core/limits.ts';
import { CLOSE } from '../thread-fault.ts';
import { CHECKPOINT, type CheckpointReply, type CheckpointThreadData } from './protocol.ts';

/** The main thread's side of the checkpointing thread, which is started when first needed. */
export interface CheckpointThread {
  /** One at a time. @throws {Error} when it failed, or the thread was lost; the log is as it was then, or shorter */
  run(): Promise<void>;
  close(): Promise<void>;
}

/** This module is compiled or not, and so is the thread's. */
const WORKER_URL = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

export function createCheckpointThread(file: string): CheckpointThread {
  let worker: Worker | null = null;
  let settle: ((reply: CheckpointReply) => void) | null = null;

  const start = (): Worker => {
    const started = new Worker(WORKER_URL, {
      name: 'portolan-checkpoint',
      workerData: { file } satisfies CheckpointThreadData,
      resourceLimits: { maxOldGenerationSizeMb: limits.checkpointThreadHeapMb, maxYoungGenerationSizeMb: limits.checkpointThreadYoungHeapMb },
    });
    const lose = (reason: string): void => {
      if (worker === started) worker = null;
      settle?.({ failure: reason });
    };
    started.on('message', (reply: CheckpointReply) => settle?.(reply));
    started.on('error', (error: Error) => lose(error.message));
    started.on('exit', () => lose('The checkpointing thread has ended.'));
    return started;
  };

  return {
    async run() {
      worker ??= start();
      const busy = worker;
      busy.ref();
      const { failure } = await new Promise<CheckpointReply>((resolve) => {
        settle = resolve;
        busy.postMessage(CHECKPOINT);
      });
      settle = null;
      busy.unref();
      if (failure !== null) throw new Error(failure);
    },
    async close() {
      const closing = worker;
      if (closing === null) return;
      const ended = new Promise((resolve) => closing.once('exit', resolve));
      closing.ref();
      closing.postMessage(CLOSE);
      await ended;
    },
  };
}
