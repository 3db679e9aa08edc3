import { randomUUID } from 'node:crypto';
import { auditedChanges, auditEntryOf, type AuditedDeed, type AuditEntry } from '../core/audit.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { Json, JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Actor } from '../core/principal.ts';
import { originOf, type CredentialFacts, type CredentialTarget, type ProbeCredential } from '../core/registry-credential.ts';
import type { Entry, EntryStore } from '../store/access-port.ts';
import type { StoredRecord } from '../store/port.ts';
import { recordOf } from '../store/stored-record.ts';
import { chooseCredential, isOfRecord } from './choice.ts';
import { parseCredentialInput, type CredentialInput } from './credential-input.ts';
import { keyIdOf, type KeyRing } from './key-ring.ts';
import { dockerConfigOf, kubernetesSecretOf, secretNameOf, type PullCredential, type PullFormat } from './pull-secret.ts';
import { createRotation, type Rotated, type SecretsOverview } from './rotation.ts';
import { keptOf, keyOf, openCredential, placeOf, sealCredential, type Credential, type KeptCredential } from './sealed-credential.ts';

/** A credential as the API shows it, which never shows what is secret. Times are ISO 8601 in UTC. */
export interface CredentialView {
  readonly kind: KeptCredential['kind'];
  /** Empty: for the whole registry. */
  readonly repository_prefix: string;
  readonly username: string | null;
  readonly expires_at: string | null;
  readonly token_host: string | null;
  readonly origin: string;
  /** False where the record's URL is another one by now, where the key is missing, and where it has expired. */
  readonly usable: boolean;
  readonly updated_at: string;
}

export interface PullWish {
  readonly format: PullFormat;
  /** Of the Secret of Kubernetes. Default: made from the record's id */
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
}

/** What is kept to log in to registries. Whoever calls has decided that the actor may. */
export interface RegistryCredentials {
  /** @throws {AppError} `INVALID_REQUEST`, `LIMIT_EXCEEDED`, `SECRETS_LOCKED`, `CONFLICT` */
  set(actor: Actor, record: StoredRecord, input: Json): Promise<CredentialView>;
  /** In the order of prefixes. */
  list(record: StoredRecord): Promise<readonly CredentialView[]>;
  /** @throws {AppError} `CREDENTIAL_NOT_FOUND` */
  remove(actor: Actor, record: StoredRecord, prefix: string): Promise<void>;
  /** By the record's id; those that cannot be used are left out. One look into the store, however many there are. */
  forProbe(targets: readonly CredentialTarget[]): Promise<ReadonlyMap<string, ProbeCredential>>;
  /** What may be told of the credentials that probes use, likewise. */
  factsOf(targets: readonly CredentialTarget[]): Promise<ReadonlyMap<string, CredentialFacts>>;
  /** A document with the secrets in it, which is put on record first. @throws {AppError} `CREDENTIAL_NOT_FOUND`, `CREDENTIAL_UNSUITABLE`, `SECRETS_LOCKED`, `INVALID_PARAMETER` */
  pullSecret(actor: Actor, record: StoredRecord, wish: PullWish): Promise<JsonObject>;
  /** Seals everything with the first key that is sealed with another. @throws {AppError} `SECRETS_LOCKED` when there is no key */
  rotate(actor: Actor): Promise<Rotated>;
  overview(): Promise<SecretsOverview>;
}

export interface RegistryCredentialsParts {
  readonly entries: EntryStore;
  readonly ring: KeyRing;
  readonly clock: Clock;
  /** For what is used, and no write tells of. */
  readonly audit: { record(entry: AuditEntry): Promise<void> };
  /** Hears of records whose credentials were changed. */
  readonly onChanged: (recordId: string) => void;
}

