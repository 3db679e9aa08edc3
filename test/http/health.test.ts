import type { RegistryHealth } from '../../src/core/schema-types.ts';
import { answer, behaviours, startBadRegistry, type BadRegistry } from '../support/bad-registry.ts';
import { readApi, type Api } from '../support/openapi.ts';
import { call, newRecord, type Reply } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

let service: TestService;
let api: Api;
let works: BadRegistry;
let fails: BadRegistry;
const upIds = Array.from({ length: 12 }, (_unused, n) => `up-${String(n).padStart(2, '0')}`);

beforeAll(async () => {
  [works, fails] = await Promise.all([startBadRegistry({ behaviour: behaviours.works }), startBadRegistry({ behaviour: answer('503 Service Unavailable') })]);
  service = await startService();
  api = await readApi(service.url);
  const add = async (id: string, url: string, more = {}): Promise<void> => {
    const body = newRecord(id, { container_registry_public_url: url, ...more });
    expect((await call(service.url, 'POST', '/container_registry', { body })).status).toBe(201);
  };
  for (const id of upIds) await add(id, works.url, { container_registry_tags: id < 'up-05' ? ['few', 'all'] : ['all'], container_registry_storage_info: { registry_type: 'aios' } });
  await add('failing', fails.url);
  await add('paused', works.url, { container_registry_config: { health: { enabled: false } } });
  await until(async () => {
    const found = await overview();
    return found.filter(({ status }) => status === 'up').length === upIds.length && found.some(({ status }) => status === 'down') && found.some(({ cause }) => cause === 'paused');
  });
});
afterAll(async () => {
  await service.stop();
  await Promise.all([works.close(), fails.close()]);
});

const get = (path: string): Promise<Reply> => call(service.url, 'GET', path);
const overview = async (query = ''): Promise<RegistryHealth[]> => (await get(`/container_registries/health${query}`)).body.data as RegistryHealth[];
const idsOf = (found: readonly RegistryHealth[]): string[] => found.map(({ id }) => id);

function expectRefused({ status, body }: Reply, path: string, code = 'INVALID_PARAMETER'): void {
  expect([status, body.code, body.details[0].path]).toEqual([400, code, path]);
  expect(body.error).toMatch(/\.$/);
}

