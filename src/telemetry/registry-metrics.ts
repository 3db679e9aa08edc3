import { Gauge, Registry } from 'prom-client';
import type { RegistrySample } from '../core/registry-sample.ts';

/** All samples that are to be shown, and how many registries were left out because there are too many; null while nobody can tell. */
export type RegistrySource = () => Promise<{ readonly samples: readonly RegistrySample[]; readonly leftOut: number } | null>;

/**
 * What is known of registries, in the Prometheus text format. It has a register of its own each time: what one principal may see must not
 * stand in what another one is shown at the same moment.
 */
export async function exposeRegistries(source: RegistrySource): Promise<string> {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[]): Gauge<T> => new Gauge({ name, help, labelNames: [...labelNames], registers });
  const up = gauge('portolan_registry_up', 'Whether the registry can be used from this vantage: 1, or 0 when it is down; absent while nothing is known.', ['id', 'name', 'url', 'type', 'vantage']);
  const verdicts = gauge('portolan_registry_verdict', 'The verdict that stands; always 1.', ['id', 'vantage', 'verdict']);
  const lastProbes = gauge('portolan_registry_last_probe_timestamp_seconds', 'When the last probe ended, in seconds since the epoch.', ['id', 'vantage']);
  const expiries = gauge('portolan_registry_certificate_expiry_timestamp_seconds', 'When the certificate ends, in seconds since the epoch.', ['id', 'vantage']);
  const credentialEnds = gauge('portolan_registry_credential_expires_at_seconds', 'When the stored credential ends, as whoever stored it said, in seconds since the epoch.', ['id']);

  const found = await source();
  if (found === null) return '';
  const { samples, leftOut } = found;
  gauge('portolan_registries_without_metrics', 'Registries that have no metrics of their own because of METRICS_REGISTRIES_MAX.', []).set(leftOut);
  for (const { id, name, url, type, vantage, verdict, isUp, lastProbeMs, certificateExpiryMs, credentialExpiryMs } of samples) {
    if (verdict !== 'unknown') up.set({ id, name, url, type, vantage }, isUp ? 1 : 0);
    verdicts.set({ id, vantage, verdict }, 1);
    if (lastProbeMs !== null) lastProbes.set({ id, vantage }, lastProbeMs / 1000);
    if (certificateExpiryMs !== null) expiries.set({ id, vantage }, certificateExpiryMs / 1000);
    if (credentialExpiryMs !== null) credentialEnds.set({ id }, credentialExpiryMs / 1000);
  }
  return registry.metrics();
}
