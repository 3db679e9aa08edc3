import { setTimeout as delay } from 'node:timers/promises';
import { createClient, type Client } from '../../src/client/client.ts';
import { nextCursor } from '../../src/client/pages.ts';
import { all, failure } from '../support/client-calls.ts';
import { behaviours, startBadRegistry } from '../support/bad-registry.ts';
import { referenceRecord } from '../support/requests.ts';
import { sendData, startScriptedService, type ScriptedService } from '../support/scripted-service.ts';
import { startService, type TestService } from '../support/service.ts';

const timeoutMs = 10_000;

describe('the client', () => {
  let service: TestService;
  let client: Client;
  beforeAll(async () => {
    service = await startService();
    client = createClient({ url: service.url, timeoutMs });
  });
  afterAll(() => service.stop());

  const id = referenceRecord.container_registry_id;
  const reference = referenceRecord as Parameters<Client['create']>[0];

  it('creates, reads, changes and removes a record, each with its entity tag', async () => {
    const created = await client.create(reference);
    expect(created).toEqual({ id, etag: expect.stringMatching(/^".+"$/) });
    const read = await client.get(id);
    expect(read).toEqual({ record: referenceRecord, etag: created.etag });
    const updated = await client.update(id, { $addToSet: { container_registry_tags: 'gpu' } }, { ifMatch: read.etag! });
    expect((await failure(() => client.update(id, {}, { ifMatch: read.etag! }))).code).toBe('REVISION_STALE');
    expect((await failure(() => client.remove(id, { ifMatch: read.etag! }))).status).toBe(412);
    expect((await client.get(id, { include: 'health,meta' })).record).toMatchObject({ container_registry_tags: expect.arrayContaining(['gpu']), meta: { revision: 2 }, health: { status: 'unknown' } });
    await client.remove(id, { ifMatch: updated.etag! });
    expect((await failure(() => client.get(id))).code).toBe('RECORD_NOT_FOUND');
  });

  it('finds ids whatever characters they hold', async () => {
    for (const odd of ['a/b', '?', '#x', 'ü', '%2e']) expect(await failure(() => client.get(odd))).toMatchObject({ code: 'RECORD_NOT_FOUND', status: 404 });
  });

  it.each(['', '.', '..', '\ud800'])('asks nothing for an id (%j) that would lead a path elsewhere', async (odd) => {
    for (const call of [() => client.remove(odd), () => client.check(odd), () => client.healthOf(odd)]) {
      expect(await failure(call)).toMatchObject({ code: 'RECORD_NOT_FOUND', status: null });
    }
  });

  it('tells of an error all that the service tells', async () => {
    const error = await failure(() => client.create({ container_registry_name: '', container_registry_public_url: 'ftp://x' }));
    expect(error).toMatchObject({ name: 'ClientError', code: 'INVALID_RECORD', status: 400, requestId: expect.stringMatching(/./), retryAfterS: null });
    expect(error.details.map(({ path }) => path).sort()).toEqual(['container_registry_name', 'container_registry_public_url']);
  });

  it('lists all pages, those records that match, and no more than asked for', async () => {
    // Pages of records as large as these end after four or five.
    const metadata = { text: 'x'.repeat(900_000) };
    const ids = Array.from({ length: 12 }, (_unused, n) => `page-${String(n).padStart(2, '0')}`);
    for (const [n, one] of ids.entries()) {
      await client.create({ container_registry_id: one, container_registry_name: `n${n % 2}`, container_registry_public_url: 'http://127.0.0.1:9', container_registry_metadata: metadata });
    }
    const idsOf = async (query: Parameters<Client['list']>[0]): Promise<string[]> => (await all(client.list(query))).map((record) => record.container_registry_id);
    expect(await idsOf({})).toEqual(ids);
    expect(await idsOf({ limit: 7 })).toEqual(ids.slice(0, 7));
    expect(await idsOf({ limit: 3, sort: '-container_registry_id' })).toEqual(['page-11', 'page-10', 'page-09']);
    expect(await all(client.list({ filter: { container_registry_name: 'n1' }, fields: 'container_registry_name', limit: 1 }))).toEqual([{ container_registry_id: 'page-01', container_registry_name: 'n1' }]);
    expect((await failure(() => all(client.list({ filter: { $where: 1 } })))).code).toBe('OPERATOR_NOT_ALLOWED');
  });

  it('probes a recorded registry; an outage is a result', async () => {
    const registry = await startBadRegistry({ behaviour: behaviours.works });
    try {
      await client.create({ container_registry_id: 'works', container_registry_name: 'x', container_registry_public_url: registry.url }, { verify: true });
      expect(await client.check('works')).toMatchObject({ healthy: true, cause: 'ok' });
    } finally {
      await registry.close();
    }
    expect(await client.check('works')).toMatchObject({ healthy: false, cause: 'refused' });
    const unverified = { container_registry_id: 'no', container_registry_name: 'x', container_registry_public_url: registry.url };
    expect(await failure(() => client.create(unverified, { verify: true }))).toMatchObject({ code: 'REGISTRY_UNREACHABLE', status: 422 });
  });

  it('tells of the health of one and of all, of the past, and of changes', async () => {
    const registry = await startBadRegistry({ behaviour: behaviours.works });
    try {
      await client.create({ container_registry_id: 'seen', container_registry_name: 'Seen', container_registry_public_url: registry.url });
      while ((await client.healthOf('seen')).status === 'unknown') await delay(100);
      const seen = { id: 'seen', name: 'Seen', url: registry.url, status: 'up', cause: 'ok', vantages: { default: { status: 'up', uptime: { '90d': expect.any(Number) } } } };
      expect(await client.healthOf('seen')).toMatchObject(seen);
      expect(await all(client.health({ status: ['up'], vantage: 'default' }))).toEqual(expect.arrayContaining([expect.objectContaining({ id: 'seen', status: 'up' })]));
      expect((await client.history('seen', { stepS: 3600 })).step_s).toBe(3600);
      expect(await client.events('seen', { limit: 1 })).toMatchObject([{ from: 'unknown', to: 'up', vantage: 'default' }]);
      expect(await client.probeUrl(registry.url, { debug: true })).toMatchObject({ healthy: true, log: expect.any(Array) });
    } finally {
      await registry.close();
    }
  });
});

