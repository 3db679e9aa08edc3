import type { VantageHealth, Verdict } from '../core/health-summary.ts';
import { isJsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Baseline } from './baseline.ts';
import { causeTable, type Cause } from './cause.ts';
import type { Condition } from './confirm.ts';
import { TURNS_KEPT, type Turns } from './flapping.ts';
import { isMarks, type Marks } from './marks.ts';
import type { Observation } from './observation.ts';
import { verdictCauseTable, type VerdictCause } from './verdict-cause.ts';

/** The last result, its times to a tenth of a millisecond and its texts cut. */
export type LastResult = Omit<Observation, 'retryAfterMs' | 'acceptedCredential'>;

/** The stored credential that the registry accepted last, and when: what tells one that has expired from one that was never right. */
export interface AcceptedCredential {
  readonly version: string;
  readonly goodAtMs: number;
}

/** A result that was not healthy. */
export type KeptFailure = Pick<Observation, 'atMs' | 'cause' | 'statusCode' | 'reason'>;

/** All that a verdict is made from and remembers: plain JSON, written anew with each result and so kept small. */
export interface WatchState {
  readonly v: 1;
  readonly verdict: Verdict;
  readonly cause: VerdictCause;
  readonly sinceMs: number;
  /** When the verdict ends unless another result comes; null while it is `unknown`. */
  readonly staleAtMs: number | null;
  readonly condition: Condition;
  readonly marks: Marks;
  readonly failuresInRow: number;
  readonly turnsMs: Turns;
  readonly baseline: Baseline | null;
  readonly slow: boolean;
  readonly credential: AcceptedCredential | null;
  /** The last result, whatever it says. */
  readonly last: LastResult | null;
  /** The last ones, whatever their age, the latest at the end. */
  readonly failures: readonly KeptFailure[];
}

/** What is known of a registry that nobody has probed yet. */
export function initialState(nowMs: number): WatchState {
  return {
    v: 1,
    verdict: 'unknown',
    cause: 'never_probed',
    sinceMs: nowMs,
    staleAtMs: null,
    condition: 'none',
    marks: '',
    failuresInRow: 0,
    turnsMs: [],
    baseline: null,
    slow: false,
    credential: null,
    last: null,
    failures: [],
  };
}

