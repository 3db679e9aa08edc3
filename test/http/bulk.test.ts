import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { openConnection } from '../support/network.ts';
import { readApi, type Api } from '../support/openapi.ts';
import { call, newRecord, type Reply } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';

const NDJSON = { 'Content-Type': 'application/x-ndjson' };

let service: TestService;
let api: Api;
beforeEach(async () => {
  service = await startService({ RATE_LIMIT_PER_MINUTE: '0' });
  api = await readApi(service.url);
});
afterEach(() => service.stop());

const unwatched = { container_registry_config: { health: { enabled: false } } };
const recordOf = (id: string, more: object = {}): Record<string, unknown> => newRecord(id, { ...unwatched, ...more });
const textOf = (records: readonly unknown[]): string => records.map((record) => `${typeof record === 'string' ? record : JSON.stringify(record)}\n`).join('');
const parsed = (text: string): any[] => text.split('\n').slice(0, -1).map((line) => JSON.parse(line));
const post = (path: string, body: unknown): Promise<Reply> => call(service.url, 'POST', path, { body });
const importLines = (records: readonly unknown[], query = ''): Promise<Reply> => call(service.url, 'POST', `/container_registries/import${query}`, { raw: textOf(records), headers: NDJSON });
const exported = async (query = ''): Promise<any[]> => parsed((await call(service.url, 'GET', `/container_registries/export${query}`)).text);
const idsThere = async (): Promise<string[]> => (await exported()).map((record) => record.container_registry_id);
const numbered = (count: number): Record<string, unknown>[] => Array.from({ length: count }, (_unused, index) => recordOf(`r${String(index).padStart(4, '0')}`));

