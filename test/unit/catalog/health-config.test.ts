import { checkAuthorities, parseCanary } from '../../../src/catalog/health-config.ts';
import { completeNewRecord, completeUpdatedRecord } from '../../../src/catalog/record.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { Json, JsonObject } from '../../../src/core/json.ts';
import { limits } from '../../../src/core/limits.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { recordWithHealth } from '../../support/observations.ts';
import { parseTimeMs } from '../../../src/core/time.ts';

const PREFIX = 'container_registry_config.health';
const { certPem, keyPem } = makeCertificate({ commonName: 'own authority', isAuthority: true });

/** Every mistake as `path: message`, the path from the settings on. */
function mistakesIn(action: () => unknown): string[] {
  try {
    action();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe('INVALID_RECORD');
    return error.details.map(({ path, message }) => `${path.replace(`${PREFIX}.`, '')}: ${message}`);
  }
  return [];
}

const created = (health: Json): string[] => mistakesIn(() => completeNewRecord(recordWithHealth(health) as unknown as Json));
const window = (from: Json, to: Json, more: JsonObject = {}): Json => ({ maintenance: [{ from, to, ...more }] });
const [T1, T2] = ['2030-01-31T22:00:00Z', '2030-01-31T23:00:00Z'];
const ALL = 'enabled, interval_s, timeout_ms, ca, expected_status, slow_ms, canary, maintenance';

