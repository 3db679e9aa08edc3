import { limits } from '../core/limits.ts';
import type { RecordFields } from '../core/record.ts';
import { orAborted } from '../outgoing/abort.ts';
import type { OfferedCredential } from './login.ts';
import type { Prober, ProbeRequest, ProbeResult } from './probe.ts';
import { factsOf, probeRequestOf } from './record-facts.ts';
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

export interface CheckOptions {
  /** The result then holds the probe's own log. Such a probe is joined only by others that ask for the log. */
  readonly debug?: boolean;
}

export interface RecordCheckOptions extends CheckOptions {
  /** Such a probe is joined only by others that were given the same. */
  readonly credential?: OfferedCredential | null;
}

export interface RecordChecks {
  /**
   * Probes a record's registry now, as its record says, or joins the probe of it that is under way.
   * @throws {AppError} `OVERLOADED` when too many probes wait; the signal's reason when the caller calls it off
   */
  readonly check: (record: RecordFields, signal: AbortSignal, options?: RecordCheckOptions) => Promise<ProbeResult>;
}

export interface UrlChecks {
  /**
   * The same for any URL, with the usual settings.
   * @throws as `check` does
   */
  readonly checkUrl: (url: string, signal: AbortSignal, options?: CheckOptions) => Promise<ProbeResult>;
}

interface SharedProbe {
  readonly result: Promise<ProbeResult>;
  callers: number;
  /** The last caller to leave takes a probe that still runs along. */
  readonly leave: () => void;
}

/** What waits is let in again about as soon as the slowest probe ends. */
const RETRY_AFTER_S = Math.ceil(limits.probeTimeoutMs / 1000);

/** Probes on demand: bounded in number, one at a time for each record or URL. A probe is called off when its last caller leaves. */
export function createHealthChecks(options: HealthChecksOptions): RecordChecks & UrlChecks {
  const { prober, onResult, inFlightMax = limits.probesInFlightMax, waitingMax = limits.probesWaitingMax } = options;
  const slots = createSlots(inFlightMax, waitingMax, RETRY_AFTER_S);
  const running = new Map<string, SharedProbe>();

  function start(key: string, target: Omit<ProbeRequest, 'signal'>): SharedProbe {
    const controller = new AbortController();
    const { signal } = controller;
    const work = slots.run(signal, () => prober.probe({ ...target, signal }));
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

  /** @param id of the record; null when there is none */
  async function join(id: string | null, target: Omit<ProbeRequest, 'signal'>, signal: AbortSignal): Promise<ProbeResult> {
    signal.throwIfAborted();
    // A record that has just been changed asks for another probe.
    const { credential = null, ...rest } = target;
    // The secret itself stays out of it.
    const key = JSON.stringify([id, rest, credential?.version]);
    const shared = running.get(key) ?? start(key, target);
    shared.callers += 1;
    return orAborted(shared.result, signal).finally(shared.leave);
  }

  return {
    check: (record, signal, { debug = false, credential = null } = {}) => join(record.container_registry_id, { ...probeRequestOf(factsOf(record)), credential, debug }, signal),
    checkUrl: (url, signal, { debug = false } = {}) => join(null, { url, timeoutMs: limits.probeTimeoutMs, debug }, signal),
  };
}