describe('POST /container_registries/import', () => {
  it('answers a line for each record, in order, and a summary', async () => {
    const reply = await importLines([recordOf('b'), recordOf('a'), '{', recordOf('a')]);
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
    expect(parsed(reply.text)).toEqual([
      { line: 1, id: 'b', outcome: 'created' },
      { line: 2, id: 'a', outcome: 'created' },
      { line: 3, id: null, outcome: 'failed', code: 'INVALID_JSON', error: expect.stringContaining('not valid JSON') },
      { line: 4, id: 'a', outcome: 'failed', code: 'ID_EXISTS', error: expect.any(String) },
      { summary: { lines: 4, created: 2, updated: 0, unchanged: 0, failed: 2, dry_run: false } },
    ]);
    api.expectDescribed(reply, 'POST', '/container_registries/import');
    expect(await idsThere()).toEqual(['a', 'b']);
  });

  it.each([
    ['an array', JSON.stringify([recordOf('a'), recordOf('b')]), { 'Content-Type': 'application/json; charset=utf-8' }],
    ['lines, compressed', gzipSync(textOf([recordOf('a'), recordOf('b')])), { ...NDJSON, 'Content-Encoding': 'gzip' }],
  ])('takes %s', async (_what, raw, headers) => {
    const reply = await call(service.url, 'POST', '/container_registries/import', { raw: typeof raw === 'string' ? raw : new Uint8Array(raw), headers });
    expect(parsed(reply.text).at(-1).summary).toMatchObject({ lines: 2, created: 2 });
    expect(await idsThere()).toEqual(['a', 'b']);
  });

  it('changes nothing in a trial, and updates in the mode upsert', async () => {
    await importLines([recordOf('a')]);
    const lines = [{ container_registry_id: 'a', container_registry_name: 'new' }, recordOf('b')];
    expect(parsed((await importLines(lines, '?mode=upsert&dry_run=true')).text).at(-1).summary).toMatchObject({ created: 1, updated: 1, dry_run: true });
    expect(await idsThere()).toEqual(['a']);
    expect(parsed((await importLines(lines, '?mode=upsert&visibility=private')).text).map(({ outcome }) => outcome)).toEqual(['updated', 'created', undefined]);
    expect((await exported()).map(({ container_registry_name: name, meta }) => [name, meta.visibility, meta.revision])).toEqual([['new', 'internal', 2], ['registry b', 'private', 1]]);
  });

  it('what was exported comes back as it was', async () => {
    await importLines([...numbered(300), recordOf('big', { container_registry_metadata: { note: 'ü😀\u2028'.repeat(1_000) } }), recordOf('private', { meta: { visibility: 'private' } })]);
    const before = await exported();
    expect(before.map(({ container_registry_id: id }) => id)).toEqual([...before.map(({ container_registry_id: id }) => id)].sort());
    const { text } = await call(service.url, 'GET', '/container_registries/export');
    await post('/container_registries/delete?all=true', { filter: {} });
    expect(await idsThere()).toEqual([]);
    const reply = await call(service.url, 'POST', '/container_registries/import', { raw: text, headers: NDJSON });
    expect(parsed(reply.text).at(-1).summary).toMatchObject({ lines: 302, created: 302 });
    const times = { created_at: expect.any(String), updated_at: expect.any(String) };
    expect(await exported()).toEqual(before.map((record) => ({ ...record, meta: { ...record.meta, ...times } })));
    expect((await call(service.url, 'GET', '/container_registries/export?meta=false')).text).toBe(textOf(before.map(({ meta: _meta, ...fields }) => fields)));
  });

  it.each([
    ['no media type that it takes', { raw: 'a', headers: { 'Content-Type': 'text/csv' } }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['another charset', { raw: 'a', headers: { 'Content-Type': 'application/x-ndjson; charset=latin1' } }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['an unknown encoding', { raw: 'a', headers: { ...NDJSON, 'Content-Encoding': 'zstd-9' } }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['what is not compressed as it says', { raw: 'not gzip', headers: { ...NDJSON, 'Content-Encoding': 'gzip' } }, 400, 'INVALID_JSON'],
  ])('refuses %s', async (_what, options, status, code) => {
    const reply = await call(service.url, 'POST', '/container_registries/import', options);
    expect([reply.status, reply.body.code]).toEqual([status, code]);
  });

  it('tells of bytes that are no UTF-8, of a body that is no array, and of one that is cut off', async () => {
    const lines = Buffer.concat([Buffer.from(textOf([recordOf('a')])), Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]), Buffer.from(textOf([recordOf('b')]))]);
    const latin = await call(service.url, 'POST', '/container_registries/import', { raw: new Uint8Array(lines), headers: NDJSON });
    expect(parsed(latin.text).map(({ outcome, code }) => code ?? outcome)).toEqual(['created', 'INVALID_JSON', 'created', undefined]);
    const object = await call(service.url, 'POST', '/container_registries/import', { raw: '{"a":1}' });
    expect(parsed(object.text)[0]).toMatchObject({ outcome: 'failed', code: 'INVALID_JSON' });
    const cut = await call(service.url, 'POST', '/container_registries/import', { raw: `[${JSON.stringify(recordOf('c'))},{"a` });
    expect(parsed(cut.text).map(({ outcome, code }) => code ?? outcome)).toEqual(['created', 'INVALID_JSON', undefined]);
  });

  it('a line without end fails by itself, in bounded memory', async () => {
    const before = process.memoryUsage().rss;
    let peak = before;
    const lineBytes = 256 * 1024 * 1024;
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from(`${textOf([recordOf('a')])}"`)),
      pull: (() => {
        let sent = 0;
        return (controller) => {
          peak = Math.max(peak, process.memoryUsage().rss);
          controller.enqueue(Uint8Array.from(chunk));
          sent += chunk.length;
          if (sent < lineBytes) return;
          controller.enqueue(Buffer.from(`"\n${textOf([recordOf('b')])}`));
          controller.close();
        };
      })(),
    });
    const response = await fetch(`${service.url}/container_registries/import`, { method: 'POST', headers: NDJSON, body, duplex: 'half' });
    expect(parsed(await response.text()).map(({ outcome, code }) => code ?? outcome)).toEqual(['created', 'RECORD_TOO_LARGE', 'created', undefined]);
    // Client and service share this process; the line would be several times as large.
    expect(peak - before).toBeLessThan(lineBytes);
  }, 60_000);

  it('answers while the body is still coming, and what was acknowledged stays when the client goes', async () => {
    const { hostname, port } = new URL(service.url);
    const request = httpRequest({ hostname, port, method: 'POST', path: '/container_registries/import', headers: NDJSON });
    request.on('error', () => undefined).write(textOf([recordOf('a'), recordOf('b')]));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => undefined);
    const [first] = (await once(response, 'data')) as [Buffer];
    expect(parsed(first.toString()).map(({ id }) => id)).toEqual(['a', 'b']);
    request.write(`${JSON.stringify(recordOf('c'))}\n{"container_registry_id": "cut`);
    request.destroy();
    await once(request, 'close');
    expect(parsed((await importLines([recordOf('a'), recordOf('b'), recordOf('d')])).text).map(({ code, outcome }) => code ?? outcome)).toEqual(['ID_EXISTS', 'ID_EXISTS', 'created', undefined]);
  });

  it('serves clients that read nothing until they have sent all', async () => {
    const records = numbered(3_000);
    const text = textOf(records);
    const socket = await openConnection(service.url);
    // Nothing is read from the socket until its last byte is on its way.
    socket.write(`POST /container_registries/import HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-ndjson\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n`);
    await new Promise<void>((sent) => socket.write(text, () => sent()));
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString())).resume();
    await once(socket, 'close');
    expect(answer).toContain('"created":3000');
  }, 60_000);

  it('leaves other requests their turn', async () => {
    const importing = importLines(numbered(2_000));
    let answered = 0;
    const isOver = importing.then(() => true);
    while (!(await Promise.race([isOver, call(service.url, 'GET', '/health').then(() => false)]))) answered++;
    expect(parsed((await importing).text).at(-1).summary).toMatchObject({ created: 2_000 });
    expect(answered).toBeGreaterThan(10);
  }, 60_000);
});

