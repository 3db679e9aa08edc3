import { farFrom, type WatchKey } from '../../health-port.ts';
import { createColumns, type Times } from './columns.ts';

/** When a watch is due, and where in the file the rest of it lies. */
export interface Standing extends Times {
  /** The row of `watch_states` that counts. */
  readonly version: number;
}

/** Who may write a watch until a time. */
export interface Claim {
  readonly token: string;
  readonly untilMs: number;
  /** The record was changed meanwhile: whatever the result says, the watch is due at once. */
  isTouched: boolean;
  /** Its completion is on its way to the disk. */
  isCompleting: boolean;
}

export interface Entry extends WatchKey {
  readonly watchId: number;
  version: number;
  claim: Claim | null;
  /** Its record was deleted, though there may be another one with its id by now. */
  isOrphan: boolean;
  /** Its place in the columns. */
  slot: number;
}

/**
 * All watches, in memory, as the file has them: one process has the file, so nobody else changes it. Claims are only here; when the
 * process dies, everything is simply due.
 */
export interface Schedule {
  all(): readonly Entry[];
  get(key: WatchKey): Entry | undefined;
  numbered(watchId: number): Entry | undefined;
  /** The watches of a record, in no order. */
  of(id: string): readonly Entry[];
  timesOf(entry: Entry): Times;
  isFree(entry: Entry, nowMs: number): boolean;
  /** Of those of a vantage that are due and that nobody holds, the most overdue. */
  mostOverdue(vantage: string, nowMs: number, limit: number): readonly Entry[];
  /** Likewise of those that are stale, in any vantage. */
  stalest(nowMs: number, limit: number): readonly Entry[];
  /** Those of a vantage that nobody holds and that are due later than they can have been put off. @see HealthStore.mend */
  farAway(vantage: string, nowMs: number, limit: number): readonly Entry[];
  /** @see HealthStore.probesPerS */
  probesPerS(vantage: string): number;

  claim(entry: Entry, claim: Claim): void;
  /** Ends a claim. */
  free(entry: Entry): void;

  /** These go with a change of the file, and are undone with it. */
  add(key: WatchKey, watchId: number, standing: Standing): Entry;
  move(entry: Entry, standing: Standing): void;
  remove(entry: Entry): void;
  recordDeleted(id: string): void;
  committed(): void;
  undone(): void;
}

export function createSchedule(): Schedule {
  const entries = createEntries();
  const { columns } = entries;
  let undo: (() => void)[] = [];

  const setStanding = (entry: Entry, { version, ...times }: Standing): void => {
    entry.version = version;
    columns.set(entry.slot, times);
  };
  const inSlots = (slots: readonly number[]): readonly Entry[] => slots.map((slot) => entries.all[slot]).filter((entry) => entry !== undefined);

  return {
    all: () => entries.all,
    get: ({ id, vantage }) => entries.of(id).find((entry) => entry.vantage === vantage),
    numbered: (watchId) => entries.byNumber.get(watchId),
    of: (id) => entries.of(id),
    timesOf: ({ slot }) => columns.get(slot),
    isFree: ({ slot }, nowMs) => columns.isFree(slot, nowMs),
    mostOverdue: (vantage, nowMs, limit) =>
      inSlots(columns.mostOverdue({ slots: entries.all.length, nowMs, limit, isWanted: (slot) => entries.all[slot]?.vantage === vantage })),
    stalest: (nowMs, limit) => inSlots(columns.stalest({ slots: entries.all.length, nowMs, limit, isWanted: () => true })),
    farAway(vantage, nowMs, limit) {
      const found: Entry[] = [];
      for (const entry of entries.all) {
        const { dueAtMs, intervalMs } = columns.get(entry.slot);
        if (dueAtMs === null || entry.vantage !== vantage || dueAtMs <= farFrom(nowMs, intervalMs) || !columns.isFree(entry.slot, nowMs)) continue;
        if (found.push(entry) >= limit) break;
      }
      return found;
    },
    probesPerS(vantage) {
      let sum = 0;
      for (const entry of entries.all) {
        const { dueAtMs, intervalMs } = columns.get(entry.slot);
        if (entry.vantage === vantage && dueAtMs !== null && intervalMs > 0) sum += 1_000 / intervalMs;
      }
      return sum;
    },

    claim(entry, claim) {
      entry.claim = claim;
      columns.hold(entry.slot, claim.untilMs);
    },
    free(entry) {
      entry.claim = null;
      columns.release(entry.slot);
    },

    add({ id, vantage }, watchId, { version, ...times }) {
      const entry: Entry = { id, vantage, watchId, version, claim: null, isOrphan: false, slot: 0 };
      entries.put(entry, times);
      undo.push(() => entries.take(entry));
      return entry;
    },
    move(entry, standing) {
      const before = { version: entry.version, ...columns.get(entry.slot) };
      setStanding(entry, standing);
      undo.push(() => setStanding(entry, before));
    },
    remove(entry) {
      const times = columns.get(entry.slot);
      entries.take(entry);
      undo.push(() => entries.put(entry, times));
    },
    recordDeleted(id) {
      for (const entry of entries.of(id)) {
        const before = entry.isOrphan;
        entry.isOrphan = true;
        undo.push(() => void (entry.isOrphan = before));
      }
    },
    committed() {
      undo = [];
    },
    undone() {
      for (const step of undo.reverse()) step();
      undo = [];
    },
  };
}

/** The entries, each in the slot of its columns, without gaps: where one is taken away, the last one takes its place. */
function createEntries() {
  const all: Entry[] = [];
  const byNumber = new Map<number, Entry>();
  /** Most records are watched from one vantage, and a hundred thousand arrays of one are megabytes. */
  const byId = new Map<string, Entry | readonly Entry[]>();
  const columns = createColumns();
  const of = (id: string): readonly Entry[] => [byId.get(id) ?? []].flat();
  const place = (entry: Entry, slot: number, times: Times): void => {
    all[slot] = entry;
    entry.slot = slot;
    columns.set(slot, times);
    if (entry.claim === null) columns.release(slot);
    else columns.hold(slot, entry.claim.untilMs);
  };
  return {
    all: all as readonly Entry[],
    byNumber: byNumber as ReadonlyMap<number, Entry>,
    columns,
    of,
    put(entry: Entry, times: Times): void {
      place(entry, all.length, times);
      byNumber.set(entry.watchId, entry);
      byId.set(entry.id, byId.has(entry.id) ? [...of(entry.id), entry] : entry);
    },
    take(entry: Entry): void {
      byNumber.delete(entry.watchId);
      const others = of(entry.id).filter((other) => other !== entry);
      if (others.length === 0) byId.delete(entry.id);
      else byId.set(entry.id, others.length === 1 && others[0] !== undefined ? others[0] : others);
      const last = all.pop();
      if (last !== undefined && last !== entry) place(last, entry.slot, columns.get(last.slot));
    },
  };
}
