import type { CanaryResult } from '../core/schema-types.ts';
import type { Cause } from './cause.ts';
import { causeOfError, sentenceOfError } from './failure.ts';
import type { Follow, Question } from './follow.ts';
import type { Answer } from './judge-answer.ts';
import { noProgress, shownPhrase } from './probe-result.ts';

/** An image that must be there. */
export interface Canary {
  readonly repository: string;
  /** A tag or a digest. */
  readonly reference: string;
}

/** What became of it; null for a failure where it is served, or would be to whoever logs in. */
export interface CanaryOutcome {
  readonly result: CanaryResult;
  readonly failure: { readonly cause: Cause; readonly reason: string } | null;
  /** Null where no answer came. */
  readonly answer: Answer | null;
}

export type CanaryQuestion = Pick<Question, 'authorization' | 'ca' | 'signal' | 'log'>;

/** All kinds of manifests that clients ask for; a registry that has another one would answer 404. */
const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Troubles that are not the registry's. */
const NOT_ITS_OWN: ReadonlySet<Cause> = new Set(['blocked', 'probe_failed']);

export const canaryName = ({ repository, reference }: Canary): string => `${repository}${reference.includes(':') ? '@' : ':'}${reference}`;

/** @param v2Url what was asked before: the canary is looked for below it, so never elsewhere */
export function canaryUrl(v2Url: URL, { repository, reference }: Canary): URL {
  const url = new URL(v2Url);
  url.pathname += `${repository}/manifests/${reference}`;
  return url;
}

function failureOf(name: string, status: number, answered: string, isLoggedIn: boolean): CanaryOutcome['failure'] {
  if (status === 200) return null;
  if (status === 401 || status === 403) {
    // Whoever must log in to see it has come to a registry that looked for it.
    return isLoggedIn ? { cause: 'credentials_rejected', reason: `The stored credentials do not give access to the canary ${name} (${answered}).` } : null;
  }
  if (status === 429) return { cause: 'rate_limited', reason: `The registry asks for fewer requests when it is asked for the canary ${name} (${answered}).` };
  const trouble = status === 404 ? 'is missing' : 'is not served';
  return { cause: 'storage_failed', reason: `The canary ${name} ${trouble} (${answered}).` };
}

/**
 * Asks for the manifest of the canary by `HEAD`, because `/v2/` may answer while the storage behind it is broken.
 * Whatever goes wrong is an outcome; the caller looks whether it was called off meanwhile.
 */
export async function lookForCanary(follow: Follow, v2Url: URL, canary: Canary, question: CanaryQuestion): Promise<CanaryOutcome> {
  const name = canaryName(canary);
  const progress = noProgress();
  try {
    const { answer, url } = await follow(
      canaryUrl(v2Url, canary),
      { ...question, method: 'HEAD', accept: MANIFEST_TYPES, needsBody: () => false, isWanted: () => false },
      progress,
    );
    const hasLogin = (question.authorization ?? null) !== null;
    const phrase = shownPhrase(answer.status, hasLogin ? '' : progress.reasonPhrase);
    const failure = failureOf(name, answer.status, `${answer.status} ${phrase}`, hasLogin && url.origin === v2Url.origin);
    return { result: { reference: name, status_code: answer.status, ok: failure === null }, failure, answer };
  } catch (error) {
    const cause = causeOfError(error);
    return {
      result: { reference: name, status_code: progress.status, ok: false },
      failure: { cause: NOT_ITS_OWN.has(cause) ? cause : 'storage_failed', reason: `The canary ${name} is not served. ${sentenceOfError(error)}` },
      answer: null,
    };
  }
}
