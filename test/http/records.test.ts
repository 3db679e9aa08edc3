import { call, newRecord, referenceRecord, type Reply } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const post = (body: unknown, query = ''): Promise<Reply> => call(service.url, 'POST', `/container_registry${query}`, { body });
const get = (id: string, headers = {}): Promise<Reply> => call(service.url, 'GET', `/container_registry/${encodeURIComponent(id)}`, { headers });
const put = (id: string, body: unknown, headers = {}): Promise<Reply> => call(service.url, 'PUT', `/container_registry/${id}`, { body, headers });
const del = (id: string, headers = {}): Promise<Reply> => call(service.url, 'DELETE', `/container_registry/${id}`, { headers });

describe('POST /container_registry', () => {
  it('stores the reference’s example as it is', async () => {
    const created = await post(referenceRecord);
    expect(created.status).toBe(201);
    const { container_registry_id: id } = referenceRecord;
    expect(created.body).toEqual({ success: true, data: { message: 'Container registry created', id } });
    expect(created.headers.get('location')).toBe(`/container_registry/${id}`);
    expect(created.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const read = await get(id);
    expect(read.body).toEqual({ success: true, data: referenceRecord });
    expect(read.headers.get('etag')).toBe(created.headers.get('etag'));
  });

  it('needs only name and URL, and fills in the rest', async () => {
    const { body } = await post({ container_registry_name: 'edge', container_registry_public_url: 'https://Edge.example.com:8443/team/' });
    const { data } = (await get(body.data.id)).body;
    expect(body.data.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(data).toEqual({
      container_registry_id: body.data.id,
      container_registry_name: 'edge',
      container_registry_metadata: {},
      container_registry_tags: [],
      container_registry_public_url: 'https://Edge.example.com:8443/team/',
      container_registry_image_prefix: 'edge.example.com:8443/team',
      container_registry_config: {},
      container_registry_storage_info: {},
    });
  });

  it('answers 409 when the id exists and leaves the record alone', async () => {
    await post(newRecord('taken'));
    const again = await post(newRecord('taken', { container_registry_name: 'other' }));
    expect([again.status, again.body.code]).toEqual([409, 'ID_EXISTS']);
    expect((await get('taken')).body.data.container_registry_name).toBe('registry taken');
  });

  it('keeps keys with dots, deep values and every JSON type', async () => {
    const metadata = { 'app.kubernetes.io/name': 'x', nested: { list: [1, [2, { a: null }]], yes: true }, text: 'naïve – 🚢', number: -0.5e-3 };
    await post(newRecord('rich', { container_registry_metadata: metadata }));
    expect((await get('rich')).body.data.container_registry_metadata).toEqual(metadata);
  });

  it.each([
    ['no name', { container_registry_name: undefined }, 'container_registry_name'],
    ['an empty name', { container_registry_name: '' }, 'container_registry_name'],
    ['a null id', { container_registry_id: null }, 'container_registry_id'],
    ['an id that begins with a dot', { container_registry_id: '.x' }, 'container_registry_id'],
    ['an id of 129 characters', { container_registry_id: 'x'.repeat(129) }, 'container_registry_id'],
    ['an unknown field', { colour: 'blue' }, 'colour'],
    ['an own __proto__ field', JSON.parse('{"__proto__": {"x": 1}}'), ''],
    ['repeated tags', { container_registry_tags: ['a', 'a'] }, 'container_registry_tags'],
    ['a tag that is no string', { container_registry_tags: [1] }, 'container_registry_tags.0'],
    ['an unknown storage type', { container_registry_storage_info: { storage_type: 'tape' } }, 'container_registry_storage_info.storage_type'],
    ['a storage size of -2', { container_registry_storage_info: { storage_size: -2 } }, 'container_registry_storage_info.storage_size'],
    ['a fractional storage size', { container_registry_storage_info: { storage_size: 1.5 } }, 'container_registry_storage_info.storage_size'],
    ['an unknown registry type', { container_registry_storage_info: { registry_type: 'mine' } }, 'container_registry_storage_info.registry_type'],
    ['metadata that is a list', { container_registry_metadata: [] }, 'container_registry_metadata'],
    ['a key that begins with $', { container_registry_metadata: { a: { $x: 1 } } }, 'container_registry_metadata.a'],
    ['a key named constructor', { container_registry_config: { constructor: 1 } }, 'container_registry_config'],
    ['half a surrogate pair', { container_registry_name: '\ud800' }, 'container_registry_name'],
    ['meta, which is read-only', { meta: { revision: 7 } }, 'meta'],
  ])('refuses a record with %s and says where', async (_what, change, path) => {
    // Spreading keeps an own __proto__ an own property.
    const { status, body } = await post({ ...newRecord('bad'), ...change });
    expect([status, body.success, body.code]).toEqual([400, false, 'INVALID_RECORD']);
    expect(body.details.map((detail: { path: string }) => detail.path)).toContain(path);
    expect((await get('bad')).status).toBe(404);
  });

  it.each(['[]', '"text"', 'null', '7'])('refuses a body that is no object: %s', async (raw) => {
    const { status, body } = await call(service.url, 'POST', '/container_registry', { raw });
    expect([status, body.code]).toEqual([400, 'INVALID_RECORD']);
  });

  it('refuses a number that JSON text can write but nobody can store', async () => {
    const raw = JSON.stringify(newRecord('huge')).replace('}', ',"container_registry_metadata":{"n":1e999}}');
    const { status, body } = await call(service.url, 'POST', '/container_registry', { raw });
    expect([status, body.details[0].path]).toEqual([400, 'container_registry_metadata.n']);
  });

  it('with verify=true stores only what answers', async () => {
    const refused = await post(newRecord('dead', { container_registry_public_url: 'http://127.0.0.1:9' }), '?verify=true');
    expect([refused.status, refused.body.code]).toEqual([422, 'REGISTRY_UNREACHABLE']);
    expect((await get('dead')).status).toBe(404);
  });

  it('records a registry that policy forbids to dial', async () => {
    expect((await post(newRecord('metadata-service', { container_registry_public_url: 'http://169.254.169.254' }))).status).toBe(201);
    const { body } = await call(service.url, 'GET', '/check_container_health/metadata-service');
    expect(body.data).toMatchObject({ reachable: false, healthy: false, status_code: null, cause: 'blocked' });
  });
});

describe('GET /container_registry/:id', () => {
  it('answers 404 with the reference’s words', async () => {
    const { status, body } = await get('nobody');
    expect([status, body.success, body.error, body.code]).toEqual([404, false, 'No document found', 'RECORD_NOT_FOUND']);
  });

  it('answers 304 without a body while the entity tag is current', async () => {
    await post(newRecord('cached'));
    const etag = (await get('cached')).headers.get('etag')!;
    const again = await get('cached', { 'If-None-Match': `"other", W/${etag}` });
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag]);
    await put('cached', { container_registry_name: 'renamed' });
    expect((await get('cached', { 'If-None-Match': etag })).status).toBe(200);
  });

  it('adds health and meta when asked, and then has no entity tag', async () => {
    await post(newRecord('included'));
    const reply = await call(service.url, 'GET', '/container_registry/included?include=health,meta');
    expect(reply.headers.get('etag')).toBeNull();
    expect(reply.body.data.health).toMatchObject({ status: 'unknown', cause: 'never_probed', vantages: {} });
    expect(reply.body.data.meta).toEqual({
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updated_at: reply.body.data.meta.created_at,
      revision: 1,
      owner: null,
      visibility: 'internal',
      shared_with: [],
    });
  });

  it('refuses an unknown parameter', async () => {
    const { status, body } = await call(service.url, 'GET', '/container_registry/included?expand=all');
    expect([status, body.code, body.details[0].path]).toEqual([400, 'INVALID_PARAMETER', 'expand']);
  });
});

