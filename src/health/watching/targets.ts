import { limits } from '../../core/limits.ts';
import type { RecordFields } from '../../core/record.ts';
import type { ClaimedWatch } from '../../store/health-port.ts';
import { publicUrlOf } from '../probe-url.ts';
import { healthSettingsOf, type HealthSettings } from '../settings.ts';

/** What a record says about how its registry is to be probed. */
export interface Target {
  readonly url: string;
  readonly settings: HealthSettings;
}

export function targetOf(record: RecordFields): Target {
  return { url: publicUrlOf(record), settings: healthSettingsOf(record) };
}

/** Remembers what unchanged records say: reading it from their texts would cost more than judging a result. */
export function createTargets(): { of(claim: ClaimedWatch): Target } {
  const known = new Map<string, { revision: number; text: string; target: Target }>();
  return {
    of({ id, record: { text, revision } }) {
      const found = known.get(id);
      // Documents that somebody else writes keep their revision, so the text is compared as well.
      if (found !== undefined && found.revision === revision && found.text === text) return found.target;
      const target = targetOf(JSON.parse(text) as RecordFields);
      if (known.size >= limits.targetsKept) known.clear();
      known.set(id, { revision, text, target });
      return target;
    },
  };
}
