import { decideOnRecord, reachOf, scopeOf } from '../auth/policy.ts';
import { openAccess, type RecordAccess } from '../core/access.ts';
import { auditedChanges, auditEntryOf, type AuditedChange, type AuditEntry } from '../core/audit.ts';
import { AppError } from '../core/errors.ts';
import { neverProbed } from '../core/health-summary.ts';
import type { Json, JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Action, Actor } from '../core/principal.ts';
import type { RecordFields } from '../core/record.ts';
import { applyUpdate } from '../query/update/apply.ts';
import { parseUpdate } from '../query/update/parse.ts';
import type { RecordMeta, RecordSummary, StoredRecord } from '../store/port.ts';
import { recordOf } from '../store/stored-record.ts';
import { accessChangeOf, auditedAccess } from './access-change.ts';
import { changesOfNew, idTaken, Newcomers } from './bulk/newcomers.ts';
import type { CatalogOptions, Creation, CreationBatch, Precondition, PrincipalCatalog, Search, Trial, Updated, Written } from './catalog.ts';
import type { OwnerQuota } from './owner-quota.ts';
import { completeNewRecord, completeUpdatedRecord } from './record.ts';

export interface CatalogParts extends CatalogOptions {
  readonly quota: OwnerQuota;
}

/** What a record is to become. */
interface Change {
  readonly record: RecordFields;
  readonly access: RecordAccess;
  readonly told: readonly AuditedChange[];
}

const nothingKept = (): void => undefined;

/** A class, because one is made for each request, most of which call one method. */
export class PrincipalRecords implements PrincipalCatalog {
  readonly #parts: CatalogParts;
  readonly #actor: Actor;

  constructor(parts: CatalogParts, actor: Actor) {
    this.#parts = parts;
    this.#actor = actor;
  }

  get(id: string): Promise<StoredRecord> {
    return this.getFor(id, 'record:read');
  }

  async getFor(id: string, action: Action): Promise<StoredRecord> {
    const stored = await this.#parts.store.get(id);
    if (stored === null) throw new AppError('RECORD_NOT_FOUND');
    const { principal } = this.#actor;
    switch (decideOnRecord(principal, action, stored.meta)) {
      case 'allowed':
        return stored;
      case 'hidden':
        throw new AppError('RECORD_NOT_FOUND');
      case 'forbidden':
        throw new AppError('FORBIDDEN', reachOf(principal, action) === 'own' ? 'This record is not yours, nor is it shared with you for this.' : `This takes the permission ${action}, which you do not have.`);
    }
  }

  find(search: Search, signal: AbortSignal): AsyncIterable<readonly StoredRecord[]> {
    return this.#parts.store.find({ ...search, scope: scopeOf(this.#actor.principal) }, signal);
  }

  count(filter: Search['filter'], signal: AbortSignal): Promise<number> {
    return this.#parts.store.count(filter, scopeOf(this.#actor.principal), signal);
  }

  readAllText(signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#parts.store.readAllText(scopeOf(this.#actor.principal), signal);
  }

  readAllLines(withMeta: boolean, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#parts.store.readAllLines(scopeOf(this.#actor.principal), withMeta, signal);
  }

  summary(): Promise<RecordSummary> {
    return this.#parts.store.summary(scopeOf(this.#actor.principal));
  }

  async create(input: Json, { visibility = openAccess.visibility, admit }: Creation = {}): Promise<Written> {
    const { store, listener } = this.#parts;
    const record = completeNewRecord(input);
    const id = record.container_registry_id;
    const owner = this.#actor.principal.user;
    const release = await this.#reserve(owner);
    try {
      await admit?.(record);
      const time = this.#now();
      const access: RecordAccess = { owner, visibility, shared_with: openAccess.shared_with };
      const meta = { created_at: time, updated_at: time, revision: 1, ...access };
      const entry = this.#entry('record:create', id, time, changesOfNew(record, access));
      if ((await store.insert({ record, meta, health: neverProbed(time) }, entry)) === 'exists') throw idTaken(id);
      listener?.onWritten(id);
      return { id, meta };
    } finally {
      release();
    }
  }

