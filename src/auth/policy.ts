import { isWithin, type RecordAccess, type Scope, type Share } from '../core/access.ts';
import type { Action, Permission, Principal } from '../core/principal.ts';

export type Decision = 'allowed' | 'forbidden' | 'hidden';

/** Which actions on somebody else's record a share stands for. Reading is every share's. */
const SHARED_FOR: Readonly<Record<Share['may'], readonly Action[]>> = {
  read: [],
  pull: ['credential:use'],
  write: ['record:update'],
};

/** How far a principal may take an action: on anything, on its own, or not at all. */
export function reachOf({ permissions }: Pick<Principal, 'permissions'>, action: Action): 'any' | 'own' | 'none' {
  if (permissions.includes('*') || permissions.includes(action)) return 'any';
  return permissions.includes(`${action}_own`) ? 'own' : 'none';
}

const NOTHING: Scope = { visibilities: [], owner: null, members: [] };

/** Which records a principal may see; null: all. */
export function scopeOf(principal: Principal): Scope | null {
  if (reachOf(principal, 'record:read') === 'none') return NOTHING;
  if (principal.permissions.includes('*')) return null;
  if (principal.user === null) return { visibilities: ['public'], owner: null, members: [] };
  // A token that may do less than its administrator still sees what the administrator sees.
  if (principal.role === 'admin') return null;
  return { visibilities: ['public', 'internal'], owner: principal.user, members: membersOf(principal) };
}

/** What a record may be shared with so that this principal is meant. */
function membersOf({ user, groups }: Principal): readonly string[] {
  return [...(user === null ? [] : [`user:${user}`]), ...groups.map((group) => `group:${group}`)];
}

/** Whether a principal may do something to a record. What it may not see it must not learn of: `hidden`. */
export function decideOnRecord(principal: Principal, action: Action, access: RecordAccess): Decision {
  if (!isWithin(scopeOf(principal), access)) return 'hidden';
  switch (reachOf(principal, action)) {
    case 'any':
      return 'allowed';
    case 'none':
      return 'forbidden';
    case 'own':
      return isOwn(principal, action, access) ? 'allowed' : 'forbidden';
  }
}

function isOwn(principal: Principal, action: Action, { owner, shared_with: shares }: RecordAccess): boolean {
  if (owner !== null && owner === principal.user) return true;
  const members = membersOf(principal);
  return shares.some((share) => members.includes(share.with) && SHARED_FOR[share.may].includes(action));
}

/** What a token may do: what its user may, and of that only what its scopes name. Scopes are actions, or `*`. */
export function narrowPermissions(permissions: readonly Permission[], scopes: readonly (Action | '*')[]): readonly Permission[] {
  if (scopes.includes('*')) return permissions;
  if (permissions.includes('*')) return scopes;
  return permissions.filter((permission) => scopes.includes(actionOf(permission)));
}

const actionOf = (permission: Permission): Action => permission.replace(/_own$/, '') as Action;
