import { countIn, type Marks } from './marks.ts';

/** What is confirmed of a registry: that it answers, that it fails; `none` before the first good or the second failed result. */
export type Condition = 'none' | 'good' | 'failed';

const SUCCESS = /[^f]$/;
const TWO_SUCCESSES = /[^f][^f]$/;
const REFUTED_FAILURE = /(?:^|[^f])f[^f][^f]$/;

/**
 * The condition after the last mark. One lost packet is no outage: a failure counts once two of three results failed, and
 * a recovery once two in a row succeeded. Rejected credentials show by themselves that the registry works.
 */
export function conditionAfter(before: Condition, marks: Marks): Condition {
  if (marks.endsWith('f')) return countIn(marks.slice(-3), 'f') >= 2 ? 'failed' : before;
  if (before !== 'failed' || marks.endsWith('r')) return 'good';
  return TWO_SUCCESSES.test(marks) ? 'good' : 'failed';
}

/** Whether the next result may bring another condition, so that it is wanted soon. */
export function isUnsettled(condition: Condition, marks: Marks): boolean {
  return condition === 'failed' ? SUCCESS.test(marks) : marks.slice(-2).includes('f');
}

/** Whether the last mark settles that a single failure was just that. */
export function isRefuted(before: Condition, marks: Marks): boolean {
  return before !== 'failed' && REFUTED_FAILURE.test(marks);
}