  newBatch(trial: Trial = {}): CreationBatch {
    return new Newcomers(this.#parts, this.#actor, trial);
  }

  async update(id: string, input: Json, precondition: Precondition, trial: Trial = {}): Promise<Updated> {
    const update = parseUpdate(input);
    const written = await this.#change(id, 'record:update', precondition, trial, (stored) => {
      const before = recordOf(stored);
      const record = completeUpdatedRecord(before, applyUpdate(documentOf(before), update));
      if (JSON.stringify(record) === stored.text) return null;
      return { record, access: stored.meta, told: auditedChanges(documentOf(before), documentOf(record)) };
    });
    if (written.isChanged && trial.dryRun !== true) this.#parts.listener?.onWritten(id);
    return written;
  }

  async setAccess(id: string, input: Json, precondition: Precondition): Promise<Written> {
    const change = accessChangeOf(input);
    const { meta } = await this.getFor(id, 'record:share');
    const release = change.owner === undefined || change.owner === meta.owner ? nothingKept : await this.#admitOwner(change.owner);
    try {
      return await this.#change(id, 'record:share', precondition, {}, (stored) => {
        const { owner, visibility, shared_with } = stored.meta;
        const access: RecordAccess = { owner, visibility, shared_with, ...change };
        const told = auditedAccess(stored.meta, access);
        return told.length === 0 ? null : { record: recordOf(stored), access, told };
      });
    } finally {
      release();
    }
  }

  async delete(id: string, precondition: Precondition, { dryRun }: Trial = {}): Promise<void> {
    const { store, listener } = this.#parts;
    for (let attempt = 0; attempt < limits.updateRetriesMax; attempt++) {
      const stored = await this.getFor(id, 'record:delete');
      refuseStale(precondition, stored);
      if (dryRun === true) return;
      const told = [...auditedAccess(stored.meta, null), ...auditedChanges(documentOf(recordOf(stored)), null)];
      // At the revision that was looked at: by the next one, the record may be somebody else's.
      const outcome = await store.delete(id, stored.meta.revision, this.#entry('record:delete', id, this.#now(), told));
      if (outcome === 'missing') throw new AppError('RECORD_NOT_FOUND');
      if (outcome === 'stale') continue;
      listener?.onDeleted(id);
      return;
    }
    throw contested(id);
  }

  /** Reads, decides and writes, again while others are faster. Where nothing changes, nothing is written and the revision stays what clients know. */
  async #change(id: string, action: Action, precondition: Precondition, { dryRun }: Trial, plan: (stored: StoredRecord) => Change | null): Promise<Updated> {
    for (let attempt = 0; attempt < limits.updateRetriesMax; attempt++) {
      const stored = await this.getFor(id, action);
      refuseStale(precondition, stored);
      const change = plan(stored);
      if (change === null || dryRun === true) return { id, meta: stored.meta, isChanged: change !== null };
      const time = this.#now();
      const { owner, visibility, shared_with } = change.access;
      const meta: RecordMeta = { ...stored.meta, owner, visibility, shared_with, updated_at: time, revision: stored.meta.revision + 1 };
      const isWritten = await this.#parts.store.replace({ record: change.record, meta, expectedRevision: stored.meta.revision }, this.#entry(action, id, time, change.told));
      if (isWritten) return { id, meta, isChanged: true };
    }
    throw contested(id);
  }

  /** @throws {AppError} where a record cannot be handed over to this user, or to nobody */
  async #admitOwner(owner: string | null): Promise<() => void> {
    if (owner === null) {
      if (reachOf(this.#actor.principal, 'record:share') === 'any') return nothingKept;
      throw new AppError('FORBIDDEN', 'Only an administrator may leave a record to nobody. Name a user.');
    }
    if (!(await this.#parts.userExists(owner))) {
      throw new AppError('INVALID_REQUEST', `The body is not valid: owner names no user that there is.`, { details: [{ path: 'owner', message: 'names no user that there is' }] });
    }
    return this.#reserve(owner);
  }

  /** Whoever may do everything may also exceed the quota. */
  async #reserve(owner: string | null): Promise<() => void> {
    if (owner === null || this.#actor.principal.permissions.includes('*')) return nothingKept;
    return this.#parts.quota.reserve(owner);
  }

  #entry(action: Action, record: string, at: string, changes: readonly AuditedChange[]): AuditEntry {
    return auditEntryOf(this.#actor, at, { action, record, changes });
  }

  #now(): string {
    return new Date(this.#parts.clock.nowMs()).toISOString();
  }
}

function refuseStale(precondition: Precondition, stored: StoredRecord): void {
  if (precondition.kind === 'revision' && !precondition.matches(stored.meta)) throw new AppError('REVISION_STALE');
}

function contested(id: string): AppError {
  return new AppError('OVERLOADED', `The record ${id} is being changed by too many others at once.`, { retryAfterS: 1 });
}

const documentOf = (record: RecordFields): JsonObject => record as unknown as JsonObject;
