import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { errorTable, type ErrorCode } from '../../src/core/errors.ts';
import { buildDocsPage } from '../../src/http/docs-page.ts';
import { accessCalls, accessContract } from '../support/access-contract.ts';
import { dechunk, openConnection, readToEnd } from '../support/network.ts';
import { readApi, type Api } from '../support/openapi.ts';
import { describeWithPeer, findPeer } from '../support/peers.ts';
import { call, newRecord, rawRequest, referenceRecord } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
let api: Api;
beforeAll(async () => {
  service = await startService();
  api = await readApi(service.url);
  for (const id of ['one', 'two', 'three']) expect((await call(service.url, 'POST', '/container_registry', { body: newRecord(id) })).status).toBe(201);
});
afterAll(() => service.stop());

const get = (path: string, headers = {}) => call(service.url, 'GET', path, { headers });

describe('/', () => {
  it('says what this is, in which version, and links that lead somewhere', async () => {
    const { body } = await get('/');
    expect(body.data).toMatchObject({ name: 'portolan', version: '0.0.0-test', links: { docs: '/docs', openapi: '/openapi.json' } });
    for (const link of Object.values<string>(body.data.links)) expect([link, (await get(link)).status]).toEqual([link, 200]);
  });
});

describe('/health and /ready', () => {
  it('/health says that the process is alive', async () => {
    expect((await get('/health')).body).toEqual({ success: true, data: { status: 'alive' } });
  });

  it('/ready names each dependency', async () => {
    const reply = await get('/ready');
    expect([reply.status, reply.body.data]).toEqual([200, { ready: true, phase: 'running', dependencies: { store: 'ok' } }]);
  });

  it('no longer takes connections while it drains, but answers the request under way', async () => {
    const draining = await startService();
    const socket = await openConnection(draining.url);
    // Half of a request: the other half comes only after the service was told to stop.
    socket.write('POST /container_registries HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{');
    await new Promise((resume) => setTimeout(resume, 100));
    const stopped = draining.stop();
    const answered = readToEnd(socket);
    try {
      const ready = await fetch(`${draining.url}/ready`).then(({ status }) => status, () => 'closed');
      expect([503, 'closed']).toContain(ready);
    } finally {
      socket.write('}');
    }
    expect(JSON.parse(dechunk(await answered))).toEqual({ success: true, data: [] });
    await stopped;
  });
});

