import type { Clock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';
import type { Completion, HealthStore } from '../../store/health-port.ts';

/** Writes what results change, many in one go. */
export interface ResultWriter {
  /** Resolves once it is written: true, or false where the claim was lost or the store could not be reached in time. */
  write(completion: Completion): Promise<boolean>;
  /** How many are not written yet. */
  unwritten(): number;
  /** Writes what waits, at once. */
  flush(): Promise<void>;
  /** Likewise, and gives up what cannot be written then. */
  close(): Promise<void>;
}

interface Waiting {
  readonly completion: Completion;
  /** Beyond it the claim is somebody else's. */
  readonly endMs: number;
  readonly settle: (isWritten: boolean) => void;
}

interface ResultWriterOptions {
  readonly store: Pick<HealthStore, 'complete'>;
  readonly clock: Clock;
  readonly log: { warn(message: string, fields?: object): void };
}

export function createResultWriter({ store, clock, log }: ResultWriterOptions): ResultWriter {
  let waiting: Waiting[] = [];
  let inHand = 0;
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> | null = null;
  let isFailing = false;
  let isClosed = false;

  function schedule(delayMs: number): void {
    timer ??= setTimeout(() => void flush(), delayMs);
  }

  function flush(): Promise<void> {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (writing === null && waiting.length > 0) writing = writeAll();
    return writing ?? Promise.resolve();
  }

  /** One after the other, and whoever asks for it meanwhile waits for the same: while many come, this goes on for minutes. */
  async function writeAll(): Promise<void> {
    while (waiting.length > 0 && (await writeSome())) continue;
    writing = null;
  }

  /** @returns whether it could be written */
  async function writeSome(): Promise<boolean> {
    const batch = waiting.splice(0, limits.resultsWrittenTogether);
    inHand = batch.length;
    try {
      const outcomes = await store.complete(batch.map(({ completion }) => completion));
      batch.forEach(({ settle }, index) => settle(outcomes[index] ?? false));
      if (isFailing) log.warn('Results of probes are written again');
      isFailing = false;
      return true;
    } catch (error) {
      putBack(batch, error);
      return false;
    } finally {
      inHand = 0;
    }
  }

  /** A store that is away for a moment costs no results. */
  function putBack(batch: readonly Waiting[], error: unknown): void {
    if (!isFailing) log.warn('Results of probes cannot be written; it is tried again until their claims end', { error });
    isFailing = true;
    const nowMs = clock.monotonicMs();
    const isKept = ({ endMs }: Waiting): boolean => endMs > nowMs && !isClosed;
    const kept = batch.filter(isKept);
    for (const lost of batch) if (!isKept(lost)) lost.settle(false);
    waiting = [...kept, ...waiting];
    if (waiting.length > 0) schedule(limits.resultsRetryMs);
  }

  return {
    write(completion) {
      return new Promise((settle) => {
        waiting.push({ completion, endMs: clock.monotonicMs() + limits.resultsKeptMs, settle });
        if (waiting.length >= limits.resultsWrittenTogether && !isFailing) void flush();
        else schedule(isFailing ? limits.resultsRetryMs : limits.resultsGatheredMs);
      });
    },
    unwritten: () => waiting.length + inHand,
    flush,
    async close() {
      isClosed = true;
      while (waiting.length > 0 || writing !== null) await flush();
    },
  };
}
