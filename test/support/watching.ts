/** A watcher over a real embedded store, with a prober that does what a test says and a clock that can jump. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/core/clock.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { RecordFields } from '../../src/core/record.ts';
import { decodeHour, type PastResult } from '../../src/health/history/tail.ts';
import type { Prober, ProbeRequest, ProbeResult } from '../../src/health/probe.ts';
import { createRecordFacts } from '../../src/health/record-facts.ts';
import { createRecordListener } from '../../src/health/watching/touching.ts';
import type { KnownCredentials, ProbeCredentials } from '../../src/health/credentials.ts';
import { createWatcher, type Watcher } from '../../src/health/watching/watcher.ts';
import { parseState, type WatchState } from '../../src/health/watch-state.ts';
import type { HealthStore, Store } from '../../src/store/health-port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { newRecord, recordOf } from '../contract/store-fixture.ts';
import { rememberingLog, type RememberedLog } from './remembering-log.ts';

export const HERE = 'default';

/** The real time, but for the wall clock's jumps. */
export interface JumpingClock extends Clock {
  jump(ms: number): void;
}

export function jumpingClock(): JumpingClock {
  let aheadMs = 0;
  return { nowMs: () => Date.now() + aheadMs, monotonicMs: () => performance.now(), jump: (ms) => void (aheadMs += ms) };
}

/** Nobody keeps any. */
export const noCredentials: ProbeCredentials & KnownCredentials = { forProbe: async () => new Map(), factsOf: async () => new Map() };

/** What a probe of a registry that works finds. */
export function resultOf(url: string, change: Partial<ProbeResult> = {}): ProbeResult {
  return {
    reachable: true,
    healthy: true,
    status_code: 200,
    reason: 'OK',
    url,
    cause: 'ok',
    authenticated: false,
    phases: { dns_ms: null, connect_ms: 1, tls_ms: null, first_byte_ms: 1, total_ms: 2 },
    tls: null,
    challenge: null,
    flavor: 'distribution',
    retry_after_s: null,
    canary: null,
    vantage: HERE,
    checked_at: new Date().toISOString(),
    ...change,
  };
}

export const refusedBy = (url: string): ProbeResult => resultOf(url, { reachable: false, healthy: false, status_code: null, reason: 'Nothing listens on that port.', cause: 'refused' });

interface Begun {
  readonly request: ProbeRequest;
  /** Of the monotonic clock. */
  readonly atMs: number;
}

export interface FakeProber extends Prober {
  /** What the next probes find; one that never resolves hangs until it is called off. */
  answer: (request: ProbeRequest) => ProbeResult | Promise<ProbeResult>;
  readonly begun: readonly Begun[];
  /** How often a URL was probed. */
  count(url: string): number;
  inFlight(): number;
  /** The most probes that were under way at once: of all, and of any one URL. */
  most(): { readonly inAll: number; readonly ofOne: number };
}

export const hangs = (): Promise<ProbeResult> => new Promise(() => undefined);

export function fakeProber(answer: FakeProber['answer'] = ({ url }) => resultOf(url)): FakeProber {
  const begun: Begun[] = [];
  const underWay = new Map<string, number>();
  const most = { inAll: 0, ofOne: 0 };
  let inFlight = 0;
  const prober: FakeProber = {
    answer,
    begun,
    count: (url) => begun.filter(({ request }) => request.url === url).length,
    inFlight: () => inFlight,
    most: () => ({ ...most }),
    async probe(request) {
      const { url, signal } = request;
      begun.push({ request, atMs: performance.now() });
      underWay.set(url, (underWay.get(url) ?? 0) + 1);
      most.inAll = Math.max(most.inAll, ++inFlight);
      most.ofOne = Math.max(most.ofOne, underWay.get(url) ?? 0);
      try {
        signal.throwIfAborted();
        const calledOff = new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
        return await Promise.race([prober.answer(request), calledOff]);
      } finally {
        inFlight -= 1;
        underWay.set(url, (underWay.get(url) ?? 1) - 1);
      }
    },
  };
  return prober;
}

export const urlOf = (id: string): string => `http://${id}.example`;
export const idsOf = (count: number): string[] => Array.from({ length: count }, (_unused, index) => `r${String(index).padStart(5, '0')}`);

/** A record of a host of its own, with this in its `health` settings. */
export const watched = (id: string, health: JsonObject = {}, url = urlOf(id)): RecordFields => recordOf(id, { container_registry_public_url: url, container_registry_config: { health } });

export interface Lags {
  readonly lagsMs: number[];
  readonly causes: string[];
}

