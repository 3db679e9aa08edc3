import { reachOf } from '../../auth/policy.ts';
import { openAccess, type RecordAccess } from '../../core/access.ts';
import { auditedChanges, auditEntryOf, type AuditedChange } from '../../core/audit.ts';
import { AppError } from '../../core/errors.ts';
import { neverProbed } from '../../core/health-summary.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { Actor, Principal } from '../../core/principal.ts';
import type { RecordFields } from '../../core/record.ts';
import type { RecordBatch } from '../../store/port.ts';
import { accessChangeOf, auditedAccess } from '../access-change.ts';
import type { CreationBatch, GivenAccess, Trial } from '../catalog.ts';
import { quotaReached } from '../owner-quota.ts';
import type { CatalogParts } from '../principal-records.ts';
import { completeNewRecord } from '../record.ts';

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

/** @see PrincipalCatalog.newBatch */
export class Newcomers implements CreationBatch {
  readonly #parts: CatalogParts;
  readonly #actor: Actor;
  readonly #isTrial: boolean;
  readonly #batch: RecordBatch;
  readonly #ids: string[] = [];
  readonly #owners: (string | null)[] = [];

  constructor(parts: CatalogParts, actor: Actor, { dryRun = false }: Trial) {
    this.#parts = parts;
    this.#actor = actor;
    this.#isTrial = dryRun;
    this.#batch = parts.store.newBatch();
  }

  add(input: Json, given: GivenAccess = {}): string {
    const record = completeNewRecord(input);
    const access = accessOf(this.#actor.principal, given);
    const id = record.container_registry_id;
    if (!this.#isTrial) {
      const time = new Date(this.#parts.clock.nowMs()).toISOString();
      const meta = { created_at: time, updated_at: time, revision: 1, ...access };
      this.#batch.add({ record, meta, health: neverProbed(time) }, auditEntryOf(this.#actor, time, { action: 'record:create', record: id, changes: changesOfNew(record, access) }));
    }
    this.#ids.push(id);
    this.#owners.push(access.owner);
    return id;
  }

  async create(positions: readonly number[]): Promise<readonly (AppError | null)[]> {
    const failures = new Map<number, AppError>();
    const owned = await this.#withOwners(positions, failures);
    const { admitted, release } = await this.#withinQuota(owned, failures);
    try {
      const outcomes = this.#isTrial ? await this.#tried(admitted) : await this.#batch.insert(admitted);
      for (const [index, position] of admitted.entries()) if (outcomes[index] === 'exists') failures.set(position, idTaken(this.#ids[position] ?? ''));
      const created = admitted.flatMap((position) => (failures.has(position) ? [] : [this.#ids[position] ?? '']));
      if (created.length > 0 && !this.#isTrial) this.#parts.listener?.onWritten(...created);
    } finally {
      release();
    }
    return positions.map((position) => failures.get(position) ?? null);
  }

  async #withOwners(positions: readonly number[], failures: Map<number, AppError>): Promise<readonly number[]> {
    const { user } = this.#actor.principal;
    const others = new Set(positions.map((position) => this.#owners[position] ?? null).filter((owner) => owner !== null && owner !== user));
    const unknown = new Set<string | null>();
    for (const owner of others) if (owner !== null && !(await this.#parts.userExists(owner))) unknown.add(owner);
    for (const position of positions) {
      const owner = this.#owners[position] ?? null;
      if (owner !== null && unknown.has(owner)) failures.set(position, noSuchOwner(owner));
    }
    return positions.filter((position) => !failures.has(position));
  }

  /** Whoever may do everything may also exceed the quota; anybody else's records are their own. Ids that are taken need no place. */
  async #withinQuota(positions: readonly number[], failures: Map<number, AppError>): Promise<{ readonly admitted: readonly number[]; readonly release: () => void }> {
    const { user, permissions } = this.#actor.principal;
    if (user === null || permissions.includes('*') || positions.length === 0) return { admitted: positions, release: () => undefined };
    const { quota, recordsPerOwnerMax } = this.#parts;
    const { places, release } = await quota.reserveSome(user, positions.length);
    if (places >= positions.length) return { admitted: positions, release };
    const taken = await this.#taken(positions);
    const isNew = (position: number): boolean => !taken.has(position);
    const admitted = new Set(positions.filter(isNew).slice(0, places));
    for (const position of positions) {
      if (taken.has(position)) failures.set(position, idTaken(this.#ids[position] ?? ''));
      else if (!admitted.has(position)) failures.set(position, quotaReached(user, recordsPerOwnerMax));
    }
    return { admitted: [...admitted], release };
  }

  async #tried(positions: readonly number[]): Promise<readonly ('inserted' | 'exists')[]> {
    const taken = await this.#taken(positions);
    return positions.map((position) => (taken.has(position) ? 'exists' : 'inserted'));
  }

  /** Positions whose ids are in the catalog, or at an earlier position. */
  async #taken(positions: readonly number[]): Promise<ReadonlySet<number>> {
    const firsts = new Map<string, number>();
    for (const position of positions) {
      const id = this.#ids[position] ?? '';
      if (!firsts.has(id)) firsts.set(id, position);
    }
    const isThere = await Promise.all([...firsts.keys()].map(async (id) => [id, (await this.#parts.store.get(id)) !== null] as const));
    const there = new Map(isThere);
    return new Set(positions.filter((position) => {
      const id = this.#ids[position] ?? '';
      return there.get(id) === true || firsts.get(id) !== position;
    }));
  }
}

function noSuchOwner(owner: string): AppError {
  return new AppError('INVALID_REQUEST', `The record cannot belong to ${owner}: there is no such user. Make the user first, or leave \`meta.owner\` out.`, {
    details: [{ path: 'meta.owner', message: 'names no user that there is' }],
  });
}
