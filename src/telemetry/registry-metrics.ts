import { Gauge, type Registry } from 'prom-client';
import type { RegistrySample } from '../core/registry-sample.ts';

/** All samples that are to be shown, and how many registries were left out because there are too many; null while nobody can tell. */
export type RegistrySource = () => Promise<{ readonly samples: readonly RegistrySample[]; readonly leftOut: number } | null>;

/** @returns reads the source and sets the metrics; to be called before they are exposed */
export function createRegistryMetrics(registry: Registry, source: RegistrySource): () => Promise<void> {
  const registers = [registry];
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[]): Gauge<T> => new Gauge({ name, help, labelNames: [...labelNames], registers });
  const up = gauge('portolan_registry_up', 'Whether the registry can be used from this vantage: 1, or 0 when it is down; absent while nothing is known.', ['id', 'name', 'url', 'type', 'vantage']);
  const verdicts = gauge('portolan_registry_verdict', 'The verdict that stands; always 1.', ['id', 'vantage', 'verdict']);
  const lastProbes = gauge('portolan_registry_last_probe_timestamp_seconds', 'When the last probe ended, in seconds since the epoch.', ['id', 'vantage']);
  const expiries = gauge('portolan_registry_certificate_expiry_timestamp_seconds', 'When the certificate ends, in seconds since the epoch.', ['id', 'vantage']);
  const leftOutCount = gauge('portolan_registries_without_metrics', 'Registries that have no metrics of their own because of METRICS_REGISTRIES_MAX.', []);

  return async () => {
    const found = await source();
    for (const each of [up, verdicts, lastProbes, expiries]) each.reset();
    if (found === null) return;
    const { samples, leftOut } = found;
    leftOutCount.set(leftOut);
    for (const { id, name, url, type, vantage, verdict, isUp, lastProbeMs, certificateExpiryMs } of samples) {
      if (verdict !== 'unknown') up.set({ id, name, url, type, vantage }, isUp ? 1 : 0);
      verdicts.set({ id, vantage, verdict }, 1);
      if (lastProbeMs !== null) lastProbes.set({ id, vantage }, lastProbeMs / 1000);
      if (certificateExpiryMs !== null) expiries.set({ id, vantage }, certificateExpiryMs / 1000);
    }
  };
}
