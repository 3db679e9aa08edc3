import { auditedChanges, auditEntryOf, type AuditedChange } from '../core/audit.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Actor, UserRole } from '../core/principal.ts';
import type { EntryStore } from '../store/access-port.ts';
import { checkUserFields, demandAdministration, demandAllRights, demandUserChange, mustConfirm } from './account-rules.ts';
import type { Logins } from './logins.ts';
import type { PasswordHasher } from './passwords.ts';
import { createTurns } from './turns.ts';
import { allUsers, canAdminister, endSessionsOf, getUser, putUser, refuseLastAdministrator, type User, type UserDocument } from './users.ts';

export interface NewUser {
  readonly username: string;
  readonly password?: string | undefined;
  /** Default: `user` */
  readonly role?: UserRole | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly disabled?: boolean | undefined;
}

export interface UserChange {
  readonly password?: string | undefined;
  /** Needed to change one's own password. */
  readonly current_password?: string | undefined;
  readonly role?: UserRole | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly disabled?: boolean | undefined;
}

/** What is written of a change: its password is hashed already. */
interface HashedChange extends Pick<UserChange, 'role' | 'groups' | 'disabled'> {
  readonly phc?: string | undefined;
}

export interface UserAdministration {
  create(actor: Actor, input: NewUser): Promise<User>;
  update(actor: Actor, name: string, change: UserChange): Promise<User>;
  /**
   * Records that the user owned keep the name as their owner, so that nothing is lost; a new user of that name gets them. Transfer them
   * first, or disable the user instead, where that is not wanted.
   */
  remove(actor: Actor, name: string): Promise<void>;
}

interface UserAdministrationParts {
  readonly entries: EntryStore;
  readonly hasher: PasswordHasher;
  readonly confirm: Logins['confirm'];
  readonly clock: Clock;
}

/**
 * Changes to users. They take turns within a process, so that two administrators cannot remove each other at once; over several processes
 * that can still happen, and `portolan admin reset` mends it.
 */
export function createUserAdministration(parts: UserAdministrationParts): UserAdministration {
  const { entries, hasher, clock } = parts;
  const turns = createTurns(1, limits.writeQueueMax);
  return {
    async create(actor, { username, password, role = 'user', groups = [], disabled = false }) {
      demandAdministration(actor.principal, 'write');
      if (role === 'admin') demandAllRights(actor.principal, 'make an administrator');
      if (password !== undefined && actor.principal.kind === 'token') demandAllRights(actor.principal, 'set a password by a token');
      checkUserFields({ username, password, role, groups });
      const phc = password === undefined ? null : await hasher.hash(password);
      const created_at = new Date(clock.nowMs()).toISOString();
      const document: UserDocument = { password: phc, role, groups, disabled, created_at, password_changed_at: phc === null ? null : created_at };
      return turns.take(() => add(entries, actor, { name: username, document, revision: 0 }));
    },
    async update(actor, name, change) {
      demandUserChange(actor.principal, name, change);
      checkUserFields(change);
      if (mustConfirm(actor.principal, name, change)) await parts.confirm(actor, name, givenPassword(change));
      const phc = change.password === undefined ? undefined : await hasher.hash(change.password);
      return turns.take(() => updateInTurn(parts, actor, name, { role: change.role, groups: change.groups, disabled: change.disabled, phc }));
    },
    async remove(actor, name) {
      demandAdministration(actor.principal, 'write');
      await turns.take(() => removeInTurn(parts, actor, name));
    },
  };
}

function givenPassword({ current_password: given }: UserChange): string {
  if (given !== undefined) return given;
  const message = 'is needed to change your own password';
  throw new AppError('INVALID_REQUEST', `The body is not valid: current_password ${message}.`, { details: [{ path: 'current_password', message }] });
}

async function add(entries: EntryStore, actor: Actor, user: User): Promise<User> {
  if ((await allUsers(entries)).length >= limits.usersMax) throw new AppError('QUOTA_REACHED', `There are ${limits.usersMax} users, and there may be no more.`);
  const audit = auditEntryOf(actor, user.document.created_at, { action: 'user:create', target: user.name, changes: changesBetween(null, user.document) });
  if (!(await putUser(entries, user, audit))) throw new AppError('USER_EXISTS', `There is a user ${user.name} already.`);
  return { ...user, revision: 1 };
}

async function updateInTurn({ entries, clock }: UserAdministrationParts, actor: Actor, name: string, change: HashedChange): Promise<User> {
  for (let attempts = 0; attempts <= limits.accountRetriesMax; attempts++) {
    const user = await getUser(entries, name);
    const document = changedUser(user.document, change, clock.nowMs());
    const changes = changesBetween(user.document, document);
    if (changes.length === 0) return user;
    if (user.document.role === 'admin' || document.role === 'admin') demandAllRights(actor.principal, 'change administrators');
    if (canAdminister(user.document) && !canAdminister(document)) await refuseLastAdministrator(entries, name);
    const audit = auditEntryOf(actor, new Date(clock.nowMs()).toISOString(), { action: 'user:update', target: name, changes });
    if (!(await putUser(entries, { ...user, document }, audit))) continue;
    if (document.disabled || change.phc !== undefined) await endSessionsOf(entries, name);
    return { ...user, document, revision: user.revision + 1 };
  }
  throw new AppError('CONFLICT');
}

/** A user as a change leaves it. */
export function changedUser(before: UserDocument, { role, groups, disabled, phc }: HashedChange, nowMs: number): UserDocument {
  const after = { ...before, role: role ?? before.role, groups: groups ?? before.groups, disabled: disabled ?? before.disabled };
  if (phc === undefined) return after;
  // No two passwords may have the same time: it tells which sessions are still good.
  const changedAtMs = before.password_changed_at === null ? nowMs : Math.max(nowMs, Date.parse(before.password_changed_at) + 1);
  return { ...after, password: phc, password_changed_at: new Date(changedAtMs).toISOString() };
}

async function removeInTurn({ entries, clock }: UserAdministrationParts, actor: Actor, name: string): Promise<void> {
  const user = await getUser(entries, name);
  if (user.document.role === 'admin') demandAllRights(actor.principal, 'delete administrators');
  if (canAdminister(user.document)) await refuseLastAdministrator(entries, name);
  const audit = auditEntryOf(actor, new Date(clock.nowMs()).toISOString(), { action: 'user:delete', target: name, changes: changesBetween(user.document, null) });
  if (!(await entries.delete('user', name, audit))) throw new AppError('USER_NOT_FOUND');
  // Whatever is left behind, should this be cut short, is older than any later user of that name, and refused for that.
  await entries.deleteOwned('token', name);
  await endSessionsOf(entries, name);
}

export function changesBetween(before: UserDocument | null, after: UserDocument | null): readonly AuditedChange[] {
  return auditedChanges(before === null ? null : auditedFields(before), after === null ? null : auditedFields(after));
}

function auditedFields({ password, role, groups, disabled }: UserDocument): Parameters<typeof auditedChanges>[0] {
  return { ...(password === null ? {} : { password }), role, groups: [...groups], disabled };
}
