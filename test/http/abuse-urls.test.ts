import { call, newRecord, rawRequest, type Reply } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
  expect((await call(service.url, 'POST', '/container_registry', { body: newRecord('known') })).status).toBe(201);
});
afterAll(() => service.stop());

const create = (id: string, url: unknown): Promise<Reply> => call(service.url, 'POST', '/container_registry', { body: { ...newRecord(id), container_registry_public_url: url } });
const update = (body: unknown): Promise<Reply> => call(service.url, 'PUT', '/container_registry/known', { body });
const read = (id: string): Promise<Reply> => call(service.url, 'GET', `/container_registry/${id}`);

/** Refused at creation, with and without a probe, and by every kind of update; nothing is stored or changed. */
async function refusesUrl(url: unknown, message: RegExp): Promise<void> {
  const before = (await read('known')).text;
  const replies = [
    await create('refused', url),
    await call(service.url, 'POST', '/container_registry?verify=true', { body: { ...newRecord('refused'), container_registry_public_url: url } }),
    await update({ container_registry_public_url: url }),
    await update({ $set: { container_registry_public_url: url } }),
  ];
  for (const { status, body } of replies) {
    expect([status, body.code, body.details[0].path]).toEqual([400, 'INVALID_RECORD', 'container_registry_public_url']);
    expect(body.details[0].message).toMatch(message);
  }
  expect((await read('refused')).status).toBe(404);
  expect((await read('known')).text).toBe(before);
}

