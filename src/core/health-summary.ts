import type { JsonObject } from './json.ts';

/** The states that results lead to (design section 7). */
export type Verdict = 'up' | 'degraded' | 'auth_failed' | 'down' | 'unknown';

export const VERDICTS = ['up', 'degraded', 'auth_failed', 'down', 'unknown'] as const satisfies readonly Verdict[];

/** What one vantage makes of a registry. */
export interface VantageHealth {
  readonly status: Verdict;
  /** A probe's cause, or a verdict's own: `never_probed`, `not_watched`, `paused`, `slow`, `flapping`, `tls_expiring`. */
  readonly cause: string;
  /** Since when the status stands, ISO 8601 in UTC. */
  readonly since: string;
}

/** What a record says of its registry: what all vantages together make of it. Never part of the record's revision. */
export interface HealthSummary {
  readonly status: Verdict;
  /** As `VantageHealth`, or `vantages_differ` where some places see the registry and others do not. */
  readonly cause: string;
  /** Null where a document of an older database has never been probed. */
  readonly since: string | null;
  readonly vantages: Readonly<Record<string, VantageHealth>>;
}

/** A record that no probe has looked at yet. */
export function neverProbed(since: string | null): HealthSummary {
  return { status: 'unknown', cause: 'never_probed', since, vantages: {} };
}

/** Worst last. `unknown` stands apart: it says nothing about the registry. */
const SEVERITY: readonly Verdict[] = ['up', 'degraded', 'auth_failed', 'down'];

function combine(vantages: readonly VantageHealth[]): Pick<VantageHealth, 'status' | 'cause'> {
  const seen = vantages.filter(({ status }) => status !== 'unknown');
  const worst = seen.toSorted((a, b) => SEVERITY.indexOf(b.status) - SEVERITY.indexOf(a.status))[0];
  if (worst === undefined) return { status: 'unknown', cause: vantages[0]?.cause ?? 'never_probed' };
  const differs = worst.status === 'down' && seen.some(({ status }) => status !== 'down');
  return differs ? { status: 'degraded', cause: 'vantages_differ' } : { status: worst.status, cause: worst.cause };
}

function summaryOf(before: HealthSummary, vantages: HealthSummary['vantages'], nowIso: string): HealthSummary {
  const entries = Object.entries(vantages).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const { status, cause } = combine(entries.map(([, health]) => health));
  const since = status === before.status ? before.since : nowIso;
  return { status, cause, since, vantages: Object.fromEntries(entries) };
}

/** What a record says once one vantage has come to another verdict: `down` only where every vantage that knows says so. */
export function withVantage(before: HealthSummary, vantage: string, health: VantageHealth): HealthSummary {
  return summaryOf(before, { ...before.vantages, [vantage]: health }, health.since);
}

/** What a record says once nobody probes from a vantage any more. */
export function withoutVantage(before: HealthSummary, vantage: string, nowIso: string): HealthSummary {
  const vantages = Object.fromEntries(Object.entries(before.vantages).filter(([name]) => name !== vantage));
  return summaryOf(before, vantages, nowIso);
}

/** The summary as filters, sorts and indexes see it. */
export function viewOfHealth(health: HealthSummary): JsonObject {
  return { ...health, vantages: { ...health.vantages } } as unknown as JsonObject;
}
