import { AppError, type ErrorDetail } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { ACTIONS, USER_ROLES, type Principal, type UserRole } from '../core/principal.ts';
import { reachOf } from './policy.ts';
import type { NewToken, TokenScope } from './tokens.ts';

/** Names of users and groups: they stand in URLs, in shares (`user:ann`) and in the audit. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const NAME_RULE = 'must be 1 to 64 lower-case letters, digits, dots, underscores and hyphens, and begin with a letter or a digit';

export const isName = (text: string): boolean => NAME.test(text);

/** What may be said of a user; whatever is left out is not checked. */
interface UserFields {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly role?: UserRole | undefined;
  readonly groups?: readonly string[] | undefined;
}

/** @throws {AppError} `INVALID_REQUEST` that names every field that is wrong */
export function checkUserFields({ username, password, role, groups = [] }: UserFields): void {
  const details: ErrorDetail[] = [];
  if (username !== undefined && !isName(username)) details.push({ path: 'username', message: NAME_RULE });
  if (password !== undefined) details.push(...passwordFaults(password));
  if (role !== undefined && !USER_ROLES.includes(role)) details.push({ path: 'role', message: `must be one of ${USER_ROLES.join(', ')}` });
  if (groups.length > limits.groupsPerUserMax) details.push({ path: 'groups', message: `must be ${limits.groupsPerUserMax} at most` });
  else details.push(...groups.flatMap((group, position) => (isName(group) ? [] : [{ path: `groups.${position}`, message: NAME_RULE }])));
  refuse(details);
}

function passwordFaults({ length }: string): ErrorDetail[] {
  const { passwordLengthMin: min, passwordLengthMax: max } = limits;
  return length >= min && length <= max ? [] : [{ path: 'password', message: `must be ${min} to ${max} characters long` }];
}

/** What is too long to be right is not hashed. @throws {AppError} `INVALID_REQUEST` */
export function checkOfferedPassword(path: string, { length }: string): void {
  if (length > limits.passwordLengthMax) refuse([{ path, message: `must be at most ${limits.passwordLengthMax} characters long` }]);
}

const SCOPES: readonly TokenScope[] = [...ACTIONS, '*'];

/** @throws {AppError} `INVALID_REQUEST` */
export function checkNewToken({ name, scopes, expires_in_s: lifetimeS = null }: NewToken): void {
  const details: ErrorDetail[] = [];
  const { tokenLifetimeSMin: min, tokenLifetimeSMax: max } = limits;
  if (name.trim() === '' || name.length > limits.tokenNameLengthMax) details.push({ path: 'name', message: `must be 1 to ${limits.tokenNameLengthMax} characters long` });
  if (scopes.length === 0 || new Set(scopes).size < scopes.length) details.push({ path: 'scopes', message: 'must name at least one scope, and none twice' });
  details.push(...scopes.flatMap((scope, position) => (SCOPES.includes(scope) ? [] : [{ path: `scopes.${position}`, message: `must be one of ${SCOPES.join(', ')}` }])));
  if (lifetimeS !== null && !(Number.isInteger(lifetimeS) && lifetimeS >= min && lifetimeS <= max)) {
    details.push({ path: 'expires_in_s', message: `must be a whole number of seconds from ${min} to ${max}, or null for a token that does not expire` });
  }
  refuse(details);
}

function refuse(details: readonly ErrorDetail[]): void {
  const [first] = details;
  if (first !== undefined) throw new AppError('INVALID_REQUEST', `The body is not valid: ${first.path} ${first.message}.`, { details });
}

/** @throws {AppError} `FORBIDDEN` when this is somebody else's account and the principal may not administer */
export function demandAccount(principal: Principal, action: 'read' | 'write', username: string): void {
  if (principal.user === username && reachOf(principal, `account:${action}`) !== 'none') return;
  demandAdministration(principal, action);
}

/** @throws {AppError} `FORBIDDEN` */
export function demandAdministration(principal: Principal, action: 'read' | 'write'): void {
  if (reachOf(principal, `user:${action}`) === 'any') return;
  throw new AppError('FORBIDDEN', `This takes the permission user:${action}, which you do not have.`);
}

/**
 * Whoever may change users could otherwise give themselves all rights by way of a new administrator.
 * @throws {AppError} `FORBIDDEN`
 */
export function demandAllRights({ permissions }: Principal, what: string): void {
  if (!permissions.includes('*')) throw new AppError('FORBIDDEN', `Only whoever may do everything may ${what}.`);
}

/**
 * A token hands on no more than it has itself; what a user hands on, the user's role narrows at each use.
 * @throws {AppError} `FORBIDDEN` naming the first scope that it lacks
 */
export function demandScopes(principal: Principal, scopes: readonly TokenScope[]): void {
  if (principal.kind !== 'token' || principal.permissions.includes('*')) return;
  const lacking = scopes.find((scope) => scope === '*' || reachOf(principal, scope) === 'none');
  if (lacking !== undefined) throw new AppError('FORBIDDEN', `A token cannot make one that may do more than itself: it lacks ${lacking}.`);
}

/** What a change to a user takes, before anything is known of that user. @throws {AppError} `FORBIDDEN` */
export function demandUserChange(principal: Principal, username: string, { password, role, groups, disabled }: UserFields & { readonly disabled?: boolean | undefined }): void {
  if (password !== undefined && principal.kind === 'token') throw new AppError('FORBIDDEN', 'A token cannot change passwords. Log in for that.');
  if (role !== undefined || groups !== undefined || disabled !== undefined) demandAdministration(principal, 'write');
  else demandAccount(principal, 'write', username);
}

/** Whoever changes their own password says what it was, should they have left their desk. */
export function mustConfirm({ kind, user }: Principal, username: string, { password }: UserFields): boolean {
  return password !== undefined && kind === 'user' && user === username;
}
