import type { Command } from 'commander';
import type { Client } from '../client/client.ts';
import type { SessionKeeper } from '../client/session.ts';
import type { Terminal } from './terminal.ts';

/** What a command is given besides its arguments. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** The service that `--url` names, called with the API token that was given, or else with the session that is kept for it. */
  connect(command: Command): Client;
  /** The same, called with the session alone; and where that is kept. */
  connectWithSession(command: Command): { readonly client: Client; readonly keeper: SessionKeeper };
  /** Says how the process ends once the command is done; 0 unless said. */
  exitWith(code: number): void;
}

/** Options that all commands share. */
export interface GlobalOptions {
  readonly url: string;
  readonly timeout: number;
  /** File of an API token. */
  readonly tokenFile?: string;
}