/** A verdict as records show it. */
export function vantageHealthOf({ verdict, cause, sinceMs }: WatchState): VantageHealth {
  return { status: verdict, cause, since: new Date(sinceMs).toISOString() };
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;
const tenthsOrNull = (ms: number | null): number | null => (ms === null ? null : tenths(ms));
/** Half a character may be left at the cut. */
const cut = (text: string, length: number): string => (text.length <= length ? text : text.slice(0, length).toWellFormed());

export function lastResultOf(observation: Observation): LastResult {
  const { atMs, url, cause, healthy, statusCode, reason, totalMs, dnsMs, connectMs, tlsMs, firstByteMs, certificate, flavor, challenge } = observation;
  return {
    atMs,
    url,
    cause,
    healthy,
    statusCode,
    reason: cut(reason, limits.resultReasonLengthMax),
    totalMs: tenths(totalMs),
    dnsMs: tenthsOrNull(dnsMs),
    connectMs: tenthsOrNull(connectMs),
    tlsMs: tenthsOrNull(tlsMs),
    firstByteMs: tenthsOrNull(firstByteMs),
    certificate,
    flavor,
    challenge: challenge === null ? null : cut(challenge, limits.challengeSchemeLengthMax),
  };
}

/** Remembered beyond failures and rejections, until another one is accepted. */
export function credentialAfter(known: AcceptedCredential | null, { acceptedCredential: version, atMs }: Observation): AcceptedCredential | null {
  return version === null ? known : { version, goodAtMs: atMs };
}

export function failuresAfter(failures: readonly KeptFailure[], observation: Observation): readonly KeptFailure[] {
  const { atMs, cause, statusCode, reason, healthy } = observation;
  if (healthy) return failures;
  return [...failures.slice(1 - limits.failuresKept), { atMs, cause, statusCode, reason: cut(reason, limits.failureReasonLengthMax) }];
}

/**
 * Reads what an earlier version, or a store that lost something, may have left: text that is empty or not a state in every
 * part counts as none, so that the registry is judged anew.
 */
export function parseState(text: string, nowMs: number): WatchState {
  if (text === '') return initialState(nowMs);
  try {
    const found: unknown = JSON.parse(text);
    // Versions that knew no credentials left out what they would have said of them.
    const state: unknown = isJsonObject(found) && found['credential'] === undefined ? { ...found, credential: null } : found;
    return isState(state) ? state : initialState(nowMs);
  } catch {
    return initialState(nowMs);
  }
}

const VERDICTS: ReadonlySet<unknown> = new Set<Verdict>(['up', 'degraded', 'auth_failed', 'down', 'unknown']);
const CONDITIONS: ReadonlySet<unknown> = new Set<Condition>(['none', 'good', 'failed']);
const CAUSES: ReadonlySet<unknown> = new Set(Object.keys(causeTable));
const VERDICT_CAUSES: ReadonlySet<unknown> = new Set([...CAUSES, ...Object.keys(verdictCauseTable)]);
/** The last moment that a date can name. */
const TIME_MS_MAX = 8.64e15;

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isTime = (value: unknown): value is number => isNumber(value) && Math.abs(value) <= TIME_MS_MAX;
const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isText = (value: unknown): value is string => typeof value === 'string';
const orNull = (isValid: (value: unknown) => boolean, value: unknown): boolean => value === null || isValid(value);
const isCause = (value: unknown): value is Cause => CAUSES.has(value);

function isState(found: unknown): found is WatchState {
  if (!isJsonObject(found)) return false;
  const { v, verdict, cause, sinceMs, staleAtMs, condition, marks, failuresInRow, turnsMs, baseline, slow, credential, last, failures } = found;
  return (
    v === 1 &&
    VERDICTS.has(verdict) &&
    VERDICT_CAUSES.has(cause) &&
    isTime(sinceMs) &&
    orNull(isTime, staleAtMs) &&
    CONDITIONS.has(condition) &&
    isText(marks) &&
    isMarks(marks) &&
    isCount(failuresInRow) &&
    Array.isArray(turnsMs) &&
    turnsMs.length <= TURNS_KEPT &&
    turnsMs.every(isTime) &&
    orNull(isBaseline, baseline) &&
    typeof slow === 'boolean' &&
    orNull(isAcceptedCredential, credential) &&
    orNull(isLastResult, last) &&
    Array.isArray(failures) &&
    failures.length <= limits.failuresKept &&
    failures.every(isFailure)
  );
}

const isBaseline = (found: unknown): boolean => isJsonObject(found) && isNumber(found['ms']) && isCount(found['results']);

const isAcceptedCredential = (found: unknown): boolean => isJsonObject(found) && isText(found['version']) && isTime(found['goodAtMs']);

const isFailure = (found: unknown): boolean =>
  isJsonObject(found) && isTime(found['atMs']) && isCause(found['cause']) && orNull(isCount, found['statusCode']) && isText(found['reason']);

function isLastResult(found: unknown): boolean {
  if (!isJsonObject(found) || !isFailure(found)) return false;
  const { url, healthy, totalMs, dnsMs, connectMs, tlsMs, firstByteMs, certificate, flavor, challenge } = found;
  const phases = [dnsMs, connectMs, tlsMs, firstByteMs];
  return (
    isText(url) &&
    typeof healthy === 'boolean' &&
    isNumber(totalMs) &&
    phases.every((ms) => orNull(isNumber, ms)) &&
    orNull(isCertificate, certificate) &&
    isText(flavor) &&
    orNull(isText, challenge)
  );
}

const isCertificate = (found: unknown): boolean => isJsonObject(found) && isTime(found['validFromMs']) && isTime(found['validToMs']);
