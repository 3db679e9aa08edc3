import { safeLine, cut } from './render/text.ts';
import type { Terminal } from './terminal.ts';

/** Often enough to look alive. */
const SHOW_EVERY_MS = 100;
const BAR_WIDTH = 24;

/** How far some work is, on a line of standard error that is written over; says nothing where that is no terminal. */
export interface Progress {
  /** @param share from 0 to 1; null where nobody knows how much there is */
  show(text: string, share: number | null): void;
  /** Takes the line away; to be called before anything else is written. */
  clear(): void;
}

export function createProgress({ clock, err, errColumns }: Pick<Terminal, 'clock' | 'err' | 'errColumns'>): Progress {
  let shownAtMs: number | null = null;
  return {
    show(text, share) {
      const columns = errColumns();
      const nowMs = clock.monotonicMs();
      if (columns === null || (shownAtMs !== null && nowMs - shownAtMs < SHOW_EVERY_MS)) return;
      shownAtMs = nowMs;
      // The last column stays free: a cursor behind it may stand on the next line.
      err(`\r${cut(safeLine(share === null ? text : `${barText(share)} ${text}`), columns - 1)}\u001b[K`);
    },
    clear() {
      if (shownAtMs !== null) err('\r\u001b[K');
      shownAtMs = null;
    },
  };
}

function barText(share: number): string {
  const filled = Math.floor(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  return `[${'#'.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}] ${String(Math.floor(share * 100)).padStart(3)}%`;
}
