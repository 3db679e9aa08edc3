import { VISIBILITIES } from '../core/access.ts';
import { VERDICTS } from '../core/health-summary.ts';
import { limits } from '../core/limits.ts';
import { SUMMARY_TYPES, type RecordSummary } from './port.ts';

/** How many records have each value, as a store counts them. */
export type Counts = ReadonlyMap<string, number>;

export interface SummaryCounts {
  readonly total: number;
  readonly tags: Counts;
  readonly types: Counts;
  readonly verdicts: Counts;
  readonly visibilities: Counts;
}

/** What is not one of the known words counts as `unknown`. */
export function recordSummaryOf({ total, tags, types, verdicts, visibilities }: SummaryCounts): RecordSummary {
  const known = countEach(SUMMARY_TYPES, types);
  return {
    total,
    byTag: [...tags]
      .map(([tag, count]) => ({ tag, count }))
      .sort((a, b) => b.count - a.count || (a.tag < b.tag ? -1 : 1))
      .slice(0, limits.summaryTagsMax),
    byType: { ...known, unknown: total - known.aios - known.external },
    byVerdict: countEach(VERDICTS, verdicts),
    byVisibility: countEach(VISIBILITIES, visibilities),
  };
}

function countEach<T extends string>(words: readonly T[], counts: Counts): Record<T, number> {
  return Object.fromEntries(words.map((word) => [word, counts.get(word) ?? 0])) as Record<T, number>;
}