describe('the settings of health in a new record', () => {
  it.each<[string, Json]>([
    ['nothing', {}],
    ['everything', { enabled: false, interval_s: 5, timeout_ms: 100, ca: certPem, expected_status: 200, slow_ms: 1, canary: 'a:b', maintenance: [] }],
    ['the other bounds', { interval_s: 86_400, timeout_ms: 10_000, expected_status: [200, 599], slow_ms: 10_000 }],
    ['several authorities with words between', { ca: `# ours\n${certPem}\n# theirs\n${certPem.replaceAll('\n', '\r\n')}` }],
    ['a window with a note', window(T1, T2, { note: 'new disks' })],
    ['a window in zones', window('2030-01-31T23:00:00.5+02:00', '2030-01-31T23:00:00-08:00')],
    ['as many windows as there may be', { maintenance: Array.from({ length: limits.maintenanceWindowsMax }, () => ({ from: T1, to: T2 })) }],
  ])('may be %s', (_what, health) => {
    expect(created(health)).toEqual([]);
  });

  const interval = 'interval_s: must be a whole number of seconds from 5 to 86400';
  const status = 'must be a status from 200 to 599, or an array of 1 to 50 different ones';
  const canary = 'canary: must be repository:tag or repository@digest, without the registry’s host, as in library/busybox:latest';
  const time = 'must be a time with date and zone, as in 2030-01-31T22:00:00Z';
  it.each<[Json, string]>([
    ['green', `${PREFIX}: must be an object of settings; they are ${ALL}`],
    [null, `${PREFIX}: must be an object of settings; they are ${ALL}`],
    [{ interval: 5 }, `interval: is not a setting of health; the settings are ${ALL}`],
    [{ 'a.b/c~d': 5 }, `a.b/c~d: is not a setting of health; the settings are ${ALL}`],
    [{ enabled: 'yes' }, 'enabled: must be true or false'],
    [{ interval_s: 4 }, interval],
    [{ interval_s: 86_401 }, interval],
    [{ interval_s: 5.5 }, interval],
    [{ interval_s: '30' }, interval],
    [{ timeout_ms: 99 }, 'timeout_ms: must be a whole number of milliseconds from 100 to 10000'],
    [{ timeout_ms: 10_001 }, 'timeout_ms: must be a whole number of milliseconds from 100 to 10000'],
    [{ slow_ms: 0 }, 'slow_ms: must be a whole number of milliseconds from 1 to 10000'],
    [{ expected_status: 199 }, `expected_status: ${status}`],
    [{ expected_status: 'ok' }, `expected_status: ${status}`],
    [{ expected_status: [] }, `expected_status: ${status}`],
    [{ expected_status: [200, 200] }, `expected_status: ${status}`],
    [{ expected_status: [200, 600] }, `expected_status.1: ${status}`],
    [{ ca: 7 }, 'ca: must be a text: certificates in PEM form'],
    [{ ca: 'trust me' }, 'ca: must be certificates in PEM form (-----BEGIN CERTIFICATE----- …)'],
    [{ ca: `${certPem}${keyPem}` }, 'ca: must not hold a private key; give only the certificates of the authorities'],
    [{ ca: `${certPem}${certPem.replace('MII', 'AAA').replace(/\nM/, '\nA')}` }, 'ca: must be certificates in PEM form; certificate 2 cannot be read, so copy it anew'],
    [{ ca: `${certPem}${certPem.slice(0, 100)}` }, 'ca: must be certificates in PEM form; certificate 2 cannot be read, so copy it anew'],
    [{ ca: `${certPem}${' '.repeat(limits.authoritiesBytesMax)}` }, 'ca: must not be longer than 65536 bytes; leave only the authorities that this registry needs'],
    [{ canary: 'library/busybox' }, canary],
    [{ canary: 'https://registry.example.com/library/busybox:latest' }, canary],
    [{ canary: 'a'.repeat(600) }, canary],
    [{ maintenance: {} }, 'maintenance: must be an array of at most 50 objects with from, to and, if you like, note'],
    [{ maintenance: ['tonight'] }, 'maintenance.0: must be an object with from, to and, if you like, note'],
    [{ maintenance: Array.from({ length: 51 }, () => ({ from: T1, to: T2 })) }, 'maintenance: must be an array of at most 50 objects with from, to and, if you like, note'],
    [{ maintenance: [{ from: T1 }] }, `maintenance.0.to: is required; it ${time}`],
    [window('tonight', T2), `maintenance.0.from: ${time}`],
    [window(T1, 1_900_000_000), `maintenance.0.to: ${time}`],
    [window('2030-02-30T22:00:00Z', '2030-03-03T22:00:00Z'), `maintenance.0.from: ${time}`],
    [window('2030-01-31T22:00:00', T2), `maintenance.0.from: ${time}`],
    [window(T2, T1), 'maintenance.0.to: must be later than from'],
    [window(T1, T1), 'maintenance.0.to: must be later than from'],
    [window('2030-01-31T22:00:00Z', '2030-01-31T23:00:00+02:00'), 'maintenance.0.to: must be later than from'],
    [window(T1, T2, { note: 'x'.repeat(201) }), 'maintenance.0.note: must be a text of at most 200 characters'],
    [window(T1, T2, { by: 'me' }), 'maintenance.0.by: is not part of a maintenance window, which has from, to and note'],
  ])('are refused when they are %j', (health, mistake) => {
    expect(created(health)).toEqual([mistake]);
  });

  it('are refused with a sentence that names the place', () => {
    expect(() => completeNewRecord(recordWithHealth({ interval_s: 1 }) as unknown as Json)).toThrow(
      'The record is not valid: container_registry_config.health.interval_s must be a whole number of seconds from 5 to 86400.',
    );
  });

  it('leave the rest of the configuration free', () => {
    const record = { ...recordWithHealth({}), container_registry_config: { interval_s: 'x', health: {}, deep: { health: 'x' } } };
    expect(completeNewRecord(record as unknown as Json).container_registry_config).toEqual(record.container_registry_config);
  });
});