export function createRegistryCredentials({ entries, ring, clock, audit, onChanged }: RegistryCredentialsParts): RegistryCredentials {
  const now = (): string => new Date(clock.nowMs()).toISOString();
  const deed = (actor: Actor, told: AuditedDeed): AuditEntry => auditEntryOf(actor, now(), told);
  const hasKey = ({ sealed }: KeptCredential): boolean => ring.ids.includes(keyIdOf(sealed) ?? '');
  const broken = new Set<string>();

  /** Of this record, not of one that had its id before. */
  async function entriesOf({ id, meta }: StoredRecord): Promise<readonly Entry[]> {
    const found = await entries.list('credential', { owner: id, afterKey: null, limit: limits.credentialsPerRecordMax });
    return found.filter((entry) => isOfRecord(entry, meta.created_at));
  }

  function viewOf(record: StoredRecord, entry: Entry): CredentialView {
    const kept = keptOf(entry);
    const { kind, username, expires_at, token_host, origin, updated_at } = kept;
    const usable = hasKey(kept) && isCurrent(kept, namesOf(record).url, clock.nowMs());
    return { kind, repository_prefix: placeOf(entry).prefix, username, expires_at, token_host, origin, usable, updated_at };
  }

  /** Removes what a record of the same id may have left that was deleted, should something have kept it from going with its record. */
  async function makeRoom({ id, meta }: StoredRecord, key: string): Promise<void> {
    const others = (await entries.list('credential', { owner: id, afterKey: null, limit: limits.credentialsPerRecordMax + 1 })).filter((entry) => entry.key !== key);
    const left = others.filter((entry) => !isOfRecord(entry, meta.created_at));
    for (const entry of left) await entries.delete('credential', entry.key);
    if (others.length - left.length < limits.credentialsPerRecordMax) return;
    throw new AppError('LIMIT_EXCEEDED', `${limits.credentialsPerRecordMax} credentials are kept for this registry already. Delete those that are no longer needed.`);
  }

  function keep(record: StoredRecord, input: CredentialInput, before: KeptCredential | null): KeptCredential {
    const { secret, prefix, tokenHost, expiresAtMs } = input;
    const credential = { secret, tokenHost, ...boundTo(record) };
    const time = now();
    return {
      kind: secret.kind,
      username: secret.kind === 'basic' ? secret.username : null,
      origin: credential.origin,
      token_host: tokenHost,
      expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
      created_at: before?.created_at ?? time,
      updated_at: time,
      record_created_at: record.meta.created_at,
      version: randomUUID(),
      sealed: sealCredential(ring, { id: record.id, prefix }, record.meta.created_at, credential),
    };
  }

  /** Opens what was found, once for each text that cannot be opened: the key ring logs each attempt. */
  function openOrNull(entry: Entry, kept: KeptCredential): Credential | null {
    if (!hasKey(kept) || broken.has(kept.sealed)) return null;
    try {
      return openCredential(ring, placeOf(entry), kept.record_created_at, kept.sealed);
    } catch {
      if (broken.size >= limits.brokenCredentialsKept) broken.clear();
      broken.add(kept.sealed);
      return null;
    }
  }

  async function chosenFor<T>(targets: readonly CredentialTarget[], read: (entry: Entry, target: CredentialTarget) => T | null): Promise<ReadonlyMap<string, T>> {
    const found = await entries.ofOwners('credential', targets.map(({ id }) => id));
    const byOwner = Map.groupBy(found, ({ owner }) => owner);
    const chosen = new Map<string, T>();
    for (const target of targets) {
      const entry = chooseCredential(byOwner.get(target.id) ?? [], target);
      const value = entry === null ? null : read(entry, target);
      if (value !== null) chosen.set(target.id, value);
    }
    return chosen;
  }

  return {
    async set(actor, record, body) {
      const input = parseCredentialInput(body, clock.nowMs());
      const key = keyOf({ id: record.id, prefix: input.prefix });
      await makeRoom(record, key);
      for (let attempt = 0; attempt < limits.credentialRetriesMax; attempt++) {
        const before = await entries.get('credential', key);
        const known = before !== null && isOfRecord(before, record.meta.created_at) ? before : null;
        const kept = keep(record, input, known === null ? null : keptOf(known));
        const write = { kind: 'credential', key, owner: record.id, expiresAtMs: null, text: JSON.stringify(kept) } as const;
        const changes = [...auditedChanges(known === null ? null : toldOf(keptOf(known)), toldOf(kept)), { path: 'secret', changed: true } as const];
        const entry = deed(actor, { action: 'credential:set', record: record.id, target: input.prefix || null, changes });
        if (!(await entries.put({ ...write, expectedRevision: before?.revision ?? 0 }, entry))) continue;
        onChanged(record.id);
        return viewOf(record, { ...write, revision: (before?.revision ?? 0) + 1 });
      }
      throw new AppError('CONFLICT', 'The credential is being changed by others at the same time.');
    },

    async list(record) {
      return (await entriesOf(record)).map((entry) => viewOf(record, entry));
    },

    async remove(actor, record, prefix) {
      const key = keyOf({ id: record.id, prefix });
      const there = await entries.get('credential', key);
      const found = there !== null && isOfRecord(there, record.meta.created_at) ? there : null;
      const changes = found === null ? [] : [...auditedChanges(toldOf(keptOf(found)), null), { path: 'secret', changed: true } as const];
      const entry = deed(actor, { action: 'credential:remove', record: record.id, target: prefix || null, changes });
      if (found === null || !(await entries.delete('credential', key, entry))) throw new AppError('CREDENTIAL_NOT_FOUND');
      onChanged(record.id);
    },

    forProbe: (targets) =>
      chosenFor(targets, (entry, target) => {
        const kept = keptOf(entry);
        const opened = openOrNull(entry, kept);
        if (opened === null || opened.origin !== originOf(target.url)) return null;
        const { secret, origin, tokenHost } = opened;
        return { secret, origin, tokenHost, expiresAtMs: expiryOf(kept), version: kept.version };
      }),

    factsOf: (targets) =>
      chosenFor(targets, (entry, target) => {
        const kept = keptOf(entry);
        const usable = hasKey(kept) && kept.origin === originOf(target.url);
        return { version: kept.version, updatedAtMs: Date.parse(kept.updated_at), expiresAtMs: expiryOf(kept), usable };
      }),

    async pullSecret(actor, record, { format, name, namespace }) {
      const named = secretNameOf(record.id, name, namespace);
      const kept = await entriesOf(record);
      refuseUnusable(record, kept.map(keptOf), clock.nowMs());
      const { url, imageHost } = namesOf(record);
      const usable = kept.filter((entry) => isCurrent(keptOf(entry), url, clock.nowMs()));
      const opened = usable.map((entry) => ({ prefix: placeOf(entry).prefix, ...openCredential(ring, placeOf(entry), record.meta.created_at, keptOf(entry).sealed) }));
      const pulled = opened.flatMap((each): PullCredential[] => {
        const host = URL.parse(url)?.host;
        if (host === undefined || each.origin !== originOf(url)) return [];
        // A name that the record was given since is not one that whoever stored the secret agreed to.
        const names = imageHost !== null && imageHost === each.imageHost ? [host, imageHost] : [host];
        return [{ secret: each.secret, prefix: each.prefix, hosts: [...new Set(names)] }];
      });
      const config = dockerConfigOf(pulled, format);
      await audit.record(deed(actor, { action: 'credential:use', record: record.id, target: format }));
      return format === 'kubernetes' ? kubernetesSecretOf(config, named) : config;
    },

    ...createRotation({ entries, ring, record: (actor, told) => audit.record(deed(actor, told)) }),
  };
}

