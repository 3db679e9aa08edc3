import type { Challenge, ProbeResult } from '../core/schema-types.ts';
import type { Clock } from '../core/clock.ts';
import type { Dialer } from '../outgoing/dialer.ts';
import { lookForCanary, type Canary, type CanaryQuestion } from './canary.ts';
import type { Cause } from './cause.ts';
import { causeOfError, ProbeFailure, sentenceOfError } from './failure.ts';
import { flavorOf } from './flavor.ts';
import { createFollow, type Question, type Reached } from './follow.ts';
import type { Headers } from './headers.ts';
import { judgeAnswer, needsBody, type Answer } from './judge-answer.ts';
import { logIn, rejection, type OfferedCredential } from './login.ts';
import type { LoginPlace } from './login-plan.ts';
import { createProbeLog } from './probe-log.ts';
import { certificateOf, noProgress, phasesOf, shownPhrase, type Progress } from './probe-result.ts';
import { probeUrlOf, withoutUserInfo } from './probe-url.ts';
import { retryAfterOf } from './retry-after.ts';

export type { ProbeResult } from '../core/schema-types.ts';

export interface ProbeRequest {
  /** The record's public URL. */
  readonly url: string;
  readonly timeoutMs: number;
  /** Calls the probe off; it then has no result. */
  readonly signal: AbortSignal;
  /** Authorities to trust besides the usual ones, in PEM. */
  readonly ca?: string | null;
  /** Exactly these statuses of `/v2/` are healthy; null for what is usual. */
  readonly expectedStatus?: readonly number[] | null;
  /** An image that must be there, looked for where `/v2/` answers without a login, or to the credentials. */
  readonly canary?: Canary | null;
  /** Tried where the registry asks for a login. */
  readonly credential?: OfferedCredential | null;
  /** The result then holds the probe's own log. */
  readonly debug?: boolean;
}

export interface Prober {
  /**
   * Asks a registry for `/v2/`, on fresh connections; without credentials first, and with those that it is given where the registry asks for
   * a login. Whatever the registry does is a result, and nothing of a secret is in it.
   * @throws the signal's reason when the caller calls it off; nothing else
   */
  probe(request: ProbeRequest): Promise<ProbeResult>;
}

export interface ProberOptions {
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly vantage: string;
  /** `portolan/VERSION` */
  readonly userAgent: string;
}

interface Outcome {
  readonly healthy: boolean;
  readonly authenticated: boolean;
  readonly cause: Cause;
  readonly reason: string;
  readonly challenge: Challenge | null;
  readonly headers: Headers;
  readonly retryAfterS: number | null;
  readonly canary: ProbeResult['canary'];
}

interface LoggedIn {
  readonly outcome: Outcome;
  /** What the registry accepts; null where nothing more may be asked. */
  readonly authorization: string | null;
}

type Log = ((event: string) => void) | undefined;

/** What all questions of one probe have in common. */
type Asking = Pick<Question, 'ca' | 'signal' | 'log'>;