describe('a client', () => {
  const services: ScriptedService[] = [];
  afterEach(async () => {
    await Promise.all(services.splice(0).map((service) => service.close()));
  });
  const scripted = async (answer: Parameters<typeof startScriptedService>[0]): Promise<ScriptedService> => {
    const service = await startScriptedService(answer);
    services.push(service);
    return service;
  };
  const clientOf = ({ url }: { url: string }, ms = timeoutMs): Client => createClient({ url, timeoutMs: ms });

  it.each(['', 'x', '127.0.0.1:8000', 'ftp://a', 'file:///etc/passwd', 'data:,x', 'http://u:p@a', 'http://a?b=c', 'http://a#b'])('is not made for %j', async (url) => {
    const error = await failure(async () => createClient({ url, timeoutMs }));
    expect(error.code).toBe('BAD_SERVICE_URL');
    expect(error.message).not.toContain('u:p');
  });

  it('keeps the path before the service’s own paths', async () => {
    const service = await scripted((_request, response) => sendData(response, {}));
    await createClient({ url: `${service.url}/portolan/`, timeoutMs }).get('a b');
    expect(service.asked[0]?.target).toBe('/portolan/container_registry/a%20b');
  });

  it('asks health, history, events and probes where the service has them', async () => {
    const service = await scripted((_request, response) => sendData(response, []));
    const client = clientOf(service);
    await all(client.health({ status: ['down', 'unknown'], vantage: 'west' }));
    await client.healthOf('a');
    await client.history('a', { from: '2026-11-01T00:00:00Z', stepS: 3600 });
    await client.events('a', { limit: 5 });
    await client.check('a', { debug: true });
    await client.probeUrl('http://r', { debug: true });
    expect(service.asked.map(({ method, target, body }) => `${method} ${target} ${body}`.trim())).toEqual([
      'GET /container_registries/health?status=down%2Cunknown&vantage=west&limit=1000',
      'GET /container_registry/a/health',
      'GET /container_registry/a/health/history?from=2026-11-01T00%3A00%3A00Z&step=3600',
      'GET /container_registry/a/health/events?limit=5',
      'GET /check_container_health/a?debug=true',
      'POST /api/v1/probe {"url":"http://r","debug":true}',
    ]);
  });

  it('goes from page to page on the service that it was given, wherever a Link points', async () => {
    const elsewhere = await scripted((_request, response) => sendData(response, ['stolen']));
    const service = await scripted((request, response) => {
      const isLast = request.url?.includes('cursor=');
      sendData(response, [isLast ? 'second' : 'first'], isLast ? {} : { Link: `<${elsewhere.url}/secret?a=b&cursor=c%2F1>; rel="next"` });
    });
    expect(await all(clientOf(service).health())).toEqual(['first', 'second']);
    expect(elsewhere.asked).toEqual([]);
    expect(service.asked[1]?.target).toBe('/container_registries/health?limit=1000&cursor=c%2F1');
  });

  it('does not go round in circles', async () => {
    const service = await scripted((_request, response) => sendData(response, [1], { Link: '</x?cursor=same>; rel="next"' }));
    expect((await failure(() => all(clientOf(service).health()))).code).toBe('NOT_PORTOLAN');
    expect(service.asked).toHaveLength(2);
  });

  it.each([
    [null, null],
    ['</a?cursor=x&b=c>; rel="next"', 'x'],
    ['</a?cursor=p>; rel="prev", </a?cursor=n>; rel="next"', 'n'],
    ['</a?cursor=x>; rel=next', 'x'],
    ['</a?cursor=x>; rel="prev"', null],
    ['</a>; rel="next"', null],
  ])('reads of the Link %s the cursor %s', (link, cursor) => {
    expect(nextCursor(link)).toBe(cursor);
  });

  it('abuse 36: follows no redirect, and says where it leads', async () => {
    const elsewhere = await scripted((_request, response) => sendData(response, {}));
    const service = await scripted((_request, response) => response.writeHead(307, { Location: `${elsewhere.url}/x` }).end());
    const error = await failure(() => clientOf(service).create({ container_registry_name: 'a', container_registry_public_url: 'http://a' }));
    expect(error).toMatchObject({ code: 'NOT_PORTOLAN', status: 307 });
    expect(error.message).toContain(`${elsewhere.url}/x`);
    expect(elsewhere.asked).toEqual([]);
  });

  it.each([
    ['a web page', 200, '<html>'],
    ['JSON of something else', 200, '{"ok":true}'],
    ['success that is none', 200, '{"success":true}'],
    ['success with a failing status', 500, '{"success":true,"data":{}}'],
    ['an error without a code', 502, '{"success":false,"error":"x"}'],
    ['nothing', 204, ''],
  ])('takes %s for no answer of Portolan', async (_what, status, body) => {
    const service = await scripted((_request, response) => response.writeHead(status).end(body));
    const error = await failure(() => clientOf(service).get('a'));
    expect(error).toMatchObject({ code: 'NOT_PORTOLAN', status });
    expect(error.message).toBe(`${service.url} answered ${status}, but not as Portolan does.`);
  });

  it('passes on codes that it does not know, and how long to wait', async () => {
    const service = await scripted((_request, response) => response.writeHead(503, { 'Retry-After': '7' }).end('{"success":false,"error":"Later.","code":"NEW_CODE","details":[{"path":"a"},1],"request_id":"r"}'));
    expect(await failure(() => clientOf(service).get('a'))).toMatchObject({ code: 'NEW_CODE', message: 'Later.', status: 503, retryAfterS: 7, requestId: 'r', details: [] });
  });

  it('waits no longer than it was told, for the beginning and for the end of an answer', async () => {
    const silent = await scripted(() => undefined);
    const slow = await scripted((_request, response) => response.writeHead(200).write('{"success":'));
    for (const service of [silent, slow]) {
      const error = await failure(() => clientOf(service, 150).get('a'));
      expect(error).toMatchObject({ code: 'SERVICE_TIMEOUT', message: `${service.url} did not answer within 0.15 s.`, status: null });
    }
  });

  it('abuse 10: reads no endless answer to its end', async () => {
    const service = await scripted((request, response) => {
      const chunk = Buffer.alloc(1024 * 1024, ' ');
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      request.socket.on('error', () => undefined);
      response.on('drain', more).writeHead(200);
      more();
    });
    expect(await failure(() => clientOf(service).get('a'))).toMatchObject({ code: 'NOT_PORTOLAN', message: expect.stringContaining('endless') });
  });

  it('says that nothing answers, that the connection broke, or that it is no HTTP', async () => {
    const closed = await scripted((_request, response) => sendData(response, {}));
    await closed.close();
    expect(await failure(() => clientOf(closed).get('a'))).toMatchObject({ code: 'SERVICE_AWAY', message: `Nothing answers at ${closed.url}.` });
    const breaking = await scripted((request) => request.socket.destroy());
    expect(await failure(() => clientOf(breaking).get('a'))).toMatchObject({ code: 'SERVICE_AWAY', message: `The connection to ${breaking.url} broke off before the answer was whole.` });
    const mail = await startBadRegistry({ behaviour: behaviours.notHttp });
    try {
      expect(await failure(() => clientOf(mail).get('a'))).toMatchObject({ code: 'NOT_PORTOLAN' });
    } finally {
      await mail.close();
    }
  });
});
