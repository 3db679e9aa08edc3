import type { Principal } from '../core/principal.ts';
import { permissionsOfRole } from './permissions.ts';
import { narrowPermissions } from './policy.ts';
import type { Token } from './tokens.ts';
import type { User } from './users.ts';

/** A user who has logged in. */
export function principalOfSession({ name, document: { role, groups } }: User, sessionId: string): Principal {
  return { kind: 'user', user: name, role, groups, credentialId: sessionId, permissions: permissionsOfRole[role] };
}

/** A program that acts as a user, within the token's scopes. */
export function principalOfToken({ name, document: { role, groups } }: User, { id, document: { scopes } }: Token): Principal {
  return { kind: 'token', user: name, role, groups, credentialId: id, permissions: narrowPermissions(permissionsOfRole[role], scopes) };
}
