import { addUser, ADMIN_PASSWORD, callerOf, logIn, makeToken, PASSWORD, type Caller } from '../support/callers.ts';
import { readApi, type Api } from '../support/openapi.ts';
import { call, newRecord } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
let api: Api;
let admin: Caller;
beforeAll(async () => {
  service = await startService({ AUTH: 'on', ADMIN_PASSWORD, RATE_LIMIT_PER_MINUTE: '0' });
  admin = await logIn(service.url, 'admin', ADMIN_PASSWORD);
  api = await readApi(service.url);
  await addUser(admin, { username: 'ann', role: 'publisher', groups: ['ops'], password: PASSWORD });
});
afterAll(() => service.stop());

const anonymous = (): Caller => callerOf(service.url, 'nobody', null);

describe('logging in', () => {
  it('gives an access token and a refresh token, which no cache may keep', async () => {
    const reply = await call(service.url, 'POST', '/api/v1/auth/login', { body: { username: 'ann', password: PASSWORD } });
    api.expectDescribed(reply, 'POST', '/api/v1/auth/login');
    expect([reply.status, reply.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(reply.body.data).toEqual({ access_token: expect.stringMatching(/^ey[\w-]+\.[\w-]+\.[\w-]+$/), token_type: 'Bearer', expires_in: 900, refresh_token: expect.stringMatching(/^ptr_/) });
  });

  it('says the same of a wrong password and of nobody', async () => {
    const replies = await Promise.all([['ann', 'not the password'], ['nobody-at-all', PASSWORD]].map(([username, password]) => call(service.url, 'POST', '/api/v1/auth/login', { body: { username, password } })));
    for (const reply of replies) {
      api.expectDescribed(reply, 'POST', '/api/v1/auth/login');
      expect([reply.status, reply.body.code, reply.headers.get('www-authenticate')]).toEqual([401, 'LOGIN_FAILED', 'Bearer realm="portolan"']);
    }
    expect(replies[0]?.body.error).toBe(replies[1]?.body.error);
  });

  it('is in nobody’s way who sends an old token along', async () => {
    const reply = await call(service.url, 'POST', '/api/v1/auth/login', { body: { username: 'ann', password: PASSWORD }, headers: { Authorization: 'Bearer expired' } });
    expect(reply.status).toBe(200);
  });

  it('goes on with a refresh token, once', async () => {
    const { refreshToken } = await logIn(service.url, 'ann', PASSWORD);
    const refresh = (token: string) => call(service.url, 'POST', '/api/v1/auth/refresh', { body: { refresh_token: token } });
    const renewed = await refresh(refreshToken);
    api.expectDescribed(renewed, 'POST', '/api/v1/auth/refresh');
    expect(renewed.status).toBe(200);
    const ann = callerOf(service.url, 'ann', renewed.body.data.access_token);
    expect((await ann.call('GET', '/api/v1/auth/me')).body.data.user).toBe('ann');
    const again = await refresh(refreshToken);
    expect([again.status, again.body.code]).toEqual([401, 'TOKEN_REJECTED']);
    // One of the two stole it, so neither goes on.
    expect((await refresh(renewed.body.data.refresh_token)).status).toBe(401);
    expect((await ann.call('GET', '/api/v1/auth/me')).status).toBe(401);
  });

  it('ends by logging out', async () => {
    const ann = await logIn(service.url, 'ann', PASSWORD);
    const reply = await ann.call('POST', '/api/v1/auth/logout');
    api.expectDescribed(reply, 'POST', '/api/v1/auth/logout');
    expect(reply.status).toBe(200);
    expect((await ann.call('GET', '/container_registries')).status).toBe(401);
    expect((await call(service.url, 'POST', '/api/v1/auth/refresh', { body: { refresh_token: ann.refreshToken } })).status).toBe(401);
  });
});

describe('who I am', () => {
  it('is told to each', async () => {
    const ann = await logIn(service.url, 'ann', PASSWORD);
    const token = await makeToken(service.url, ann, ['record:read', 'record:update'], { expires_in_s: 3_600 });
    const replies = await Promise.all([anonymous(), ann, token].map((caller) => caller.call('GET', '/api/v1/auth/me')));
    for (const reply of replies) api.expectDescribed(reply, 'GET', '/api/v1/auth/me');
    const [nobody, byName, byToken] = replies.map((reply) => reply.body.data);
    expect(nobody).toEqual({ kind: 'anonymous', user: null, role: null, groups: [], permissions: [], token_id: null, expires_at: null });
    expect(byName).toMatchObject({ kind: 'user', user: 'ann', role: 'publisher', groups: ['ops'], token_id: null });
    expect(byName.permissions).toContain('record:update_own');
    expect(byToken).toMatchObject({ kind: 'token', user: 'ann', token_id: token.id, permissions: ['record:read', 'record:update_own'] });
    expect(Date.parse(byToken.expires_at) - Date.now()).toBeGreaterThan(3_500_000);
  });

  it('is this machine where nobody has to log in, whatever is sent', async () => {
    const open = await startService();
    try {
      for (const headers of [{}, { Authorization: 'Bearer nonsense' }, { Authorization: 'Basic YTpi' }]) {
        const { status, body } = await call(open.url, 'GET', '/api/v1/auth/me', { headers });
        expect([status, body.data.kind, body.data.permissions]).toEqual([200, 'local', ['*']]);
      }
    } finally {
      await open.stop();
    }
  });
});

describe('saying who one is', () => {
  const me = (authorization: string) => call(service.url, 'GET', '/api/v1/auth/me', { headers: { Authorization: authorization } });

  it('takes the scheme in any case', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) expect((await me(`${scheme} ${admin.bearer ?? ''}`)).body.data.user).toBe('admin');
  });

  it.each(['Basic YWRtaW46cGFzc3dvcmQ=', 'Digest username="admin"', 'Bearer', 'Bearer a b', 'Token x', `Bearer ${'x'.repeat(9 * 1024)}`])('refuses %s', async (authorization) => {
    const reply = await me(authorization);
    expect([reply.status, reply.body.code, reply.headers.get('www-authenticate')]).toEqual([401, 'TOKEN_REJECTED', 'Bearer realm="portolan", error="invalid_token"']);
  });

  it('asks those who have not for it', async () => {
    for (const [method, path] of [['GET', '/container_registry/x'], ['GET', '/container_registry/x?include=meta'], ['POST', '/container_registries'], ['GET', '/metrics'], ['DELETE', '/api/v1/users/ann']] as const) {
      const reply = await call(service.url, method, path, method === 'POST' ? { body: {} } : {});
      expect([path, reply.status, reply.body.code, reply.headers.get('www-authenticate')]).toEqual([path, 401, 'AUTHENTICATION_REQUIRED', 'Bearer realm="portolan"']);
    }
  });

  it('is told apart from what is not there', async () => {
    expect((await call(service.url, 'GET', '/nowhere')).status).toBe(404);
    expect((await call(service.url, 'PATCH', '/container_registry/x')).status).toBe(405);
  });
});

