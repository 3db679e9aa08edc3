import { limits } from '../core/limits.ts';
import type { RecordFields } from '../core/record.ts';
import { orAborted } from '../outgoing/abort.ts';
import type { Prober, ProbeResult } from './probe.ts';
import { createSlots } from './slots.ts';

export interface HealthChecksOptions {
  readonly prober: Prober;
  /** Hears of every probe once, however many callers wait for it. */
  readonly onResult?: (result: ProbeResult) => void;
  /** Default: `limits.probesInFlightMax` */
  readonly inFlightMax?: number;
  /** Default: `limits.probesWaitingMax` */
  readonly waitingMax?: number;
}

export interface HealthChecks {
  /**
   * Probes a record's registry now, or joins the probe of it that is under way.
   * @throws {AppError} `OVERLOADED` when too many probes wait; the signal's reason when the caller calls it off
   */
  readonly check: (record: RecordFields, signal: AbortSignal) => Promise<ProbeResult>;
}

interface SharedProbe {
  readonly result: Promise<ProbeResult>;
  callers: number;
  /** The last caller to leave takes a probe that still runs along. */
  readonly leave: () => void;
}

/** What waits is let in again about as soon as the slowest probe ends. */
const RETRY_AFTER_S = Math.ceil(limits.probeTimeoutMs / 1000);

/** Probes on demand: bounded in number, one at a time for each record. A probe is called off when its last caller leaves. */
export function createHealthChecks(options: HealthChecksOptions): HealthChecks {
  const { prober, onResult, inFlightMax = limits.probesInFlightMax, waitingMax = limits.probesWaitingMax } = options;
  const slots = createSlots(inFlightMax, waitingMax, RETRY_AFTER_S);
  const running = new Map<string, SharedProbe>();

  function start(key: string, url: string): SharedProbe {
    const controller = new AbortController();
    const { signal } = controller;
    const work = slots.run(signal, () => prober.probe({ url, timeoutMs: limits.probeTimeoutMs, signal }));
    const result = work.then((found) => {
      onResult?.(found);
      return found;
    });
    const shared: SharedProbe = {
      result,
      callers: 0,
      leave() {
        shared.callers -= 1;
        if (shared.callers > 0) return;
        forget();
        controller.abort();
      },
    };
    const forget = (): void => {
      if (running.get(key) === shared) running.delete(key);
    };
    running.set(key, shared);
    result.then(forget, forget);
    return shared;
  }

  return {
    async check(record, signal) {
      signal.throwIfAborted();
      const url = record.container_registry_public_url;
      // A record whose URL has just been changed is another registry.
      const key = JSON.stringify([record.container_registry_id, url]);
      const shared = running.get(key) ?? start(key, url);
      shared.callers += 1;
      return orAborted(shared.result, signal).finally(shared.leave);
    },
  };
}
