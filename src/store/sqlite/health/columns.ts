import type { Watch } from '../../health-port.ts';

export type Times = Pick<Watch, 'dueAtMs' | 'staleAtMs' | 'intervalMs'>;

/**
 * The times of all watches, by their places. Going through columns of numbers takes a tenth of the time that going through objects
 * does, and every claim goes through all: 0.1 ms for a hundred thousand.
 */
export interface Columns {
  get(slot: number): Times;
  set(slot: number, times: Times): void;
  hold(slot: number, untilMs: number): void;
  release(slot: number): void;
  isFree(slot: number, nowMs: number): boolean;
  /** Of the first `slots` places, those that are wanted, free and due: the most overdue `limit`, in order. */
  mostOverdue(query: SlotQuery): readonly number[];
  /** Likewise those that are stale. */
  stalest(query: SlotQuery): readonly number[];
}

interface SlotQuery {
  readonly slots: number;
  readonly nowMs: number;
  readonly limit: number;
  /** Asked only of those whose time has come. */
  readonly isWanted: (slot: number) => boolean;
}

/** A time that never comes. */
const NEVER = Infinity;
const LONG_AGO = -Infinity;
const SLOTS_AT_FIRST = 1_024;

export function createColumns(): Columns {
  let dueAtMs = new Float64Array(SLOTS_AT_FIRST);
  let staleAtMs = new Float64Array(SLOTS_AT_FIRST);
  let intervalMs = new Float64Array(SLOTS_AT_FIRST);
  let heldUntilMs = new Float64Array(SLOTS_AT_FIRST);
  const makeRoom = (slot: number): void => {
    if (slot < dueAtMs.length) return;
    [dueAtMs, staleAtMs, intervalMs, heldUntilMs] = [widened(dueAtMs), widened(staleAtMs), widened(intervalMs), widened(heldUntilMs)];
  };
  return {
    get: (slot) => ({ dueAtMs: timeOrNull(dueAtMs[slot]), staleAtMs: timeOrNull(staleAtMs[slot]), intervalMs: intervalMs[slot] ?? 0 }),
    set(slot, times) {
      makeRoom(slot);
      dueAtMs[slot] = times.dueAtMs ?? NEVER;
      staleAtMs[slot] = times.staleAtMs ?? NEVER;
      intervalMs[slot] = times.intervalMs;
    },
    hold(slot, untilMs) {
      heldUntilMs[slot] = untilMs;
    },
    release(slot) {
      heldUntilMs[slot] = LONG_AGO;
    },
    isFree: (slot, nowMs) => (heldUntilMs[slot] ?? LONG_AGO) <= nowMs,
    mostOverdue: (query) => firstOf(dueAtMs, heldUntilMs, query),
    stalest: (query) => firstOf(staleAtMs, heldUntilMs, query),
  };
}

function widened(column: Float64Array): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(column.length * 2);
  wider.set(column);
  return wider;
}

function timeOrNull(timeMs: number | undefined): number | null {
  return timeMs === undefined || timeMs === NEVER ? null : timeMs;
}

function firstOf(times: Float64Array, heldUntilMs: Float64Array, { slots, nowMs, limit, isWanted }: SlotQuery): readonly number[] {
  const first: number[] = [];
  // What is later than this cannot be among them any more.
  let latestMs = limit > 0 ? nowMs : LONG_AGO;
  for (let slot = 0; slot < slots; slot++) {
    const timeMs = times[slot] ?? NEVER;
    if (timeMs > latestMs || (heldUntilMs[slot] ?? LONG_AGO) > nowMs || !isWanted(slot)) continue;
    first.splice(placeOf(timeMs, first, times), 0, slot);
    if (first.length > limit) first.pop();
    if (first.length === limit) latestMs = times[first.at(-1) ?? slot] ?? latestMs;
  }
  return first;
}

/** Behind all that are not later. */
function placeOf(timeMs: number, ordered: readonly number[], times: Float64Array): number {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[ordered[middle] ?? 0] ?? NEVER) <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