describe('users', () => {
  it('are added, shown, changed and deleted, and no password ever comes back', async () => {
    const made = await admin.call('POST', '/api/v1/users', { body: { username: 'bob', password: PASSWORD, groups: ['ops'] } });
    api.expectDescribed(made, 'POST', '/api/v1/users');
    expect([made.status, made.headers.get('location'), made.body.data]).toEqual([
      201,
      '/api/v1/users/bob',
      { username: 'bob', role: 'user', groups: ['ops'], disabled: false, has_password: true, created_at: expect.any(String), password_changed_at: expect.any(String) },
    ]);
    const changed = await admin.call('PUT', '/api/v1/users/bob', { body: { role: 'publisher', groups: [] } });
    api.expectDescribed(changed, 'PUT', '/api/v1/users/{name}');
    expect(changed.body.data).toMatchObject({ role: 'publisher', groups: [] });
    const all = await admin.call('GET', '/api/v1/users');
    api.expectDescribed(all, 'GET', '/api/v1/users');
    expect(all.body.data.map(({ username }: { username: string }) => username)).toEqual(['admin', 'ann', 'bob']);
    expect(all.text).not.toMatch(/argon2|"password"/);
    const gone = await admin.call('DELETE', '/api/v1/users/bob');
    api.expectDescribed(gone, 'DELETE', '/api/v1/users/{name}');
    const missing = await admin.call('GET', '/api/v1/users/bob');
    api.expectDescribed(missing, 'GET', '/api/v1/users/{name}');
    expect([missing.status, missing.body.code]).toEqual([404, 'USER_NOT_FOUND']);
  });

  it('change their own password with the present one, and with nothing less', async () => {
    await addUser(admin, { username: 'carol', password: PASSWORD });
    const carol = await logIn(service.url, 'carol', PASSWORD);
    const change = (caller: Caller, body: object) => caller.call('PUT', '/api/v1/users/carol', { body });
    expect((await change(carol, { password: 'a new pass phrase' })).status).toBeGreaterThanOrEqual(400);
    expect((await change(carol, { password: 'a new pass phrase', current_password: 'wrong' })).status).toBe(403);
    expect((await change(await makeToken(service.url, carol, ['*']), { password: 'a new pass phrase', current_password: PASSWORD })).status).toBe(403);
    expect((await change(carol, { password: 'a new pass phrase', current_password: PASSWORD })).status).toBe(200);
    expect((await carol.call('GET', '/api/v1/auth/me')).status).toBe(401);
    await logIn(service.url, 'carol', 'a new pass phrase');
  });
});