export interface WatchingBench {
  readonly store: Store;
  readonly health: HealthStore;
  readonly clock: JumpingClock;
  readonly prober: FakeProber;
  readonly log: RememberedLog;
  /** What the watchers told the metrics. */
  readonly told: Lags;
  /** While true, every call of the store fails as when it is away. */
  isAway: boolean;
  watcher(change?: { readonly store?: HealthStore; readonly prober?: Prober; readonly vantage?: string; readonly credentials?: ProbeCredentials }): Watcher;
  /** Stores records and makes them due at once, as the catalog does. */
  add(...records: readonly RecordFields[]): Promise<void>;
  /** Stores records with watches that are due at a time, as if they had been watched at this interval. */
  addDue(ids: readonly string[], due: { readonly atMs: number; readonly intervalMs: number }): Promise<void>;
  /** Replaces a record and makes it due at once, as the catalog does. */
  edit(record: RecordFields): Promise<void>;
  state(id: string, vantage?: string): Promise<WatchState>;
  /** All results that are kept. */
  results(id: string, vantage?: string): Promise<readonly PastResult[]>;
  dispose(): Promise<void>;
}

export async function startBench(): Promise<WatchingBench> {
  const dataDir = await mkdtemp(join(tmpdir(), 'portolan-watching-'));
  const store = await openSqliteStore({ dataDir, log: { info: () => undefined, warn: () => undefined } });
  const clock = jumpingClock();
  const prober = fakeProber();
  const log = rememberingLog();
  const told: Lags = { lagsMs: [], causes: [] };
  const started: Watcher[] = [];
  const health = orAway(store.health, () => bench.isAway);
  const listener = createRecordListener({ store: health, clock, vantage: HERE, log });
  const metrics = { observeProbe: (cause: string) => void told.causes.push(cause), observeLag: (lagMs: number) => void told.lagsMs.push(lagMs), setProbesInFlight: () => undefined };
  const watchOf = async (id: string, vantage = HERE) => {
    const watch = (await store.health.watchesOf([id])).find((each) => each.vantage === vantage);
    if (watch === undefined) throw new Error(`${id} is not watched from ${vantage}.`);
    return watch;
  };
  const bench: WatchingBench = {
    store,
    health,
    clock,
    prober,
    log,
    told,
    isAway: false,
    watcher(change = {}) {
      const watcher = createWatcher({ store: health, prober, facts: createRecordFacts(), credentials: noCredentials, clock, vantage: HERE, metrics, log, ...change });
      started.push(watcher);
      return watcher;
    },
    async add(...records) {
      await Promise.all(records.map((record) => store.insert({ ...newRecord(record.container_registry_id), record })));
      await Promise.all(records.map(({ container_registry_id: id }) => store.health.touch(id, [HERE])));
    },
    async addDue(ids, { atMs, intervalMs }) {
      for (let from = 0; from < ids.length; from += 100) await Promise.all(ids.slice(from, from + 100).map((id) => store.insert({ ...newRecord(id), record: watched(id) })));
      await store.health.enrol({ vantage: HERE, afterId: null, limit: 1_000_000, dueFromMs: 1, dueUntilMs: 1 });
      const claims = await store.health.claim({ vantage: HERE, nowMs: clock.nowMs(), leaseMs: 60_000, limit: 1_000_000 });
      await store.health.complete(
        claims.map(({ id, vantage, token, state, tail, totals }) => ({
          claim: { id, vantage, token },
          next: { dueAtMs: atMs, intervalMs, staleAtMs: null, state, tail, totals },
          verdict: null,
          event: null,
          closedHours: [],
        })),
      );
    },
    async edit(record) {
      const id = record.container_registry_id;
      const found = await store.get(id);
      if (found === null) throw new Error(`There is no record ${id}.`);
      await store.replace({ record, meta: { ...found.meta, revision: found.meta.revision + 1 }, expectedRevision: found.meta.revision });
      listener.onWritten(id);
    },
    state: async (id, vantage) => parseState((await watchOf(id, vantage)).state, clock.nowMs()),
    async results(id, vantage = HERE) {
      const closed = await store.health.hours({ id, vantage }, 0, 1_000_000);
      return [...closed.map(({ results }) => results), (await watchOf(id, vantage)).tail].flatMap((packed) => decodeHour(packed)?.results ?? []);
    },
    async dispose() {
      bench.isAway = false;
      await Promise.all(started.map((watcher) => watcher.stop()));
      await store.close();
      await rm(dataDir, { recursive: true });
    },
  };
  return bench;
}

/** The same store, which fails as long as it is away. */
function orAway(health: HealthStore, isAway: () => boolean): HealthStore {
  return new Proxy(health, {
    get(target, name) {
      const call = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => (isAway() ? Promise.reject(new Error('The store is away.')) : call.apply(target, args));
    },
  });
}
