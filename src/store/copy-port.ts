import { createHash } from 'node:crypto';
import type { JsonObject } from '../core/json.ts';

/** All that a store holds, in an order in which nothing speaks of what comes later. */
export const COPY_PARTS = ['records', 'entries', 'audit', 'vantages', 'watches', 'hours', 'days', 'events'] as const;
export type CopyPart = (typeof COPY_PARTS)[number];

/** One row as every store tells it, whatever its own tables look like: times and numbers as they are, bytes in base64. */
export interface CopyRow {
  readonly key: readonly (string | number)[];
  readonly value: JsonObject;
}

export interface CopyPage {
  readonly rows: readonly CopyRow[];
  /** Where the next page begins; null at the end. Means something only to the store that gave it. */
  readonly next: string | null;
}

/**
 * Takes a whole store out, and puts it into an empty one, without anything lost on the way. Every adapter passes
 * `test/contract/store-copy.ts`. For stores that nobody else writes to meanwhile, unless what is told need not be one moment.
 * Failures are `AppError`s, as those of `RecordStore`.
 */
export interface StoreCopy {
  /** About `limit` rows. */
  read(part: CopyPart, after: string | null, limit: number): Promise<CopyPage>;
  /** Writes rows as they are, durably. The same rows once more change nothing. */
  write(part: CopyPart, rows: readonly CopyRow[]): Promise<void>;
  /** Whether the store holds nothing at all that could be copied. */
  isEmpty(): Promise<boolean>;
  /**
   * Writes the store as it is at one moment into a new file of the embedded store, while it goes on being used; null where there is no
   * such moment to be had.
   */
  readonly snapshotTo: ((file: string) => Promise<void>) | null;
}

/** How many rows a part has, and what they say: the same for the same rows in whatever order. */
export interface PartSum {
  readonly rows: number;
  /** The exclusive or of all rows' SHA-256, in hexadecimal. Tells damage and loss, not forgery. */
  readonly digest: string;
}

export class PartSummer {
  readonly #sum = Buffer.alloc(32);
  #rows = 0;

  add({ key, value }: CopyRow): void {
    const digest = createHash('sha256').update(JSON.stringify([key, value])).digest();
    for (const [index, byte] of digest.entries()) this.#sum[index] = (this.#sum[index] ?? 0) ^ byte;
    this.#rows += 1;
  }

  sum(): PartSum {
    return { rows: this.#rows, digest: this.#sum.toString('hex') };
  }
}
