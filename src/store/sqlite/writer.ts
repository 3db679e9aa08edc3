import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../../core/errors.ts';
import type { Clock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';
import type { Connection } from './connection.ts';
import { storeErrorOf } from './faults.ts';

/** Puts the writes of one turn of the event loop into one transaction, so that they share the wait for the disk. */
export interface Writer {
  /**
   * Runs `change` within a transaction, soon. Resolves with what it returned once that is durable.
   * @throws {AppError} `STORE_FULL` and the like, and then nothing of it has been written
   */
  write<T>(change: () => T): Promise<T>;
  /** Lets somebody else write to the file, when all changes before have been written; those that come after wait until the work is done. */
  lend<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when all writes so far are done. */
  drain(): Promise<void>;
}

interface Job {
  run(): void;
  commit(): void;
  fail(error: unknown): void;
}

/** Work of somebody else that writes meanwhile; never rejects. */
type Loan = () => Promise<void>;

/** What else keeps in memory what the file says. */
export interface WriteFollower {
  /** A transaction is durable. */
  committed(): void;
  /** A transaction was undone: whatever was learned within it no longer holds. */
  undone(): void;
}

export function createWriter(connection: Connection, clock: Clock, follower: WriteFollower): Writer {
  const jobs: (Job | Loan)[] = [];
  let running: Promise<void> | null = null;

  const flushAll = async (): Promise<void> => {
    while (jobs.length > 0) {
      await nextTurn();
      const loan = jobs[0];
      if (typeof loan === 'function') {
        jobs.shift();
        await loan();
        continue;
      }
      const group = runGroup();
      for (const job of group ?? []) {
        runAlone(job);
        await nextTurn();
      }
    }
    running = null;
  };

  const nextJob = (): Job | undefined => {
    const [next] = jobs;
    if (next === undefined || typeof next === 'function') return undefined;
    jobs.shift();
    return next;
  };

  /** @returns jobs to be tried one by one, because one of them, or all together, failed; `null` when none is left to do */
  const runGroup = (): Job[] | null => {
    const started: Job[] = [];
    const endMs = clock.monotonicMs() + limits.writeGroupMs;
    try {
      connection.db.exec('BEGIN IMMEDIATE');
      for (let job = nextJob(); job !== undefined; job = nextJob()) {
        started.push(job);
        job.run();
        if (clock.monotonicMs() >= endMs) break;
      }
      connection.db.exec('COMMIT');
    } catch (error) {
      undo();
      if (started.length > 1) return started;
      (started[0] ?? nextJob())?.fail(storeErrorOf(error));
      return null;
    }
    follower.committed();
    for (const job of started) job.commit();
    return null;
  };

  const runAlone = (job: Job): void => {
    try {
      connection.db.exec('BEGIN IMMEDIATE');
      job.run();
      connection.db.exec('COMMIT');
    } catch (error) {
      undo();
      job.fail(storeErrorOf(error));
      return;
    }
    follower.committed();
    job.commit();
  };

  /** Some failures have undone the transaction by themselves. */
  const undo = (): void => {
    if (connection.db.isTransaction) connection.db.exec('ROLLBACK');
    follower.undone();
  };

  const enqueue = <T>(jobOf: (resolve: (value: T) => void, reject: (error: unknown) => void) => Job | Loan): Promise<T> =>
    new Promise((resolve, reject) => {
      if (jobs.length >= limits.writeQueueMax) {
        reject(new AppError('OVERLOADED', `${limits.writeQueueMax} changes are waiting to be written. Try again shortly.`, { retryAfterS: 1 }));
        return;
      }
      jobs.push(jobOf(resolve, reject));
      running ??= flushAll();
    });

  return {
    write: <T>(change: () => T) =>
      enqueue<T>((resolve, fail) => {
        let settle = (): void => undefined;
        const run = (): void => {
          const result = change();
          settle = () => resolve(result);
        };
        return { run, commit: () => settle(), fail };
      }),
    lend: <T>(work: () => Promise<T>) => enqueue<T>((resolve, fail) => () => work().then(resolve, fail)),
    drain: async () => {
      await running;
    },
  };
}