describe('GET /container_registries/health', () => {
  it('streams all registries by id, whose verdicts say the same as their records', async () => {
    const reply = await get('/container_registries/health');
    expect(idsOf(reply.body.data)).toEqual(['failing', 'paused', ...upIds]);
    expect(reply.headers.get('link')).toBeNull();
    api.expectDescribed(reply, 'GET', '/container_registries/health');
    const records = (await call(service.url, 'POST', '/container_registries?include=health', { body: {} })).body.data;
    expect((reply.body.data as RegistryHealth[]).map(({ status, cause, since }) => ({ status, cause, since }))).toEqual(
      records.map(({ health: { status, cause, since } }: { health: RegistryHealth }) => ({ status, cause, since })),
    );
  });

  it('finds by verdict, tag, type and words together', async () => {
    expect(idsOf(await overview('?status=down'))).toEqual(['failing']);
    expect(idsOf(await overview('?status=down,unknown'))).toEqual(['failing', 'paused']);
    expect(idsOf(await overview('?status=up&tag=few&registry_type=aios&q=UP-0'))).toEqual(upIds.slice(0, 5));
    expect(await overview('?status=degraded')).toEqual([]);
  });

  it('shows what is seen from one vantage, and nothing from one that there is not', async () => {
    const found = await overview('?vantage=default&status=up&limit=1');
    expect(found.map(({ id, vantages }) => [id, Object.keys(vantages)])).toEqual([['up-00', ['default']]]);
    expect(await overview('?vantage=nowhere')).toEqual([]);
    expect(await overview('?vantage=nowhere&status=up')).toEqual([]);
  });

  it.each(['', '&sort=-health.since', '&sort=health.cause,-container_registry_name'])('pages by cursor without missing or repeating any (%s)', async (sort) => {
    const pages: string[][] = [];
    for (let next: string | undefined = `/container_registries/health?status=up&limit=5&count=true${sort}`; next !== undefined; ) {
      const reply: Reply = await get(next);
      expect([reply.status, reply.headers.get('x-total-count')]).toEqual([200, '12']);
      api.expectDescribed(reply, 'GET', '/container_registries/health');
      pages.push(idsOf(reply.body.data));
      next = /<([^>]+)>; rel="next"/.exec(reply.headers.get('link') ?? '')?.[1];
    }
    expect(pages.map((page) => page.length)).toEqual([5, 5, 2]);
    expect(pages.flat().toSorted()).toEqual(upIds);
  });

  it('orders by what health says', async () => {
    expect(idsOf(await overview('?sort=health.status,container_registry_id&limit=3'))).toEqual(['failing', 'paused', 'up-00']);
    expect(idsOf(await overview('?sort=-health.status,-container_registry_id'))[0]).toBe('up-11');
  });

  it.each<[string, string, string?]>([
    ['status=fine', 'status'],
    ['status=up,', 'status'],
    ['status=up,%20down', 'status'],
    ['status=UP', 'status'],
    ['status=', 'status'],
    ['status=up&status=down', 'status'],
    ['status[$ne]=up', 'status[$ne]'],
    ['vantage=Default', 'vantage'],
    ['vantage=a.b', 'vantage'],
    ['vantage=$where', 'vantage'],
    ['vantage=__proto__', 'vantage'],
    [`vantage=${'a'.repeat(64)}`, 'vantage'],
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.5', 'limit'],
    ['sort=colour', 'sort'],
    ['registry_type=other', 'registry_type'],
    ['count=1', 'count'],
    ['colour=red', 'colour'],
  ])('refuses %s', async (query, path) => {
    expectRefused(await get(`/container_registries/health?${query}`), path);
  });

  it('refuses a cursor that is none, or is of another question', async () => {
    expect((await get('/container_registries/health?cursor=abc')).body.code).toBe('INVALID_CURSOR');
    const next = /<([^>]+)>; rel="next"/.exec((await get('/container_registries/health?status=up&limit=5')).headers.get('link') ?? '')?.[1] ?? '';
    expect((await get(next.replace('status=up', 'status=down'))).body.code).toBe('INVALID_CURSOR');
  });

  it('is not taken for a record of that name', async () => {
    expect((await get('/container_registry/health/health')).status).toBe(404);
    expect((await call(service.url, 'POST', '/container_registries/health', { body: {} })).status).toBe(405);
  });
});

describe('GET /container_registry/{id}/health', () => {
  it('tells the last result, the last failures and uptimes', async () => {
    const reply = await get('/container_registry/failing/health');
    api.expectDescribed(reply, 'GET', '/container_registry/{id}/health');
    const seen = (reply.body.data as RegistryHealth).vantages['default'];
    expect(seen).toMatchObject({ status: 'down', cause: 'http_5xx', last_result: { status_code: 503, healthy: false }, uptime: { '24h': 0 } });
    expect(seen?.last_failures?.length).toBeGreaterThanOrEqual(2);
    const times = seen?.last_failures?.map(({ at }) => at) ?? [];
    expect(times).toEqual(times.toSorted().toReversed());
  });

  it('tells of what was never probed', async () => {
    const reply = await get('/container_registry/paused/health');
    api.expectDescribed(reply, 'GET', '/container_registry/{id}/health');
    expect((reply.body.data as RegistryHealth).vantages['default']).toMatchObject({ status: 'unknown', cause: 'paused', last_result: null, last_failures: [], next_check_at: null });
  });

  it('answers 404 of a record that there is not, on every route', async () => {
    for (const path of ['', '/history', '/events']) {
      const reply = await get(`/container_registry/absent/health${path}`);
      expect([path, reply.status, reply.body.code]).toEqual([path, 404, 'RECORD_NOT_FOUND']);
      api.expectDescribed(reply, 'GET', `/container_registry/{id}/health${path}`);
    }
  });
});

