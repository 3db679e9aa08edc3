import type { Clock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';
import type { RecordFields } from '../../core/record.ts';
import { orAborted } from '../../outgoing/abort.ts';
import type { HealthStore } from '../../store/health-port.ts';
import type { HealthChecks } from '../checks.ts';
import type { ProbeResult } from '../probe.ts';
import { publicUrlOf } from '../probe-url.ts';
import { healthSettingsOf } from '../settings.ts';
import type { Watcher } from './watcher.ts';

interface CountedChecksOptions {
  readonly checks: HealthChecks;
  readonly store: Pick<HealthStore, 'claimOne' | 'release'>;
  readonly watcher: Pick<Watcher, 'running' | 'take'>;
  readonly vantage: string;
  readonly clock: Clock;
}

/**
 * Probes on demand that count as scheduled ones: they join the probe that is under way, and otherwise claim the watch so that
 * nobody else probes meanwhile and their result is written like any other. Where the watch is somebody else's, or there is none,
 * the caller gets the result all the same.
 */
export function createCountedChecks({ checks, store, watcher, vantage, clock }: CountedChecksOptions): HealthChecks {
  async function checkAndCount(record: RecordFields, signal: AbortSignal, options: Parameters<HealthChecks['check']>[2]): Promise<ProbeResult> {
    // What somebody asks about a paused registry changes nothing about its being paused.
    if (!healthSettingsOf(record).enabled) return checks.check(record, signal, options);
    const claim = await store.claimOne({ id: record.container_registry_id, vantage }, clock.nowMs(), limits.leaseMs);
    if (claim === null) return checks.check(record, signal, options);
    try {
      // The record may have been changed since the caller read it, and its watch is no longer due for that once this counts.
      const current = JSON.parse(claim.record.text) as RecordFields;
      const result = await checks.check(current, signal, options);
      if (healthSettingsOf(current).enabled) await watcher.take(claim, result);
      else await store.release([claim]);
      return result;
    } catch (error) {
      await store.release([claim]).catch(() => undefined);
      throw error;
    }
  }

  return {
    async check(record, signal, options) {
      const isPlain = options?.debug !== true;
      const running = isPlain ? watcher.running(record.container_registry_id, publicUrlOf(record)) : undefined;
      return running === undefined ? checkAndCount(record, signal, options) : orAborted(running, signal);
    },
  };
}
