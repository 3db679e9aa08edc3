import type { Send } from '../client/transport.ts';
import type { Clock } from '../core/clock.ts';
import type { Restored } from '../operations/backup.ts';
import type { CopyOutcome, CopyProgress } from '../operations/copying.ts';

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
  /**
   * Asks whoever sits at the terminal for one line, which shows while it is typed only where `isShown`; null where there is no terminal.
   * @throws {Interrupted} when the answer is Ctrl-C or Ctrl-D
   */
  ask(question: string, options: { readonly isShown: boolean }): Promise<string | null>;
  /**
   * All of standard input; null where that is a terminal, which would show what is typed.
   * @throws {UsageError} for more than a secret can be
   */
  input(): Promise<string | null>;
  /** Standard input as it comes, of any length. */
  inputChunks(): AsyncIterable<Uint8Array>;
  /** Columns of the window that standard error goes to; null where it goes to a file or a pipe. */
  errColumns(): number | null;
  readonly resetAdmin: ResetAdmin;
  readonly restoreStore: RestoreStore;
  readonly migrateStore: MigrateStore;
}

/**
 * Fills the store that the service's own configuration names from a backup. Broken off, it goes on when it is called again.
 * @throws {StartError} when the store cannot be opened; with the reason `store_in_use` while a service has it open
 * @throws {AppError} `BACKUP_UNUSABLE`, `TARGET_NOT_EMPTY`, `COPY_DIFFERS`
 */
export type RestoreStore = (file: string, onProgress: (progress: CopyProgress) => void) => Promise<Restored & { readonly store: string }>;

/** Two stores: folders, or URLs of MongoDB; without `from`, that is the one that the service's own configuration names. */
export interface Move {
  readonly from: string | undefined;
  readonly to: string;
}

/**
 * Copies everything from one store into another, which must be empty. Broken off, it goes on when it is called again.
 * @throws {StartError} when a store cannot be opened; with the reason `store_in_use` while a service has it open
 * @throws {AppError} `TARGET_NOT_EMPTY`, `COPY_DIFFERS`
 */
export type MigrateStore = (move: Move, onProgress: (progress: CopyProgress) => void) => Promise<CopyOutcome & { readonly from: string; readonly to: string }>;

/**
 * Gives the user `admin` this password, all rights and no sessions, in the store that the service's own configuration names; makes the
 * user where there is none.
 * @returns whether the user was there, and where that store is
 * @throws {StartError} when the store cannot be opened; with the reason `store_in_use` while a service has it open
 */
export type ResetAdmin = (password: string) => Promise<{ readonly outcome: 'made' | 'reset'; readonly store: string }>;

/** Colours are for windows that know them, and for people who want them. @see https://no-color.org */
export function hasColour({ env, size }: Pick<Terminal, 'env' | 'size'>): boolean {
  return size() !== null && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** How a table fits what it is written to. */
export function tableOptions(terminal: Terminal): { readonly widthMax: number | null; readonly colour: boolean } {
  return { widthMax: terminal.size()?.columns ?? null, colour: hasColour(terminal) };
}
