import type { Command } from 'commander';
import type { Client } from '../client/client.ts';
import type { Terminal } from './terminal.ts';

/** What a command is given besides its arguments. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** The service that `--url` names. */
  connect(command: Command): Client;
  /** Says how the process ends once the command is done; 0 unless said. */
  exitWith(code: number): void;
}

/** Options that all commands share. */
export interface GlobalOptions {
  readonly url: string;
  readonly timeout: number;
}
