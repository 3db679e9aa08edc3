import { once } from 'node:events';
import { createServer, request as send, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { openAuthenticator } from '../../src/auth/authenticator.ts';
import { systemClock } from '../../src/core/clock.ts';
import { success } from '../../src/http/answer.ts';
import { createGate, type Gate } from '../../src/http/gate.ts';
import { createHotRead } from '../../src/http/hot-read.ts';
import { createRateLimit } from '../../src/http/rate-limit.ts';
import type { RouteDefinition } from '../../src/http/route.ts';
import { createStreamLimit } from '../../src/http/stream-limit.ts';
import { ADMIN_PASSWORD, logIn, makeToken } from '../support/callers.ts';
import { call, newRecord } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A request with no header but those given and `Host`, as programs send them. */
async function ask(url: string, { method, path, headers = {}, body }: Sent): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  const sent = send(`${url}${path}`, { method, headers: { ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }), ...headers }, agent: false });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

const json = { 'Content-Type': 'application/json' };

describe('which requests are answered in front of Express', () => {
  const common = { action: 'record:read', operationId: 'x', summary: 'x', parameters: [], answers: { 200: { description: 'x' } }, errors: [] } as const;
  const routes: RouteDefinition[] = [
    { ...common, method: 'GET', path: '/item/{id}', hot: true, handle: async ({ params }) => success(params) },
    { ...common, method: 'POST', path: '/items', hot: true, compressed: true, handle: async (context) => success(await context.json()) },
    { ...common, method: 'GET', path: '/cold', handle: async () => success('cold') },
  ];
  const gateOf = (limitPerMinute: number): Gate =>
    createGate({ authenticator: openAuthenticator, rateLimit: createRateLimit(limitPerMinute, systemClock), denials, secretsOverHttp: true });
  const denials = { note: () => undefined };
  const streams = createStreamLimit(10);
  const log = { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined, flush: () => undefined };
  let server: Server;
  let url: string;

  beforeAll(async () => {
    const hotRead = createHotRead({ routes, gate: gateOf(1_000), denials, streams, ownNamesOnly: true, log });
    server = createServer((request, response) => {
      const exchange = { requestId: 'r', startedMs: 0, route: 'unmatched' };
      if (!hotRead(request, response, exchange)) response.writeHead(418).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  it.each<[string, Sent]>([
    ['an id', { method: 'GET', path: '/item/a' }],
    ['an id of every kind of character', { method: 'GET', path: '/item/A-Z_0.9:x' }],
    ['whoever accepts anything', { method: 'GET', path: '/item/a', headers: { Accept: 'text/html, */*;q=0.1' } }],
    ['a body', { method: 'POST', path: '/items', headers: json, body: '{"a":1}' }],
  ])('takes %s', async (_name, sent) => {
    expect((await ask(url, sent)).status).toBe(200);
  });

  it.each<[string, Sent]>([
    ['an id with a query', { method: 'GET', path: '/item/a?include=meta' }],
    ['an escaped id', { method: 'GET', path: '/item/%61' }],
    ['an id that nobody may choose', { method: 'GET', path: '/item/-a' }],
    ['a longer path', { method: 'GET', path: '/item/a/b' }],
    ['HEAD', { method: 'HEAD', path: '/item/a' }],
    ['another method', { method: 'DELETE', path: '/item/a' }],
    ['a path that only begins alike', { method: 'POST', path: '/itemsx', headers: json, body: '{}' }],
    ['a route that is not hot', { method: 'GET', path: '/cold' }],
    ['another media type asked for', { method: 'GET', path: '/item/a', headers: { Accept: 'text/html' } }],
    ['another media type sent', { method: 'POST', path: '/items', headers: { 'Content-Type': 'text/plain' }, body: '{}' }],
    ['a compressed body', { method: 'POST', path: '/items', headers: { ...json, 'Content-Encoding': 'gzip' }, body: '{}' }],
    ['a body of unknown length', { method: 'POST', path: '/items', headers: { ...json, 'Transfer-Encoding': 'chunked' } }],
    ['an answer that may be compressed', { method: 'POST', path: '/items', headers: { ...json, 'Accept-Encoding': 'gzip' }, body: '{}' }],
    ['a host that is not this machine', { method: 'GET', path: '/item/a', headers: { Host: 'evil.example' } }],
  ])('leaves %s to Express', async (_name, sent) => {
    expect((await ask(url, sent)).status).toBe(418);
  });

  it('refuses what is over the rate limit, as Express would', async () => {
    const hotRead = createHotRead({ routes, gate: gateOf(1), denials, streams, ownNamesOnly: false, log });
    const limited = createServer((request, response) => {
      if (!hotRead(request, response, { requestId: 'r', startedMs: 0, route: 'unmatched' })) response.writeHead(418).end();
    });
    limited.listen(0, '127.0.0.1');
    await once(limited, 'listening');
    const limitedUrl = `http://127.0.0.1:${(limited.address() as AddressInfo).port}`;
    const replies = [];
    for (let count = 0; count < 2; count++) replies.push(await ask(limitedUrl, { method: 'GET', path: '/item/a' }));
    expect(replies.map(({ status }) => status)).toEqual([200, 429]);
    expect(replies.map(({ headers }) => [headers['ratelimit-policy'], headers['content-security-policy'] !== undefined])).toEqual([['1;w=60', true], ['1;w=60', true]]);
    expect(JSON.parse(replies[1]!.body).code).toBe('RATE_LIMITED');
    limited.close();
  });
});

describe('what is answered in front of Express', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
    for (const id of ['a', 'b', 'c']) await call(service.url, 'POST', '/container_registry', { body: newRecord(id, { container_registry_tags: ['t'], container_registry_name: 'Bibliothèque ✓' }) });
  });
  afterAll(() => service.stop());

  const page = (path: string, body: string): Sent => ({ method: 'POST', path, headers: { ...json, 'X-Request-Id': 'same' }, body });

  it.each<[string, Sent]>([
    ['a record', { method: 'GET', path: '/container_registry/a', headers: { 'X-Request-Id': 'same' } }],
    ['a record that is not there', { method: 'GET', path: '/container_registry/absent', headers: { 'X-Request-Id': 'same' } }],
    ['a page', page('/container_registries?limit=2', '{"container_registry_tags":"t"}')],
    ['a page with a count', page('/container_registries?limit=1&count=true&include=meta', '{}')],
    ['everything, streamed', page('/container_registries', '{}')],
    ['a filter that is refused', page('/container_registries?limit=2', '{"$where":"1"}')],
    ['a parameter that is refused', page('/container_registries?limit=0', '{}')],
    ['JSON that is malformed', page('/container_registries', '{"a": }')],
    ['no JSON at all', page('/container_registries', '')],
  ])('%s is the same as through Express', async (_name, sent) => {
    const varying = new Set(['date', 'ratelimit']);
    const [plain, routed] = [await ask(service.url, sent), await ask(service.url, { ...sent, headers: { ...sent.headers, Accept: 'application/*' } })];
    const kept = ({ status, headers, body }: typeof plain): unknown => ({ status, body, headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !varying.has(name)).sort()) });
    expect(kept(plain)).toEqual(kept(routed));
    expect(Object.keys(plain.headers).sort()).toEqual(Object.keys(routed.headers).sort());
  });

  it('304 for a record that the caller has', async () => {
    const { headers } = await ask(service.url, { method: 'GET', path: '/container_registry/a' });
    const again = await ask(service.url, { method: 'GET', path: '/container_registry/a', headers: { 'If-None-Match': String(headers['etag']) } });
    expect([again.status, again.body, again.headers['etag'], again.headers['content-type']]).toEqual([304, '', headers['etag'], undefined]);
  });

  it('answers each of many requests that arrive together with its own', async () => {
    const ids = Array.from({ length: 60 }, (_unused, index) => ['a', 'b', 'c', 'absent'][index % 4] ?? '');
    const replies = await Promise.all(ids.map((id) => ask(service.url, { method: 'GET', path: `/container_registry/${id}` })));
    const seen = replies.map(({ status, body }) => (status === 404 ? 'absent' : (JSON.parse(body) as { data: { container_registry_id: string } }).data.container_registry_id));
    expect(seen).toEqual(ids);
  });
});

