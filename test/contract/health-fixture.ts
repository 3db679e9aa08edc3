import type { VantageHealth, Verdict } from '../../src/core/health-summary.ts';
import type { ClaimedWatch, ClosedHour, Completion, HealthEvent, HealthStore, Store, Watch, WatchKey } from '../../src/store/health-port.ts';
import { newRecord } from './store-fixture.ts';

/** A place where one store keeps its records and their health, at first empty. */
export interface HealthFixture {
  /** Opens the store of this place. Opened again after it was closed, it finds what it had; one is open at a time. */
  open(): Promise<Store>;
  /** Takes the place away. */
  dispose(): Promise<void>;
}

/** The time in all of these tests; the port takes it as an argument. */
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
export const LEASE_MS = 15_000;
export const HERE = 'default';
export const THERE = 'edge';

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
export const iso = (atMs: number): string => new Date(atMs).toISOString();

/** Every value of a byte; text would not survive as it is. */
export const ALL_BYTES = Uint8Array.from({ length: 256 }, (_unused, value) => value);

/** A hundred at a time: as many as a store should have under way. */
export async function addRecords(store: Store, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += 100) await Promise.all(ids.slice(from, from + 100).map((id) => store.insert(newRecord(id))));
}

/** Records with a watch each, due at the times given. */
export async function addDue(store: Store, dueAtMs: Readonly<Record<string, number>>, vantage = HERE): Promise<void> {
  await addRecords(store, Object.keys(dueAtMs));
  await schedule(store, Object.entries(dueAtMs).map(([id, atMs]) => ({ id, vantage, next: { dueAtMs: atMs } })));
}

interface Scheduled extends WatchKey {
  readonly next: Partial<Completion['next']>;
}

/** Puts watches into a state, in the only way there is: they are claimed and completed. */
export async function schedule({ health }: Store, watches: readonly Scheduled[]): Promise<void> {
  for (const { id, vantage } of watches) if (!(await health.watchesOf([id])).some((watch) => watch.vantage === vantage)) await health.touch(id, [vantage]);
  const completions: Completion[] = [];
  for (const { id, vantage, next } of watches) completions.push(completionOf(await taken(health, { id, vantage }), { next }));
  const held = await health.complete(completions);
  if (held.includes(false)) throw new Error('A watch could not be scheduled.');
}

/** Claims one watch; fails the test when it cannot be had. */
export async function taken(health: HealthStore, key: WatchKey, nowMs = NOW): Promise<ClaimedWatch> {
  const claim = await health.claimOne(key, nowMs, LEASE_MS);
  if (claim === null) throw new Error(`${key.id} cannot be claimed.`);
  return claim;
}

interface Outcome {
  readonly next?: Partial<Completion['next']>;
  readonly verdict?: VantageHealth | null;
  readonly event?: HealthEvent | null;
  readonly closedHours?: readonly ClosedHour[];
}

/** A plain result: everything as it was, due again in 30 s, unless `outcome` says otherwise. */
export function completionOf(claim: ClaimedWatch, { next, ...outcome }: Outcome = {}): Completion {
  const { id, vantage, token, staleAtMs, intervalMs, state, tail, totals } = claim;
  return {
    claim: { id, vantage, token },
    next: { dueAtMs: NOW + 30_000, staleAtMs, intervalMs, state, tail, totals, ...next },
    verdict: null,
    event: null,
    closedHours: [],
    ...outcome,
  };
}

export function seen(status: Verdict, cause = status === 'up' ? 'ok' : 'refused', atMs = NOW): VantageHealth {
  return { status, cause, since: iso(atMs) };
}

/** Claims a watch and tells what came of it. */
export async function report(health: HealthStore, key: WatchKey, outcome: Outcome): Promise<void> {
  const [held] = await health.complete([completionOf(await taken(health, key), outcome)]);
  if (held !== true) throw new Error(`The claim of ${key.id} was lost.`);
}

export const claimAt = (health: HealthStore, nowMs: number, limit = 100, vantage = HERE): Promise<readonly ClaimedWatch[]> => health.claim({ vantage, nowMs, leaseMs: LEASE_MS, limit });

export async function claimedIds(health: HealthStore, nowMs: number, limit = 100, vantage = HERE): Promise<string[]> {
  return (await claimAt(health, nowMs, limit, vantage)).map(({ id }) => id);
}

/** A watch as it is kept, for comparing: drivers have bytes in classes of their own. */
export function kept({ id, vantage, dueAtMs, staleAtMs, intervalMs, state, tail, totals }: Watch): Watch {
  return { id, vantage, dueAtMs, staleAtMs, intervalMs, state, tail: Uint8Array.from(tail), totals: Uint8Array.from(totals) };
}

export async function watchOf(health: HealthStore, id: string, vantage = HERE): Promise<Watch> {
  const watch = (await health.watchesOf([id])).find((other) => other.vantage === vantage);
  if (watch === undefined) throw new Error(`${id} is not watched from ${vantage}.`);
  return kept(watch);
}

/** All watches of these records, in their order. */
export async function watchesAmong(health: HealthStore, ids: readonly string[]): Promise<{ id: string; vantage: string }[]> {
  const watches = Map.groupBy(await health.watchesOf(ids), ({ id }) => id);
  return ids.flatMap((id) => (watches.get(id) ?? []).map((watch) => ({ id: watch.id, vantage: watch.vantage })));
}
