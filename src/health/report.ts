import type { Clock } from '../core/clock.ts';
import { withVantage, type HealthSummary } from '../core/health-summary.ts';
import { limits } from '../core/limits.ts';
import type { CredentialFacts } from '../core/registry-credential.ts';
import type { HealthEvent, HealthHistory, LastResult as ShownResult, PastFailure, RegistryHealth, VantageReport } from '../core/schema-types.ts';
import type { HealthStore, StoredHealthEvent, Watch } from '../store/health-port.ts';
import type { StoredRecord } from '../store/port.ts';
import { credentialReportOf, credentialTargetOf, type KnownCredentials } from './credentials.ts';
import { timeline, timelineNeeds, type TimelineQuery } from './history/timeline.ts';
import { uptimes } from './history/totals.ts';
import type { RecordFacts, RememberedFacts } from './record-facts.ts';
import { maintenanceAt } from './settings.ts';
import { expire } from './verdict.ts';
import { parseState, vantageHealthOf, type KeptFailure, type LastResult, type WatchState } from './watch-state.ts';

/** Tells what is known of registries, now and in the past, as the API shows it. */
export interface HealthReports {
  /** In the order of the records. @param vantage only what this one sees; undefined: all */
  ofRecords(records: readonly StoredRecord[], vantage?: string): Promise<readonly RegistryHealth[]>;
  /** With the last result and the last failures. */
  ofRecord(record: StoredRecord): Promise<RegistryHealth>;
  /** @throws {AppError} `INVALID_PARAMETER`, `LIMIT_EXCEEDED` when the times make no steps, or too many */
  history(id: string, seenFrom: SeenFrom, query: TimelineQuery): Promise<HealthHistory>;
  /** The latest first. Those of the moment of the last one come all, though they be more than `limit`, so that its time leads on. */
  events(id: string, query: { beforeMs: number; limit: number }): Promise<readonly HealthEvent[]>;
}

/** Where a history is to be seen from. */
export interface SeenFrom {
  /** Undefined: nobody said. */
  readonly vantage: string | undefined;
  /** Taken then, if it watches the registry; if it does not, the first that does. */
  readonly preferred: string;
}

function vantageOf({ vantage, preferred }: SeenFrom, watches: readonly Watch[]): string {
  if (vantage !== undefined) return vantage;
  return watches.some((watch) => watch.vantage === preferred) ? preferred : (watches[0]?.vantage ?? preferred);
}

interface HealthReportsOptions {
  readonly store: Pick<HealthStore, 'watchesOf' | 'hours' | 'days' | 'events'>;
  readonly facts: RememberedFacts;
  readonly credentials: KnownCredentials;
  readonly clock: Clock;
}

export function createHealthReports({ store, facts, credentials, clock }: HealthReportsOptions): HealthReports {
  async function watchesById(records: readonly StoredRecord[]): Promise<ReadonlyMap<string, readonly Watch[]>> {
    return Map.groupBy(await store.watchesOf(records.map(({ id }) => id)), ({ id }) => id);
  }

  /** Looks everything up that is needed to tell of any of these records. */
  async function lookUp(records: readonly StoredRecord[]): Promise<(stored: StoredRecord) => Known> {
    const targets = records.map((stored) => credentialTargetOf({ id: stored.id, createdAt: stored.meta.created_at }, facts.of(stored)));
    const [watches, kept] = await Promise.all([watchesById(records), credentials.factsOf(targets)]);
    return (stored) => ({ stored, facts: facts.of(stored), watches: watches.get(stored.id) ?? [], credential: kept.get(stored.id) });
  }

  return {
    async ofRecords(records, vantage) {
      const known = await lookUp(records);
      const nowMs = clock.nowMs();
      return records.map((stored) => reportOf(known(stored), { nowMs, vantage, isWhole: false }));
    },

    async ofRecord(stored) {
      const known = await lookUp([stored]);
      return reportOf(known(stored), { nowMs: clock.nowMs(), isWhole: true });
    },

    async history(id, seenFrom, query) {
      const nowMs = clock.nowMs();
      const needs = timelineNeeds(query, nowMs);
      const watches = await store.watchesOf([id]);
      const vantage = vantageOf(seenFrom, watches);
      const key = { id, vantage };
      const [hours, days] = await Promise.all([
        needs.hours === null ? [] : store.hours(key, needs.hours.from, needs.hours.to),
        needs.days === null ? [] : store.days(key, needs.days.from, needs.days.to),
      ]);
      const tail = watches.find((watch) => watch.vantage === vantage)?.tail ?? new Uint8Array();
      const steps = timeline(query, { hours, days, tail }, nowMs);
      return { vantage, step_s: query.stepMs / 1000, availability: availabilityOf(steps), steps: [...steps] };
    },

    async events(id, query) {
      const found = await store.events(id, query);
      const last = found.at(-1);
      if (last === undefined || found.length < query.limit) return found.map(shownEvent);
      const ofItsMoment = (await store.events(id, { beforeMs: last.atMs + 1, limit: limits.pageSizeMax })).filter(({ atMs }) => atMs === last.atMs);
      return [...found.filter(({ atMs }) => atMs > last.atMs), ...ofItsMoment].map(shownEvent);
    },
  };
}

