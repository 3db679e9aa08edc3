import { isName } from '../auth/account-rules.ts';
import { SHARE_RIGHTS, VISIBILITIES, type RecordAccess, type Share, type Visibility } from '../core/access.ts';
import type { AuditedChange } from '../core/audit.ts';
import { AppError, type ErrorDetail } from '../core/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';

/** What is to become of who may do what with a record; what is not named stays. */
export type AccessChange = Partial<RecordAccess>;

const FIELDS = ['owner', 'visibility', 'shared_with'];
const NAME_RULE = '1 to 64 lower-case letters, digits, dots, underscores and hyphens, the first a letter or a digit';

/** @throws {AppError} `INVALID_REQUEST` with everything that is wrong */
export function accessChangeOf(input: Json): AccessChange {
  if (!isJsonObject(input)) throw refusal([{ path: '', message: 'must be an object such as {"visibility": "private"}' }]);
  const details = Object.keys(input).flatMap((key) => (FIELDS.includes(key) ? [] : [{ path: key.slice(0, 100), message: `is not known here; there are ${FIELDS.join(', ')}` }]));
  const { owner, visibility, shared_with: shares } = input;
  if (owner !== undefined && owner !== null && !(typeof owner === 'string' && isName(owner))) details.push({ path: 'owner', message: `must be the name of a user (${NAME_RULE}), or null` });
  if (visibility !== undefined && !VISIBILITIES.some((word) => word === visibility)) details.push({ path: 'visibility', message: `must be one of ${VISIBILITIES.join(', ')}` });
  if (shares !== undefined) details.push(...complaintsAboutShares(shares));
  if (details.length > 0) throw refusal(details);
  return {
    ...(owner === undefined ? {} : { owner: owner as string | null }),
    ...(visibility === undefined ? {} : { visibility: visibility as Visibility }),
    // In this order of keys, by which a filter compares whole objects.
    ...(shares === undefined ? {} : { shared_with: (shares as unknown as readonly Share[]).map(({ with: member, may }) => ({ with: member, may })) }),
  };
}

function complaintsAboutShares(shares: Json): ErrorDetail[] {
  if (!Array.isArray(shares)) return [{ path: 'shared_with', message: 'must be a list such as [{"with": "group:ops", "may": "read"}]' }];
  if (shares.length > limits.sharesPerRecordMax) return [{ path: 'shared_with', message: `must not have more than ${limits.sharesPerRecordMax} shares; share with groups` }];
  const seen = new Set<Json>();
  return shares.flatMap((share, position) => complaintsAboutShare(share, `shared_with.${position}`, seen));
}

function complaintsAboutShare(share: Json, path: string, seen: Set<Json>): ErrorDetail[] {
  if (!isJsonObject(share)) return [{ path, message: 'must be an object such as {"with": "group:ops", "may": "read"}' }];
  const { with: member = null, may = null, ...rest } = share;
  const details: ErrorDetail[] = [];
  if (Object.keys(rest).length > 0) details.push({ path, message: 'takes `with` and `may`, and nothing else' });
  if (!isMember(member)) details.push({ path: `${path}.with`, message: `must be user: or group: and a name (${NAME_RULE})` });
  else if (seen.has(member)) details.push({ path: `${path}.with`, message: 'is named twice' });
  if (!SHARE_RIGHTS.some((right) => right === may)) details.push({ path: `${path}.may`, message: `must be one of ${SHARE_RIGHTS.join(', ')}` });
  seen.add(member);
  return details;
}

function isMember(value: Json): boolean {
  if (typeof value !== 'string') return false;
  const [kind, ...name] = value.split(':');
  return (kind === 'user' || kind === 'group') && isName(name.join(':'));
}

function refusal(details: readonly ErrorDetail[]): AppError {
  const [first] = details;
  return new AppError('INVALID_REQUEST', `The body is not valid: ${first?.path === '' ? 'it' : (first?.path ?? '')} ${first?.message ?? ''}.`, { details });
}

/** What the audit tells of a change of access, each share by itself. @param before null: of a new record; @param after null: of one that is gone */
export function auditedAccess(before: RecordAccess | null, after: RecordAccess | null): readonly AuditedChange[] {
  const [from, to] = [flat(before), flat(after)];
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((path) => (from[path] === to[path] ? [] : [changeOf(path, from[path], to[path])]));
}

function flat(access: RecordAccess | null): JsonObject {
  if (access === null) return {};
  const { owner, visibility, shared_with: shares } = access;
  return { owner, visibility, ...Object.fromEntries(shares.map((share) => [`shared_with.${share.with}`, share.may])) };
}

function changeOf(path: string, before: Json | undefined, after: Json | undefined): AuditedChange {
  return { path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}