describe('GET /container_registries/export', () => {
  it('is narrowed by what people ask for', async () => {
    await importLines([recordOf('a', { container_registry_tags: ['x'] }), recordOf('b', { container_registry_storage_info: { registry_type: 'aios' } }), recordOf('c')]);
    const idsOf = async (query: string): Promise<string[]> => (await exported(query)).map((record) => record.container_registry_id);
    expect([await idsOf('?tag=x'), await idsOf('?registry_type=aios'), await idsOf('?q=REGISTRY%20C'), await idsOf('?tag=none')]).toEqual([['a'], ['b'], ['c'], []]);
    expect(Object.keys((await exported('?tag=x&meta=false'))[0])).toHaveLength(8);
    api.expectDescribed(await call(service.url, 'GET', '/container_registries/export?tag=x'), 'GET', '/container_registries/export');
  });
});

describe('POST /container_registries/update and /delete', () => {
  beforeEach(async () => {
    await importLines([recordOf('a', { container_registry_tags: ['old'] }), recordOf('b', { container_registry_tags: ['old'] }), recordOf('c')]);
  });

  it('change and delete what matches, and tell before what would happen', async () => {
    const filter = { container_registry_tags: 'old' };
    const update = { $addToSet: { container_registry_tags: 'new' } };
    const report = { matched: 2, changed: 2, unchanged: 0, failed: 0, forbidden: 0, failures: [] };
    for (const query of ['?dry_run=true', '']) {
      const reply = await post(`/container_registries/update${query}`, { filter, update });
      expect(reply.body).toEqual({ success: true, data: report });
      api.expectDescribed(reply, 'POST', '/container_registries/update');
    }
    expect((await post('/container_registries/update', { filter, update })).body.data).toMatchObject({ matched: 2, changed: 0, unchanged: 2 });
    for (const query of ['?dry_run=true', '']) expect((await post(`/container_registries/delete${query}`, { filter })).body.data).toEqual(report);
    expect(await idsThere()).toEqual(['c']);
  });

  it.each(['update', 'delete'])('%s wants to be told that every record is meant', async (verb) => {
    const body = verb === 'update' ? { filter: {}, update: { container_registry_name: 'x' } } : { filter: {} };
    const refused = await post(`/container_registries/${verb}`, body);
    expect([refused.status, refused.body.code]).toEqual([400, 'ALL_NOT_CONFIRMED']);
    expect((await post(`/container_registries/${verb}?all=true`, body)).body.data).toMatchObject({ matched: 3, changed: 3 });
  });

  it.each([
    ['"filter":{"__proto__":{"x":1}}', ['INVALID_FILTER']],
    ['"filter":{"container_registry_config":{"__proto__":{"x":1}}}', ['INVALID_FILTER']],
    ['"__proto__":{"x":1}', ['INVALID_REQUEST']],
    ['"filter":{},"__proto__":{"x":1}', ['INVALID_REQUEST', 'ALL_NOT_CONFIRMED']],
    ['"filter":{"constructor.prototype.x":1}', ['INVALID_FILTER']],
    ['"filter":[]', ['INVALID_REQUEST']],
    ['"filter":null', ['INVALID_REQUEST']],
  ])('abuse 14, 15: {%s} deletes and changes nothing', async (inner, codes) => {
    for (const [verb, rest] of [['delete', ''], ['update', ',"update":{"container_registry_name":"x"}']]) {
      const reply = await call(service.url, 'POST', `/container_registries/${verb}`, { raw: `{${inner}${rest}}` });
      expect([verb, reply.status, codes.includes(reply.body.code)]).toEqual([verb, 400, true]);
    }
    expect((await exported()).map(({ container_registry_id: id, meta }) => [id, meta.revision])).toEqual([['a', 1], ['b', 1], ['c', 1]]);
  });
});

it('GET /container_registries/summary counts what there is', async () => {
  await importLines([recordOf('a', { container_registry_tags: ['x', 'y'], container_registry_storage_info: { registry_type: 'aios' } }), recordOf('b', { container_registry_tags: ['y'] })], '?visibility=public');
  const reply = await call(service.url, 'GET', '/container_registries/summary');
  expect(reply.body.data).toEqual({
    total: 2,
    by_tag: [{ tag: 'y', count: 2 }, { tag: 'x', count: 1 }],
    by_type: { aios: 1, external: 0, unknown: 1 },
    by_verdict: { up: 0, degraded: 0, auth_failed: 0, down: 0, unknown: 2 },
    by_visibility: { public: 2, internal: 0, private: 0 },
  });
  api.expectDescribed(reply, 'GET', '/container_registries/summary');
});