describe('the settings of health in a record after an update', () => {
  /** As a document of an older database may have it. */
  const odd = { status: 'green', interval_s: 1, canary: 'busybox', maintenance: [{ from: T2, to: T1 }, { from: T1 }] };
  const updated = (before: Json, after: Json): string[] =>
    mistakesIn(() => completeUpdatedRecord(recordWithHealth(before), recordWithHealth(after) as unknown as JsonObject));

  it('may stay what they were', () => {
    expect(updated(odd, odd)).toEqual([]);
    expect(updated('green', 'green')).toEqual([]);
    expect(completeUpdatedRecord(recordWithHealth(odd), { ...recordWithHealth(odd), container_registry_name: 'new name' } as unknown as JsonObject).container_registry_name).toBe('new name');
  });

  it('may be mended one at a time', () => {
    expect(updated(odd, { ...odd, interval_s: 10 })).toEqual([]);
    expect(updated(odd, { status: 'green', enabled: false })).toEqual([]);
    expect(updated('green', { enabled: true })).toEqual([]);
  });

  it.each<[string, Json, string]>([
    ['another wrong value', { ...odd, interval_s: 2 }, 'interval_s'],
    ['another value of an unknown setting', { ...odd, status: 'red' }, 'status'],
    ['one more unknown setting', { ...odd, colour: 'blue' }, 'colour'],
    ['another window that ends before it begins', { ...odd, maintenance: [{ from: T2, to: T1, note: '' }, { from: T1 }] }, 'maintenance.0.to'],
    ['no object any more', 'green', PREFIX],
  ])('are refused for %s', (_what, after, place) => {
    expect(updated(odd, after).map((mistake) => mistake.split(':')[0])).toEqual([place]);
  });
});

describe('a canary', () => {
  const hex = 'a'.repeat(64);
  it.each([
    ['library/busybox:latest', 'library/busybox', 'latest'],
    ['a:1', 'a', '1'],
    ['a/b-c__d.e/f--g:_x.Y-z', 'a/b-c__d.e/f--g', '_x.Y-z'],
    [`team/app@sha256:${hex}`, 'team/app', `sha256:${hex}`],
    [`team/app@sha512:${hex}${hex}`, 'team/app', `sha512:${hex}${hex}`],
  ])('%s names an image', (text, repository, reference) => {
    expect(parseCanary(text)).toEqual({ repository, reference });
  });

  it.each(['', ':', 'a', 'a:', ':a', 'A:b', 'a//b:c', '/a:b', 'a/:b', 'a:b:c', 'localhost:5000/a:b', 'a..b:c', 'a:.b', `a:${'t'.repeat(129)}`, 'a@sha256:12', `a@md5:${hex}`, `a:b@sha256:${hex}`, 'a:b\n', '../a:b', 'a b:c'])(
    '%j names none',
    (text) => {
      expect(parseCanary(text)).toBeNull();
    },
  );

  it('abuse 16: is read in no time, however it repeats itself', () => {
    const begunMs = performance.now();
    for (const part of ['a', 'a-', 'a__', 'a.', 'a/', '-', '_']) parseCanary(`${part.repeat(limits.canaryLengthMax).slice(0, limits.canaryLengthMax - 1)}!`);
    expect(performance.now() - begunMs).toBeLessThan(100);
  });
});

describe('a time', () => {
  it.each([
    ['2030-01-31T22:00:00Z', Date.UTC(2030, 0, 31, 22)],
    ['2030-01-31t22:00:00.250z', Date.UTC(2030, 0, 31, 22, 0, 0, 250)],
    ['2030-01-31T22:00:00-02:30', Date.UTC(2030, 1, 1, 0, 30)],
    ['2028-02-29T00:00:00Z', Date.UTC(2028, 1, 29)],
  ])('%s is understood', (text, expected) => {
    expect(parseTimeMs(text)).toBe(expected);
  });

  it.each(['', '2030-01-31', '2030-01-31T22:00:00', '2030-01-31 22:00:00Z', '2030-13-01T00:00:00Z', '2029-02-29T00:00:00Z', '2030-01-31T25:00:00Z', '2030-01-31T22:00:00+99:00', 'Thu, 31 Jan 2030 22:00:00 GMT', '2030-01-31T22:00:00Z '])(
    '%j is not',
    (text) => {
      expect(parseTimeMs(text)).toBeNull();
    },
  );
});

describe('authorities', () => {
  it('may be as long as the limit, and are checked in no time', () => {
    const bundle = certPem.repeat(Math.floor(limits.authoritiesBytesMax / certPem.length));
    const begunMs = performance.now();
    expect(checkAuthorities(bundle)).toBeNull();
    expect(checkAuthorities('-----BEGIN CERTIFICATE-----'.repeat(2000))).not.toBeNull();
    expect(performance.now() - begunMs).toBeLessThan(500);
  });
});
