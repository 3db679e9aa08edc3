import { baselineAfter, isSlowAfter, isSlowResult } from './baseline.ts';
import { isExpiring } from './certificate-life.ts';
import type { Cause } from './cause.ts';
import { conditionAfter, isUnsettled } from './confirm.ts';
import { isFlapping, turnsAfter } from './flapping.ts';
import { answersIn, countIn, withMark, type Mark, type Marks } from './marks.ts';
import { confirmDelayMs, intervalInForceMs, regularDelayMs, type Pace } from './next-delay.ts';
import type { Observation } from './observation.ts';
import type { HealthSettings } from './settings.ts';
import type { VerdictCause } from './verdict-cause.ts';
import { credentialAfter, failuresAfter, lastResultOf, type WatchState } from './watch-state.ts';

/** What became of a watch. */
export interface Outcome {
  readonly state: WatchState;
  /** Whether the verdict’s word or its cause is another one than before. */
  readonly changed: boolean;
}

export interface ObservedOutcome extends Outcome {
  /** Milliseconds from now to the next probe. */
  readonly nextDelayMs: number;
  /** Milliseconds from one probe to the next as they now stand, re-probes and jitter aside. */
  readonly intervalMs: number;
  /** How long the verdict stands for at most, from this result on; `state.staleAtMs` is when that ends. */
  readonly staleAfterMs: number;
}

/** Intervals without a result after which nothing is known any more (design section 7). */
const STALE_INTERVALS = 3;

const NOTHING_CONCLUDED = { condition: 'none', marks: '', failuresInRow: 0, slow: false } as const;

/** Causes that tell of credentials: that they are not accepted, and that nobody could tell. */
const REJECTIONS = ['credentials_rejected', 'credentials_expired'] as const satisfies readonly Cause[];
const UNTRIED = ['token_service_failed', 'credentials_withheld'] as const satisfies readonly Cause[];

type Judged = Pick<WatchState, 'verdict' | 'cause'>;

/** Whether a result speaks of the registry; `blocked` says that nothing can be known, `probe_failed` not even that. */
type Kind = Mark | 'blocked' | 'nothing';

function kindOf(observation: Observation, state: WatchState, { slowMs }: HealthSettings): Kind {
  if (observation.healthy) return isSlowResult(observation.totalMs, state.baseline, slowMs) ? 's' : 'g';
  switch (observation.cause) {
    case 'rate_limited':
      return 'l';
    case 'credentials_rejected':
    case 'credentials_expired':
      return 'r';
    case 'credentials_withheld':
    case 'token_service_failed':
      return 'u';
    case 'blocked':
      return 'blocked';
    case 'probe_failed':
      return 'nothing';
    default:
      return 'f';
  }
}

/**
 * What one more result makes of a registry; does no I/O. A failure is confirmed by re-probes before it shows (two of three),
 * a recovery by two successes; `docs/health.md` has all rules.
 * @param random from 0 to 1; spreads the probes
 */
export function observe(before: WatchState, observation: Observation, settings: HealthSettings, random: number): ObservedOutcome {
  const past = before.last === null || before.last.url === observation.url ? before : withoutPast(before);
  // A login takes longer than being asked for one: the old times are those of another kind of probe.
  const known = observation.acceptedCredential !== null && past.credential === null ? { ...past, baseline: null } : past;
  const kind = kindOf(observation, known, settings);
  const seen = {
    ...known,
    credential: credentialAfter(known.credential, observation),
    last: lastResultOf(observation),
    failures: failuresAfter(known.failures, observation),
  };
  if (kind === 'nothing') return learnNothing(before, seen, observation, settings, random);
  const next = kind === 'blocked' ? unknownFor(seen, 'blocked') : learn(known, seen, kind, observation, settings);
  return paced(before, next, observation, settings, random);
}

/** Nobody has probed for too long: whatever the verdict was, it says nothing any more. */
export function expire(before: WatchState, nowMs: number): Outcome {
  if (before.verdict === 'unknown') return { state: before, changed: false };
  const cause = before.last?.cause === 'probe_failed' ? 'probe_failed' : 'not_watched';
  return turnedTo(before, unknownFor(before, cause), nowMs);
}

/** The record says that its registry is not to be probed. The next result ends it. */
export function pause(before: WatchState, nowMs: number): Outcome {
  return turnedTo(before, unknownFor(before, 'paused'), nowMs);
}

/** Keeps what was seen, and concludes nothing from it any more. */
function unknownFor(state: WatchState, cause: VerdictCause): WatchState {
  return { ...state, ...NOTHING_CONCLUDED, verdict: 'unknown', cause, staleAtMs: null };
}

/** The record’s URL was changed: the verdict stands until the registry that it names now has shown itself. */
function withoutPast(state: WatchState): WatchState {
  return { ...state, ...NOTHING_CONCLUDED, turnsMs: [], baseline: null, credential: null, last: null };
}

function turnedTo(before: WatchState, next: WatchState, atMs: number): Outcome {
  const isOtherWord = next.verdict !== before.verdict;
  return { state: isOtherWord ? { ...next, sinceMs: atMs } : next, changed: isOtherWord || next.cause !== before.cause };
}

/** Portolan could not probe: the verdict stands as long as its last real result lets it. */
function learnNothing(before: WatchState, seen: WatchState, observation: Observation, settings: HealthSettings, random: number): ObservedOutcome {
  const isOver = seen.staleAtMs === null || seen.staleAtMs <= observation.atMs;
  const next = isOver ? unknownFor(seen, 'probe_failed') : seen;
  const pace = paceOf(next, observation, settings);
  return {
    ...turnedTo(before, next, observation.atMs),
    nextDelayMs: regularDelayMs(pace, random),
    intervalMs: intervalInForceMs(pace),
    staleAfterMs: next.staleAtMs === null ? 0 : next.staleAtMs - observation.atMs,
  };
}

