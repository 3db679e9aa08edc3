import { readFileSync } from 'node:fs';
import { limits } from '../../../src/core/limits.ts';
import type { Json } from '../../../src/core/json.ts';
import type { RecordFields } from '../../../src/core/record.ts';
import { healthSettingsOf, maintenanceAt } from '../../../src/health/settings.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { recordWithHealth, settingsWith } from '../../support/observations.ts';

const defaults = { enabled: true, intervalMs: 30_000, timeoutMs: 5_000, ca: null, expectedStatus: null, slowMs: null, canary: null, maintenance: [] };

describe('the settings of a record’s health', () => {
  it('have defaults', () => {
    expect(healthSettingsOf(recordWithHealth(undefined))).toEqual(defaults);
    expect(settingsWith({})).toEqual(defaults);
  });

  it('are what the record says', () => {
    const ca = makeCertificate({ commonName: 'own authority', isAuthority: true }).certPem;
    const health = {
      enabled: false,
      interval_s: 60,
      timeout_ms: 1500,
      ca,
      expected_status: 403,
      slow_ms: 800,
      canary: 'library/busybox:latest',
      maintenance: [{ from: '2030-01-31T22:00:00Z', to: '2030-02-01T00:30:00+01:00', note: 'new disks' }],
    };
    expect(settingsWith(health)).toEqual({
      enabled: false,
      intervalMs: 60_000,
      timeoutMs: 1500,
      ca,
      expectedStatus: [403],
      slowMs: 800,
      canary: { repository: 'library/busybox', reference: 'latest' },
      maintenance: [{ fromMs: Date.UTC(2030, 0, 31, 22), toMs: Date.UTC(2030, 0, 31, 23, 30), note: 'new disks' }],
    });
    expect(settingsWith({ expected_status: [200, 403] }).expectedStatus).toEqual([200, 403]);
  });

  it.each<[string, Json]>([
    ['no object', 'green'],
    ['a list', [1]],
    ['null', null],
    ['too short an interval', { interval_s: 4 }],
    ['too long an interval', { interval_s: 86_401 }],
    ['half a second', { interval_s: 30.5 }],
    ['text for a number', { interval_s: '60', timeout_ms: '1', slow_ms: 'a' }],
    ['too short a time-out', { timeout_ms: 99 }],
    ['too long a time-out', { timeout_ms: 10_001 }],
    ['no slow time', { slow_ms: 0 }],
    ['a status that no answer ends with', { expected_status: 100 }],
    ['no status', { expected_status: [] }],
    ['a status among others that is none', { expected_status: [200, '403'] }],
    ['authorities that are none', { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }],
    ['a canary without a tag', { canary: 'library/busybox' }],
    ['no list of windows', { maintenance: { from: '2030-01-31T22:00:00Z' } }],
    ['windows that are none', { maintenance: [null, {}, { from: 1, to: 2 }, { from: '2030-01-31', to: '2030-02-01' }, { from: '2030-01-31T22:00:00Z', to: '2030-01-31T22:00:00Z' }] }],
    ['words for switches', { enabled: 'no' }],
    ['keys that are no settings', { colour: 'blue' }],
  ])('of an older database count as not given: %s', (_what, health) => {
    expect(settingsWith(health)).toEqual(defaults);
  });

  it('are the defaults where an older database has no configuration at all', () => {
    for (const config of [null, 'x', 7, []]) {
      const record = { ...recordWithHealth(undefined), container_registry_config: config } as unknown as RecordFields;
      expect(healthSettingsOf(record)).toEqual(defaults);
    }
  });

  it('have the bounds that the schema names', () => {
    const { $defs } = JSON.parse(readFileSync(new URL('../../../schemas/container-registry.schema.json', import.meta.url), 'utf8'));
    const { properties } = $defs.HealthConfig;
    expect(properties.interval_s).toMatchObject({ minimum: limits.watchIntervalMsMin / 1000, maximum: limits.watchIntervalMsMax / 1000, default: limits.watchIntervalMsDefault / 1000 });
    expect(properties.timeout_ms).toMatchObject({ minimum: limits.probeTimeoutMsMin, maximum: limits.probeTimeoutMsMax, default: limits.probeTimeoutMs });
    expect(properties.slow_ms.maximum).toBe(limits.probeTimeoutMsMax);
    expect(properties.ca.maxLength).toBe(limits.authoritiesBytesMax);
    expect(properties.canary.maxLength).toBe(limits.canaryLengthMax);
    expect(properties.expected_status.maxItems).toBe(limits.expectedStatusesMax);
    expect(properties.maintenance.maxItems).toBe(limits.maintenanceWindowsMax);
    expect($defs.MaintenanceWindow.properties.note.maxLength).toBe(limits.maintenanceNoteLengthMax);
    const texts = Object.values({ ...properties, ...$defs.MaintenanceWindow.properties }).map((schema) => (schema as { description: string }).description);
    expect(texts.every((text) => text.length > 10)).toBe(true);
  });
});

describe('a maintenance window', () => {
  const settings = settingsWith({ maintenance: [{ from: '2030-01-01T10:00:00Z', to: '2030-01-01T11:00:00Z' }, { from: '2030-01-01T10:30:00Z', to: '2030-01-01T12:00:00Z', note: 'b' }] });

  it.each<[string, string | null]>([
    ['2030-01-01T09:59:59.999Z', null],
    ['2030-01-01T10:00:00Z', ''],
    ['2030-01-01T10:45:00Z', ''],
    ['2030-01-01T11:00:00Z', 'b'],
    ['2030-01-01T12:00:00Z', null],
  ])('holds from its beginning up to, and without, its end: %s', (time, note) => {
    expect(maintenanceAt(settings, Date.parse(time))?.note ?? null).toBe(note);
  });
});