describe('GET /container_registry/{id}/health/history', () => {
  const history = (query: string): Promise<Reply> => get(`/container_registry/failing/health/history?${query}`);

  it('has steps that join, of the length asked for, the last one cut where the time ends', async () => {
    const reply = await history('from=2026-01-01T00:00:00Z&to=2026-01-01T02:30:00.5Z&step=3600');
    api.expectDescribed(reply, 'GET', '/container_registry/{id}/health/history');
    const { steps, availability, step_s } = reply.body.data;
    expect([step_s, availability, steps.length]).toEqual([3600, null, 3]);
    expect(steps.map(({ from, to }: { from: string; to: string }) => `${from} ${to}`)).toEqual([
      '2026-01-01T00:00:00.000Z 2026-01-01T01:00:00.000Z',
      '2026-01-01T01:00:00.000Z 2026-01-01T02:00:00.000Z',
      '2026-01-01T02:00:00.000Z 2026-01-01T02:30:00.500Z',
    ]);
    expect(steps[2]).toMatchObject({ results: 0, unknown_s: 1800.5, down_s: 0 });
  });

  it('is of the last day in quarters of an hour, unless asked otherwise', async () => {
    const { body } = await get('/container_registry/failing/health/history');
    expect(body.data).toMatchObject({ vantage: 'default', step_s: 900, availability: 0 });
    const { steps } = body.data;
    expect(steps.every(({ from }: { from: string }) => Date.parse(from) % 900_000 === 0)).toBe(true);
    const hours = (Date.parse(steps.at(-1).to) - Date.parse(steps[0].from)) / 3_600_000;
    expect([hours >= 24, hours < 24.25]).toEqual([true, true]);
    expect(steps.slice(-2).reduce((sum: number, step: { results: number }) => sum + step.results, 0)).toBeGreaterThan(1);
  });

  it('takes days, zones and fractions', async () => {
    for (const query of ['from=2026-01-01&to=2026-01-03', 'from=2026-01-01T00:00:00%2B02:00&to=2026-01-02T00:00:00.25Z', 'from=1970-01-01&to=2026-01-01', 'to=2030-01-01T00:00:00Z']) {
      const reply = await history(query);
      expect([query, reply.status]).toEqual([query, 200]);
      expect(reply.body.data.steps.length).toBeLessThanOrEqual(200);
    }
  });

  it('knows nothing from a vantage that there is not', async () => {
    const { body } = await history('vantage=nowhere');
    expect(body.data).toMatchObject({ vantage: 'nowhere', availability: null });
  });

  it.each([
    ['from=yesterday', 'from'],
    ['from=2026-02-31', 'from'],
    ['from=2026-02-31T00:00:00Z', 'from'],
    ['from=2026-01-01T00:00:00', 'from'],
    ['to=2026-13-01', 'to'],
    ['to=1800-01-01', 'to'],
    ['to=1767225600', 'to'],
    ['from=2026-01-02&to=2026-01-01', 'from'],
    ['from=2026-01-01&to=2026-01-01', 'from'],
    ['step=0', 'step'],
    ['step=1e3', 'step'],
    ['step=0.5', 'step'],
    ['step=99999999999', 'step'],
    ['vantage=a/b', 'vantage'],
    ['limit=5', 'limit'],
  ])('refuses %s', async (query, path) => {
    expectRefused(await history(query), path);
  });

  it('refuses more steps than anybody can look at', async () => {
    expectRefused(await history('step=1'), 'step', 'LIMIT_EXCEEDED');
  });
});

