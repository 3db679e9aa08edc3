import type { Clock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';
import type { HealthStore } from '../../store/health-port.ts';

interface RecordListener {
  onWritten(...ids: readonly string[]): void;
  onDeleted(id: string): void;
}

interface RecordListenerOptions {
  readonly store: Pick<HealthStore, 'touch' | 'forget' | 'vantages'>;
  readonly clock: Clock;
  /** Of this process; null where it does not probe. */
  readonly vantage: string | null;
  readonly log: { warn(message: string, fields?: object): void };
}

/** Whoever writes a record hears nothing of this: a record that could not be made due is found by the prober's upkeep. */
export function createRecordListener({ store, clock, vantage, log }: RecordListenerOptions): RecordListener {
  let known: { readonly vantages: readonly string[]; readonly readMs: number } | null = null;

  async function liveVantages(): Promise<readonly string[]> {
    const nowMs = clock.monotonicMs();
    if (known !== null && nowMs - known.readMs <= limits.announceEveryMs) return known.vantages;
    const vantages = await store.vantages(clock.nowMs() - limits.vantageLiveMs);
    if (vantages.length > 0) {
      known = { vantages, readMs: nowMs };
      return vantages;
    }
    // Whoever announces itself next enrols what is there by then, and is to hear of what comes after.
    return vantage === null ? [] : [vantage];
  }

  const orWarn = (what: string, ids: readonly string[], work: Promise<void>): void => {
    work.catch((error: unknown) => log.warn(what, { ...(ids.length === 1 ? { id: ids[0] } : { records: ids.length }), error }));
  };

  return {
    onWritten(...ids) {
      orWarn('A changed record could not be made due for its probe', ids, liveVantages().then((vantages) => store.touch(ids, vantages)));
    },
    onDeleted(id) {
      orWarn('The health of a deleted record could not be removed', [id], store.forget(id));
    },
  };
}
