import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Scope } from '../../core/access.ts';
import { AppError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import type { Log } from '../../telemetry/logs.ts';
import type { RecordSummary } from '../port.ts';
import { storeUnavailable } from './faults.ts';
import type { ScanThreadData, ScanReply, ScanRequest, SliceRequest } from './scan-protocol.ts';
import type { SliceResult } from './slice.ts';
import { CLOSE, errorOf } from './thread-fault.ts';

/** The main thread's side of the scanning thread, which is started when first needed and works off one slice after the other. */
export interface ScanThread {
  /** Slices that wait or run. */
  waiting(): number;
  /** @throws {AppError} what the slice failed with; `QUERY_TOO_EXPENSIVE` when it took too long or too much memory */
  run(request: Omit<SliceRequest, 'requestId'>): Promise<SliceResult>;
  /** @throws {AppError} likewise */
  summarize(scope: Scope | null): Promise<RecordSummary>;
  close(): Promise<void>;
}

interface Pending {
  readonly request: ScanRequest;
  /** What comes back is what was asked for. */
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

export interface ScanThreadOptions {
  readonly file: string;
  readonly log: Pick<Log, 'warn'>;
  /** A slice that has not ended after this is not going to. */
  readonly stuckMs: number;
}

/** This module is compiled or not, and so is the thread's. */
const WORKER_URL = new URL(`./scan-worker${extname(import.meta.url)}`, import.meta.url);

export function createScanThread({ file, log, stuckMs }: ScanThreadOptions): ScanThread {
  /** In the order in which the thread works them off. */
  const pending = new Map<number, Pending>();
  let worker: Worker | null = null;
  let nextRequestId = 1;
  let stuckTimer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const start = (): Worker => {
    const started = new Worker(WORKER_URL, {
      name: 'portolan-scan',
      workerData: { file } satisfies ScanThreadData,
      resourceLimits: { maxOldGenerationSizeMb: limits.scanThreadHeapMb, maxYoungGenerationSizeMb: limits.scanThreadYoungHeapMb },
    });
    started.on('message', (reply: ScanReply) => settle(reply));
    started.on('error', (error: Error & { code?: string }) => {
      const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      lose(started, outOfMemory ? 'more memory than one query may' : null, error);
    });
    started.on('exit', () => lose(started, null, new Error('The scanning thread has ended.')));
    return started;
  };

  const post = (request: ScanRequest): void => {
    worker ??= start();
    worker.ref();
    worker.postMessage(request);
    if (pending.size === 1) watch();
  };

  /** The clock runs for the first in the line only; it is the one at work. */
  const watch = (): void => {
    clearTimeout(stuckTimer);
    const watched = worker;
    if (watched === null) return;
    if (pending.size === 0) {
      watched.unref();
      return;
    }
    stuckTimer = setTimeout(() => {
      lose(watched, `longer than ${stuckMs} ms`, new Error('A slice did not end.'));
      void watched.terminate();
    }, stuckMs);
  };

  const settle = (reply: ScanReply): void => {
    const settled = pending.get(reply.requestId);
    pending.delete(reply.requestId);
    watch();
    if (settled === undefined) return;
    if ('result' in reply) settled.resolve(reply.result as never);
    else settled.reject(errorOf(reply.fault));
  };

  /** The thread is gone. If a query is to blame, it is the first in the line, and the others go on with a new thread. */
  const lose = (lost: Worker, blame: string | null, cause: Error): void => {
    if (worker !== lost) return;
    worker = null;
    clearTimeout(stuckTimer);
    const line = [...pending.values()];
    pending.clear();
    if (!isClosed) log.warn('The scanning thread was lost.', { blame: blame ?? 'unknown', cause: cause.message });
    if (blame === null) {
      for (const { reject } of line) reject(storeUnavailable('The scanning thread was lost. Try again.', cause));
      return;
    }
    const [guilty, ...others] = line;
    guilty?.reject(new AppError('QUERY_TOO_EXPENSIVE', `The query needs ${blame}. Ask for less, or add a condition of equality, \`$in\` or a range on a field.`, { cause }));
    for (const other of others) enqueue(other);
  };

  const enqueue = (item: Pending): void => {
    pending.set(item.request.requestId, item);
    post(item.request);
  };

  const ask = <T>(requestOf: (requestId: number) => ScanRequest): Promise<T> =>
    new Promise((resolve: (result: T) => void, reject) => {
      if (isClosed) reject(storeUnavailable('The store is closed.'));
      else enqueue({ request: requestOf(nextRequestId++), resolve, reject });
    });

  return {
    waiting: () => pending.size,
    run: (request) => ask<SliceResult>((requestId) => ({ ...request, requestId })),
    summarize: (summaryOf) => ask<RecordSummary>((requestId) => ({ requestId, summaryOf })),
    async close() {
      isClosed = true;
      const closing = worker;
      if (closing === null) return;
      const ended = new Promise((resolve) => closing.once('exit', resolve));
      closing.ref();
      closing.postMessage(CLOSE);
      const impatience = setTimeout(() => void closing.terminate(), limits.scanCloseTimeoutMs);
      await ended;
      clearTimeout(impatience);
    },
  };
}
