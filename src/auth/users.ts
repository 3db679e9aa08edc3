import type { AuditEntry } from '../core/audit.ts';
import { AppError } from '../core/errors.ts';
import type { UserRole } from '../core/principal.ts';
import type { EntryStore } from '../store/access-port.ts';
import { allEntries } from '../store/all-entries.ts';

/** A user as the store keeps it; its name is the entry's key. Times are ISO 8601 in UTC. */
export interface UserDocument {
  /** PHC string; null: a service account, which has tokens only. */
  readonly password: string | null;
  readonly role: UserRole;
  readonly groups: readonly string[];
  readonly disabled: boolean;
  readonly created_at: string;
  /** Sessions that were opened with an older password are no longer good. */
  readonly password_changed_at: string | null;
}

export interface User {
  readonly name: string;
  readonly document: UserDocument;
  readonly revision: number;
}

/** A user as the API shows it. */
export interface UserView {
  readonly username: string;
  readonly role: UserRole;
  readonly groups: readonly string[];
  readonly disabled: boolean;
  /** Without one, a user cannot log in but can have tokens: a service account. */
  readonly has_password: boolean;
  readonly created_at: string;
  readonly password_changed_at: string | null;
}

export function viewOf({ name, document: { password, ...shown } }: Pick<User, 'name' | 'document'>): UserView {
  return {
    username: name,
    role: shown.role,
    groups: shown.groups,
    disabled: shown.disabled,
    has_password: password !== null,
    created_at: shown.created_at,
    password_changed_at: shown.password_changed_at,
  };
}

export async function findUser(entries: EntryStore, name: string): Promise<User | null> {
  const entry = await entries.get('user', name);
  return entry === null ? null : { name, document: JSON.parse(entry.text) as UserDocument, revision: entry.revision };
}

/** @throws {AppError} `USER_NOT_FOUND` */
export async function getUser(entries: EntryStore, name: string): Promise<User> {
  const user = await findUser(entries, name);
  if (user === null) throw new AppError('USER_NOT_FOUND', `There is no user ${JSON.stringify(name)}.`);
  return user;
}

/** In the order of names; `limits.usersMax` at most. */
export async function allUsers(entries: EntryStore): Promise<readonly User[]> {
  const users: User[] = [];
  for await (const { key, text, revision } of allEntries(entries, 'user')) users.push({ name: key, document: JSON.parse(text) as UserDocument, revision });
  return users;
}

/** @param user `revision` 0: there is none yet. @returns whether it was written; otherwise somebody else was faster */
export async function putUser(entries: EntryStore, { name, document, revision }: User, audit?: AuditEntry): Promise<boolean> {
  return entries.put({ kind: 'user', key: name, owner: null, expiresAtMs: null, text: JSON.stringify(document), expectedRevision: revision }, audit);
}

/** Ends all sessions of a user. */
export async function endSessionsOf(entries: EntryStore, name: string): Promise<void> {
  await entries.deleteOwned('session', name);
}

/** Administrators who can log in: without one, nobody could let anybody in. */
export const canAdminister = ({ role, disabled, password }: UserDocument): boolean => role === 'admin' && !disabled && password !== null;

/** @throws {AppError} `LAST_ADMINISTRATOR` when nobody but `name` can administer */
export async function refuseLastAdministrator(entries: EntryStore, name: string): Promise<void> {
  const users = await allUsers(entries);
  if (users.some((user) => user.name !== name && canAdminister(user.document))) return;
  throw new AppError('LAST_ADMINISTRATOR', `${name} is the last administrator who can log in. Make another user an administrator first.`);
}