export function createProber({ dialer, clock, vantage, userAgent }: ProberOptions): Prober {
  const follow = createFollow({ dialer, clock, userAgent });

  function judged(answer: Answer, expectedStatus: readonly number[] | null, phrase: string): Outcome {
    const { healthy, cause, challenge } = judgeAnswer(answer, expectedStatus);
    const { status, headers } = answer;
    return { healthy, authenticated: false, cause, challenge, reason: shownPhrase(status, phrase), headers, retryAfterS: retryAfterOf(answer, clock.nowMs()), canary: null };
  }

  const askForV2 = (target: URL, { expectedStatus = null }: ProbeRequest, asking: Asking & Pick<Question, 'authorization'>, progress: Progress): Promise<Reached> =>
    follow(target, { ...asking, method: 'GET', accept: '*/*', ...v2Question(expectedStatus) }, progress);

  /** Asks again with the credentials; `anonymous` is what came of asking without. */
  async function withLogin(anonymous: Outcome, place: LoginPlace, credential: OfferedCredential, request: ProbeRequest, asking: Asking, progress: Progress): Promise<LoggedIn> {
    const unhealthy = { ...anonymous, healthy: false };
    const login = await logIn(place, credential, request.canary ?? null, { follow, clock, question: asking });
    if (login.authorization === null) {
      const { cause, reason, answer } = login;
      return { outcome: { ...unhealthy, cause, reason, retryAfterS: answer === null ? null : retryAfterOf(answer, clock.nowMs()) }, authorization: null };
    }
    const { authorization } = login;
    const { answer, url } = await askForV2(place.registry, request, { ...asking, authorization }, progress);
    if (url.origin !== place.registry.origin) {
      const reason = `The registry redirects whoever logs in to ${url.origin}, where the stored credentials were not sent.`;
      return { outcome: { ...unhealthy, cause: 'credentials_withheld', reason }, authorization: null };
    }
    if (answer.status === 401 || answer.status === 403) {
      const reason = `The registry rejects the stored credentials (${answer.status}).`;
      return { outcome: { ...unhealthy, ...rejection(credential, reason, clock.nowMs()) }, authorization: null };
    }
    const found = judged(answer, expectedOfLogin(request), '');
    return { outcome: { ...found, authenticated: found.healthy, challenge: anonymous.challenge }, authorization };
  }

  async function withCanary(outcome: Outcome, target: URL, canary: Canary, question: CanaryQuestion): Promise<Outcome> {
    const { result, failure, answer } = await lookForCanary(follow, target, canary, question);
    const retryAfterS = answer === null ? null : retryAfterOf(answer, clock.nowMs());
    return { ...outcome, canary: result, retryAfterS, ...(failure === null ? {} : { healthy: false, ...failure }) };
  }

  async function ask(target: URL, request: ProbeRequest, asking: Asking, progress: Progress): Promise<Outcome> {
    const { expectedStatus = null, canary = null, credential = null } = request;
    const { answer, url } = await askForV2(target, request, asking, progress);
    const anonymous = judged(answer, expectedStatus, progress.reasonPhrase);
    const { challenge } = anonymous;
    const { outcome, authorization } =
      credential === null || challenge === null
        ? { outcome: anonymous, authorization: null }
        : await withLogin(anonymous, { challenge, asked: url, registry: target }, credential, request, asking, progress);
    return canary === null || outcome.cause !== 'ok' ? outcome : withCanary(outcome, target, canary, { ...asking, authorization });
  }

  /** Whatever goes wrong on the way is an outcome, unless the caller lost interest. */
  async function outcomeOf(target: URL | null, request: ProbeRequest, progress: Progress, log: Log): Promise<Outcome> {
    if (target === null) return failed(new ProbeFailure('bad_url', 'The record’s public URL is not an http or https URL.'));
    request.signal.throwIfAborted();
    const { signal, end } = startDeadline(request);
    try {
      return await ask(target, request, { ca: request.ca ?? null, signal, log }, progress);
    } catch (error) {
      return failed(error);
    } finally {
      end();
      request.signal.throwIfAborted();
    }
  }

  return {
    async probe(request) {
      const startMs = clock.monotonicMs();
      const checkedAtMs = clock.nowMs();
      const log = request.debug === true ? createProbeLog(() => clock.monotonicMs() - startMs) : null;
      const progress = noProgress();
      const target = probeUrlOf(request.url);
      const outcome = await outcomeOf(target, request, progress, log?.note);
      const { healthy, authenticated, cause, reason, challenge } = outcome;
      log?.note(`The cause is ${cause}: ${reason}`);
      return {
        reachable: progress.status !== null,
        healthy,
        status_code: progress.status,
        reason,
        url: target?.href ?? withoutUserInfo(request.url),
        cause,
        authenticated,
        phases: phasesOf(progress, clock.monotonicMs() - startMs),
        tls: certificateOf(progress.trace.certificate, checkedAtMs),
        challenge,
        flavor: flavorOf({ hostname: target?.hostname ?? '', headers: outcome.headers, challenge }),
        retry_after_s: outcome.retryAfterS,
        canary: outcome.canary,
        vantage,
        checked_at: new Date(checkedAtMs).toISOString(),
        ...(log === null ? {} : { log: [...log.entries] }),
      };
    },
  };
}

const AS_USUAL: Pick<Question, 'needsBody' | 'isWanted'> = { needsBody, isWanted: () => false };

/** Where statuses decide alone, no body is needed, and a redirect may be what is wanted. */
function v2Question(expectedStatus: readonly number[] | null): Pick<Question, 'needsBody' | 'isWanted'> {
  return expectedStatus === null ? AS_USUAL : { needsBody: () => false, isWanted: (status) => expectedStatus.includes(status) };
}

/** Where 401 is expected, it is so of whoever does not log in. */
function expectedOfLogin({ expectedStatus = null }: ProbeRequest): readonly number[] | null {
  return expectedStatus?.includes(401) === true ? null : expectedStatus;
}

function failed(error: unknown): Outcome {
  return { healthy: false, authenticated: false, cause: causeOfError(error), reason: sentenceOfError(error), challenge: null, headers: {}, retryAfterS: null, canary: null };
}

/** A signal that aborts when the time is over, or the caller calls the probe off. Whoever starts it ends it. */
function startDeadline({ timeoutMs, signal }: ProbeRequest): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal.reason);
  const timer = setTimeout(() => controller.abort(new ProbeFailure('timeout', `No whole answer came within ${timeoutMs} ms.`)), timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    },
  };
}