/** Adds a result that speaks of the registry. `known` still has the result before it, `seen` this one. */
function learn(known: WatchState, seen: WatchState, mark: Mark, observation: Observation, settings: HealthSettings): WatchState {
  const marks = withMark(known.marks, mark);
  const condition = conditionAfter(known.condition, marks);
  const next: WatchState = {
    ...seen,
    condition,
    marks,
    failuresInRow: mark === 'f' ? known.failuresInRow + 1 : 0,
    turnsMs: turnsAfter(known.turnsMs, known.condition, condition, marks, observation.atMs),
    baseline: observation.healthy ? baselineAfter(known.baseline, observation.totalMs) : known.baseline,
    slow: isSlowAfter(known.slow, marks),
  };
  return { ...next, ...judge(known, next, observation, settings) };
}

function judge(known: WatchState, next: WatchState, observation: Observation, settings: HealthSettings): Judged {
  const { condition, marks } = next;
  const isFailure = marks.endsWith('f');
  const flaps = isFlapping(next.turnsMs, observation.atMs, settings.intervalMs);
  // A failure that is not confirmed yet changes nothing, and neither does the first success after an outage.
  if (isFailure !== (condition === 'failed')) return { verdict: known.verdict, cause: known.cause };
  if (isFailure) {
    const mayYetAnswer = flaps && known.verdict !== 'down' && !marks.endsWith('fff');
    return mayYetAnswer ? { verdict: 'degraded', cause: 'flapping' } : { verdict: 'down', cause: steadyCause(known, 'down', observation) };
  }
  const lately = answersIn(marks).slice(-2);
  if (lately.includes('r')) return { verdict: 'auth_failed', cause: causeAmong(REJECTIONS, known, observation) };
  if (flaps) return { verdict: 'degraded', cause: 'flapping' };
  if (lately.includes('l')) return { verdict: 'degraded', cause: 'rate_limited' };
  if (isUntried(known, lately)) return { verdict: 'degraded', cause: causeAmong(UNTRIED, known, observation) };
  if (isExpiring(observation) || (known.cause === 'tls_expiring' && isExpiring(known.last))) return { verdict: 'degraded', cause: 'tls_expiring' };
  if (next.slow) return { verdict: 'degraded', cause: 'slow' };
  return { verdict: 'up', cause: steadyCause(known, 'up', observation) };
}

/** Of the last result, or, where that is another matter, as before. */
function causeAmong(causes: readonly [Cause, ...Cause[]], known: WatchState, { cause }: Observation): Cause {
  return causes.find((each) => each === cause) ?? causes.find((each) => each === known.cause) ?? causes[0];
}

/**
 * One token that could not be had may be a lost packet, and takes nothing from a registry that has shown itself to be up. Two in a row do,
 * and it takes two results without to come back.
 */
function isUntried({ verdict }: WatchState, lately: Marks): boolean {
  return lately === 'uu' || lately === 'u' || (lately.includes('u') && verdict !== 'up');
}

/**
 * While the word stays, its cause follows only once it was found twice in a row: of two servers behind one name each may
 * have its own, and an event for each result helps nobody. Another registry has nothing to do with the old cause, and a login that
 * succeeds for the first time is what somebody who has just stored a credential waits for.
 */
function steadyCause(known: WatchState, verdict: 'up' | 'down', { cause, acceptedCredential }: Observation): VerdictCause {
  const isFirstLogin = acceptedCredential !== null && known.cause === 'auth_required';
  return known.verdict !== verdict || known.last === null || known.last.cause === cause || isFirstLogin ? cause : known.cause;
}

function paced(before: WatchState, next: WatchState, observation: Observation, settings: HealthSettings, random: number): ObservedOutcome {
  const pace = paceOf(next, observation, settings);
  const intervalMs = intervalInForceMs(pace);
  const staleAfterMs = STALE_INTERVALS * intervalMs + settings.timeoutMs;
  const staleAtMs = next.verdict === 'unknown' ? null : observation.atMs + staleAfterMs;
  const nextDelayMs = wantsConfirming(next) ? confirmDelayMs(isFirstConfirming(next), random) : regularDelayMs(pace, random);
  return { ...turnedTo(before, { ...next, staleAtMs }, observation.atMs), nextDelayMs, intervalMs, staleAfterMs };
}

function paceOf({ failuresInRow }: WatchState, observation: Observation, { intervalMs }: HealthSettings): Pace {
  return { intervalMs, failuresInRow, retryAfterMs: observation.cause === 'rate_limited' ? observation.retryAfterMs : null };
}

/** A registry that limits requests is not asked again at once, whatever that might confirm. */
function wantsConfirming({ condition, marks, verdict }: WatchState): boolean {
  if (marks.endsWith('l')) return false;
  if (verdict === 'auth_failed') return !marks.endsWith('r');
  if (countIn(marks.slice(-2), 'u') === 1 && verdict !== 'down') return true;
  // Of one that flaps, a third failure tells whether it is down now.
  return isUnsettled(condition, marks) || (verdict === 'degraded' && marks.endsWith('ff'));
}

const isFirstConfirming = ({ condition, marks }: WatchState): boolean => marks.endsWith('f') === (condition !== 'failed');
