import type { Cause } from '../../src/health/cause.ts';
import type { Observation } from '../../src/health/observation.ts';
import { healthSettingsOf, type HealthSettings } from '../../src/health/settings.ts';
import type { Json } from '../../src/core/json.ts';
import type { RecordFields } from '../../src/core/record.ts';

/** A record with this in `container_registry_config.health`; undefined: without. */
export function recordWithHealth(health: Json | undefined): RecordFields {
  return {
    container_registry_id: 'watched',
    container_registry_name: 'watched',
    container_registry_metadata: {},
    container_registry_tags: [],
    container_registry_public_url: 'https://registry.example.com:5000',
    container_registry_image_prefix: 'registry.example.com:5000',
    container_registry_config: health === undefined ? {} : ({ health } as RecordFields['container_registry_config']),
    container_registry_storage_info: {},
  };
}

export const settingsWith = (health: Json): HealthSettings => healthSettingsOf(recordWithHealth(health));
export const defaultSettings = settingsWith({});

/** 2030-01-01T00:00:00Z */
export const EPOCH_MS = 1_893_456_000_000;

const HEALTHY: readonly Cause[] = ['ok', 'auth_required'];

/** What a probe of a registry may have found; healthy where the cause is. */
export function observation(cause: Cause, atMs: number, change: Partial<Observation> = {}): Observation {
  const healthy = HEALTHY.includes(cause);
  return {
    atMs,
    url: 'https://registry.example.com:5000/v2/',
    cause,
    healthy,
    acceptedCredential: null,
    statusCode: healthy ? 200 : null,
    reason: healthy ? 'OK' : 'Nothing listens on that port.',
    totalMs: 12.34,
    dnsMs: 0.21,
    connectMs: 0.44,
    tlsMs: healthy ? 6.05 : null,
    firstByteMs: healthy ? 3.11 : null,
    certificate: healthy ? { validFromMs: EPOCH_MS - 30 * 86_400_000, validToMs: EPOCH_MS + 335 * 86_400_000 } : null,
    retryAfterMs: null,
    flavor: healthy ? 'distribution' : 'unknown',
    challenge: null,
    ...change,
  };
}