describe('who asks, in front of Express', () => {
  it('is found out, and refused, as behind it', async () => {
    const demanding = await startService({ AUTH: 'on', ADMIN_PASSWORD });
    try {
      const admin = await logIn(demanding.url, 'admin', ADMIN_PASSWORD);
      const cases: [string, Record<string, string>, number][] = [
        ['nobody', {}, 401],
        ['a wrong token', { Authorization: 'Bearer x' }, 401],
        ['another scheme', { Authorization: 'Basic x' }, 401],
        ['whoever was just seen', { Authorization: `Bearer ${admin.bearer ?? ''}` }, 404],
        ['a token seen for the first time', { Authorization: `Bearer ${(await makeToken(demanding.url, admin, ['record:read'])).bearer ?? ''}` }, 404],
        ['a token that may not', { Authorization: `Bearer ${(await makeToken(demanding.url, admin, ['audit:read'])).bearer ?? ''}` }, 403],
      ];
      for (const [who, headers, status] of cases) {
        const sent = { method: 'GET', path: '/container_registry/absent' };
        const plain = await ask(demanding.url, { ...sent, headers: { ...headers, 'X-Request-Id': 'same' } });
        const routed = await ask(demanding.url, { ...sent, headers: { ...headers, 'X-Request-Id': 'same', Accept: 'application/*' } });
        expect([who, plain.status, plain.body]).toEqual([who, status, routed.body]);
        expect([who, Object.keys(plain.headers).sort(), plain.headers['www-authenticate']]).toEqual([who, Object.keys(routed.headers).sort(), routed.headers['www-authenticate']]);
      }
    } finally {
      await demanding.stop();
    }
  });
});
