import { call, newRecord, type Reply } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const get = (path: string): Promise<Reply> => call(service.url, 'GET', path);
const put = (id: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> => call(service.url, 'PUT', `/container_registry/${id}/access`, { body, headers });
const create = (id: string, query = ''): Promise<Reply> => call(service.url, 'POST', `/container_registry${query}`, { body: newRecord(id) });
const idsOf = async (filter: unknown): Promise<string[]> =>
  ((await call(service.url, 'POST', '/container_registries', { body: filter })).body.data as { container_registry_id: string }[]).map((record) => record.container_registry_id);

describe('who may see a record', () => {
  it('is said when it is created, and is every principal otherwise', async () => {
    expect((await create('plain')).status).toBe(201);
    expect((await create('open', '?visibility=public')).status).toBe(201);
    expect((await get('/container_registry/plain/access')).body).toEqual({ success: true, data: { owner: null, visibility: 'internal', shared_with: [] } });
    expect((await get('/container_registry/open/access')).body.data.visibility).toBe('public');
    expect((await get('/container_registry/open?include=meta')).body.data.meta).toMatchObject({ owner: null, visibility: 'public', shared_with: [], revision: 1 });
  });

  it.each(['secret', 'PUBLIC', ''])('abuse 21: cannot be %j', async (word) => {
    expect(await create('never', `?visibility=${word}`)).toMatchObject({ status: 400, body: { code: 'INVALID_PARAMETER' } });
    expect((await get('/container_registry/never')).status).toBe(404);
  });

  it('abuse 21: is no field of a record', async () => {
    await create('fields');
    for (const field of ['owner', 'visibility', 'shared_with', 'meta']) {
      expect(await call(service.url, 'POST', '/container_registry', { body: { ...newRecord('never'), [field]: 'ann' } })).toMatchObject({ status: 400, body: { code: 'INVALID_RECORD' } });
      for (const body of [{ [field]: 'ann' }, { $set: { [field]: 'ann' } }, { $set: { [`${field}.owner`]: 'ann' } }, { $rename: { container_registry_name: field } }]) {
        expect((await call(service.url, 'PUT', '/container_registry/fields', { body })).status).toBe(400);
      }
    }
    expect((await get('/container_registry/fields?include=meta')).body.data.meta).toMatchObject({ owner: null, visibility: 'internal', revision: 1 });
  });

  it('changes, with the record’s revision and entity tag, and can then be asked for by filters', async () => {
    const before = (await create('shared')).headers.get('etag')!;
    const shares = [{ with: 'group:ops', may: 'write' }, { with: 'user:rita', may: 'pull' }];
    const reply = await put('shared', { visibility: 'private', shared_with: shares }, { 'If-Match': before });
    expect(reply).toMatchObject({ status: 200, body: { success: true, data: { owner: null, visibility: 'private', shared_with: shares } } });
    const etag = reply.headers.get('etag');
    expect(etag).not.toBe(before);
    const read = await get('/container_registry/shared/access');
    expect([read.body.data, read.headers.get('etag')]).toEqual([reply.body.data, etag]);
    expect((await call(service.url, 'GET', '/container_registry/shared', { headers: { 'If-None-Match': before } })).status).toBe(200);
    expect(await put('shared', { visibility: 'public' }, { 'If-Match': before })).toMatchObject({ status: 412, body: { code: 'REVISION_STALE' } });
    expect(await idsOf({ 'meta.visibility': 'private' })).toEqual(['shared']);
    expect(await idsOf({ 'meta.shared_with': { $elemMatch: { with: 'group:ops', may: 'write' } } })).toEqual(['shared']);
    const same = await put('shared', { shared_with: shares });
    expect([same.status, same.headers.get('etag')]).toEqual([200, etag]);
  });

  it('cannot be given to a user that there is none of', async () => {
    await create('given');
    expect(await put('given', { owner: 'nobody' })).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST', details: [{ path: 'owner', message: expect.stringContaining('no user') }] } });
  });

  it.each<[string, unknown]>([
    ['a list', []],
    ['an operator', { visibility: { $ne: 'public' } }],
    ['an update', { $set: { visibility: 'public' } }],
    ['an unknown key', { owners: ['ann'] }],
    ['a share with everybody', { shared_with: [{ with: '*', may: 'read' }] }],
  ])('abuse 18: %s is refused, and nothing changes', async (_what, body) => {
    await create('kept');
    expect(await put('kept', body)).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
    expect((await get('/container_registry/kept?include=meta')).body.data.meta.revision).toBe(1);
  });

  it('of a record that is not there, nobody may see', async () => {
    expect(await get('/container_registry/nothing/access')).toMatchObject({ status: 404, body: { code: 'RECORD_NOT_FOUND' } });
    expect(await put('nothing', { visibility: 'public' })).toMatchObject({ status: 404, body: { code: 'RECORD_NOT_FOUND' } });
  });

  it('is handed over to a user, or by an administrator to nobody', async () => {
    await call(service.url, 'POST', '/api/v1/users', { body: { username: 'ann', password: 'astrolabe of ann', role: 'publisher' } });
    await create('handed');
    expect((await put('handed', { owner: 'ann', visibility: 'private' })).body.data).toEqual({ owner: 'ann', visibility: 'private', shared_with: [] });
    expect(await idsOf({ 'meta.owner': 'ann' })).toEqual(['handed']);
    expect((await put('handed', { owner: null })).body.data.owner).toBeNull();
  });
});

describe('the catalog of each principal', () => {
  const password = 'astrolabe and backstaff';
  let guarded: TestService;
  const tokens: Record<string, string> = {};
  const as = (who: string, method: string, path: string, body?: unknown): Promise<Reply> =>
    call(guarded.url, method, path, { ...(body === undefined ? {} : { body }), headers: who === 'visitor' ? {} : { Authorization: `Bearer ${tokens[who]!}` } });
  const login = async (username: string): Promise<void> => {
    tokens[username] = (await call(guarded.url, 'POST', '/api/v1/auth/login', { body: { username, password } })).body.data.access_token as string;
  };

  beforeAll(async () => {
    guarded = await startService({ AUTH: 'on', ADMIN_PASSWORD: password, ANONYMOUS_READ: 'true', RECORDS_PER_OWNER_MAX: '3' });
    await login('admin');
    for (const [username, role] of [['ann', 'publisher'], ['bob', 'publisher'], ['rita', 'user']] as const) {
      await as('admin', 'POST', '/api/v1/users', { username, password, role, groups: username === 'bob' ? ['ops'] : [] });
      await login(username);
    }
    for (const visibility of ['public', 'internal', 'private']) await as('ann', 'POST', `/container_registry?visibility=${visibility}`, newRecord(visibility));
  });
  afterAll(() => guarded.stop());

  it.each([
    ['admin', ['internal', 'private', 'public']],
    ['ann', ['internal', 'private', 'public']],
    ['bob', ['internal', 'public']],
    ['rita', ['internal', 'public']],
    ['visitor', ['public']],
  ])('abuse 29: %s finds what it may see, in every list and count', async (who, ids) => {
    const found = (reply: Reply): string[] => (reply.body.data as { container_registry_id?: string; id?: string }[]).map((each) => each.container_registry_id ?? each.id ?? '');
    const replies = await Promise.all([
      as(who, 'POST', '/container_registries', {}),
      as(who, 'POST', '/container_registries?limit=10&sort=-meta.created_at&count=true', {}),
      as(who, 'POST', '/container_registries?fields=container_registry_id', { 'meta.owner': 'ann' }),
      as(who, 'POST', '/container_registries', { container_registry_name: { $regex: 'registry' } }),
      as(who, 'GET', '/container_registries?q=registry'),
      as(who, 'GET', '/container_registries/health'),
    ]);
    expect(replies.map((reply) => found(reply).sort())).toEqual(replies.map(() => ids));
    expect(replies[1].headers.get('x-total-count')).toBe(String(ids.length));
  });

  it('abuse 29: a record that somebody may not see is not there, by whatever path', async () => {
    for (const [method, path, body] of [
      ['GET', '/container_registry/private'],
      ['GET', '/container_registry/private?include=meta'],
      ['GET', '/container_registry/private/access'],
      ['GET', '/container_registry/private/health'],
      ['GET', '/container_registry/private/health/history'],
      ['GET', '/container_registry/private/health/events'],
      ['GET', '/check_container_health/private'],
      ['PUT', '/container_registry/private', {}],
      ['PUT', '/container_registry/private/access', { owner: 'bob' }],
      ['DELETE', '/container_registry/private'],
    ] as const) {
      expect([method, path, (await as('bob', method, path, body)).status]).toEqual([method, path, 404]);
    }
  });

  it('abuse 30: what somebody sees but does not own stays as it is, until it is shared', async () => {
    for (const [method, path, body] of [['PUT', '/container_registry/internal', { container_registry_name: 'x' }], ['PUT', '/container_registry/internal/access', { owner: 'bob' }], ['DELETE', '/container_registry/internal']] as const) {
      for (const who of ['bob', 'rita']) expect(await as(who, method, path, body)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    }
    await as('ann', 'PUT', '/container_registry/internal/access', { visibility: 'private', shared_with: [{ with: 'group:ops', may: 'write' }] });
    expect((await as('bob', 'PUT', '/container_registry/internal', { container_registry_tags: ['bob was here'] })).status).toBe(200);
    expect((await as('bob', 'DELETE', '/container_registry/internal')).status).toBe(403);
    expect((await as('rita', 'GET', '/container_registry/internal')).status).toBe(404);
    await as('ann', 'PUT', '/container_registry/internal/access', { visibility: 'internal', shared_with: [] });
  });

  it('holds a user to a number of records, and the one to whom they are handed over', async () => {
    expect(await as('ann', 'POST', '/container_registry', newRecord('fourth'))).toMatchObject({ status: 403, body: { code: 'QUOTA_REACHED' } });
    for (const id of ['b1', 'b2', 'b3']) await as('bob', 'POST', '/container_registry', newRecord(id));
    expect(await as('bob', 'PUT', '/container_registry/b1/access', { owner: 'ann' })).toMatchObject({ status: 403, body: { code: 'QUOTA_REACHED' } });
    expect(await as('bob', 'PUT', '/container_registry/b1/access', { owner: 'rita' })).toMatchObject({ status: 200, body: { data: { owner: 'rita' } } });
    expect((await as('bob', 'DELETE', '/container_registry/b1')).status).toBe(403);
  });

  it('is told to the audit', async () => {
    const { data } = (await as('admin', 'GET', '/api/v1/audit?record=internal')).body as { data: { who: string; action: string; outcome: string }[] };
    expect(data.map(({ who, action, outcome }) => `${who} ${action} ${outcome}`)).toEqual(expect.arrayContaining(['user:ann record:create done', 'user:bob record:delete denied', 'user:ann record:share done', 'user:bob record:update done']));
  });
});
