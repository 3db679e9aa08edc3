/** What a principal does when it calls a route; policies are written in these words. */
export const ACTIONS = [
  'record:read',
  'record:create',
  'record:update',
  'record:delete',
  'record:share',
  'record:probe',
  'url:probe',
  'credential:read',
  'credential:write',
  'credential:use',
  'metrics:read',
  'account:read',
  'account:write',
  'user:read',
  'user:write',
  'audit:read',
  'backup:create',
  'secret:rotate',
] as const;

export type Action = (typeof ACTIONS)[number];

/** An action on anything, on what one owns (or is shared with one for that), or every action. */
export type Permission = Action | `${Action}_own` | '*';

export const USER_ROLES = ['admin', 'publisher', 'user'] as const;
export type UserRole = (typeof USER_ROLES)[number];

/**
 * Whoever a request is made as. `local`: anybody on this machine while Portolan is bound to loopback, or anybody at all where the operator
 * spelled out `AUTH=off`. `anonymous`: nobody who has said who they are. `user`: a session. `token`: an API token, which acts as its user.
 */
export interface Principal {
  readonly kind: 'local' | 'anonymous' | 'user' | 'token';
  /** Name of the user; null for `local` and `anonymous`. */
  readonly user: string | null;
  readonly role: UserRole | null;
  readonly groups: readonly string[];
  /** Id of the session or the token. */
  readonly credentialId: string | null;
  readonly permissions: readonly Permission[];
}

/** Who does something, from where, in which request: what the audit tells. */
export interface Actor {
  readonly principal: Principal;
  /** IP address. */
  readonly address: string;
  readonly requestId: string;
}
