import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { auditEntryOf, type AuditEntry, type StoredAuditEntry } from '../core/audit.ts';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import type { AuditQuery, AuditStore } from '../store/access-port.ts';
import { attestationOf, attestationText, chainBeginning, isGap, verificationOf, withEntry, type Attestation, type AuditVerification } from './audit-check.ts';
import { createDenialLimit } from './audit-denials.ts';
import type { Log } from './logs.ts';

/** What was done, by whom, and what was not allowed: told by whatever does it, read by those who may. */
export interface Audit {
  /** Resolves when it is on record. @throws {AppError} as the store does */
  record(entry: AuditEntry): Promise<void>;
  /** In the background: nobody waits for it, and what cannot be kept is told of in the log. Of denials, so many a minute and address. */
  note(entry: AuditEntry): void;
  read(query: AuditQuery): Promise<readonly StoredAuditEntry[]>;
  /** Goes through the whole chain. Whoever asks while that is under way shares the answer. */
  verify(): Promise<AuditVerification>;
  /** Resolves when everything noted so far is on record, or lost. */
  drain(): Promise<void>;
}

interface AuditOptions {
  readonly store: AuditStore;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
}

export function createAudit({ store, clock, log }: AuditOptions): Audit {
  const notes = createNotes(store, log);
  const denials = createDenialLimit(clock);
  let verifying: Promise<AuditVerification> | null = null;
  return {
    record: (entry) => store.append([entry]),
    note(entry) {
      for (const told of entry.outcome === 'denied' ? denials.toldOf(entry) : [entry]) notes.add(told);
    },
    read: (query) => store.read(query),
    verify() {
      verifying ??= verifyChain(store).finally(() => {
        verifying = null;
      });
      return verifying;
    },
    drain: () => notes.drain(),
  };
}

/** Entries that wait to be written, one group at a time. */
function createNotes(store: AuditStore, log: Pick<Log, 'warn'>): { add(entry: AuditEntry): void; drain(): Promise<void> } {
  let waiting: AuditEntry[] = [];
  let lost = 0;
  let writing: Promise<void> | null = null;

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const entries = waiting;
      waiting = [];
      try {
        await store.append(entries);
      } catch (error) {
        log.warn('what was to be noted in the audit could not be written', { entries: entries.length, error });
      }
      if (lost > 0) log.warn('too much was to be noted in the audit at once; some of it is lost', { entries: lost });
      lost = 0;
    }
    writing = null;
  };
  return {
    add(entry) {
      if (waiting.length >= limits.auditNotesMax) lost++;
      else waiting.push(entry);
      // Begun in a turn of its own, so that what is noted together is written together.
      writing ??= nextTurn().then(write);
    },
    drain: () => writing ?? Promise.resolve(),
  };
}

async function verifyChain(store: AuditStore): Promise<AuditVerification> {
  let check = chainBeginning;
  let attestations: readonly Attestation[] = [];
  for (let afterSeq: number | null = null; ; ) {
    const entries: readonly StoredAuditEntry[] = await store.read({ order: 'oldest_first', afterSeq, limit: limits.auditCheckedTogether });
    for (const entry of entries) {
      // Asked for only now, because what has been removed since the check began is attested by now.
      if (isGap(check, entry)) attestations = await readAttestations(store);
      check = withEntry(check, entry, attestations);
    }
    if (entries.length < limits.auditCheckedTogether || check.broken !== null) return verificationOf(check);
    afterSeq = entries.at(-1)?.seq ?? null;
    await nextTurn();
  }
}

const PRUNE = 'audit:prune';

async function readAttestations(store: AuditStore): Promise<readonly Attestation[]> {
  const all: Attestation[] = [];
  for (let afterSeq: number | null = null; ; ) {
    const entries: readonly StoredAuditEntry[] = await store.read({ action: PRUNE, order: 'latest_first', afterSeq, limit: limits.auditCheckedTogether });
    for (const { text } of entries) {
      const told = attestationOf((JSON.parse(text) as AuditEntry).target);
      if (told !== null) all.push(told);
    }
    if (entries.length < limits.auditCheckedTogether) return all;
    afterSeq = entries.at(-1)?.seq ?? null;
  }
}

const DAY_MS = 24 * 3_600_000;

/**
 * @param days how long entries are kept; 0: for ever
 * @returns what removes older ones, to be done again and again. Once a day there is something to do, because each time adds an entry itself
 */
export function createAuditRetention({ store, clock, days }: Pick<AuditOptions, 'store' | 'clock'> & { readonly days: number }): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    if (days === 0) return;
    const nowMs = clock.nowMs();
    const through = await lastBefore(store, (Math.floor(nowMs / DAY_MS) - days) * DAY_MS);
    if (through === null) return;
    // Before anything is removed: a chain that is cut without a word would look like a damaged one.
    await store.append([auditEntryOf(null, new Date(nowMs).toISOString(), { action: PRUNE, target: attestationText(through) })]);
    while (await store.prune(through.seq, limits.rowsPrunedTogether)) {
      if (signal.aborted) return;
      await pause(limits.upkeepPauseMs);
    }
  };
}

/** The entry through which all are older than a time; null where there is none. Of an audit that is older throughout, the last one is left. */
async function lastBefore(store: AuditStore, beforeMs: number): Promise<Attestation | null> {
  const readOne = async (query: Pick<AuditQuery, 'order' | 'fromMs'>): Promise<StoredAuditEntry | undefined> => (await store.read({ ...query, afterSeq: null, limit: 1 }))[0];
  const first = await readOne({ order: 'oldest_first' });
  const kept = (await readOne({ order: 'oldest_first', fromMs: beforeMs })) ?? (await readOne({ order: 'latest_first' }));
  return first === undefined || kept === undefined || kept.seq === first.seq ? null : { seq: kept.seq - 1, hash: kept.previous };
}