describe('/metrics', () => {
  it('is Prometheus text in which routes are labels and raw paths never appear', async () => {
    await get('/container_registry/secret-id');
    await get('/container_registry/secret-id?include=meta');
    await get('/secret-path/x');
    await get('/container_registries?tag=secret-tag');
    await rawRequest(service.url, 'BREW /secret-pot HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await call(service.url, 'PROPFIND', '/container_registry/secret-id');
    const reply = await get('/metrics');
    expect(reply.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(reply.text).toMatch(/^portolan_http_requests_total\{method="GET",route="\/container_registry\/\{id\}",status="404"\} 2$/m);
    expect(reply.text).toMatch(/^portolan_http_requests_total\{method="GET",route="unmatched",status="404"\} 1$/m);
    expect(reply.text).toMatch(/^portolan_http_requests_total\{method="other",route="\/container_registry\/\{id\}",status="405"\} 1$/m);
    expect(reply.text).not.toContain('secret');
  });

  it('has the prefix portolan_ on every name', async () => {
    const lines = (await get('/metrics')).text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.filter((line) => !line.startsWith('portolan_'))).toEqual([]);
  });

  it('counts probes by cause', async () => {
    await call(service.url, 'POST', '/container_registry', { body: newRecord('refusing', { container_registry_public_url: 'http://127.0.0.1:1' }) });
    expect((await get('/check_container_health/refusing')).body.data.cause).toBe('refused');
    expect((await get('/metrics')).text).toMatch(/^portolan_probes_total\{cause="refused"\} 1$/m);
  });
});

describeWithPeer('promtool', 'promtool', () => {
  it('finds nothing wrong with /metrics', async () => {
    const { text } = await get('/metrics');
    const { status, stdout, stderr } = spawnSync(join(findPeer('promtool') ?? '', 'promtool'), ['check', 'metrics'], { input: text, encoding: 'utf8', timeout: 20_000 });
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });
});

describe('/openapi.json', () => {
  it('is OpenAPI 3.1 with an own id for each operation', () => {
    expect(api.document.openapi).toMatch(/^3\.1\./);
    expect(api.document.info).toMatchObject({ title: 'Portolan', version: '0.0.0-test' });
    const ids = api.operations.map(({ definition }) => definition.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has every call of the contract, and none besides', () => {
    expect(api.operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
      [
        'POST /container_registry',
        'GET /container_registry/{id}',
        'PUT /container_registry/{id}',
        'DELETE /container_registry/{id}',
        'POST /container_registries',
        'GET /container_registries',
        'GET /check_container_health/{id}',
        'GET /container_registries/health',
        'GET /container_registry/{id}/health',
        'GET /container_registry/{id}/health/history',
        'GET /container_registry/{id}/health/events',
        'GET /container_registry/{id}/access',
        'PUT /container_registry/{id}/access',
        'POST /container_registries/import',
        'GET /container_registries/export',
        'POST /container_registries/update',
        'POST /container_registries/delete',
        'GET /container_registries/summary',
        'POST /api/v1/probe',
        'GET /',
        'GET /health',
        'GET /ready',
        'GET /metrics',
        'GET /openapi.json',
        'GET /docs',
        'GET /docs/style.css',
        ...accessContract,
      ].sort(),
    );
  });

  it('has exactly the methods that each path takes', async () => {
    for (const [path, methods] of Object.entries(api.document.paths)) {
      const allowed = (await call(service.url, 'OPTIONS', path.replace('{id}', 'one'))).headers.get('allow')?.split(', ');
      const described = Object.keys(methods).map((method) => method.toUpperCase());
      expect([path, allowed?.filter((method) => method !== 'HEAD' && method !== 'OPTIONS').sort()]).toEqual([path, described.sort()]);
    }
  });

  it('is kept by every call, successful or not', async () => {
    const id = referenceRecord.container_registry_id;
    const calls: [string, string, string, Parameters<typeof call>[3]?][] = [
      ['POST', '/container_registry', '/container_registry', { body: referenceRecord }],
      ['POST', '/container_registry', '/container_registry', { body: referenceRecord }],
      ['POST', '/container_registry', '/container_registry', { body: {} }],
      ['POST', '/container_registry', '/container_registry', { raw: '{' }],
      ['POST', '/container_registry', '/container_registry', { raw: '{}', headers: { 'Content-Type': 'text/plain' } }],
      ['POST', '/container_registry', '/container_registry?verify=true', { body: newRecord('dead', { container_registry_public_url: 'http://127.0.0.1:9' }) }],
      ['POST', '/container_registry', '/container_registry', { raw: JSON.stringify({ x: 'x'.repeat(2_000_000) }) }],
      ['GET', '/container_registry/{id}', `/container_registry/${id}`],
      ['GET', '/container_registry/{id}', `/container_registry/${id}?include=meta,health`],
      ['GET', '/container_registry/{id}', '/container_registry/absent'],
      ['GET', '/container_registry/{id}', '/container_registry/one?x=1'],
      ['GET', '/container_registry/{id}', '/container_registry/one', { headers: { Accept: 'image/png' } }],
      ['PUT', '/container_registry/{id}', `/container_registry/${id}`, { body: { $set: { container_registry_name: 'x' } } }],
      ['PUT', '/container_registry/{id}', `/container_registry/${id}`, { body: { $inc: { container_registry_name: 1 } } }],
      ['PUT', '/container_registry/{id}', `/container_registry/${id}`, { body: {}, headers: { 'If-Match': '"other"' } }],
      ['PUT', '/container_registry/{id}', '/container_registry/absent', { body: {} }],
      ['POST', '/container_registries', '/container_registries', { body: {} }],
      ['POST', '/container_registries', '/container_registries?limit=1&include=meta,health&count=true', { body: {} }],
      ['POST', '/container_registries', '/container_registries?fields=container_registry_metadata.owner', { body: {} }],
      ['POST', '/container_registries', '/container_registries', { body: { $where: '1' } }],
      ['GET', '/container_registries', '/container_registries?q=one&limit=2'],
      ['GET', '/container_registries', '/container_registries?limit=0'],
      ['GET', '/check_container_health/{id}', '/check_container_health/one'],
      ['GET', '/check_container_health/{id}', '/check_container_health/absent'],
      ['GET', '/container_registries/health', '/container_registries/health?status=up,unknown&limit=1'],
      ['GET', '/container_registries/health', '/container_registries/health'],
      ['GET', '/container_registries/health', '/container_registries/health?status=fine'],
      ['GET', '/container_registry/{id}/health', '/container_registry/one/health'],
      ['GET', '/container_registry/{id}/health', '/container_registry/absent/health'],
      ['GET', '/container_registry/{id}/health/history', '/container_registry/one/health/history?step=3600'],
      ['GET', '/container_registry/{id}/health/history', '/container_registry/one/health/history?from=yesterday'],
      ['GET', '/container_registry/{id}/health/events', '/container_registry/one/health/events?limit=5'],
      ['GET', '/container_registry/{id}/access', '/container_registry/one/access'],
      ['GET', '/container_registry/{id}/access', '/container_registry/absent/access'],
      ['PUT', '/container_registry/{id}/access', '/container_registry/one/access', { body: { shared_with: [{ with: 'group:ops', may: 'read' }] } }],
      ['PUT', '/container_registry/{id}/access', '/container_registry/one/access', { body: { visibility: 'secret' } }],
      ['PUT', '/container_registry/{id}/access', '/container_registry/one/access', { body: {}, headers: { 'If-Match': '"other"' } }],
      ['POST', '/container_registries/import', '/container_registries/import?dry_run=true', { raw: `${JSON.stringify(newRecord('imported'))}\n{`, headers: { 'Content-Type': 'application/x-ndjson' } }],
      ['POST', '/container_registries/import', '/container_registries/import', { raw: 'x', headers: { 'Content-Type': 'text/plain' } }],
      ['GET', '/container_registries/export', '/container_registries/export?q=one'],
      ['POST', '/container_registries/update', '/container_registries/update?dry_run=true', { body: { filter: { container_registry_id: 'one' }, update: { $set: { container_registry_name: 'x' } } } }],
      ['POST', '/container_registries/update', '/container_registries/update', { body: { filter: {}, update: { $set: { container_registry_name: 'x' } } } }],
      ['POST', '/container_registries/delete', '/container_registries/delete?dry_run=true', { body: { filter: { container_registry_id: 'one' } } }],
      ['POST', '/container_registries/delete', '/container_registries/delete', { body: { filter: { $where: '1' } } }],
      ['GET', '/container_registries/summary', '/container_registries/summary'],
      ['POST', '/api/v1/probe', '/api/v1/probe', { body: { url: 'http://127.0.0.1:9', debug: true } }],
      ['POST', '/api/v1/probe', '/api/v1/probe', { body: { uri: 'http://127.0.0.1:9' } }],
      ['DELETE', '/container_registry/{id}', `/container_registry/${id}`, { headers: { 'If-Match': '"other"' } }],
      ['DELETE', '/container_registry/{id}', `/container_registry/${id}`],
      ['DELETE', '/container_registry/{id}', `/container_registry/${id}`],
      ...accessCalls,
      ...['/', '/health', '/ready', '/metrics', '/openapi.json', '/docs', '/docs/style.css'].map((path): [string, string, string] => ['GET', path, path]),
    ];
    const statuses = new Set<number>();
    for (const [method, path, target, options] of calls) {
      const reply = await call(service.url, method, target, options);
      statuses.add(reply.status);
      api.expectDescribed(reply, method, path);
    }
    expect([...statuses].sort()).toEqual([200, 201, 400, 401, 404, 406, 409, 412, 413, 415, 422]);
    expect(new Set(calls.map(([method, path]) => `${method} ${path}`)).size).toBe(api.operations.length);
  });

  it('describes 304, which has no body', async () => {
    const etag = (await get('/container_registry/one')).headers.get('etag') ?? '';
    const reply = await get('/container_registry/one', { 'If-None-Match': etag });
    expect([reply.status, reply.text]).toEqual([304, '']);
    api.expectDescribed(reply, 'GET', '/container_registry/{id}');
  });

  it('has the error codes of the table, and names for each operation those that it can come with', () => {
    expect(api.document.components.schemas['Error'].properties.code.enum).toEqual(Object.keys(errorTable));
    for (const { method, path, definition } of api.operations) {
      for (const [status, { description, content }] of Object.entries(definition.responses)) {
        // The HTTP parser's own refusals have no body and so no code.
        if (Number(status) >= 400 && content === undefined) continue;
        const codes = [...description.matchAll(/`([A-Z_]{5,})`:/g)].map(([, code]) => code as ErrorCode);
        expect([method, path, status, codes.every((code) => String(errorTable[code].status) === status)]).toEqual([method, path, status, true]);
        expect([method, path, status, codes.length > 0]).toEqual([method, path, status, Number(status) >= 400]);
      }
    }
  });

  it('has examples that its own schemas and the service take', async () => {
    const examples = api.operations.flatMap(({ method, path, definition }) =>
      Object.values(definition.requestBody?.content['application/json'].examples ?? {}).map(({ value }) => ({ method, path, value })),
    );
    expect(examples.length).toBeGreaterThan(6);
    // The user of the examples has to be there before logging in as that one.
    const isFirst = ({ method, path }: { method: string; path: string }): boolean => method === 'POST' && path === '/api/v1/users';
    for (const { method, path, value } of [...examples.filter(isFirst), ...examples.filter((example) => !isFirst(example))]) {
      expect([path, value, api.validateRequest(method, path, value)]).toEqual([path, value, true]);
      const target = path.replace('{id}', 'two').replace('{name}', 'ann');
      // Nobody has logged in here whose token it could be, and a refresh token cannot be had in advance.
      const body = path === '/api/v1/tokens' ? { ...(value as object), username: 'ann' } : value;
      const expected = path === '/api/v1/auth/refresh' ? [401] : [200, 201];
      expect([path, value, expected]).toEqual([path, value, expect.arrayContaining([(await call(service.url, method, target, { body })).status])]);
    }
  });

  it('has no schema for what the service refuses at once', () => {
    expect(api.validateRequest('POST', '/container_registry', { ...newRecord('x'), colour: 'blue' })).toBe(false);
    expect(api.validateRequest('POST', '/container_registries', { $where: '1' })).toBe(false);
    expect(api.validateRequest('PUT', '/container_registry/{id}', { $set: { container_registry_name: 'x' }, container_registry_name: 'y' })).toBe(false);
  });
});

describe('/docs', () => {
  it('has every operation, every parameter and every error code', async () => {
    const { text } = await get('/docs');
    for (const { method, path, definition } of api.operations) {
      expect(text).toContain(`<section id="${definition.operationId}">`);
      expect(text).toContain(`<b>${method}</b> <code>${path}</code>`);
      for (const { name } of definition.parameters.filter((parameter) => parameter.in !== 'path')) expect(text).toContain(`<code>${name}</code>`);
    }
    for (const code of Object.keys(errorTable)) expect(text).toContain(`<tr id="${code}">`);
  });

  it('needs no script and nothing from elsewhere, and its policy allows its own style', async () => {
    const { text, headers } = await get('/docs');
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).not.toMatch(/<script|<style|\sstyle=|\son\w+=|<iframe|<img|javascript:/i);
    const references = [...text.matchAll(/\s(?:href|src|action)="([^"]*)"/g)].map(([, target]) => target ?? '');
    expect(references.filter((target) => !target.startsWith('#') && !target.startsWith('/'))).toEqual([]);
    expect(headers.get('content-security-policy')).toContain("style-src 'self'");
    const sheets = [...text.matchAll(/<link rel="stylesheet" href="([^"]+)">/g)].map(([, target]) => target ?? '');
    expect(sheets).toEqual(['/docs/style.css']);
    const style = await get('/docs/style.css');
    expect([style.status, style.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
    expect(style.text).not.toMatch(/@import|url\(/);
  });

  it('has links that lead somewhere', async () => {
    const { text } = await get('/docs');
    const ids = new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id ?? ''));
    const targets = new Set([...text.matchAll(/\shref="([^"]+)"/g)].map(([, target]) => target ?? ''));
    for (const target of targets) {
      if (target.startsWith('#')) expect([target, ids.has(target.slice(1))]).toEqual([target, true]);
      else expect([target, (await get(target)).status]).toEqual([target, 200]);
    }
  });

  it('is well-formed: every element that opens closes in turn', async () => {
    const { text } = await get('/docs');
    const open: string[] = [];
    for (const [, closing, name = ''] of text.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
      if (['meta', 'link', 'br'].includes(name)) continue;
      if (closing === '') open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });

  it('abuse 34: escapes whatever a route says', () => {
    const hostile = '<img src=x onerror=alert(1)>"&';
    const page = buildDocsPage(
      [
        {
          method: 'GET',
          path: `/${hostile}`,
          action: 'open',
          operationId: 'x',
          summary: hostile,
          description: hostile,
          parameters: [{ name: hostile, description: hostile, schema: { type: 'boolean' } }],
          body: { description: hostile, schema: {}, examples: { [hostile]: hostile } },
          answers: { 200: { description: hostile } },
          errors: [],
          handle: () => Promise.reject(new Error('not called')),
        },
      ],
      hostile,
    );
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;');
  });
});
