import { gzipSync } from 'node:zlib';
import { call, newRecord, rawRequest } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
  await call(service.url, 'POST', '/container_registry', { body: newRecord('known') });
});
afterAll(() => service.stop());

describe('the envelope', () => {
  it('carries the request id, the caller’s own when it is harmless', async () => {
    const own = await call(service.url, 'GET', '/container_registry/absent', { headers: { 'X-Request-Id': 'trace-42' } });
    expect([own.body.request_id, own.headers.get('x-request-id')]).toEqual(['trace-42', 'trace-42']);
    const made = await call(service.url, 'GET', '/nowhere', { headers: { 'X-Request-Id': 'a b"c' } });
    expect(made.body.request_id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['GET', '/nowhere', 404, 'ROUTE_NOT_FOUND', null],
    ['GET', '/CONTAINER_REGISTRY/known', 404, 'ROUTE_NOT_FOUND', null],
    ['PATCH', '/container_registry/known', 405, 'METHOD_NOT_ALLOWED', 'GET, HEAD, PUT, DELETE, OPTIONS'],
    ['DELETE', '/container_registries', 405, 'METHOD_NOT_ALLOWED', 'POST, GET, HEAD, OPTIONS'],
    ['GET', '/container_registry', 405, 'METHOD_NOT_ALLOWED', 'POST, OPTIONS'],
    ['POST', '/health', 405, 'METHOD_NOT_ALLOWED', 'GET, HEAD, OPTIONS'],
  ])('%s %s is %i %s', async (method, path, status, code, allow) => {
    const reply = await call(service.url, method, path);
    expect([reply.status, reply.body.code, reply.headers.get('allow')]).toEqual([status, code, allow]);
    expect(reply.body).toEqual({ success: false, error: expect.any(String), code, details: [], request_id: expect.any(String) });
  });

  it('OPTIONS names the methods', async () => {
    const reply = await call(service.url, 'OPTIONS', '/container_registry/known');
    expect([reply.status, reply.headers.get('allow')]).toEqual([204, 'GET, HEAD, PUT, DELETE, OPTIONS']);
  });

  it('HEAD is GET without the body', async () => {
    for (const path of ['/container_registry/known', '/container_registry/known?include=meta', '/container_registry/absent', '/health', '/container_registries']) {
      const [head, get] = [await call(service.url, 'HEAD', path), await call(service.url, 'GET', path)];
      expect([head.status, head.text, head.headers.get('content-type')]).toEqual([get.status, '', get.headers.get('content-type')]);
      expect(head.headers.get('etag')).toBe(get.headers.get('etag'));
    }
  });

  it('406 when JSON is not accepted, but a list of types with JSON in it is fine', async () => {
    const refused = await call(service.url, 'GET', '/container_registries', { headers: { Accept: 'text/html' } });
    expect([refused.status, refused.body.code]).toEqual([406, 'NOT_ACCEPTABLE']);
    for (const accept of ['application/json', 'text/html, */*;q=0.1', 'application/*']) {
      expect((await call(service.url, 'GET', '/container_registry/known', { headers: { Accept: accept } })).status).toBe(200);
    }
    expect((await call(service.url, 'GET', '/container_registry/known', { headers: { Accept: 'text/html' } })).status).toBe(406);
  });

  it('an id that is not validly encoded is a 400', async () => {
    const { status, body } = await call(service.url, 'GET', '/container_registry/%E0%A4%A');
    expect([status, body.code]).toEqual([400, 'INVALID_PARAMETER']);
  });
});

describe('bodies', () => {
  const post = (raw: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, path = '/container_registries') => call(service.url, 'POST', path, { raw, headers });

  it('says where JSON is malformed: the reference’s own example', async () => {
    const { status, body } = await post('{"container_registry_tags": {"$in": ["ai", "internal"]}]');
    expect([status, body.code]).toEqual([400, 'INVALID_JSON']);
    expect(body.error).toBe('The body is not valid JSON at line 1, column 56: found "]" where a comma or a closing brace was expected.');
  });

  it.each([
    ['', /empty/],
    ['{', /line 1, column 2/],
    ['{\n  "a": 1,\n  b: 2}', /line 3, column 3/],
    ['{"a": 1} x', /line 1, column 10/],
    ['{"a": "tab\there"}', /not valid JSON/],
    ["{'a': 1}", /line 1, column 2/],
    ['{"a": 01}', /not valid JSON/],
  ])('refuses %j', async (raw, message) => {
    const { status, body } = await post(raw);
    expect([status, body.code]).toEqual([400, 'INVALID_JSON']);
    expect(body.error).toMatch(message);
  });

  it('refuses bytes that are not UTF-8', async () => {
    const { status, body } = await post(new Uint8Array([0x22, 0xff, 0x22]));
    expect([status, body.code]).toEqual([400, 'INVALID_JSON']);
  });

  it('takes a byte order mark', async () => {
    expect((await post('\ufeff{}')).status).toBe(200);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', 'multipart/form-data; boundary=x'])('415 for %s', async (type) => {
    const { status, body } = await post('{}', { 'Content-Type': type });
    expect([status, body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  it('takes compressed bodies, and refuses what is not what it says', async () => {
    expect((await post(new Uint8Array(gzipSync('{}')), { 'Content-Encoding': 'gzip' })).status).toBe(200);
    expect((await post('{}', { 'Content-Encoding': 'gzip' })).body.code).toBe('INVALID_JSON');
    expect((await post('{}', { 'Content-Encoding': 'zip' })).status).toBe(415);
  });

  it('abuse 17: 5 MB, plain or as a bomb, is 413', async () => {
    const large = `{"container_registry_name":"${'x'.repeat(5 * 1024 * 1024)}"}`;
    for (const reply of [await post(large), await post(new Uint8Array(gzipSync(large)), { 'Content-Encoding': 'gzip' })]) {
      expect([reply.status, reply.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
    }
  });
});

describe('protection', () => {
  it('sends helmet’s headers with every answer, errors included', async () => {
    for (const path of ['/container_registry/known', '/nowhere', '/docs']) {
      const { headers } = await call(service.url, 'GET', path);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-powered-by')).toBeNull();
    }
  });

  it('abuse 37: on loopback only names of this machine are answered (DNS rebinding)', async () => {
    const { port } = new URL(service.url);
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1', '', '127.0.0.1@evil.example', 'localhost:1:2']) {
      for (const path of ['/container_registry/known', '/health']) {
        const answer = await rawRequest(service.url, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
        expect([host, answer.split('\r\n')[0]]).toEqual([host, host === '' ? expect.stringMatching(/40[03]/) : 'HTTP/1.1 403 Forbidden']);
      }
    }
    for (const host of [`localhost:${port}`, 'localhost', '127.0.0.1', '[::1]:80', 'LOCALHOST', 'portolan.localhost', '127.8.9.10']) {
      const answer = await rawRequest(service.url, `GET /container_registry/known HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect([host, answer.split('\r\n')[0]]).toEqual([host, 'HTTP/1.1 200 OK']);
    }
  });

  it('abuse 37: CORS is off unless configured', async () => {
    const { headers } = await call(service.url, 'GET', '/container_registry/known', { headers: { Origin: 'https://evil.example' } });
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('CORS admits only the origins configured', async () => {
    const open = await startService({ CORS_ORIGINS: 'https://console.example.com' });
    try {
      await call(open.url, 'POST', '/container_registry', { body: newRecord('known') });
      for (const path of ['/container_registry/known', '/container_registries']) {
        const friend = await call(open.url, 'GET', path, { headers: { Origin: 'https://console.example.com' } });
        expect(friend.headers.get('access-control-allow-origin')).toBe('https://console.example.com');
        for (const origin of ['https://evil.example', 'null']) {
          expect((await call(open.url, 'GET', path, { headers: { Origin: origin } })).headers.get('access-control-allow-origin')).toBeNull();
        }
      }
      const preflight = await call(open.url, 'OPTIONS', '/container_registry/known', { headers: { Origin: 'https://console.example.com', 'Access-Control-Request-Method': 'PUT' } });
      expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'GET,HEAD,POST,PUT,DELETE']);
    } finally {
      await open.stop();
    }
  });

  it('abuse 37: limits the rate for each address, hot reads included, and X-Forwarded-For does not help', async () => {
    const limited = await startService({ RATE_LIMIT_PER_MINUTE: '5' });
    try {
      const paths = ['/container_registry/x', '/container_registries', '/container_registry/x', '/nowhere', '/container_registry/x'];
      const seen: (string | null)[] = [];
      for (const [index, path] of paths.entries()) {
        const reply = await call(limited.url, 'GET', path, { headers: { 'X-Forwarded-For': `192.0.2.${index}` } });
        expect(reply.headers.get('ratelimit-policy')).toBe('5;w=60');
        seen.push(/remaining=(\d+)/.exec(reply.headers.get('ratelimit') ?? '')?.[1] ?? null);
      }
      expect(seen).toEqual(['4', '3', '2', '1', '0']);
      for (const path of ['/container_registry/x', '/container_registries']) {
        const refused = await call(limited.url, 'GET', path);
        expect([refused.status, refused.body.code]).toEqual([429, 'RATE_LIMITED']);
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      }
    } finally {
      await limited.stop();
    }
  });

  it('believes X-Forwarded-For when the proxy is trusted', async () => {
    const proxied = await startService({ RATE_LIMIT_PER_MINUTE: '1', TRUST_PROXY: '1' });
    try {
      for (const address of ['192.0.2.1', '192.0.2.2']) {
        expect((await call(proxied.url, 'GET', '/container_registry/x', { headers: { 'X-Forwarded-For': address } })).status).toBe(404);
      }
      expect((await call(proxied.url, 'GET', '/container_registry/x', { headers: { 'X-Forwarded-For': '192.0.2.1' } })).status).toBe(429);
    } finally {
      await proxied.stop();
    }
  });

  it('abuse 36: paths that climb or hold NUL find nothing', async () => {
    for (const path of ['/static/..%2f..%2fetc/passwd', '/docs/..%2f..%2fpackage.json', '/container_registry/..%2f..%2fx', '/container_registry/%00', '/docs/%00']) {
      const answer = await rawRequest(service.url, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      expect([path, answer.split('\r\n')[0]]).toEqual([path, 'HTTP/1.1 404 Not Found']);
    }
  });

  it('abuse 34: markup in a record stays data', async () => {
    const name = '<img src=x onerror=alert(1)>';
    await call(service.url, 'POST', '/container_registry', { body: newRecord('markup', { container_registry_name: name }) });
    const reply = await call(service.url, 'GET', '/container_registry/markup');
    expect(reply.body.data.container_registry_name).toBe(name);
    expect([reply.headers.get('content-type'), reply.headers.get('x-content-type-options')]).toEqual(['application/json; charset=utf-8', 'nosniff']);
  });

  it('hot reads and routed reads carry the same headers', async () => {
    const names = async (path: string): Promise<string[]> => [...(await call(service.url, 'GET', path)).headers.keys()].filter((name) => name !== 'etag').sort();
    expect(await names('/container_registry/known')).toEqual(await names('/container_registry/known?include=meta'));
  });

  it('headers beyond their limit are refused and the service goes on', async () => {
    const answer = await rawRequest(service.url, `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Large: ${'x'.repeat(64 * 1024)}\r\n\r\n`);
    expect(answer.split('\r\n')[0]).toBe('HTTP/1.1 431 Request Header Fields Too Large');
    expect((await call(service.url, 'GET', '/health')).status).toBe(200);
  });
});
