import { createHash } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { AppError, StartError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Entry } from '../store/access-port.ts';
import { COPY_PARTS, PartSummer, type CopyPart, type CopyRow, type PartSum, type StoreCopy } from '../store/copy-port.ts';
import type { Store } from '../store/health-port.ts';

export type Sums = Readonly<Record<CopyPart, PartSum>>;

/** Told after each page. */
export interface CopyProgress {
  readonly doing: 'reading' | 'copying' | 'verifying';
  readonly part: CopyPart;
  /** Of this part, so far. */
  readonly rows: number;
  /** Null where nobody knows. */
  readonly rowsInAll: number | null;
}

type OnProgress = (progress: CopyProgress) => void;

/** The target's own note of how far it has been filled: kept until all of it is there, and never copied. */
const NOTE = { kind: 'copy', key: 'progress' } as const;

interface Note {
  /** What is being copied, by the digest of all its sums. */
  readonly source: string;
  readonly part: CopyPart;
  readonly after: string | null;
}

const isCopied = (part: CopyPart, { key }: CopyRow): boolean => part !== 'entries' || key[0] !== NOTE.kind;

/** Counts and digests of all that a store holds. @param expected what they should be, where that is known */
export async function sumsOf(copy: StoreCopy, doing: CopyProgress['doing'], onProgress: OnProgress, expected: Sums | null = null): Promise<Sums> {
  const sums: Partial<Record<CopyPart, PartSum>> = {};
  for (const part of COPY_PARTS) {
    const summer = new PartSummer();
    for await (const { rows } of pagesOf(copy, part, null)) {
      for (const row of rows) if (isCopied(part, row)) summer.add(row);
      onProgress({ doing, part, rows: summer.sum().rows, rowsInAll: expected?.[part].rows ?? null });
    }
    sums[part] = summer.sum();
  }
  return sums as Sums;
}

interface Page {
  readonly rows: readonly CopyRow[];
  readonly next: string | null;
}

async function* pagesOf(copy: StoreCopy, part: CopyPart, from: string | null): AsyncGenerator<Page> {
  for (let after = from; ; ) {
    const page = await patiently(() => copy.read(part, after, limits.copyRowsTogether));
    yield page;
    // A store that reads at once would leave no turn to the requests that are served meanwhile.
    await nextTurn();
    if (page.next === null) return;
    after = page.next;
  }
}

/** What takes long must not end because a store is slow or away for a moment. All of it may be done once more. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || attempt >= limits.copyAttemptsMax) throw error;
      await delay(limits.copyRetryMs);
    }
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'STORE_UNAVAILABLE' || error.code === 'OVERLOADED');
}

/** Parts in which two stores differ. */
export function partsThatDiffer(a: Sums, b: Sums): readonly CopyPart[] {
  return COPY_PARTS.filter((part) => a[part].rows !== b[part].rows || a[part].digest !== b[part].digest);
}

/** Parts that have more rows in one than in the other. */
export function partsOfOtherLength(a: Sums, b: Sums): readonly CopyPart[] {
  return COPY_PARTS.filter((part) => a[part].rows !== b[part].rows);
}

/** Whether a store is being filled, and not all there yet. */
export async function isHalfFilled({ entries }: Pick<Store, 'entries'>): Promise<boolean> {
  return (await entries.get(NOTE.kind, NOTE.key)) !== null;
}

/** @throws {StartError} with the reason `store_half_filled` */
export async function refuseHalfFilled(store: Pick<Store, 'entries'>): Promise<void> {
  if (!(await isHalfFilled(store))) return;
  throw new StartError(
    'The store is half filled: `portolan restore` or `portolan migrate-store` is filling it, or was broken off. Let it end, or type the same command once more and it goes on; or empty the store and start again.',
    { reason: 'store_half_filled' },
  );
}

export interface CopyOutcome {
  readonly sums: Sums;
  /** Whether a copy that had been broken off was taken up again. */
  readonly isResumed: boolean;
}

/**
 * Copies everything from one store into another, empty one, and compares what is there then. Broken off at any moment, it goes on
 * where it was when it is called again with the same source, and the source is as it was. Nobody may write to either meanwhile.
 * @param checkSource throws where the source is not to be copied after all, before anything is written
 * @throws {AppError} `TARGET_NOT_EMPTY`, `COPY_DIFFERS`
 */
export async function copyStore(source: Pick<Store, 'copy'>, target: Store, onProgress: OnProgress, checkSource?: (sums: Sums) => void): Promise<CopyOutcome> {
  const noted = await target.entries.get(NOTE.kind, NOTE.key);
  if (noted === null && !(await target.copy.isEmpty())) throw new AppError('TARGET_NOT_EMPTY');
  const sums = await sumsOf(source.copy, 'reading', onProgress);
  checkSource?.(sums);
  const start: Note = { source: createHash('sha256').update(JSON.stringify(sums)).digest('hex'), part: COPY_PARTS[0], after: null };
  const note = noted === null ? start : noteOf(noted);
  if (note.source !== start.source) {
    throw new AppError('TARGET_NOT_EMPTY', 'The target was being filled from another source, or this source has changed since. Empty the target, and begin again.');
  }
  await fill(source.copy, target, { note, sums, onProgress });
  const differing = partsThatDiffer(sums, await sumsOf(target.copy, 'verifying', onProgress, sums));
  if (differing.length > 0) throw new AppError('COPY_DIFFERS', `What was copied is not what was read, in: ${differing.join(', ')}. The source is as it was; empty the target, and begin again.`);
  await target.entries.delete(NOTE.kind, NOTE.key);
  return { sums, isResumed: noted !== null };
}

/** Copies what can be read from a store that others write to meanwhile. */
export async function copyLoosely(source: StoreCopy, target: StoreCopy): Promise<void> {
  for (const part of COPY_PARTS) {
    for await (const { rows } of pagesOf(source, part, null)) await patiently(() => target.write(part, rows.filter((row) => isCopied(part, row))));
  }
}

interface Filling {
  readonly note: Note;
  readonly sums: Sums;
  readonly onProgress: OnProgress;
}

async function fill(source: StoreCopy, target: Store, { note: from, sums, onProgress }: Filling): Promise<void> {
  await keep(target, from);
  for (const part of COPY_PARTS.slice(COPY_PARTS.indexOf(from.part))) {
    let rows = 0;
    const after = part === from.part ? from.after : null;
    // Of what was copied before it was broken off, nobody counted the rows.
    const rowsInAll = after === null ? sums[part].rows : null;
    for await (const page of pagesOf(source, part, after)) {
      await patiently(() => target.copy.write(part, page.rows.filter((row) => isCopied(part, row))));
      rows += page.rows.length;
      const { next } = page;
      if (next !== null) await patiently(() => keep(target, { ...from, part, after: next }));
      onProgress({ doing: 'copying', part, rows, rowsInAll });
    }
  }
}

async function keep({ entries }: Store, note: Note): Promise<void> {
  const expectedRevision = (await entries.get(NOTE.kind, NOTE.key))?.revision ?? 0;
  await entries.put({ ...NOTE, owner: null, expiresAtMs: null, text: JSON.stringify(note), expectedRevision });
}

function noteOf({ text }: Entry): Note {
  return JSON.parse(text) as Note;
}
