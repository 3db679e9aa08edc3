import type { Permission, Principal, UserRole } from '../core/principal.ts';

/**
 * What each role may do. `_own` is what one owns, or what is shared with one for that; sharing gives nobody an action that their role
 * lacks altogether.
 */
export const permissionsOfRole: Readonly<Record<UserRole, readonly Permission[]>> = {
  admin: ['*'],
  publisher: [
    'record:read',
    'record:create',
    'record:update_own',
    'record:delete_own',
    'record:share_own',
    'record:probe',
    'url:probe',
    'credential:read_own',
    'credential:write_own',
    'credential:use_own',
    'metrics:read',
    'account:read',
    'account:write',
  ],
  user: ['record:read', 'record:probe', 'credential:use_own', 'metrics:read', 'account:read', 'account:write'],
};

/** Where `ANONYMOUS_READ` opens public records to everybody. */
export const permissionsOfVisitor: readonly Permission[] = ['record:read'];

/** Whoever calls where nobody has to log in. */
export const localPrincipal: Principal = { kind: 'local', user: null, role: null, groups: [], credentialId: null, permissions: ['*'] };

/** Whoever has not said who they are. @param anonymousRead `ANONYMOUS_READ` */
export function anonymousPrincipal(anonymousRead: boolean): Principal {
  return { kind: 'anonymous', user: null, role: null, groups: [], credentialId: null, permissions: anonymousRead ? permissionsOfVisitor : [] };
}
