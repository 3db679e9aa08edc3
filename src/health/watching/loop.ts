/** Something that is done again and again until it is stopped; one turn ends before the next begins. */
export interface Loop {
  start(): void;
  /** Resolves when the turn under way has ended. */
  stop(): Promise<void>;
}

interface LoopOptions {
  /** What is being done, for the log. */
  readonly name: string;
  readonly everyMs: number;
  readonly log: { warn(message: string, fields?: object): void };
  readonly turn: (signal: AbortSignal) => Promise<void>;
}

/** A turn that fails is told of once, until one succeeds again: while a store is away, that is all there is to say. */
export function createLoop({ name, everyMs, log, turn }: LoopOptions): Loop {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | null = null;
  let current: Promise<void> = Promise.resolve();
  let isFailing = false;

  async function run(): Promise<void> {
    try {
      await turn(stopping.signal);
      if (isFailing) log.warn(`${name}: goes on`);
      isFailing = false;
    } catch (error) {
      if (!isFailing && !stopping.signal.aborted) log.warn(`${name}: failed, and is tried again`, { error });
      isFailing = true;
    }
    if (!stopping.signal.aborted) timer = setTimeout(next, everyMs);
  }

  function next(): void {
    current = run();
  }

  return {
    start: next,
    async stop() {
      stopping.abort();
      if (timer !== null) clearTimeout(timer);
      await current;
    },
  };
}