/** What images of a registry are named by. */
const IMAGE_HOST = /^[A-Za-z0-9.-]+(?::\d{1,5})?(?=\/|$)/;

function namesOf(record: StoredRecord): { readonly url: string; readonly imageHost: string | null } {
  const { container_registry_public_url: url, container_registry_image_prefix: prefix } = recordOf(record);
  return { url, imageHost: IMAGE_HOST.exec(prefix)?.[0].toLowerCase() ?? null };
}

/** Where a credential may go: what the record says when it is stored. */
function boundTo(record: StoredRecord): Pick<Credential, 'origin' | 'imageHost'> {
  const { url, imageHost } = namesOf(record);
  const origin = originOf(url);
  if (origin === null) throw new AppError('INVALID_REQUEST', 'The record’s public URL is not an http or https URL, so that there is nobody to log in to. Correct it first.');
  return { origin, imageHost };
}

const expiryOf = ({ expires_at: time }: KeptCredential): number | null => (time === null ? null : Date.parse(time));

const isCurrent = (kept: KeptCredential, url: string, nowMs: number): boolean => kept.origin === originOf(url) && (expiryOf(kept) ?? Infinity) > nowMs;

/** @throws {AppError} saying why none of the credentials can be given out */
function refuseUnusable(record: StoredRecord, kept: readonly KeptCredential[], nowMs: number): void {
  const { url } = namesOf(record);
  if (kept.some((each) => isCurrent(each, url, nowMs))) return;
  const [other] = kept.filter(({ origin }) => origin !== originOf(url));
  if (kept.length === 0) throw new AppError('CREDENTIAL_NOT_FOUND');
  if (other !== undefined) throw new AppError('CREDENTIAL_UNSUITABLE', `The credential was stored for ${other.origin}, and the record names another registry now. Store it anew.`);
  throw new AppError('CREDENTIAL_UNSUITABLE', 'The credential that is kept for this registry has expired. Store a new one.');
}

/** What the audit tells of a credential. */
function toldOf({ kind, username, origin, token_host, expires_at }: KeptCredential): JsonObject {
  return { kind, username, origin, token_host, expires_at };
}
