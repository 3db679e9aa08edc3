import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { limits } from '../../../core/limits.ts';
import type { Log } from '../../../telemetry/logs.ts';
import { storeUnavailable } from '../faults.ts';
import { CLOSE, errorOf } from '../thread-fault.ts';
import type { BulkOutcome, BulkReply, BulkRequest, BulkThreadData } from './protocol.ts';

/**
 * The main thread's side of the bulk thread, which is started when first needed. A transaction of some hundred records takes a tenth of a
 * second, for which nobody else could be answered if the main thread did it itself.
 */
export interface BulkThread {
  /** One request at a time, and only while nobody else writes. @throws {AppError} and then, but for a thread that was lost, nothing was written */
  run(request: BulkRequest): Promise<readonly BulkOutcome[]>;
  close(): Promise<void>;
}

interface BulkThreadOptions {
  readonly file: string;
  readonly log: Pick<Log, 'warn'>;
}

/** This module is compiled or not, and so is the thread's. */
const WORKER_URL = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

export function createBulkThread({ file, log }: BulkThreadOptions): BulkThread {
  let worker: Worker | null = null;
  let settle: ((reply: BulkReply) => void) | null = null;
  let isClosed = false;

  const start = (): Worker => {
    const started = new Worker(WORKER_URL, {
      name: 'portolan-bulk',
      workerData: { file } satisfies BulkThreadData,
      resourceLimits: { maxOldGenerationSizeMb: limits.bulkThreadHeapMb, maxYoungGenerationSizeMb: limits.bulkThreadYoungHeapMb },
    });
    started.on('message', (reply: BulkReply) => settle?.(reply));
    started.on('error', (error: Error) => lose(started, error));
    started.on('exit', () => lose(started, new Error('The bulk thread has ended.')));
    return started;
  };

  /** What it had begun is undone, unless it was lost between writing and telling. */
  const lose = (lost: Worker, cause: Error): void => {
    if (worker !== lost) return;
    worker = null;
    if (!isClosed) log.warn('The bulk thread was lost.', { cause: cause.message });
    const { code, message, details, retryAfterS } = storeUnavailable('The bulk thread was lost; some of these records may be there. Try again.');
    settle?.({ fault: { code, message, details, retryAfterS } });
  };

  return {
    async run(request) {
      worker ??= start();
      const busy = worker;
      busy.ref();
      const reply = await new Promise<BulkReply>((resolve) => {
        settle = resolve;
        // Handed over, not copied.
        busy.postMessage(request, [request.texts.buffer as ArrayBuffer]);
      });
      settle = null;
      busy.unref();
      if ('fault' in reply) throw errorOf(reply.fault);
      return reply.outcomes;
    },
    async close() {
      isClosed = true;
      const closing = worker;
      if (closing === null) return;
      const ended = new Promise((resolve) => closing.once('exit', resolve));
      closing.ref();
      closing.postMessage(CLOSE);
      await ended;
    },
  };
}
