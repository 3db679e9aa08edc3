import { CommanderError } from 'commander';
import { ClientError } from '../client/errors.ts';

/** How a command ends: `healthy` also stands for anything that went as asked. */
export const exitCodes = { healthy: 0, unhealthy: 1, failed: 2 } as const;

/** A command that cannot be carried out as it was typed. The message is a sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Failure {
  readonly exitCode: number;
  /** What to say of it; empty where that has been said already. */
  readonly text: string;
}

const DETAILS_SHOWN = 20;

/** What a failed command tells its user: a sentence or two, never a stack. The text may hold words of the service, and is not safe for a terminal yet. */
export function failureOf(error: unknown): Failure {
  // Commander has shown its help, its version or its complaint itself; only the first two are what was asked for.
  if (error instanceof CommanderError) return { exitCode: ['commander.helpDisplayed', 'commander.version'].includes(error.code) ? exitCodes.healthy : exitCodes.failed, text: '' };
  if (error instanceof ClientError) return { exitCode: error.code === 'REGISTRY_UNREACHABLE' ? exitCodes.unhealthy : exitCodes.failed, text: clientText(error) };
  if (error instanceof UsageError) return { exitCode: exitCodes.failed, text: error.message };
  return { exitCode: exitCodes.failed, text: `this is a defect of the command: ${error instanceof Error ? error.message : String(error)}` };
}

function clientText(error: ClientError): string {
  const lines = shownDetails(error).map(({ path, message }) => `  ${path === '' ? '' : `${path}: `}${message}`);
  const request = error.requestId !== null && error.status !== null && error.status >= 500 ? [`  request id: ${error.requestId}`] : [];
  return [sentenceOn(error), ...lines, ...request].join('\n');
}

/** What the service says is a sentence with advice already; here stands what only this command can know. */
function sentenceOn({ code, message, retryAfterS }: ClientError): string {
  switch (code) {
    case 'SERVICE_AWAY':
      return `${message} Start it with \`npm start\`, or name another with --url.`;
    case 'SERVICE_TIMEOUT':
      return `${message} Give it longer with --timeout.`;
    case 'NOT_PORTOLAN':
      return `${message} Check --url.`;
    case 'BAD_SERVICE_URL':
      return `${message} Correct --url, or PORTOLAN_URL in the environment.`;
    case 'RECORD_NOT_FOUND':
      return 'No record has this id: `portolan list` shows those that there are. A registry without a record is named by its URL, which begins with http:// or https://.';
    case 'ROUTE_NOT_FOUND':
      return `${message} The service may be older than this command.`;
    case 'INTERNAL':
      return 'The service failed at this. The cause stands in its log, beside the request id.';
    default:
      return retryAfterS === null ? message : `${message} Try again in ${retryAfterS} s.`;
  }
}

/** Details say where; a single one that the message repeats says nothing more. */
function shownDetails({ details, message }: ClientError): ClientError['details'] {
  const [first] = details;
  if (first !== undefined && details.length === 1 && message.includes(first.message)) return [];
  return details.slice(0, DETAILS_SHOWN);
}
