import { auditEntryOf } from '../core/audit.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { EntryStore } from '../store/access-port.ts';
import { checkUserFields } from './account-rules.ts';
import type { PasswordHasher } from './passwords.ts';
import { changedUser, changesBetween } from './user-administration.ts';
import { allUsers, canAdminister, endSessionsOf, findUser, putUser, type User } from './users.ts';

/** Whether somebody can administer, after `ensureAdministrator`. */
export type AdministratorState =
  | { readonly state: 'there' | 'made' }
  /** `reason`: sentences that say what to do. */
  | { readonly state: 'missing'; readonly reason: string };

interface AdministratorParts {
  readonly entries: EntryStore;
  readonly hasher: PasswordHasher;
  readonly clock: Clock;
}

const NAME = 'admin';

/**
 * Makes the user `admin` when there is no administrator who can log in. One who is there is never changed: whoever can set the
 * environment of one replica must not be able to take over the accounts of all.
 * @param password empty: none is made
 */
export async function ensureAdministrator({ entries, hasher, clock }: AdministratorParts, password: string): Promise<AdministratorState> {
  if (await hasAdministrator(entries)) return { state: 'there' };
  if (password === '') return { state: 'missing', reason: 'there is no administrator. Set ADMIN_PASSWORD, or ADMIN_PASSWORD_FILE, and the user admin is made with it.' };
  checkUserFields({ password });
  const user = newAdministrator(await hasher.hash(password), clock.nowMs());
  const audit = auditEntryOf(null, user.document.created_at, { action: 'user:create', target: NAME, changes: changesBetween(null, user.document) });
  if (await putUser(entries, user, audit)) return { state: 'made' };
  // Another replica may have made it at this moment.
  if (await hasAdministrator(entries)) return { state: 'there' };
  return { state: 'missing', reason: 'the user admin is there, but disabled, without a password or not an administrator. Run `portolan admin reset`.' };
}

/**
 * Makes the user `admin`, or lets it in again: enabled, an administrator, with this password; its sessions end.
 * @throws {AppError} `INVALID_REQUEST` for a password that is too short or too long, `CONFLICT` when the user is being changed at this moment
 */
export async function resetAdministrator({ entries, hasher, clock }: AdministratorParts, password: string): Promise<'made' | 'reset'> {
  checkUserFields({ password });
  const phc = await hasher.hash(password);
  const before = await findUser(entries, NAME);
  const after = before === null ? newAdministrator(phc, clock.nowMs()) : { ...before, document: changedUser(before.document, { role: 'admin', disabled: false, phc }, clock.nowMs()) };
  const action = before === null ? 'user:create' : 'user:update';
  const audit = auditEntryOf(null, new Date(clock.nowMs()).toISOString(), { action, target: NAME, changes: changesBetween(before?.document ?? null, after.document) });
  if (!(await putUser(entries, after, audit))) throw new AppError('CONFLICT');
  await endSessionsOf(entries, NAME);
  return before === null ? 'made' : 'reset';
}

async function hasAdministrator(entries: EntryStore): Promise<boolean> {
  return (await allUsers(entries)).some(({ document }) => canAdminister(document));
}

function newAdministrator(phc: string, nowMs: number): User {
  const at = new Date(nowMs).toISOString();
  return { name: NAME, document: { password: phc, role: 'admin', groups: [], disabled: false, created_at: at, password_changed_at: at }, revision: 0 };
}
