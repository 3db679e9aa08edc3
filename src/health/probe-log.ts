import type { ProbeLogEntry } from '../core/schema-types.ts';
import { limits } from '../core/limits.ts';

/** A probe's own log: what it did and when. Never holds a body, a query or a secret; callers see to it. */
export interface ProbeLog {
  readonly entries: readonly ProbeLogEntry[];
  readonly note: (event: string) => void;
}

/** @param elapsedMs since the probe began */
export function createProbeLog(elapsedMs: () => number): ProbeLog {
  const entries: ProbeLogEntry[] = [];
  return {
    entries,
    note(event) {
      if (entries.length >= limits.probeLogEntriesMax) return;
      entries.push({ at_ms: Math.round(elapsedMs() * 1000) / 1000, event: event.slice(0, limits.probeTextLengthMax).replace(/\p{Cc}/gu, ' ') });
    },
  };
}
