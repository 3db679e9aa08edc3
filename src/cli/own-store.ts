import { StartError } from '../core/errors.ts';
import type { CopyProgress } from '../operations/copying.ts';
import { UsageError } from './failure.ts';
import type { Progress } from './progress.ts';

/** Work on a store itself, which a service has to itself while it runs. @throws {UsageError} that says so */
export async function onOwnStore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StartError && error.reason === 'store_in_use') throw new UsageError(`The service is running, and has the store to itself. Stop it first. ${error.message}`);
    throw error;
  }
}

/** Shows how far a copy is. */
export const showCopying =
  (progress: Progress) =>
  ({ doing, part, rows, rowsInAll }: CopyProgress): void =>
    progress.show(`${doing} ${part}: ${rows}`, rowsInAll === null || rowsInAll === 0 ? null : Math.min(1, rows / rowsInAll));
