import { CommanderError } from 'commander';
import { ClientError } from '../client/errors.ts';
import { AppError, StartError } from '../core/errors.ts';

/**
 * How a command ends: `healthy` also stands for anything that went as asked, `unhealthy` for news that what was asked about is not as it should be,
 * `refused` for a call that somebody else, or somebody who logs in, could make.
 */
export const exitCodes = { healthy: 0, unhealthy: 1, failed: 2, refused: 3, interrupted: 130 } as const;

/** A command that cannot be carried out as it was typed. The message is a sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The answer to a question was Ctrl-C or Ctrl-D. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** What an error of the system says, for a sentence of ours. */
export const messageOf = (error: unknown): string => (typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error));

export interface Failure {
  readonly exitCode: number;
  /** What to say of it; empty where that has been said already. */
  readonly text: string;
}

const DETAILS_SHOWN = 20;

/** What a failed command tells its user: a sentence or two, never a stack. The text may hold words of the service, and is not safe for a terminal yet. */
export function failureOf(error: unknown): Failure {
  // Commander has shown its help, its version or its complaint itself, and knows which of them was asked for.
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? exitCodes.healthy : exitCodes.failed, text: '' };
  if (error instanceof ClientError) return { exitCode: exitCodeOf(error), text: clientText(error) };
  if (error instanceof Interrupted) return { exitCode: exitCodes.interrupted, text: '' };
  if (error instanceof AppError || error instanceof UsageError || error instanceof StartError) return { exitCode: exitCodes.failed, text: error.message };
  return { exitCode: exitCodes.failed, text: `this is a defect of the command: ${messageOf(error)}` };
}

function exitCodeOf({ code }: ClientError): number {
  switch (code) {
    case 'REGISTRY_UNREACHABLE':
      return exitCodes.unhealthy;
    case 'AUTHENTICATION_REQUIRED':
    case 'LOGIN_FAILED':
    case 'TOKEN_REJECTED':
    case 'FORBIDDEN':
      return exitCodes.refused;
    default:
      return exitCodes.failed;
  }
}

function clientText(error: ClientError): string {
  const lines = shownDetails(error).map(({ path, message }) => `  ${path === '' ? '' : `${path}: `}${message}`);
  const request = error.requestId !== null && error.status !== null && error.status >= 500 ? [`  request id: ${error.requestId}`] : [];
  return [sentenceOn(error), ...lines, ...request].join('\n');
}

/** What the service says is a sentence with advice already; here stands what only this command can know. */
function sentenceOn({ code, message, retryAfterS }: ClientError): string {
  const sentence = sentences.get(code);
  if (sentence !== undefined) return sentence(message);
  return retryAfterS === null ? message : `${message} Try again in ${retryAfterS} s.`;
}

const sentences = new Map<string, (message: string) => string>([
  ['SERVICE_AWAY', (message) => `${message} Start it with \`npm start\`, or name another with --url.`],
  ['SERVICE_TIMEOUT', (message) => `${message} Give it longer with --timeout.`],
  ['NOT_PORTOLAN', (message) => `${message} Check --url.`],
  ['BAD_SERVICE_URL', (message) => `${message} Correct --url, or PORTOLAN_URL in the environment.`],
  ['RECORD_NOT_FOUND', () => 'No record has this id, or none that you may see: `portolan list` shows those that there are. A registry without a record is named by its URL, which begins with http:// or https://.'],
  ['USER_NOT_FOUND', () => 'There is no such user: `portolan user list` shows all.'],
  ['TOKEN_NOT_FOUND', () => 'There is no such token of yours: `portolan token list` shows those that there are.'],
  ['CREDENTIAL_NOT_FOUND', () => 'No such credential is kept for this registry: `portolan credential list` shows those that are.'],
  ['AUTHENTICATION_REQUIRED', () => 'Portolan must know who asks for this. Log in with `portolan login`, or give an API token with PORTOLAN_TOKEN or --token-file.'],
  ['TOKEN_REJECTED', () => 'The session or the token is not valid, or no longer. Log in again with `portolan login`; where an API token was given with PORTOLAN_TOKEN or --token-file, have a new one made.'],
  ['FORBIDDEN', (message) => `${message} \`portolan whoami\` shows what you may do.`],
  ['INSECURE_TRANSPORT', (message) => `${message} Where the service has HTTPS, name it in --url with https://.`],
  ['ROUTE_NOT_FOUND', (message) => `${message} The service may be older than this command.`],
  ['INTERNAL', () => 'The service failed at this. The cause stands in its log, beside the request id.'],
]);

/** Details say where; a single one that the message repeats says nothing more. */
function shownDetails({ details, message }: ClientError): ClientError['details'] {
  const [first] = details;
  if (first !== undefined && details.length === 1 && message.includes(first.message)) return [];
  return details.slice(0, DETAILS_SHOWN);
}
