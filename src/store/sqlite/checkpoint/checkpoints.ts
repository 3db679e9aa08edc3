import { AppError } from '../../../core/errors.ts';
import { limits } from '../../../core/limits.ts';
import type { Log } from '../../../telemetry/logs.ts';
import type { Connection } from '../connection.ts';
import type { CheckpointThread } from './thread.ts';

/**
 * Keeps the write-ahead log short. A checkpoint writes thousands of pages and waits for the disk twice, for which nobody could be answered if
 * the thread that commits did it itself, as SQLite otherwise has it.
 */
export interface Checkpoints {
  /** To be called after each commit. */
  committed(): void;
  /** Resolves when none is under way. */
  settled(): Promise<void>;
}

interface CheckpointsOptions {
  readonly connection: Connection;
  readonly thread: Pick<CheckpointThread, 'run'>;
  /** Runs work while nobody else writes. */
  readonly lend: (work: () => Promise<void>) => Promise<void>;
  readonly log: Pick<Log, 'warn'>;
}

export function createCheckpoints({ connection, thread, lend, log }: CheckpointsOptions): Checkpoints {
  connection.db.exec('PRAGMA wal_autocheckpoint = 0');
  let underWay: Promise<void> | null = null;
  let isGivenUp = false;
  let pagesMax: number = limits.walCheckpointPages;

  const giveUp = (error: unknown): void => {
    isGivenUp = true;
    connection.db.exec(`PRAGMA wal_autocheckpoint = ${limits.walCheckpointPages}`);
    log.warn('Checkpoints cannot be made beside the service; it makes them itself from now on, and waits for them', { error });
  };

  /** Again and again, as long as that leaves less for which others have to wait. */
  const runBesideOthers = async (): Promise<void> => {
    let before = Infinity;
    for (let pass = 0; pass < limits.walPassesMax; pass++) {
      const pages = pagesWaiting(connection);
      if (pages <= limits.walPagesLeftMax || pages >= before) return;
      before = pages;
      await thread.run();
    }
  };

  const run = async (): Promise<void> => {
    try {
      await runBesideOthers();
      // The log begins anew only when a change comes that finds all of it in the file; what is left by now is little.
      await lend(() => thread.run());
    } catch (error) {
      if (!(error instanceof AppError)) giveUp(error);
    }
    // Those that are left are in somebody's way who reads for long: no use in trying after every commit.
    pagesMax = pagesWaiting(connection) + limits.walCheckpointPages;
    underWay = null;
  };

  return {
    committed() {
      if (underWay !== null || isGivenUp) return;
      const pages = pagesWaiting(connection);
      if (pages < limits.walCheckpointPages) pagesMax = limits.walCheckpointPages;
      if (pages >= pagesMax) underWay = run();
    },
    async settled() {
      await underWay;
    },
  };
}

/** Pages that are in the log and not yet in the file: some microseconds. @see https://www.sqlite.org/pragma.html#pragma_wal_checkpoint */
function pagesWaiting(connection: Connection): number {
  const [, inLog, inFile] = connection.first('PRAGMA wal_checkpoint(NOOP)') ?? [];
  return Math.max(0, Number(inLog) - Number(inFile));
}
