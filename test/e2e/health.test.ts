import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { HealthHistory, RegistryHealth } from '../../src/core/schema-types.ts';
import { answer, behaviours, startBadRegistry, type BadRegistry, type Behaviour } from '../support/bad-registry.ts';
import { makeCertificate } from '../support/certificates.ts';
import { describeWithPeer, startMongo, type MongoServer } from '../support/peers.ts';
import { startDockerRegistry, startTokenRegistry, type TestRegistry } from '../support/registries.ts';
import { call } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';

const DAY_MS = 86_400_000;
const authority = makeCertificate({ commonName: 'Harbour Authority', isAuthority: true, validFrom: new Date(Date.now() - 100 * DAY_MS), validTo: new Date(Date.now() + 100 * DAY_MS) });
const lived = (daysBehind: number, daysAhead: number) => ({
  commonName: 'registry.test',
  names: ['127.0.0.1'],
  issuer: authority,
  validFrom: new Date(Date.now() - daysBehind * DAY_MS),
  validTo: new Date(Date.now() + daysAhead * DAY_MS),
});

/** What must be told of each registry; the interval is short, so that a minute is enough for all. */
const expected: Readonly<Record<string, { status: string; cause: string }>> = {
  plain: { status: 'up', cause: 'ok' },
  tokens: { status: 'up', cause: 'auth_required' },
  'own-ca': { status: 'up', cause: 'auth_required' },
  expiring: { status: 'degraded', cause: 'tls_expiring' },
  expired: { status: 'down', cause: 'tls_expired' },
  refusing: { status: 'down', cause: 'refused' },
  hanging: { status: 'down', cause: 'timeout' },
  failing: { status: 'down', cause: 'http_5xx' },
  website: { status: 'down', cause: 'not_a_registry' },
  blocked: { status: 'unknown', cause: 'blocked' },
  paused: { status: 'unknown', cause: 'paused' },
};

