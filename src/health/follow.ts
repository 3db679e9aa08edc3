import type { Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import { emptyTrace, type Dialer } from '../outgoing/dialer.ts';
import type { NeedsBody } from './answer-reader.ts';
import { exchange } from './exchange.ts';
import { causeOfError, ProbeFailure, sentenceOfError } from './failure.ts';
import { locationOf, type Answer } from './judge-answer.ts';
import { addTrace, type Progress } from './probe-result.ts';
import { redirectTarget } from './probe-url.ts';

export interface Question {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly accept: string;
  /** Value of the header of that name, for the first URL's origin alone; undefined or null: none. */
  readonly authorization?: string | null;
  /** A form to send along, to the first URL alone. */
  readonly form?: string | null;
  /** Authorities to trust besides the usual ones, in PEM. */
  readonly ca: string | null;
  readonly signal: AbortSignal;
  readonly needsBody: NeedsBody;
  /** Statuses that are wanted as they are, redirects among them. */
  readonly isWanted: (status: number) => boolean;
  readonly log: ((event: string) => void) | undefined;
}

export interface Reached {
  readonly answer: Answer;
  /** Whose answer it is, after all redirects. */
  readonly url: URL;
}

/**
 * Asks a URL, and whatever it redirects to, each on a fresh connection. What becomes known is put down in `progress`, so that it is
 * there when the rest fails. No credential crosses to another origin, nor comes back from there; a form is not sent on at all.
 * @throws {ProbeFailure} and whatever dialling throws; the signal's reason when it aborts
 */
export type Follow = (first: URL, question: Question, progress: Progress) => Promise<Reached>;

interface FollowOptions {
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly userAgent: string;
}

/** Without query: a redirect may carry a signature in it. */
const shown = (url: URL): string => `${url.origin}${url.pathname}`;

const hasForm = ({ form = null }: Question): boolean => form !== null;

/** Whoever is told a secret may repeat it, so that nothing of the answer but its status is quoted. */
const hasSecret = (question: Question): boolean => hasForm(question) || (question.authorization ?? null) !== null;

export function createFollow({ dialer, clock, userAgent }: FollowOptions): Follow {
  async function ask(url: URL, question: Question, progress: Progress): Promise<Answer> {
    const { method, accept, authorization = null, form = null, ca, signal, needsBody, log } = question;
    const trace = emptyTrace();
    let socket: Socket | null = null;
    try {
      socket = await dialer.dial(url, { signal, trace, ca, log });
      const tells = hasSecret(question);
      log?.(`Asking ${method} ${shown(url)}${tells ? ' with credentials' : ''}.`);
      const answer = await exchange(socket, { method, url, userAgent, accept, authorization, form }, { signal, clock, needsBody, witness: progress });
      log?.(`The answer is ${answer.status}${tells ? '' : ` ${progress.reasonPhrase}`}.`);
      return answer;
    } finally {
      socket?.destroy();
      addTrace(progress.trace, trace);
    }
  }

  return async (first, asked, progress) => {
    let url = first;
    let question = asked;
    for (let redirects = 0; ; redirects += 1) {
      let answer: Answer;
      try {
        answer = await ask(url, question, progress);
      } catch (error) {
        throw redirects === 0 || question.signal.aborted ? error : afterRedirect(url, error);
      }
      const location = question.isWanted(answer.status) ? null : locationOf(answer);
      if (location === null || hasForm(question)) return { answer, url };
      if (redirects === limits.redirectsMax) {
        throw new ProbeFailure('too_many_redirects', `The server redirected more than ${limits.redirectsMax} times, at last from ${url.origin}.`);
      }
      url = redirectTarget(url, location);
      question.log?.(`Redirected to ${hasSecret(question) ? url.origin : shown(url)}.`);
      if (url.origin !== first.origin) question = { ...question, authorization: null };
    }
  };
}

/** The host of a redirect is nowhere in the record, so the sentence says where the trouble lies. */
function afterRedirect(url: URL, error: unknown): ProbeFailure {
  return new ProbeFailure(causeOfError(error), `After a redirect to ${url.origin}: ${sentenceOfError(error)}`);
}