/** What is known of one registry. */
interface Known {
  readonly stored: StoredRecord;
  readonly facts: RecordFacts;
  readonly watches: readonly Watch[];
  readonly credential: CredentialFacts | undefined;
}

interface Showing {
  readonly nowMs: number;
  readonly vantage?: string | undefined;
  /** With what is shown only of one registry. */
  readonly isWhole: boolean;
}

function reportOf({ stored, facts, watches, credential }: Known, { nowMs, vantage, isWhole }: Showing): RegistryHealth {
  const inMaintenance = maintenanceAt(facts.settings, nowMs) !== null;
  const seen = watches.map((watch) => ({ watch, state: stateNow(watch, nowMs) }));
  const summary = seen.reduce(withEnded, stored.health);
  const shown = seen.filter(({ watch }) => vantage === undefined || watch.vantage === vantage);
  return {
    id: stored.id,
    name: facts.name,
    url: facts.url,
    registry_type: facts.registryType,
    status: summary.status,
    cause: summary.cause,
    since: summary.since,
    credential: credentialReportOf(credential, seen.map(({ state }) => state.credential), nowMs),
    vantages: Object.fromEntries(shown.map(({ watch, state }) => [watch.vantage, vantageReport(watch, state, { nowMs, inMaintenance, isWhole })])),
  };
}

/** A verdict that has ended says nothing any more, whether or not anybody has written that down yet. */
function stateNow({ state, staleAtMs }: Watch, nowMs: number): WatchState {
  const stored = parseState(state, nowMs);
  return staleAtMs !== null && staleAtMs <= nowMs ? expire(stored, staleAtMs).state : stored;
}

function withEnded(summary: HealthSummary, { watch, state }: { watch: Watch; state: WatchState }): HealthSummary {
  const known = summary.vantages[watch.vantage];
  return known === undefined || known.status === state.verdict ? summary : withVantage(summary, watch.vantage, vantageHealthOf(state));
}

interface Circumstances {
  readonly nowMs: number;
  readonly inMaintenance: boolean;
  readonly isWhole: boolean;
}

function vantageReport({ dueAtMs, tail, totals }: Watch, state: WatchState, { nowMs, inMaintenance, isWhole }: Circumstances): VantageReport {
  const { last, failures } = state;
  return {
    ...vantageHealthOf(state),
    last_checked_at: last === null ? null : iso(last.atMs),
    next_check_at: dueAtMs === null ? null : iso(Math.max(dueAtMs, nowMs)),
    latency_ms: last?.totalMs ?? null,
    certificate_expires_at: expiryOf(last),
    in_maintenance: inMaintenance,
    uptime: uptimes(totals, tail, nowMs),
    ...(isWhole ? { last_result: last === null ? null : shownResult(last), last_failures: failures.map(shownFailure).toReversed() } : {}),
  };
}

const expiryOf = (last: LastResult | null): string | null => (last === null || last.certificate === null ? null : iso(last.certificate.validToMs));
const iso = (timeMs: number): string => new Date(timeMs).toISOString();

function shownResult(last: LastResult): ShownResult {
  const { atMs, healthy, cause, statusCode, reason, totalMs, dnsMs, connectMs, tlsMs, firstByteMs, flavor, challenge, certificate } = last;
  return {
    checked_at: iso(atMs),
    healthy,
    cause,
    status_code: statusCode,
    reason,
    total_ms: totalMs,
    dns_ms: dnsMs,
    connect_ms: connectMs,
    tls_ms: tlsMs,
    first_byte_ms: firstByteMs,
    flavor,
    challenge,
    certificate_valid_from: certificate === null ? null : iso(certificate.validFromMs),
    certificate_expires_at: certificate === null ? null : iso(certificate.validToMs),
  };
}

function shownFailure({ atMs, cause, statusCode, reason }: KeptFailure): PastFailure {
  return { at: iso(atMs), cause, status_code: statusCode, reason };
}

function shownEvent({ atMs, vantage, from, to, cause, evidence }: StoredHealthEvent): HealthEvent {
  const { last, failures } = evidenceOf(evidence);
  return {
    at: iso(atMs),
    vantage,
    from,
    to,
    cause,
    evidence: { last_result: last === null ? null : shownResult(last), failures: failures.map(shownFailure) },
  };
}

/** As `completionOf…` in `watching/completion.ts` wrote it; an event whose evidence was lost is still an event. */
function evidenceOf(text: string): Pick<WatchState, 'last' | 'failures'> {
  const found = JSON.parse(text) as Pick<WatchState, 'last' | 'failures'>;
  return { last: found.last, failures: found.failures };
}

/** Of all steps together. */
function availabilityOf(steps: readonly HealthHistory['steps'][number][]): number | null {
  let usableS = 0;
  let countedS = 0;
  for (const step of steps) {
    const usable = step.up_s + step.degraded_s + step.auth_failed_s;
    usableS += usable;
    countedS += usable + step.down_s;
  }
  return countedS === 0 ? null : usableS / countedS;
}
