import { localPrincipal, permissionsOfRole, permissionsOfVisitor } from '../../src/auth/permissions.ts';
import { narrowPermissions } from '../../src/auth/policy.ts';
import type { Action, Actor, Principal, UserRole } from '../../src/core/principal.ts';

const actorOf = (principal: Principal): Actor => ({ principal, address: '192.0.2.7', requestId: 'r-1' });

/** Somebody who has logged in. */
export function userActor(user: string, role: UserRole, groups: readonly string[] = []): Actor {
  return actorOf({ kind: 'user', user, role, groups, credentialId: `session-of-${user}`, permissions: permissionsOfRole[role] });
}

/** A program with a token of that user. */
export function tokenActor(user: string, role: UserRole, scopes: readonly (Action | '*')[]): Actor {
  return actorOf({ kind: 'token', user, role, groups: [], credentialId: `token-of-${user}`, permissions: narrowPermissions(permissionsOfRole[role], scopes) });
}

/** Where `ANONYMOUS_READ` is set. */
export const visitor = actorOf({ kind: 'anonymous', user: null, role: null, groups: [], credentialId: null, permissions: permissionsOfVisitor });
/** Where it is not. */
export const stranger = actorOf({ ...visitor.principal, permissions: [] });
export const local = actorOf(localPrincipal);
