import { auditEntryOf, type AuditEntry } from '../core/audit.ts';
import type { Clock } from '../core/clock.ts';
import { AppError, type ErrorCode } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Actor } from '../core/principal.ts';
import type { RouteDefinition } from './route.ts';

/** What was asked for. */
interface Attempt {
  readonly route: Pick<RouteDefinition, 'action' | 'path'>;
  readonly params: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
}

/** Tells the audit of requests that were denied; it is the audit that lets nobody fill it. */
export interface Denials {
  /** Notes it if the error is a denial, in the background. */
  note(error: unknown, attempt: Attempt, actor: Actor): void;
}

const DENIALS: readonly ErrorCode[] = ['FORBIDDEN', 'INSECURE_TRANSPORT', 'QUOTA_REACHED', 'TOKEN_REJECTED'];

export function createDenials(note: (entry: AuditEntry) => void, clock: Clock): Denials {
  return {
    note(error, attempt, actor) {
      if (!(error instanceof AppError) || !isDenial(error.code, attempt)) return;
      const at = new Date(clock.nowMs()).toISOString();
      note(auditEntryOf(actor, at, { action: actionOf(attempt), ...objectOf(attempt), outcome: 'denied', code: error.code }));
    },
  };
}

/** Nobody is denied anything who has merely not logged in yet; a header that says otherwise, but not who, is another matter. */
function isDenial(code: ErrorCode, { authorization }: Attempt): boolean {
  return DENIALS.includes(code) || (code === 'AUTHENTICATION_REQUIRED' && authorization !== undefined);
}

/** What is open to all can be denied only because of how somebody said who they are. */
function actionOf({ route: { action } }: Attempt): string {
  return action === 'open' || action === 'anybody' ? 'session:use' : action;
}

function objectOf({ route: { path }, params }: Attempt): { record: string } | { target: string } | undefined {
  const [name] = Object.values(params);
  if (name === undefined) return undefined;
  const shown = name.slice(0, limits.idLengthMax);
  return path.startsWith('/api/') ? { target: shown } : { record: shown };
}
