/** From what a probe found, or what time brought, to what is written. Pure. */
import type { ClaimedWatch, Completion, HealthEvent } from '../../store/health-port.ts';
import { appendGap, appendResult, type Grown } from '../history/tail.ts';
import { addHours } from '../history/totals.ts';
import type { Observation } from '../observation.ts';
import { maintenanceAt, type HealthSettings } from '../settings.ts';
import { expire, observe, pause, type Outcome } from '../verdict.ts';
import { parseState, vantageHealthOf, type WatchState } from '../watch-state.ts';

/** @param random from 0 to 1; spreads the probes */
export function completionOfResult(claim: ClaimedWatch, observation: Observation, settings: HealthSettings, random: number): Completion {
  const { atMs, cause, statusCode, totalMs } = observation;
  const before = parseState(claim.state, atMs);
  const outcome = observe(before, observation, settings, random);
  const grown = appendResult(claim.tail, {
    atMs,
    cause,
    statusCode,
    totalMs,
    verdict: outcome.state.verdict,
    maintenance: maintenanceAt(settings, atMs) !== null,
    validForMs: outcome.staleAfterMs,
  });
  return completion(claim, before, outcome, grown, { dueAtMs: atMs + outcome.nextDelayMs, intervalMs: outcome.intervalMs });
}

/** The record asks not to be probed; it is looked at again when it changes. */
export function completionOfPause(claim: ClaimedWatch, nowMs: number): Completion {
  const before = parseState(claim.state, nowMs);
  return completion(claim, before, pause(before, nowMs), appendGap(claim.tail, nowMs), { dueAtMs: null, intervalMs: 0 });
}

/** Nobody has probed for too long. The verdict ended when it went stale, which is before now, and so the past has it already. */
export function completionOfExpiry(claim: ClaimedWatch, nowMs: number): Completion {
  const before = parseState(claim.state, nowMs);
  return completion(claim, before, expire(before, claim.staleAtMs ?? nowMs), { tail: claim.tail, closed: [] }, { dueAtMs: claim.dueAtMs, intervalMs: claim.intervalMs });
}

/** Nothing was found out; the probe is due later. */
export function postponement(claim: ClaimedWatch, dueAtMs: number): Completion {
  const { id, vantage, token, staleAtMs, intervalMs, state, tail, totals } = claim;
  return { claim: { id, vantage, token }, next: { dueAtMs, staleAtMs, intervalMs, state, tail, totals }, verdict: null, event: null, closedHours: [] };
}

type Plan = Pick<Completion['next'], 'dueAtMs' | 'intervalMs'>;

function completion(claim: ClaimedWatch, before: WatchState, { state, changed }: Outcome, { tail, closed }: Grown, plan: Plan): Completion {
  const { id, vantage, token } = claim;
  return {
    claim: { id, vantage, token },
    next: { ...plan, staleAtMs: state.staleAtMs, state: JSON.stringify(state), tail, totals: addHours(claim.totals, closed) },
    verdict: changed ? vantageHealthOf(state) : null,
    event: before.verdict === state.verdict ? null : eventOf(before, state),
    closedHours: closed,
  };
}

/** Failures that an event shows as its evidence, besides the last result. */
const EVIDENCE_FAILURES = 3;

function eventOf(before: WatchState, { verdict, cause, sinceMs, last, failures }: WatchState): HealthEvent {
  const shown = verdict === 'down' || verdict === 'degraded' ? failures.slice(-EVIDENCE_FAILURES) : [];
  return { atMs: sinceMs, from: before.verdict, to: verdict, cause, evidence: JSON.stringify({ last, failures: shown }) };
}