describe('API tokens', () => {
  it('are made, listed without what is secret, and revoked', async () => {
    const ann = await logIn(service.url, 'ann', PASSWORD);
    const made = await ann.call('POST', '/api/v1/tokens', { body: { name: 'ci', scopes: ['record:read'], expires_in_s: 3_600 } });
    api.expectDescribed(made, 'POST', '/api/v1/tokens');
    expect([made.status, made.headers.get('cache-control')]).toEqual([201, 'no-store']);
    const { id, token } = made.body.data;
    const listed = await ann.call('GET', '/api/v1/tokens');
    api.expectDescribed(listed, 'GET', '/api/v1/tokens');
    expect(listed.body.data).toContainEqual(expect.objectContaining({ id, name: 'ci', username: 'ann', scopes: ['record:read'] }));
    expect(listed.text).not.toContain(token);
    const ci = callerOf(service.url, 'ci', token);
    expect((await ci.call('GET', '/container_registries')).status).toBe(200);
    const revoked = await ann.call('DELETE', `/api/v1/tokens/${id}`);
    api.expectDescribed(revoked, 'DELETE', '/api/v1/tokens/{id}');
    expect((await ci.call('GET', '/container_registries')).status).toBe(401);
  });

  it('of others are listed and revoked by administrators alone', async () => {
    const ann = await logIn(service.url, 'ann', PASSWORD);
    const token = await makeToken(service.url, admin, ['record:read'], { username: 'ann' });
    expect((await token.call('GET', '/api/v1/auth/me')).body.data.user).toBe('ann');
    await addUser(admin, { username: 'eve', password: PASSWORD });
    const eve = await logIn(service.url, 'eve', PASSWORD);
    expect((await eve.call('GET', '/api/v1/tokens?username=ann')).status).toBe(403);
    expect((await eve.call('GET', '/api/v1/tokens?username=*')).status).toBe(403);
    expect((await eve.call('DELETE', `/api/v1/tokens/${token.id}`)).body.code).toBe('TOKEN_NOT_FOUND');
    const ids = async (caller: Caller, query: string): Promise<string[]> => (await caller.call('GET', `/api/v1/tokens${query}`)).body.data.map((each: { id: string }) => each.id);
    expect(await ids(ann, '')).toContain(token.id);
    expect(await ids(admin, '?username=ann')).toContain(token.id);
    expect(await ids(admin, '?username=*')).toContain(token.id);
    expect((await admin.call('DELETE', `/api/v1/tokens/${token.id}`)).status).toBe(200);
    expect((await token.call('GET', '/api/v1/auth/me')).status).toBe(401);
  });
});

