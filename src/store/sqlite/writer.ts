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
  /** Resolves when all writes so far are done. */
  drain(): Promise<void>;
}

interface Job {
  run(): void;
  commit(): void;
  fail(error: unknown): void;
}

/** What else keeps in memory what the file says. */
export interface WriteFollower {
  /** A transaction is durable. */
  committed(): void;
  /** A transaction was undone: whatever was learned within it no longer holds. */
  undone(): void;
}

export function createWriter(connection: Connection, clock: Clock, follower: WriteFollower): Writer {
  const jobs: Job[] = [];
  let running: Promise<void> | null = null;

  const flushAll = async (): Promise<void> => {
    while (jobs.length > 0) {
      await nextTurn();
      const group = runGroup();
      for (const job of group ?? []) {
        runAlone(job);
        await nextTurn();
      }
    }
    running = null;
  };

  /** @returns jobs to be tried one by one, because one of them, or all together, failed; `null` when none is left to do */
  const runGroup = (): Job[] | null => {
    const started: Job[] = [];
    const endMs = clock.monotonicMs() + limits.writeGroupMs;
    try {
      connection.db.exec('BEGIN IMMEDIATE');
      for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
        started.push(job);
        job.run();
        if (clock.monotonicMs() >= endMs) break;
      }
      connection.db.exec('COMMIT');
    } catch (error) {
      undo();
      if (started.length > 1) return started;
      (started[0] ?? jobs.shift())?.fail(storeErrorOf(error));
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

  const write = <T>(change: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      if (jobs.length >= limits.writeQueueMax) {
        reject(new AppError('OVERLOADED', `${limits.writeQueueMax} changes are waiting to be written. Try again shortly.`, { retryAfterS: 1 }));
        return;
      }
      let settle = (): void => undefined;
      jobs.push({
        run: () => {
          const result = change();
          settle = () => resolve(result);
        },
        commit: () => settle(),
        fail: reject,
      });
      running ??= flushAll();
    });

  return {
    write,
    drain: async () => {
      await running;
    },
  };
}
