import { setMaxListeners } from 'node:events';
import type { Clock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';
import type { ProbeCredential } from '../../core/registry-credential.ts';
import type { ClaimedWatch, Completion, HealthStore } from '../../store/health-port.ts';
import { credentialTargetOf, offeredCredential, type ProbeCredentials } from '../credentials.ts';
import type { OfferedCredential } from '../login.ts';
import { observationOf } from '../observation.ts';
import type { ProbeResult, Prober } from '../probe.ts';
import { probeRequestOf, type RecordFacts, type RememberedFacts } from '../record-facts.ts';
import { completionOfPause, completionOfResult, postponement } from './completion.ts';
import { createHostCounts } from './host-counts.ts';
import { createLoop } from './loop.ts';
import { createPace } from './pace.ts';
import { createResultWriter } from './result-writer.ts';
import { proberUpkeep } from './upkeep.ts';

/** Hears of what the watcher does. */
export interface WatcherMetrics {
  observeProbe(cause: string, phases: ProbeResult['phases']): void;
  /** How long after it was due a probe began, in milliseconds. */
  observeLag(lagMs: number): void;
  setProbesInFlight(probes: number): void;
}

export interface WatcherOptions {
  readonly store: HealthStore;
  readonly prober: Prober;
  readonly facts: RememberedFacts;
  readonly credentials: ProbeCredentials;
  readonly clock: Clock;
  readonly vantage: string;
  readonly metrics: WatcherMetrics;
  readonly log: { warn(message: string, fields?: object): void; error(message: string, fields?: object): void };
  /** From 0 to 1. Default: `Math.random` */
  readonly random?: () => number;
}

/** Probes what is due, again and again, and has written down what comes of it. */
export interface Watcher {
  start(): void;
  /** Gives back what is not done and writes what is. */
  stop(): Promise<void>;
  /** The probe of a record's registry that is under way; undefined when there is none. */
  running(id: string, url: string): Promise<ProbeResult> | undefined;
  /**
   * Takes the result of a probe on demand for the watch that was claimed for it. Resolves once it is written.
   * @param credentialVersion of the credential that the probe was given; null: none
   */
  take(claim: ClaimedWatch, result: ProbeResult, credentialVersion: string | null): Promise<void>;
}

/** A claimed watch, and what its record says. */
interface Due {
  readonly claim: ClaimedWatch;
  readonly target: RecordFacts;
}

interface Running {
  readonly url: string;
  readonly result: Promise<ProbeResult>;
  /** Resolves when all that follows from the result is under way, too. */
  readonly finished: Promise<void>;
}

export function createWatcher({ store, prober, facts, credentials, clock, vantage, metrics, log, random = Math.random }: WatcherOptions): Watcher {
  const pace = createPace(clock);
  const hosts = createHostCounts();
  const writer = createResultWriter({ store, clock, log });
  const underWay = new Map<string, Running>();
  const stopping = new AbortController();
  // Every probe under way listens.
  setMaxListeners(0, stopping.signal);

  const factsOfClaim = ({ id, record: { text } }: ClaimedWatch): RecordFacts => facts.of({ id, text });

  async function claimDue(signal: AbortSignal): Promise<void> {
    const isEnding = (): boolean => signal.aborted;
    for (;;) {
      const limit = Math.min(pace.allowance(), limits.watchedInFlightMax - underWay.size, limits.resultsWaitingMax - writer.unwritten(), limits.claimsTogether);
      if (limit <= 0) return;
      const claims = await store.claim({ vantage, nowMs: clock.nowMs(), leaseMs: limits.leaseMs, limit });
      if (isEnding()) return store.release(claims);
      if (claims.length === 0) return;
      const due = claims.map((claim) => ({ claim, target: factsOfClaim(claim) }));
      const found = await credentialsFor(due);
      if (isEnding()) return store.release(claims);
      // Those that only come again later must not keep others from their turn.
      pace.spend(due.filter((each) => begin(each, found.get(each.claim.id))).length);
      if (claims.length < limit) return;
    }
  }

  /** Without them, a registry that rejects them would seem well. */
  async function credentialsFor(due: readonly Due[]): ReturnType<ProbeCredentials['forProbe']> {
    try {
      return await credentials.forProbe(due.map(({ claim: { id, record }, target }) => credentialTargetOf({ id, createdAt: record.createdAt }, target)));
    } catch (error) {
      await store.release(due.map(({ claim }) => claim)).catch(() => undefined);
      throw error;
    }
  }

  /** @returns whether a probe has begun */
  function begin({ claim, target }: Due, kept: ProbeCredential | undefined): boolean {
    const nowMs = clock.nowMs();
    if (!target.settings.enabled) {
      write(completionOfPause(claim, nowMs));
      return false;
    }
    if (underWay.has(claim.id) || !hosts.enter(target.url)) {
      write(postponement(claim, nowMs + busyMs(target)));
      return false;
    }
    // Zero means that somebody asked for it, so that there is nothing to be late for.
    if (claim.dueAtMs !== null && claim.dueAtMs > 0) metrics.observeLag(Math.max(0, nowMs - claim.dueAtMs));
    const credential = offeredCredential(kept, claim.state, nowMs);
    const result = prober.probe({ ...probeRequestOf(target), credential, signal: stopping.signal });
    underWay.set(claim.id, { url: target.url, result, finished: finish({ claim, target }, credential, result) });
    metrics.setProbesInFlight(underWay.size);
    return true;
  }

  /** Spread, so that not the same ones come first each time; nobody waits for much longer than its interval. */
  function busyMs({ url, settings }: RecordFacts): number {
    return Math.ceil(Math.min(hosts.retryAfterMs(url), settings.intervalMs) * (0.5 + random()));
  }

  async function finish({ claim, target }: Due, credential: OfferedCredential | null, result: Promise<ProbeResult>): Promise<void> {
    try {
      const found = await result;
      metrics.observeProbe(found.cause, found.phases);
      write(completionOfResult(claim, observationOf(found, clock.nowMs(), credential?.version ?? null), target.settings, random()));
    } catch (error) {
      await giveBack(claim, target, error);
    } finally {
      underWay.delete(claim.id);
      hosts.leave(target.url);
      metrics.setProbesInFlight(underWay.size);
    }
  }

  /** A probe fails by itself only when it is called off. Should it do so otherwise, trying it again at once would hardly help. */
  async function giveBack(claim: ClaimedWatch, { settings }: RecordFacts, error: unknown): Promise<void> {
    if (stopping.signal.aborted) {
      await store.release([claim]).catch(() => undefined);
      return;
    }
    log.error('A probe could not be made', { id: claim.id, error });
    write(postponement(claim, clock.nowMs() + settings.intervalMs));
  }

  function write(completion: Completion): void {
    void writer.write(completion);
  }

  const loops = [
    createLoop({ name: 'claiming what is to be probed', everyMs: limits.claimEveryMs, log, turn: claimDue }),
    ...proberUpkeep({ store, clock, log, vantage, pace }),
  ];

  return {
    start() {
      for (const loop of loops) loop.start();
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
      const finishing = [...underWay.values()].map(({ finished }) => finished);
      stopping.abort(new Error('Portolan is stopping.'));
      await Promise.all(finishing);
      await writer.close();
    },
    running(id, url) {
      const found = underWay.get(id);
      return found?.url === url ? found.result : undefined;
    },
    async take(claim, result, credentialVersion) {
      const written = writer.write(completionOfResult(claim, observationOf(result, clock.nowMs(), credentialVersion), factsOfClaim(claim).settings, random()));
      await writer.flush();
      await written;
    },
  };
}
