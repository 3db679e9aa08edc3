import type { RegistrySample } from '../core/registry-sample.ts';
import type { RegistryHealth, VantageReport } from '../core/schema-types.ts';
import type { StoredRecord } from '../store/port.ts';
import type { HealthReports } from './report.ts';

/** One sample for each of the records and each vantage that watches it. */
export async function samplesOf(batches: AsyncIterable<readonly StoredRecord[]>, reports: Pick<HealthReports, 'ofRecords'>): Promise<readonly RegistrySample[]> {
  const samples: RegistrySample[] = [];
  for await (const records of batches) {
    for (const report of await reports.ofRecords(records)) samples.push(...Object.entries(report.vantages).map(([vantage, seen]) => sampleOf(report, vantage, seen)));
  }
  return samples;
}

const msOf = (time: string | null): number | null => (time === null ? null : Date.parse(time));

function sampleOf({ id, name, url, registry_type: type, credential }: RegistryHealth, vantage: string, seen: VantageReport): RegistrySample {
  const { status: verdict, last_checked_at: lastCheckedAt, certificate_expires_at: expiresAt } = seen;
  return {
    id,
    name,
    url,
    type,
    vantage,
    verdict,
    isUp: verdict !== 'down' && verdict !== 'unknown',
    lastProbeMs: msOf(lastCheckedAt),
    certificateExpiryMs: msOf(expiresAt),
    credentialExpiryMs: msOf(credential?.expires_at ?? null),
  };
}
