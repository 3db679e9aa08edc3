import { reachOf } from '../../auth/policy.ts';
import { openAccess, type RecordAccess } from '../../core/access.ts';
import { auditedChanges, auditEntryOf, type AuditedChange } from '../../core/audit.ts';
import { AppError } from '../../core/errors.ts';
import { neverProbed } from '../../core/health-summary.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { Actor, Principal } from '../../core/principal.ts';
import type { RecordFields } from '../../core/record.ts';
import type { Insertion } from '../../store/port.ts';
import { accessChangeOf, auditedAccess } from '../access-change.ts';
import type { GivenAccess, Newcomer, Trial } from '../catalog.ts';
import { quotaReached } from '../owner-quota.ts';
import type { CatalogParts } from '../principal-records.ts';
import { completeNewRecord } from '../record.ts';

/** @see PrincipalCatalog.prepare */
export function newcomerOf(principal: Principal, input: Json, given: GivenAccess): Newcomer {
  const record = completeNewRecord(input);
  const access = accessOf(principal, given);
  return { record, access, changes: changesOfNew(record, access) };
}

/** What the audit is told of a new record. */
export function changesOfNew(record: RecordFields, access: RecordAccess): readonly AuditedChange[] {
  return [...auditedAccess(null, access), ...auditedChanges(null, record as unknown as JsonObject)];
}

export function idTaken(id: string): AppError {
  return new AppError('ID_EXISTS', `There is a record with the id ${id} already. Update it with PUT, or choose another id.`);
}

function accessOf(principal: Principal, { owner, visibility, shared_with: shares }: GivenAccess): RecordAccess {
  const mayDoAll = principal.permissions.includes('*');
  const hasShares = shares !== undefined && !(Array.isArray(shares) && shares.length === 0);
  if (owner === undefined && visibility === undefined && !hasShares) return { ...openAccess, owner: principal.user };
  const change = accessChangeOf({ ...(mayDoAll && owner !== undefined ? { owner } : {}), ...(visibility === undefined ? {} : { visibility }), ...(hasShares ? { shared_with: shares } : {}) });
  if (hasShares && reachOf(principal, 'record:share') === 'none') {
    throw new AppError('FORBIDDEN', 'The record would be shared, which takes the permission record:share. Leave `shared_with` out, or have somebody else import it.');
  }
  return { ...openAccess, owner: principal.user, ...change };
}

/** @see PrincipalCatalog.createMany */
export async function createMany(parts: CatalogParts, actor: Actor, newcomers: readonly Newcomer[], { dryRun = false }: Trial): Promise<readonly (AppError | null)[]> {
  const outcomes: (AppError | null)[] = await Promise.all(newcomers.map(({ access }) => whyNotOwnedBy(parts, actor.principal, access.owner)));
  let left = newcomers.flatMap((newcomer, index) => (outcomes[index] === null ? [{ newcomer, index }] : []));
  // Whoever may do everything may also exceed the quota; anybody else's records are their own.
  const { user, permissions } = actor.principal;
  while (left.length > 0) {
    const { places, release } = user === null || permissions.includes('*') ? { places: left.length, release: () => undefined } : await parts.quota.reserveSome(user, left.length);
    try {
      const admitted = left.slice(0, places);
      left = left.slice(places);
      const failures = await (dryRun ? tryInserting : insert)(parts, actor, admitted.map(({ newcomer }) => newcomer));
      for (const [position, { index }] of admitted.entries()) outcomes[index] = failures[position] ?? null;
    } finally {
      release();
    }
    // Some of those admitted may have been there already and taken no place. A trial takes none at all.
    if (places > 0 && !dryRun) continue;
    for (const { index } of left) outcomes[index] = quotaReached(user ?? '', parts.recordsPerOwnerMax);
    break;
  }
  return outcomes;
}

async function whyNotOwnedBy({ userExists }: CatalogParts, { user }: Principal, owner: string | null): Promise<AppError | null> {
  if (owner === null || owner === user || (await userExists(owner))) return null;
  return new AppError('INVALID_REQUEST', `The record cannot belong to ${owner}: there is no such user. Make the user first, or leave \`meta.owner\` out.`, {
    details: [{ path: 'meta.owner', message: 'names no user that there is' }],
  });
}

async function insert({ store, clock, listener }: CatalogParts, actor: Actor, newcomers: readonly Newcomer[]): Promise<readonly (AppError | null)[]> {
  const time = new Date(clock.nowMs()).toISOString();
  const insertions = newcomers.map(({ record, access, changes }): Insertion => {
    const audit = auditEntryOf(actor, time, { action: 'record:create', record: record.container_registry_id, changes });
    return { record: { record, meta: { created_at: time, updated_at: time, revision: 1, ...access }, health: neverProbed(time) }, audit };
  });
  const outcomes = await store.insertMany(insertions);
  const ids = newcomers.map(({ record }) => record.container_registry_id);
  const inserted = ids.filter((_id, index) => outcomes[index] === 'inserted');
  if (inserted.length > 0) listener?.onWritten(...inserted);
  return ids.map((id, index) => (outcomes[index] === 'inserted' ? null : idTaken(id)));
}

async function tryInserting({ store }: CatalogParts, _actor: Actor, newcomers: readonly Newcomer[]): Promise<readonly (AppError | null)[]> {
  const ids = newcomers.map(({ record }) => record.container_registry_id);
  const isThere = await Promise.all(ids.map(async (id) => (await store.get(id)) !== null));
  return ids.map((id, index) => (isThere[index] === true || ids.indexOf(id) < index ? idTaken(id) : null));
}
