import { readFileSync } from 'node:fs';
import { createClient, type Client, type ClientOptions } from '../client/client.ts';
import type { SessionKeeper } from '../client/session.ts';
import type { GlobalOptions } from './context.ts';
import { messageOf, UsageError } from './failure.ts';
import { sessionInFile } from './session-file.ts';
import type { Terminal } from './terminal.ts';

/** The service, called with the API token that was given, or else with the session that is kept for it. */
export function connectAsGiven(options: GlobalOptions, terminal: Terminal): Client {
  const token = givenToken(options, terminal.env);
  return token === undefined ? connectWithSession(options, terminal).client : createClient({ ...clientOptions(options, terminal), token });
}

/** The service, called with the session that is kept for it; and where that is kept. */
export function connectWithSession(options: GlobalOptions, terminal: Terminal): { readonly client: Client; readonly keeper: SessionKeeper } {
  // What is no URL is the client's to refuse.
  const origin = URL.canParse(options.url) ? new URL(options.url).origin : '';
  const keeper = sessionInFile(terminal, origin);
  return { client: createClient({ ...clientOptions(options, terminal), session: keeper }), keeper };
}

const clientOptions = ({ url, timeout }: GlobalOptions, { fetch, clock }: Terminal): ClientOptions => ({ url, timeoutMs: timeout * 1000, fetch, clock });

/** A token is no argument, because lists of processes show those to everybody. */
function givenToken({ tokenFile }: GlobalOptions, env: Terminal['env']): string | undefined {
  if (tokenFile === undefined) return env['PORTOLAN_TOKEN'] === '' ? undefined : env['PORTOLAN_TOKEN'];
  try {
    return readFileSync(tokenFile, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`The file ${tokenFile} of --token-file cannot be read: ${messageOf(error)}.`);
  }
}
