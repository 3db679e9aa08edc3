import type { Send } from '../client/transport.ts';
import type { Clock } from '../core/clock.ts';

/** All that commands touch of the process that they run in. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly fetch: Send;
  /** Size of the window that standard output goes to, as it is now; null where it goes to a file or a pipe. */
  size(): { readonly columns: number; readonly rows: number } | null;
  /** Writes to standard output; resolves when it takes more. */
  out(text: string): Promise<void>;
  /** Writes to standard error. */
  err(text: string): void;
  wait(ms: number): Promise<void>;
}

/** Colours are for windows that know them, and for people who want them. @see https://no-color.org */
export function hasColour({ env, size }: Pick<Terminal, 'env' | 'size'>): boolean {
  return size() !== null && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** How a table fits what it is written to. */
export function tableOptions(terminal: Terminal): { readonly widthMax: number | null; readonly colour: boolean } {
  return { widthMax: terminal.size()?.columns ?? null, colour: hasColour(terminal) };
}
