import { isJsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { RecordFields } from '../core/record.ts';
import type { ProbeRequest } from './probe.ts';
import { publicUrlOf } from './probe-url.ts';
import { healthSettingsOf, type HealthSettings } from './settings.ts';

/** What a record says of its registry, as far as health needs it. */
export interface RecordFacts {
  readonly name: string;
  readonly url: string;
  readonly registryType: string;
  readonly settings: HealthSettings;
}

/** Documents of older databases may have anything where a text belongs. */
const textOr = (otherwise: string, value: unknown): string => (typeof value === 'string' ? value : otherwise);

export function factsOf(record: RecordFields): RecordFacts {
  const storageInfo: unknown = record.container_registry_storage_info;
  return {
    name: textOr('', record.container_registry_name),
    url: publicUrlOf(record),
    registryType: textOr('unknown', isJsonObject(storageInfo) ? storageInfo['registry_type'] : undefined),
    settings: healthSettingsOf(record),
  };
}

/** How a record wants its registry to be probed. */
export function probeRequestOf({ url, settings: { timeoutMs, ca, expectedStatus, canary } }: Pick<RecordFacts, 'url' | 'settings'>): Omit<ProbeRequest, 'signal'> {
  return { url, timeoutMs, ca, expectedStatus, canary };
}

export interface RememberedFacts {
  of(record: { readonly id: string; readonly text: string }): RecordFacts;
}

/**
 * Remembers what unchanged records say: reading it from their texts costs more than judging a result, takes a fifth of the time of a
 * list, and far more where they name authorities of their own. One memory serves whoever probes and whoever reports. Texts are
 * compared rather than revisions, because documents that somebody else writes keep theirs. Those that ask not to be probed are looked at
 * once, and an import may bring thousands of them: they are not remembered.
 */
export function createRecordFacts(): RememberedFacts {
  const known = new Map<string, { readonly text: string; readonly facts: RecordFacts }>();
  return {
    of({ id, text }) {
      const found = known.get(id);
      if (found?.text === text) return found.facts;
      if (known.size >= limits.recordFactsKept) known.clear();
      const facts = factsOf(JSON.parse(text) as RecordFields);
      if (facts.settings.enabled) known.set(id, { text, facts });
      return facts;
    },
  };
}