describe('GET /container_registry/{id}/health/events', () => {
  const events = (query = ''): Promise<Reply> => get(`/container_registry/failing/health/events${query}`);

  it('tells changes of verdict with what led to them', async () => {
    const reply = await events();
    api.expectDescribed(reply, 'GET', '/container_registry/{id}/health/events');
    expect(reply.body.data).toMatchObject([{ from: 'unknown', to: 'down', cause: 'http_5xx', vantage: 'default', evidence: { last_result: { status_code: 503 } } }]);
    expect(reply.body.data[0].evidence.failures.length).toBeGreaterThanOrEqual(2);
  });

  it('leads on by the time of the last one', async () => {
    const [first] = (await events('?limit=1')).body.data;
    expect((await events(`?before=${encodeURIComponent(first.at)}`)).body.data).toEqual([]);
    const after = new Date(Date.parse(first.at) + 1).toISOString();
    expect((await events(`?before=${after}`)).body.data).toEqual([first]);
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['before=now', 'before'],
    ['before=2026-02-30', 'before'],
    ['vantage=default', 'vantage'],
  ])('refuses %s', async (query, path) => {
    expectRefused(await events(`?${query}`), path);
  });
});

describe('POST /api/v1/probe', () => {
  const probe = (body: unknown): Promise<Reply> => call(service.url, 'POST', '/api/v1/probe', { body });

  it('probes any URL, and stores nothing', async () => {
    const before = (await call(service.url, 'GET', '/container_registries')).text;
    const reply = await probe({ url: works.url });
    api.expectDescribed(reply, 'POST', '/api/v1/probe');
    expect([reply.status, reply.body.data]).toMatchObject([200, { healthy: true, cause: 'ok', url: `${works.url}/v2/`, vantage: 'default' }]);
    expect(reply.body.data.log).toBeUndefined();
    expect((await probe({ url: fails.url })).body.data).toMatchObject({ reachable: true, healthy: false, cause: 'http_5xx', status_code: 503 });
    expect((await call(service.url, 'GET', '/container_registries')).text).toBe(before);
  });

  it('tells how it went when asked, without a body or a secret', async () => {
    const { body } = await probe({ url: works.url.replace('http://', 'http://user:hunter2@'), debug: true });
    expect(body.data.log.length).toBeGreaterThan(3);
    expect(body.data.log[0]).toEqual({ at_ms: expect.any(Number), event: expect.any(String) });
    expect(JSON.stringify(body)).not.toContain('hunter2');
  });

  it('abuse 1: does not dial addresses that policy forbids, and says so', async () => {
    for (const url of ['http://169.254.169.254', 'http://10.1.2.3', 'http://[::ffff:169.254.169.254]', 'http://0.0.0.0']) {
      expect([url, (await probe({ url })).body.data]).toMatchObject([url, { reachable: false, cause: 'blocked', status_code: null }]);
    }
  });

  it('calls what is no http URL a bad URL, as the probe of a record does', async () => {
    for (const url of ['', 'ftp://127.0.0.1', 'registry.example', 'file:///etc/passwd', 'data:text/plain,x', 'http://']) {
      expect([url, (await probe({ url })).body.data]).toMatchObject([url, { reachable: false, cause: 'bad_url' }]);
    }
  });

  it.each<[string, unknown, string]>([
    ['an array', ['http://127.0.0.1'], 'url'],
    ['a text', 'http://127.0.0.1', 'url'],
    ['null', null, 'url'],
    ['no URL', {}, 'url'],
    ['a URL that is a number', { url: 5 }, 'url'],
    ['a URL without end', { url: `http://${'a'.repeat(3_000)}` }, 'url'],
    ['a debug that is a text', { url: 'http://127.0.0.1:9', debug: 'yes' }, 'debug'],
    ['a debug that is null', { url: 'http://127.0.0.1:9', debug: null }, 'debug'],
    ['settings', { url: 'http://127.0.0.1:9', timeout_ms: 5 }, 'timeout_ms'],
  ])('refuses %s', async (_what, body, path) => {
    const reply = await probe(body);
    expectRefused(reply, path);
    api.expectDescribed(reply, 'POST', '/api/v1/probe');
  });

  it('refuses what is no JSON', async () => {
    expect((await call(service.url, 'POST', '/api/v1/probe', { raw: '{"url":' })).status).toBe(400);
    expect((await call(service.url, 'POST', '/api/v1/probe', { raw: 'url=x', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } })).status).toBe(415);
  });
});