describe('the audit', () => {
  interface Item { readonly seq: number; readonly action: string; readonly who: string; readonly record: string | null; readonly target: string | null; readonly outcome: string; readonly code: string | null; readonly changes: object[] }
  const read = async (query: string): Promise<Item[]> => (await admin.call('GET', `/api/v1/audit${query}`)).body.data;

  it('tells of writes, logins and denials', async () => {
    const ann = await logIn(service.url, 'ann', PASSWORD);
    await ann.call('POST', '/container_registry', { body: newRecord('audited') });
    await ann.call('PUT', '/container_registry/audited', { body: { container_registry_name: 'renamed' } });
    await ann.call('DELETE', '/api/v1/users/admin');
    await call(service.url, 'GET', '/container_registry/audited', { headers: { Authorization: 'Bearer guess' } });
    await call(service.url, 'POST', '/api/v1/auth/login', { body: { username: 'ann', password: 'not the password' } });
    const entries = await read('?limit=50');
    const find = (action: string, outcome: string) => entries.find((entry) => entry.action === action && entry.outcome === outcome);
    expect(find('record:update', 'done')).toMatchObject({ who: 'user:ann', record: 'audited', changes: [{ path: 'container_registry_name', before: 'registry audited', after: 'renamed' }] });
    expect(find('account:write', 'denied')).toMatchObject({ who: 'user:ann', target: 'admin', code: 'FORBIDDEN' });
    expect(find('record:read', 'denied')).toMatchObject({ who: 'anonymous', record: 'audited', code: 'TOKEN_REJECTED', from: '127.0.0.1' });
    expect(find('session:login', 'denied')).toMatchObject({ target: 'ann', code: 'LOGIN_FAILED' });
    expect(find('session:login', 'done')).toBeDefined();
  });

  it('is read in pages, by filters, in either order', async () => {
    const whole = await read('?limit=1000');
    const reply = await admin.call('GET', '/api/v1/audit?limit=3');
    api.expectDescribed(reply, 'GET', '/api/v1/audit');
    const next = /<([^>]+)>; rel="next"/.exec(reply.headers.get('link') ?? '')?.[1] ?? '';
    const second = (await admin.call('GET', next)).body.data as Item[];
    expect([...reply.body.data, ...second].map(({ seq }: Item) => seq)).toEqual(whole.slice(0, 6).map(({ seq }) => seq));
    expect((await read('?order=oldest_first&limit=3')).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(new Set((await read('?record=audited')).map(({ record }) => record))).toEqual(new Set(['audited']));
    expect(new Set((await read('?action=session&limit=1000')).map(({ action }) => action.split(':')[0]))).toEqual(new Set(['session']));
    expect(new Set((await read('?action=user:create')).map(({ action }) => action))).toEqual(new Set(['user:create']));
    expect(await read('?from=2100-01-01')).toEqual([]);
    expect(await read('?to=2001-01-01')).toEqual([]);
    expect((await read('?user=ann&limit=1000')).length).toBeGreaterThan(2);
  });

  it.each(['?cursor=x', '?cursor=0', '?limit=0', '?order=up', '?from=yesterday', '?action=$ne', '?user[$ne]=x', '?a=1'])('refuses %s', async (query) => {
    const reply = await admin.call('GET', `/api/v1/audit${query}`);
    api.expectDescribed(reply, 'GET', '/api/v1/audit');
    expect(reply.status).toBe(400);
  });

  it('streams as lines, all of it', async () => {
    const count = (await read('?limit=1000')).length;
    const reply = await admin.call('GET', '/api/v1/audit', { headers: { Accept: 'application/x-ndjson' } });
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
    const lines = reply.text.trimEnd().split('\n').map((line) => JSON.parse(line) as Item);
    expect(lines.length).toBeGreaterThanOrEqual(count);
    expect(lines.at(-1)?.seq).toBe(1);
    const some = await admin.call('GET', '/api/v1/audit?limit=2&order=oldest_first', { headers: { Accept: 'application/x-ndjson' } });
    expect(some.text.trimEnd().split('\n').map((line) => (JSON.parse(line) as Item).seq)).toEqual([1, 2]);
  });

  it('is whole', async () => {
    const reply = await admin.call('GET', '/api/v1/audit/verify');
    api.expectDescribed(reply, 'GET', '/api/v1/audit/verify');
    expect(reply.body.data).toMatchObject({ ok: true, from_seq: 1 });
  });
});

describe('keys', () => {
  it('of sessions can be changed without ending any', async () => {
    const ann = await logIn(service.url, 'ann', PASSWORD);
    const rotated = await admin.call('POST', '/api/v1/secrets/rotate', { body: { what: 'sessions' } });
    api.expectDescribed(rotated, 'POST', '/api/v1/secrets/rotate');
    expect(rotated.body.data.kid).toEqual(expect.any(String));
    expect((await ann.call('GET', '/api/v1/auth/me')).body.data.user).toBe('ann');
    await logIn(service.url, 'ann', PASSWORD);
  });

  it('of credentials tell what they seal', async () => {
    const overview = await admin.call('GET', '/api/v1/secrets');
    api.expectDescribed(overview, 'GET', '/api/v1/secrets');
    expect(overview.body.data).toEqual({ keys: [expect.any(String)], sealed_with: expect.any(Object), locked: 0 });
    const resealed = await admin.call('POST', '/api/v1/secrets/rotate', { body: { what: 'credentials' } });
    expect(resealed.body.data).toEqual({ resealed: 0, left: 0, failed: 0 });
  });
});
