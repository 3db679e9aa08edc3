import { auditEntryOf, type AuditEntry } from '../core/audit.ts';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';

export interface DenialLimit {
  /** What goes on record of a denial: itself; the last time that more will follow; or nothing. */
  toldOf(denial: AuditEntry): readonly AuditEntry[];
}

const WINDOW_MS = 60_000;

/** So that nobody can fill the audit by asking for what is not allowed. */
export function createDenialLimit(clock: Clock): DenialLimit {
  const counts = new Map<string, number>();
  let windowStartMs = clock.monotonicMs();
  return {
    toldOf(denial) {
      const nowMs = clock.monotonicMs();
      if (nowMs - windowStartMs >= WINDOW_MS) {
        counts.clear();
        windowStartMs = nowMs;
      }
      // Past the limit on addresses, newcomers share one count: a flood of them must not fill the memory.
      const address = counts.size < limits.rateLimitKeysMax || counts.has(denial.from) ? denial.from : 'others';
      const count = (counts.get(address) ?? 0) + 1;
      counts.set(address, count);
      if (count <= limits.auditDenialsPerMinute) return [denial];
      return count === limits.auditDenialsPerMinute + 1 ? [{ ...auditEntryOf(null, denial.at, { action: 'audit:skip', target: denial.from, outcome: 'denied' }), from: denial.from }] : [];
    },
  };
}