describe('PUT /container_registry/:id', () => {
  it('takes the reference’s $set, and plain fields', async () => {
    await post(newRecord('edit', { container_registry_metadata: { a: 1 } }));
    const set = await put('edit', { $set: { container_registry_name: 'updated-name', 'container_registry_metadata.b': 2 } });
    expect(set.body).toEqual({ success: true, data: { message: 'Container registry updated', id: 'edit' } });
    const plain = await put('edit', { container_registry_tags: ['x'] });
    expect(plain.status).toBe(200);
    expect((await get('edit')).body.data).toMatchObject({ container_registry_name: 'updated-name', container_registry_metadata: { a: 1, b: 2 }, container_registry_tags: ['x'] });
  });

  it('raises the revision only when something changed', async () => {
    await post(newRecord('same'));
    const before = (await get('same')).headers.get('etag');
    for (const body of [{}, { $set: {} }, { container_registry_name: 'registry same' }, { container_registry_id: 'same' }]) {
      const reply = await put('same', body);
      expect([reply.status, reply.headers.get('etag')]).toEqual([200, before]);
    }
    const changed = await put('same', { container_registry_name: 'else' });
    expect(changed.headers.get('etag')).not.toBe(before);
    expect((await call(service.url, 'GET', '/container_registry/same?include=meta')).body.data.meta.revision).toBe(2);
  });

  it('brings an optional field back to its default when it is unset', async () => {
    await post(newRecord('unset', { container_registry_tags: ['a'], container_registry_metadata: { a: 1 } }));
    await put('unset', { $unset: { container_registry_tags: '', container_registry_metadata: '' } });
    expect((await get('unset')).body.data).toMatchObject({ container_registry_tags: [], container_registry_metadata: {} });
    const required = await put('unset', { $unset: { container_registry_name: '' } });
    expect([required.status, required.body.code]).toEqual([400, 'INVALID_RECORD']);
  });

  it('does not derive the image prefix again', async () => {
    await post(newRecord('prefix'));
    await put('prefix', { container_registry_public_url: 'https://moved.example.com' });
    expect((await get('prefix')).body.data.container_registry_image_prefix).toBe('prefix.example.com');
  });

  it.each([
    ['mixing operators and fields', { $set: { container_registry_name: 'x' }, container_registry_name: 'y' }, 'INVALID_UPDATE'],
    ['an unknown operator', { $currentDate: { container_registry_name: true } }, 'OPERATOR_NOT_ALLOWED'],
    ['a pipeline', [{ $set: { container_registry_name: 'x' } }], 'INVALID_UPDATE'],
    ['changing the id', { container_registry_id: 'other' }, 'IMMUTABLE_FIELD'],
    ['an unknown field', { colour: 'blue' }, 'INVALID_UPDATE'],
    ['an outcome that is not valid', { $set: { 'container_registry_storage_info.storage_type': 'tape' } }, 'INVALID_RECORD'],
    ['an outcome with repeated tags', { $push: { container_registry_tags: 'a' } }, 'INVALID_RECORD'],
    ['$inc of text', { $inc: { container_registry_name: 1 } }, 'INVALID_UPDATE'],
  ])('refuses %s and leaves the record as it was', async (_what, body, code) => {
    await post(newRecord('keep', { container_registry_tags: ['a'] }));
    const before = await get('keep');
    const reply = await put('keep', body);
    expect([reply.status, reply.body.code]).toEqual([400, code]);
    const after = await get('keep');
    expect([after.text, after.headers.get('etag')]).toEqual([before.text, before.headers.get('etag')]);
  });

  it('never creates', async () => {
    const reply = await put('absent', { container_registry_name: 'x' });
    expect([reply.status, reply.body.code]).toEqual([404, 'RECORD_NOT_FOUND']);
  });

  it('refuses a stale If-Match with 412, weak tags included', async () => {
    await post(newRecord('match'));
    const etag = (await get('match')).headers.get('etag')!;
    expect((await put('match', { container_registry_name: 'one' }, { 'If-Match': `W/${etag}` })).status).toBe(412);
    expect((await put('match', { container_registry_name: 'one' }, { 'If-Match': `"x", ${etag}` })).status).toBe(200);
    const stale = await put('match', { container_registry_name: 'two' }, { 'If-Match': etag });
    expect([stale.status, stale.body.code]).toEqual([412, 'REVISION_STALE']);
    expect((await put('match', { container_registry_name: 'three' }, { 'If-Match': '*' })).status).toBe(200);
    expect((await put('match', { container_registry_name: 'four' }, { 'If-Match': 'no quotes' })).status).toBe(400);
  });

  it('a record that was deleted and created again does not pass for the old one', async () => {
    await post(newRecord('reborn'));
    const etag = (await get('reborn')).headers.get('etag')!;
    await del('reborn');
    await new Promise((resume) => setTimeout(resume, 5));
    await post(newRecord('reborn'));
    expect((await put('reborn', { container_registry_name: 'x' }, { 'If-Match': etag })).status).toBe(412);
  });

  it('refuses to grow a record beyond its limit', async () => {
    await post(newRecord('big'));
    const reply = await put('big', { $set: { 'container_registry_metadata.blob': 'x'.repeat(1024 * 1024) } });
    expect([reply.status, reply.body.code]).toEqual([413, 'RECORD_TOO_LARGE']);
  });

  it('abuse 31: 32 clients with If-Match get one 200 for each revision, the others 412', async () => {
    await post(newRecord('race'));
    for (let round = 0; round < 5; round++) {
      const etag = (await get('race')).headers.get('etag')!;
      const replies = await Promise.all(
        Array.from({ length: 32 }, (_unused, client) => put('race', { container_registry_name: `round ${round} client ${client}` }, { 'If-Match': etag })),
      );
      const statuses = replies.map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect(statuses.filter((status) => status === 412)).toHaveLength(31);
    }
  });

  it('abuse 31: 32 clients without If-Match lose no update', async () => {
    await post(newRecord('counter', { container_registry_metadata: { n: 0 } }));
    const increments = Array.from({ length: 32 * 5 }, () => put('counter', { $inc: { 'container_registry_metadata.n': 1 } }));
    expect((await Promise.all(increments)).map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
    expect((await get('counter')).body.data.container_registry_metadata.n).toBe(160);
  });
});

describe('DELETE /container_registry/:id', () => {
  it('deletes once', async () => {
    await post(newRecord('gone'));
    expect((await del('gone')).body).toEqual({ success: true, data: { message: 'Container registry deleted', id: 'gone' } });
    expect((await get('gone')).status).toBe(404);
    expect((await del('gone')).status).toBe(404);
  });

  it('heeds If-Match', async () => {
    await post(newRecord('guarded'));
    const etag = (await get('guarded')).headers.get('etag')!;
    await put('guarded', { container_registry_name: 'newer' });
    expect((await del('guarded', { 'If-Match': etag })).status).toBe(412);
    expect((await get('guarded')).status).toBe(200);
  });
});