interface Running {
  readonly urls: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

async function startRegistries(): Promise<Running> {
  const bad = (behaviour: Behaviour): Promise<BadRegistry> => startBadRegistry({ behaviour });
  const registries: TestRegistry[] = await Promise.all([
    startDockerRegistry(),
    startTokenRegistry(),
    startDockerRegistry({ requireLogin: true, certificate: makeCertificate(lived(10, 80)) }),
    startDockerRegistry({ certificate: makeCertificate(lived(95, 5)) }),
    startDockerRegistry({ certificate: makeCertificate(lived(95, -5)) }),
  ]);
  const refusing = await startDockerRegistry();
  await refusing.stop();
  const fakes = await Promise.all([bad(behaviours.hangsBeforeHeaders), bad(answer('503 Service Unavailable')), bad(answer('200 OK', ['Content-Type: text/html'], '<h1>Welcome</h1>'))]);
  const [plain, tokens, ownCa, expiring, expired] = registries.map(({ url }) => url);
  const [hanging, failing, website] = fakes.map(({ url }) => url);
  const urls = { plain, tokens, 'own-ca': ownCa, expiring, expired, refusing: refusing.url, hanging, failing, website, blocked: 'http://169.254.169.254', paused: plain };
  return {
    urls: urls as Record<string, string>,
    async stop() {
      await Promise.all([...registries.map((registry) => registry.stop()), ...fakes.map((fake) => fake.close())]);
    },
  };
}

async function addAll(service: TestService, urls: Running['urls']): Promise<void> {
  for (const [id, url] of Object.entries(urls)) {
    const health = { interval_s: 5, timeout_ms: 1_000, ...(url.startsWith('https:') ? { ca: authority.certPem } : {}), ...(id === 'paused' ? { enabled: false } : {}) };
    const body = { container_registry_id: id, container_registry_name: `Registry ${id}`, container_registry_public_url: url, container_registry_config: { health } };
    expect((await call(service.url, 'POST', '/container_registry', { body })).status).toBe(201);
  }
}

const overview = async (service: TestService, query = ''): Promise<RegistryHealth[]> => (await call(service.url, 'GET', `/container_registries/health${query}`)).body.data as RegistryHealth[];

/** Waits until all verdicts are as expected, a minute at most, and returns what is told then. */
async function settled(service: TestService): Promise<RegistryHealth[]> {
  const wanted = Object.entries(expected).map(([id, verdict]) => ({ id, ...verdict }));
  for (let waitedMs = 0; ; waitedMs += 250) {
    const found = await overview(service);
    const told = found.map(({ id, status, cause }) => ({ id, status, cause }));
    const isSettled = wanted.every((one) => told.some((other) => JSON.stringify(other) === JSON.stringify(one)));
    if (isSettled || waitedMs >= 60_000) {
      expect(told).toEqual(wanted.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
      return found;
    }
    await delay(250);
  }
}

const entry = resolve(import.meta.dirname, '../../src/cli/main.ts');

async function portolan(service: TestService, args: readonly string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn(process.execPath, [entry, ...args], { env: { PATH: process.env['PATH'], PORTOLAN_URL: service.url }, stdio: ['ignore', 'pipe', 'inherit'], timeout: 20_000 });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  const code = await new Promise<number | null>((closed) => child.once('close', closed));
  return { code, out };
}

/** What anybody can find out about the registries once they have been probed for a while. */
function truths(start: () => Promise<{ service: TestService; stop: () => Promise<void> }>): void {
  let registries: Running;
  let service: TestService;
  let stop: () => Promise<void>;
  let found: RegistryHealth[];

  beforeAll(async () => {
    registries = await startRegistries();
    ({ service, stop } = await start());
    await addAll(service, registries.urls);
    found = await settled(service);
  }, 100_000);
  afterAll(async () => {
    await stop();
    await registries.stop();
  });

  it('are told by verdict and cause, with latency, certificate and uptime', () => {
    const of = (id: string) => found.find((report) => report.id === id)?.vantages['default'];
    expect(of('plain')).toMatchObject({ status: 'up', certificate_expires_at: null, in_maintenance: false, uptime: { '24h': 1, '90d': 1 } });
    expect(of('plain')?.latency_ms).toBeGreaterThan(0);
    expect(of('expiring')?.certificate_expires_at).toMatch(/^\d{4}-/);
    expect(of('paused')).toMatchObject({ last_checked_at: null, next_check_at: null, uptime: { '24h': null } });
    expect(of('blocked')?.uptime['24h']).toBeNull();
  });

  it('are found by filters and in order, and leave revision and ETag alone', async () => {
    const down = await call(service.url, 'POST', '/container_registries?fields=container_registry_id', { body: { 'health.status': 'down' } });
    const ids = (records: { container_registry_id: string }[]): string[] => records.map(({ container_registry_id: id }) => id);
    expect(ids(down.body.data)).toEqual(['expired', 'failing', 'hanging', 'refusing', 'website']);
    const timeouts = await call(service.url, 'POST', '/container_registries', { body: { 'health.cause': 'timeout', 'health.vantages.default.status': 'down' } });
    expect(ids(timeouts.body.data)).toEqual(['hanging']);
    const sorted = await call(service.url, 'POST', '/container_registries?sort=health.status&limit=1', { body: {} });
    expect(ids(sorted.body.data)).toEqual(['expiring']);
    const read = await call(service.url, 'GET', '/container_registry/hanging');
    expect(read.headers.get('etag')).toContain('1');
    const shown = await call(service.url, 'GET', '/container_registry/hanging?include=meta,health');
    expect(shown.body.data).toMatchObject({ meta: { revision: 1 }, health: { status: 'down', cause: 'timeout', since: expect.stringMatching(/Z$/) } });
  });

  it('are told of one registry with its last failures, its events and its past', async () => {
    const detail = (await call(service.url, 'GET', '/container_registry/failing/health')).body.data as RegistryHealth;
    expect(detail.vantages['default']?.last_result).toMatchObject({ status_code: 503, reason: 'Service Unavailable', healthy: false });
    expect(detail.vantages['default']?.last_failures?.[0]).toMatchObject({ cause: 'http_5xx', status_code: 503 });
    const events = await call(service.url, 'GET', '/container_registry/failing/health/events');
    expect(events.body.data).toMatchObject([{ from: 'unknown', to: 'down', cause: 'http_5xx', vantage: 'default', evidence: { last_result: { status_code: 503 } } }]);
    const history = (await call(service.url, 'GET', '/container_registry/failing/health/history?step=3600')).body.data;
    expect(history).toMatchObject({ vantage: 'default', step_s: 3600, availability: 0 });
    const last = history.steps.at(-1) as HealthHistory['steps'][number];
    expect(last.failures).toBe(last.results);
    expect(last.unknown_s + last.down_s).toBeCloseTo((Date.parse(last.to) - Date.parse(last.from)) / 1000, 1);
  });

  it('are told by metrics', async () => {
    const { text } = await call(service.url, 'GET', '/metrics');
    expect(text).toContain(`portolan_registry_up{id="plain",name="Registry plain",url="${registries.urls['plain'] ?? ''}",type="unknown",vantage="default"} 1\n`);
    expect(text).toMatch(/portolan_registry_up\{id="refusing",[^}]*\} 0\n/);
    expect(text).not.toMatch(/portolan_registry_up\{id="blocked"/);
    expect(text).toContain('portolan_registry_verdict{id="expiring",vantage="default",verdict="degraded"} 1\n');
    expect(text).toMatch(/portolan_registry_certificate_expiry_timestamp_seconds\{id="expiring",vantage="default"\} \d+\n/);
    expect(text).toMatch(/portolan_probe_duration_seconds_count\{phase="tls"\} [1-9]/);
    expect(text).toMatch(/portolan_scheduler_lag_seconds_count [1-9]/);
  });

  it('are told on the terminal, the worst first, and by the exit code', async () => {
    const { code, out } = await portolan(service, ['status']);
    expect(code).toBe(1);
    const lines = out.split('\n');
    for (const [id, { status }] of Object.entries(expected)) expect(lines.find((line) => line.includes(`Registry ${id}`))).toContain(status);
    const json = await portolan(service, ['status', '--json', '--status', 'up']);
    expect(json.code).toBe(0);
    expect(json.out.trim().split('\n').map((line) => (JSON.parse(line) as RegistryHealth).id)).toEqual(['own-ca', 'plain', 'tokens']);
  });

  it('change when the registry does: a record that is mended is probed at once and comes up', async () => {
    await call(service.url, 'PUT', '/container_registry/refusing', { body: { container_registry_public_url: registries.urls['plain'] } });
    for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 100) {
      const [report] = await overview(service, '?q=refusing');
      if (report?.status === 'up') break;
      await delay(100);
    }
    const events = (await call(service.url, 'GET', '/container_registry/refusing/health/events')).body.data as { from: string; to: string }[];
    expect(events.map(({ from, to }) => `${from} ${to}`)).toEqual(['down up', 'unknown down']);
  });

  it('are gone with the record', async () => {
    await call(service.url, 'DELETE', '/container_registry/website');
    expect((await call(service.url, 'GET', '/container_registry/website/health')).status).toBe(404);
    expect((await overview(service)).map(({ id }) => id)).not.toContain('website');
  });
}

describeWithPeer(['docker-registry'], 'truths about registries on the embedded store', () => {
  truths(async () => {
    const service = await startService();
    return { service, stop: () => service.stop() };
  });
});

describeWithPeer(['docker-registry', 'mongo-java-server'], 'truths about registries over MongoDB', () => {
  truths(async () => {
    const mongo: MongoServer = await startMongo();
    const service = await startService({ MONGO_URL: mongo.url });
    return {
      service,
      async stop() {
        await service.stop();
        await mongo.stop();
      },
    };
  });
});
