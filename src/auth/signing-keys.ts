import { randomBytes } from 'node:crypto';
import { auditEntryOf } from '../core/audit.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Actor } from '../core/principal.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import type { Entry, EntryStore } from '../store/access-port.ts';

/** A key that signs access tokens. It is derived from a key of the ring, so none is in the store. */
export interface SigningKey {
  readonly kid: string;
  readonly key: Buffer;
}

export interface SigningKeys {
  /** The one that signs; made when there is none. @throws {AppError} `SECRETS_LOCKED` */
  current(): Promise<SigningKey>;
  /** One that signed, so long as its tokens may be good; null for any other. @throws {AppError} `SECRETS_LOCKED` when the service has no keys at all */
  find(kid: string): Promise<SigningKey | null>;
  /** Makes a new one; the others sign no more, and are known until their tokens have expired. */
  rotate(actor: Actor): Promise<SigningKey>;
}

interface SigningKeyDocument {
  readonly kid: string;
  readonly created_at: string;
  /** Which key of the ring it is derived from. */
  readonly key_id: string;
  /** It signs no more; null: it does. */
  readonly retires_at: string | null;
}

interface Known extends SigningKeyDocument {
  readonly entry: Entry;
}

interface SigningKeysParts {
  readonly entries: EntryStore;
  readonly ring: KeyRing;
  readonly clock: Clock;
}

/** Key ids of our own making. They name an entry, never a file or a place. */
const KID = /^[A-Za-z0-9_-]{16}$/;
const KID_BYTES = 12;

/** Tokens of a retired key: those made just before, and by replicas that have not noticed yet. */
const KNOWN_AFTER_RETIREMENT_MS = limits.accessTokenLifetimeS * 1000 + limits.callerKnownForMs;

export function createSigningKeys({ entries, ring, clock }: SigningKeysParts): SigningKeys {
  let reading: Promise<readonly Known[]> = Promise.resolve([]);
  let readAtMs = -Infinity;
  let making: Promise<SigningKey> | null = null;

  function knownWithin(ageMs: number): Promise<readonly Known[]> {
    if (clock.monotonicMs() - readAtMs < ageMs) return reading;
    readAtMs = clock.monotonicMs();
    reading = readAll(entries);
    reading.catch(() => (readAtMs = -Infinity));
    return reading;
  }

  const derived = ({ kid, key_id }: SigningKeyDocument): SigningKey => ({ kid, key: ring.derive(`jwt:${kid}`, key_id) });

  async function make(actor: Actor | null): Promise<SigningKey> {
    const [key_id] = ring.ids;
    if (key_id === undefined) throw new AppError('SECRETS_LOCKED', 'The service was given no SECRET_KEY, so nobody can log in with a password.');
    const created_at = new Date(clock.nowMs()).toISOString();
    const document: SigningKeyDocument = { kid: randomBytes(KID_BYTES).toString('base64url'), created_at, key_id, retires_at: null };
    const audit = actor === null ? undefined : auditEntryOf(actor, created_at, { action: 'secret:rotate', target: document.kid });
    await entries.put({ kind: 'signing_key', key: document.kid, owner: null, expiresAtMs: null, text: JSON.stringify(document), expectedRevision: 0 }, audit);
    readAtMs = -Infinity;
    return derived(document);
  }

  return {
    async current() {
      const [newest] = signers(await knownWithin(limits.callerKnownForMs), ring);
      if (newest !== undefined) return derived(newest);
      // Many may log in at once when there is none yet.
      making ??= make(null).finally(() => (making = null));
      return making;
    },
    async find(kid) {
      if (ring.isEmpty) throw new AppError('SECRETS_LOCKED', 'The service was given no SECRET_KEY, so it cannot check sessions.');
      if (!KID.test(kid)) return null;
      const isIt = (candidate: Known): boolean => candidate.kid === kid && ring.ids.includes(candidate.key_id) && !isOver(candidate.entry, clock.nowMs());
      const found = (await knownWithin(limits.callerKnownForMs)).find(isIt) ?? (await knownWithin(limits.signingKeysReadEveryMs)).find(isIt);
      return found === undefined ? null : derived(found);
    },
    async rotate(actor) {
      const made = await make(actor);
      for (const old of (await knownWithin(0)).filter(({ kid, retires_at }) => kid !== made.kid && retires_at === null)) await retire(entries, old, clock.nowMs());
      readAtMs = -Infinity;
      return made;
    },
  };
}

async function readAll(entries: EntryStore): Promise<readonly Known[]> {
  const found = await entries.list('signing_key', { afterKey: null, limit: limits.signingKeysMax });
  return found.map((entry) => ({ ...(JSON.parse(entry.text) as SigningKeyDocument), entry }));
}

/** Newest first. A key that is derived from a key that was taken off the ring is left alone: the ring may get it back. */
function signers(known: readonly Known[], ring: KeyRing): readonly Known[] {
  return known
    .filter(({ retires_at, key_id }) => retires_at === null && ring.ids.includes(key_id))
    .sort((a, b) => (b.created_at + b.kid < a.created_at + a.kid ? -1 : 1));
}

async function retire(entries: EntryStore, { entry, kid, created_at, key_id }: Known, nowMs: number): Promise<void> {
  const document: SigningKeyDocument = { kid, created_at, key_id, retires_at: new Date(nowMs).toISOString() };
  // Should another process be faster, it has retired the same key.
  await entries.put({ ...entry, expiresAtMs: nowMs + KNOWN_AFTER_RETIREMENT_MS, text: JSON.stringify(document), expectedRevision: entry.revision });
}

const isOver = ({ expiresAtMs }: Entry, nowMs: number): boolean => expiresAtMs !== null && expiresAtMs <= nowMs;
