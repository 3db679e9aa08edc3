import { X509Certificate } from 'node:crypto';
import type { ErrorObject } from 'ajv/dist/2020.js';
import { isJsonObject, type Json } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { REPOSITORY_NAME } from '../core/repository-name.ts';
import { parseTimeMs } from '../core/time.ts';

/** Where the settings of health stand in a record. */
export const HEALTH_CONFIG_PATH = ['container_registry_config', 'health'] as const;

const SETTINGS = ['enabled', 'interval_s', 'timeout_ms', 'ca', 'expected_status', 'slow_ms', 'canary', 'maintenance'] as const;

const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g;

/** What is wrong with the PEM text of a record's own authorities, or `null`. Text between the certificates is let be, as in most bundles. */
export function checkAuthorities(pem: string): string | null {
  if (Buffer.byteLength(pem) > limits.authoritiesBytesMax) return `must not be longer than ${limits.authoritiesBytesMax} bytes; leave only the authorities that this registry needs`;
  // A record is read by many: a key in it is a key lost.
  if (pem.includes('PRIVATE KEY')) return 'must not hold a private key; give only the certificates of the authorities';
  const blocks = [...pem.matchAll(PEM_BLOCK)].filter(([, label]) => label === 'CERTIFICATE');
  if (blocks.length === 0) return 'must be certificates in PEM form (-----BEGIN CERTIFICATE----- …)';
  const begun = pem.split('-----BEGIN CERTIFICATE-----').length - 1;
  const wrong = begun === blocks.length ? blocks.findIndex(([block]) => !isCertificate(block)) : blocks.length;
  return wrong === -1 ? null : `must be certificates in PEM form; certificate ${wrong + 1} cannot be read, so copy it anew`;
}

function isCertificate(block: string): boolean {
  try {
    return new X509Certificate(block).fingerprint256 !== '';
  } catch {
    return false;
  }
}

const CANARY = new RegExp(`^(${REPOSITORY_NAME})(?::(\\w[\\w.-]{0,127})|@(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))$`);

/**
 * Reads `repository:tag` or `repository@digest`; `null` when it is neither.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 */
export function parseCanary(text: string): { readonly repository: string; readonly reference: string } | null {
  if (text.length > limits.canaryLengthMax) return null;
  const [, repository, tag, digest] = CANARY.exec(text) ?? [];
  const reference = tag ?? digest;
  return repository === undefined || reference === undefined ? null : { repository, reference };
}

/** Formats that the schema names, for ajv. */
export const healthFormats: Readonly<Record<string, (text: string) => boolean>> = {
  'pem-certificates': (text) => checkAuthorities(text) === null,
  canary: (text) => parseCanary(text) !== null,
  'date-time': (text) => parseTimeMs(text) !== null,
};

/** What each setting must be; positions in arrays left out. */
const RULES: Readonly<Record<string, string>> = {
  '': `must be an object of settings; they are ${SETTINGS.join(', ')}`,
  enabled: 'must be true or false',
  interval_s: `must be a whole number of seconds from ${limits.watchIntervalMsMin / 1000} to ${limits.watchIntervalMsMax / 1000}`,
  timeout_ms: `must be a whole number of milliseconds from ${limits.probeTimeoutMsMin} to ${limits.probeTimeoutMsMax}`,
  ca: 'must be a text: certificates in PEM form',
  expected_status: `must be a status from 200 to 599, or an array of 1 to ${limits.expectedStatusesMax} different ones`,
  slow_ms: `must be a whole number of milliseconds from 1 to ${limits.probeTimeoutMsMax}`,
  canary: 'must be repository:tag or repository@digest, without the registry’s host, as in library/busybox:latest',
  maintenance: `must be an array of at most ${limits.maintenanceWindowsMax} objects with from, to and, if you like, note`,
  window: 'must be an object with from, to and, if you like, note',
  'maintenance.from': 'must be a time with date and zone, as in 2030-01-31T22:00:00Z',
  'maintenance.to': 'must be a time with date and zone, as in 2030-01-31T22:00:00Z',
  'maintenance.note': `must be a text of at most ${limits.maintenanceNoteLengthMax} characters`,
};

const isWindow = (place: readonly string[]): boolean => place[0] === 'maintenance' && place.length === 2;

/** What to say of a mistake that the schema finds in the settings of health; `place` leads from there to the value. */
export function describeHealthMistake(place: readonly string[], error: ErrorObject): string {
  const setting = place.filter((segment) => !/^\d+$/.test(segment)).join('.');
  if (error.keyword === 'additionalProperties') {
    return place.length === 1 ? `is not a setting of health; the settings are ${SETTINGS.join(', ')}` : 'is not part of a maintenance window, which has from, to and note';
  }
  const rule = RULES[isWindow(place) ? 'window' : setting] ?? 'is not valid';
  if (error.keyword === 'required') return `is required; it ${rule}`;
  return setting === 'ca' && typeof error.data === 'string' ? (checkAuthorities(error.data) ?? rule) : rule;
}

/** Maintenance windows that end before they begin, by their positions: what no schema can say. */
export function windowsTurnedRound(config: Json | undefined): number[] {
  const health = isJsonObject(config) ? config['health'] : undefined;
  const windows = isJsonObject(health) ? health['maintenance'] : undefined;
  if (!Array.isArray(windows)) return [];
  return windows.flatMap((window, position) => {
    if (!isJsonObject(window) || typeof window['from'] !== 'string' || typeof window['to'] !== 'string') return [];
    const [fromMs, toMs] = [parseTimeMs(window['from']), parseTimeMs(window['to'])];
    return fromMs !== null && toMs !== null && fromMs >= toMs ? [position] : [];
  });
}
