import type { Clock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';
import type { RecordFields } from '../../core/record.ts';
import { orAborted } from '../../outgoing/abort.ts';
import type { HealthStore } from '../../store/health-port.ts';
import type { CheckOptions, RecordChecks } from '../checks.ts';
import { credentialTargetOf, offeredCredential, type ProbeCredentials } from '../credentials.ts';
import type { OfferedCredential } from '../login.ts';
import type { ProbeResult } from '../probe.ts';
import { publicUrlOf } from '../probe-url.ts';
import { healthSettingsOf } from '../settings.ts';
import type { Watcher } from './watcher.ts';

/** A record that is to be checked. */
export interface CheckedRecord {
  readonly fields: RecordFields;
  /** When it was made, ISO 8601 in UTC; null where it is not stored yet, so that no credential is kept for it. */
  readonly createdAt: string | null;
}

export interface HealthChecks {
  /**
   * Probes a record's registry now, with its credentials, or joins the probe of it that is under way.
   * @throws {AppError} `OVERLOADED` when too many probes wait; the signal's reason when the caller calls it off
   */
  readonly check: (record: CheckedRecord, signal: AbortSignal, options?: CheckOptions) => Promise<ProbeResult>;
}

interface CountedChecksOptions {
  readonly checks: RecordChecks;
  readonly store: Pick<HealthStore, 'claimOne' | 'release' | 'watchesOf'>;
  readonly credentials: ProbeCredentials;
  readonly watcher: Pick<Watcher, 'running' | 'take'>;
  readonly vantage: string;
  readonly clock: Clock;
}

/**
 * Probes on demand that count as scheduled ones: they join the probe that is under way, and otherwise claim the watch so that
 * nobody else probes meanwhile and their result is written like any other. Where the watch is somebody else's, or there is none,
 * the caller gets the result all the same.
 */
export function createCountedChecks({ checks, store, credentials, watcher, vantage, clock }: CountedChecksOptions): HealthChecks {
  /** @param readState text of the watch's state */
  async function credentialOf({ fields, createdAt }: CheckedRecord, readState: () => Promise<string>): Promise<OfferedCredential | null> {
    if (createdAt === null) return null;
    const id = fields.container_registry_id;
    const target = credentialTargetOf({ id, createdAt }, { url: publicUrlOf(fields), settings: healthSettingsOf(fields) });
    const found = (await credentials.forProbe([target])).get(id);
    return found === undefined ? null : offeredCredential(found, await readState(), clock.nowMs());
  }

  async function checkAlone(record: CheckedRecord, signal: AbortSignal, options: CheckOptions): Promise<ProbeResult> {
    const readState = async (): Promise<string> => (await store.watchesOf([record.fields.container_registry_id])).find((watch) => watch.vantage === vantage)?.state ?? '';
    return checks.check(record.fields, signal, { ...options, credential: await credentialOf(record, readState) });
  }

  async function checkAndCount(record: CheckedRecord, signal: AbortSignal, options: CheckOptions): Promise<ProbeResult> {
    // What somebody asks about a paused registry changes nothing about its being paused.
    if (!healthSettingsOf(record.fields).enabled) return checkAlone(record, signal, options);
    const claim = await store.claimOne({ id: record.fields.container_registry_id, vantage }, clock.nowMs(), limits.leaseMs);
    if (claim === null) return checkAlone(record, signal, options);
    try {
      // The record may have been changed since the caller read it, and its watch is no longer due for that once this counts.
      const current = JSON.parse(claim.record.text) as RecordFields;
      const credential = await credentialOf({ fields: current, createdAt: claim.record.createdAt }, async () => claim.state);
      const result = await checks.check(current, signal, { ...options, credential });
      if (healthSettingsOf(current).enabled) await watcher.take(claim, result, credential?.version ?? null);
      else await store.release([claim]);
      return result;
    } catch (error) {
      await store.release([claim]).catch(() => undefined);
      throw error;
    }
  }

  return {
    async check(record, signal, options = {}) {
      const isPlain = options.debug !== true;
      const { fields } = record;
      const running = isPlain ? watcher.running(fields.container_registry_id, publicUrlOf(fields)) : undefined;
      return running === undefined ? checkAndCount(record, signal, options) : orAborted(running, signal);
    },
  };
}
