import { reachOf } from '../auth/policy.ts';
import { AppError } from '../core/errors.ts';
import type { Action, Principal } from '../core/principal.ts';
import type { RouteDefinition } from './route.ts';

/**
 * Whether somebody may call a route at all; what they may do to which record or account, its service decides.
 * @throws {AppError} `AUTHENTICATION_REQUIRED` for who has not said who they are, otherwise `FORBIDDEN`
 */
export function authorize({ action, alsoBy }: Pick<RouteDefinition, 'action' | 'alsoBy'>, principal: Principal): void {
  if (action === 'open' || action === 'anybody' || may(principal, action) || (alsoBy !== undefined && may(principal, alsoBy))) return;
  if (principal.kind === 'anonymous') throw new AppError('AUTHENTICATION_REQUIRED');
  const shortOf = principal.kind === 'token' ? 'This token may not do that: it, or its user, lacks' : 'You may not do that: you lack';
  throw new AppError('FORBIDDEN', `${shortOf} the permission ${action}. GET /api/v1/auth/me tells what you may do.`);
}

const may = (principal: Principal, action: Action): boolean => reachOf(principal, action) !== 'none';
