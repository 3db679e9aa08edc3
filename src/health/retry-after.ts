import { limits } from '../core/limits.ts';
import { valuesOf } from './headers.ts';
import type { Answer } from './judge-answer.ts';

const SECONDS = /^\d{1,15}$/;
/** Both forms that are in use begin with the day's name; `Date.parse` alone would make a date of nearly any number. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

/**
 * How long a registry asks to be left alone, in seconds, rounded up and at most `limits.retryAfterSMax`. Null when it does not
 * ask, or with any status but 429 and 503.
 * @param nowMs the time of the answer, to which a date is compared
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterOf({ status, headers }: Pick<Answer, 'status' | 'headers'>, nowMs: number): number | null {
  if (status !== 429 && status !== 503) return null;
  const [value = ''] = valuesOf(headers, 'retry-after');
  const seconds = SECONDS.test(value) ? Number(value) : HTTP_DATE.test(value) ? Math.ceil((Date.parse(value) - nowMs) / 1000) : NaN;
  return Number.isNaN(seconds) ? null : Math.min(Math.max(seconds, 0), limits.retryAfterSMax);
}