describe('abuse 6: URLs of other kinds', () => {
  it.each(['file:///etc/passwd', 'data:text/html,<script>', 'ftp://registry.example.com', 'gopher://registry.example.com', 'unix:/var/run/docker.sock', 'javascript:alert(1)', 'ws://registry.example.com', '//registry.example.com', '/v2/', ''])(
    'abuse 6: %j is refused at POST and PUT',
    async (url) => refusesUrl(url, /http:\/\/ or https:\/\//),
  );
});

describe('abuse 7: URLs that hide something', () => {
  it.each([
    ['user info', 'https://a@b', /user name or password/],
    ['a password', 'https://user:hunter2@registry.example.com', /user name or password/],
    ['CRLF', 'http://registry.example.com\r\nX-Evil: 1', /ASCII/],
    ['a line feed at the end', 'http://registry.example.com/\n', /ASCII/],
    ['NUL', 'http://registry.example.com/\0', /ASCII/],
    ['a tab within the host', 'http://regis\ttry.example.com', /ASCII/],
    ['a Cyrillic letter', 'https://regіstry.example.com', /xn--/],
    ['full-width letters', 'http://１２７.0.0.1', /xn--/],
    ['10,000 characters', `https://registry.example.com/${'x'.repeat(10_000)}`, /2048/],
    ['a query', 'https://registry.example.com/?token=secret', /query/],
    ['a fragment', 'https://registry.example.com/#x', /fragment/],
    ['backslashes', 'https:\\\\registry.example.com', /http/],
    ['a backslash before another host', 'https://registry.example.com\\@evil.example', /http/],
    ['an impossible port', 'https://registry.example.com:99999', /not a URL/],
  ])('abuse 7: %s is refused at POST and PUT', async (_what, url, message) => refusesUrl(url, message));

  it.each([null, 7, ['https://registry.example.com'], { href: 'https://registry.example.com' }, true])('a URL that is %j is refused', async (url) => refusesUrl(url, /string/));

  it('abuse 7: the refusal does not repeat a password', async () => {
    for (const reply of [await create('refused', 'https://user:hunter2@registry.example.com'), await update({ container_registry_public_url: 'https://user:hunter2@registry.example.com' })]) {
      expect(reply.status).toBe(400);
      expect(reply.text).not.toContain('hunter2');
    }
  });

  it('abuse 7: an update cannot write user info by any other operator', async () => {
    await update({ $set: { 'container_registry_metadata.url': 'https://user:hunter2@registry.example.com' } });
    const updates = [{ $rename: { 'container_registry_metadata.url': 'container_registry_public_url' } }, { $max: { container_registry_public_url: 'https://z:z@z' } }];
    for (const body of updates) expect((await update(body)).status).toBe(400);
    expect((await read('known')).body.data.container_registry_public_url).toBe('https://known.example.com');
    await update({ $unset: { 'container_registry_metadata.url': '' } });
  });

  it.each([
    ['HTTPS://Registry.Example.COM:443/Team/', 'registry.example.com/Team'],
    ['https://xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['http://[2001:db8::1]:5000', '[2001:db8::1]:5000'],
    ['http://2130706433', '127.0.0.1'],
  ])('%s is taken as it is, and the prefix shows what it means', async (url, prefix) => {
    expect((await create('shown', url)).status).toBe(201);
    expect((await read('shown')).body.data).toMatchObject({ container_registry_public_url: url, container_registry_image_prefix: prefix });
    await call(service.url, 'DELETE', '/container_registry/shown');
  });
});

const rawGet = (path: string, headers = ''): Promise<string> => rawRequest(service.url, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}Connection: close\r\n\r\n`);

describe('abuse 34: markup', () => {
  const markup = ['<img src=x onerror=alert(1)>', '<script>alert(1)</script>', '"><svg onload=alert(1)>', 'javascript:alert(1)', '</title><script>'];

  it.each(markup)('abuse 34: %s in any field comes back as JSON, unchanged and not to be sniffed', async (text) => {
    const fields = { container_registry_name: text, container_registry_tags: [text], container_registry_metadata: { [text]: text, description: text } };
    await call(service.url, 'POST', '/container_registry', { body: newRecord('markup', fields) });
    for (const path of ['/container_registry/markup', '/container_registries', '/container_registries?limit=10', '/container_registry/markup?include=meta']) {
      const reply = await call(service.url, 'GET', path, { headers: { Accept: 'text/html,*/*' } });
      expect(reply.text).toContain(JSON.stringify(text));
      expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
      expect(reply.headers.get('content-security-policy')).not.toContain('unsafe-inline');
    }
    await call(service.url, 'DELETE', '/container_registry/markup');
  });

  it.each(markup)('abuse 34: %s in a path, parameter, id or header comes back only within JSON', async (text) => {
    const replies = [
      await call(service.url, 'GET', `/${encodeURIComponent(text)}`),
      await call(service.url, 'GET', `/container_registries?${encodeURIComponent(text)}=1`),
      await call(service.url, 'GET', `/container_registries?sort=${encodeURIComponent(text)}`),
      await call(service.url, 'POST', '/container_registry', { body: { [text]: 1 } }),
      await call(service.url, 'GET', '/nowhere', { headers: { 'X-Request-Id': text } }),
    ];
    for (const reply of replies) {
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect(reply.body.success).toBe(false);
      expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(reply.headers.get('x-request-id')).not.toContain('<');
    }
  });
});

describe('abuse 35: names that leave their place', () => {
  it.each(['../../etc/passwd', 'a/b', 'a\r\nSet-Cookie: x=1', '-rf', '=cmd()', '+1', '@SUM(A1)', 'a b', 'ä', '', '.', 'a'.repeat(129)])('abuse 35: %j is no id', async (id) => {
    const reply = await call(service.url, 'POST', '/container_registry', { body: { ...newRecord('x'), container_registry_id: id } });
    expect([reply.status, reply.body.code]).toEqual([400, 'INVALID_RECORD']);
    expect(reply.headers.get('location')).toBeNull();
  });

  it('abuse 35: an id cannot add headers to an answer', async () => {
    const answer = await rawGet('/container_registry/a%0d%0aSet-Cookie:%20x=1', 'X-Request-Id: a%0d%0aX-Evil:1\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).not.toMatch(/^(Set-Cookie|X-Evil)/im);
  });
});

describe('abuse 36: paths', () => {
  it.each([
    '/static/..%2f..%2fetc/passwd',
    '/docs/../../../etc/passwd',
    '/docs/..%2f..%2fpackage.json',
    '/docs/%2e%2e/%2e%2e/etc/passwd',
    '/docs/style.css%00.html',
    '/schemas/container-registry.schema.json',
    '/package.json',
    '/.git/config',
    '/..;/etc/passwd',
    '/docs\\..\\..\\etc\\passwd',
    '/container_registry/..%2f..%2fetc%2fpasswd',
    '/container_registry/%00',
    '/container_registry/known%00',
  ])('abuse 36: %s finds nothing', async (path) => {
    const answer = await rawGet(path);
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).not.toMatch(/root:|"dependencies"|repositoryformatversion/);
  });

  it.each(['//evil.example', '//evil.example/%2e%2e', '/\\evil.example', '/?next=//evil.example', '/container_registry//evil.example', '/docs?next=https://evil.example', '/docs/'])(
    'abuse 36: %s redirects nowhere',
    async (path) => {
      const answer = await rawGet(path);
      expect(answer).not.toMatch(/^HTTP\/1\.1 3/);
      expect(answer).not.toMatch(/^Location:/im);
    },
  );

  it('abuse 36: a request in absolute form is answered for its path, never forwarded', async () => {
    expect(await rawGet('http://evil.example/container_registry/known')).not.toMatch(/^HTTP\/1\.1 3|^Location:/m);
  });
});
