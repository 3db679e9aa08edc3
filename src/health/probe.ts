import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import { emptyTrace, type Dialer } from '../outgoing/dialer.ts';
import { ENOUGH, exchange } from './exchange.ts';
import { causeOfError, ProbeFailure, sentenceOfError } from './failure.ts';
import { judgeAnswer, locationOf, type Answer, type Judgement } from './judge-answer.ts';
import { probeUrlOf, redirectTarget, withoutUserInfo } from './probe-url.ts';
import { addTrace, certificateOf, noProgress, phasesOf, shownPhrase, type Progress, type ProbeResult } from './probe-result.ts';

export type { ProbeResult } from './probe-result.ts';

export interface ProbeRequest {
  /** The record's public URL. */
  readonly url: string;
  readonly timeoutMs: number;
  /** Calls the probe off; it then has no result. */
  readonly signal: AbortSignal;
}

export interface Prober {
  /**
   * Asks a registry for `/v2/`, on fresh connections and without credentials. Whatever the registry does is a result.
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

interface Outcome extends Judgement {
  readonly reason: string;
}

export function createProber({ dialer, clock, vantage, userAgent }: ProberOptions): Prober {
  async function ask(url: URL, signal: AbortSignal, progress: Progress): Promise<Answer> {
    const trace = emptyTrace();
    const client = dialer.openClient(url, {
      signal,
      trace,
      headerBytesMax: limits.probeHeaderBytesMax,
      answerBytesMax: limits.probeAnswerBytesMax,
    });
    try {
      return await exchange(client, {
        path: `${url.pathname}${url.search}`,
        userAgent,
        signal,
        clock,
        onHead: (status, reasonPhrase) => {
          progress.status = status;
          progress.reasonPhrase = reasonPhrase;
        },
        onFirstByte: (sinceRequestMs) => {
          progress.firstByteMs = (progress.firstByteMs ?? 0) + sinceRequestMs;
        },
      });
    } finally {
      await client.destroy(ENOUGH);
      addTrace(progress.trace, trace);
    }
  }

  async function follow(first: URL, signal: AbortSignal, progress: Progress): Promise<Outcome> {
    let url = first;
    for (let redirects = 0; ; redirects += 1) {
      const answer = await ask(url, signal, progress).catch((error: unknown) => {
        throw redirects === 0 || signal.aborted ? error : afterRedirect(url, error);
      });
      const location = locationOf(answer);
      if (location === null) return { ...judgeAnswer(answer), reason: shownPhrase(answer.status, progress.reasonPhrase) };
      if (redirects === limits.redirectsMax) {
        throw new ProbeFailure('too_many_redirects', `The server redirected more than ${limits.redirectsMax} times, at last from ${url.origin}.`);
      }
      url = redirectTarget(url, location);
    }
  }

  /** Whatever goes wrong on the way is an outcome, unless the caller lost interest. */
  async function outcomeOf(target: URL | null, { timeoutMs, signal }: ProbeRequest, progress: Progress): Promise<Outcome> {
    if (target === null) return failed(new ProbeFailure('bad_url', 'The record’s public URL is not an http or https URL.'));
    try {
      return await withDeadline(timeoutMs, signal, (deadline) => follow(target, deadline, progress));
    } catch (error) {
      signal.throwIfAborted();
      return failed(error);
    }
  }

  return {
    async probe(request) {
      const startMs = clock.monotonicMs();
      const checkedAt = new Date(clock.nowMs()).toISOString();
      const progress = noProgress();
      const target = probeUrlOf(request.url);
      const { healthy, cause, reason, challenge } = await outcomeOf(target, request, progress);
      return {
        reachable: progress.status !== null,
        healthy,
        status_code: progress.status,
        reason,
        url: target?.href ?? withoutUserInfo(request.url),
        cause,
        phases: phasesOf(progress, clock.monotonicMs() - startMs),
        tls: certificateOf(progress.trace.certificate),
        challenge,
        vantage,
        checked_at: checkedAt,
      };
    },
  };
}

function failed(error: unknown): Outcome {
  return { healthy: false, cause: causeOfError(error), reason: sentenceOfError(error), challenge: null };
}

/** The host of a redirect is nowhere in the record, so the sentence says where the trouble lies. */
function afterRedirect(url: URL, error: unknown): ProbeFailure {
  return new ProbeFailure(causeOfError(error), `After a redirect to ${url.origin}: ${sentenceOfError(error)}`);
}

async function withDeadline<T>(timeoutMs: number, signal: AbortSignal, work: (deadline: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal.reason);
  const timer = setTimeout(() => controller.abort(new ProbeFailure('timeout', `No whole answer came within ${timeoutMs} ms.`)), timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
