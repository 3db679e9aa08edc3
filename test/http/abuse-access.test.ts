import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addUser, ADMIN_PASSWORD, callerOf, logIn, makeToken, PASSWORD, type Caller } from '../support/callers.ts';
import { openConnection } from '../support/network.ts';
import { call, newRecord, type Reply } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

const variables = { AUTH: 'on', ADMIN_PASSWORD, RATE_LIMIT_PER_MINUTE: '0' };

let service: TestService;
let admin: Caller;
let ann: Caller;
beforeAll(async () => {
  service = await startService(variables);
  admin = await logIn(service.url, 'admin', ADMIN_PASSWORD);
  await addUser(admin, { username: 'ann', role: 'publisher', password: PASSWORD });
  await addUser(admin, { username: 'rita', password: PASSWORD });
  ann = await makeToken(service.url, admin, ['*'], { username: 'ann' });
});
afterAll(() => service.stop());

const login = (body: unknown): Promise<Reply> => call(service.url, 'POST', '/api/v1/auth/login', { body });
const isIn = async (caller: Caller): Promise<number> => (await caller.call('GET', '/container_registries')).status;

describe('abuse 18: logins that are no logins', () => {
  it.each<[string, unknown]>([
    ['an operator as password', { username: 'admin', password: { $ne: null } }],
    ['another operator', { username: 'admin', password: { $gt: '' } }],
    ['an operator as name', { username: { $ne: null }, password: PASSWORD }],
    ['a list', { username: ['admin'], password: [ADMIN_PASSWORD] }],
    ['null', { username: 'admin', password: null }],
    ['true', { username: 'admin', password: true }],
    ['nothing', {}],
    ['a body that is no object', [{ username: 'admin', password: ADMIN_PASSWORD }]],
    ['something besides', { username: 'admin', password: ADMIN_PASSWORD, $where: '1' }],
    ['a password of a megabyte', { username: 'admin', password: 'x'.repeat(1_000_000) }],
  ])('abuse 18: %s is 400', async (_what, body) => {
    const reply = await login(body);
    expect([reply.status, reply.body.code, reply.text.includes('access_token')]).toEqual([400, 'INVALID_REQUEST', false]);
  });
});

describe('abuse 19: query strings are never operators', () => {
  it.each(['/api/v1/tokens?username[$ne]=x', '/api/v1/tokens?username=ann&username=admin', '/api/v1/audit?user[$ne]=x', '/api/v1/audit?a[__proto__]=1', '/api/v1/audit?limit=1&limit=2', '/container_registry/x/pull-secret?format[$ne]=x'])('abuse 19: %s is 400', async (path) => {
    const reply = await admin.call('GET', path);
    expect([reply.status, reply.body.code]).toEqual([400, 'INVALID_PARAMETER']);
  });

  it('abuse 19: an operator as a value is a text like any other', async () => {
    expect((await admin.call('GET', '/api/v1/audit?user=$ne')).body.data).toEqual([]);
    expect((await admin.call('GET', '/api/v1/tokens?username=%7B%22%24ne%22%3Anull%7D')).status).toBe(404);
  });
});

describe('abuse 20: what is secret cannot be asked for', () => {
  it.each(['?fields=$password_hash', '?fields=password_hash', '?sort=password_hash', '?sort=$password_hash'])('abuse 20: list with %s', async (query) => {
    const reply = await admin.call('GET', `/container_registries${query}`);
    expect([reply.status, reply.text.includes('argon2')]).toEqual([400, false]);
  });

  it.each([{ password_hash: { $regex: '^a' } }, { $or: [{ sealed: { $exists: true } }] }, { token: 'x' }])('abuse 20: filter %j', async (filter) => {
    expect((await admin.call('POST', '/container_registries', { body: filter })).status).toBe(400);
  });

  it('abuse 20: beside what is shown of a record there is nothing to find', async () => {
    await admin.call('POST', '/container_registry', { body: newRecord('kept') });
    await admin.call('PUT', '/container_registry/kept/credentials', { body: { username: 'robot', password: PASSWORD } });
    for (const path of ['meta.password_hash', 'meta.credentials', 'meta.sealed', 'health.password']) {
      const found = await admin.call('POST', '/container_registries', { body: { [path]: { $exists: true } } });
      expect([path, found.body.data]).toEqual([path, []]);
    }
  });
});

describe('abuse 21: nobody makes themselves more than they are', () => {
  it.each([{ $set: { owner: 'ann' } }, { $set: { 'meta.owner': 'ann' } }, { $set: { role: 'admin' } }, { $set: { created_by: 'x' } }, { $set: { version: 2 } }, { $set: { _id: 'x' } }, { $rename: { container_registry_name: '_id' } }, { meta: { owner: 'ann' } }, { $unset: { meta: '' } }])('abuse 21: update %j', async (update) => {
    await ann.call('POST', '/container_registry', { body: newRecord('anns') });
    const before = (await ann.call('GET', '/container_registry/anns?include=meta')).text;
    expect((await ann.call('PUT', '/container_registry/anns', { body: update })).status).toBe(400);
    expect((await ann.call('GET', '/container_registry/anns?include=meta')).text).toBe(before);
  });

  it.each<[string, unknown, number]>([
    ['one’s own role', { role: 'admin' }, 403],
    ['one’s own groups', { groups: ['ops'] }, 403],
    ['a field that is not there', { has_admin_role: true }, 400],
    ['permissions', { permissions: ['*'] }, 400],
  ])('abuse 21: changing %s', async (_what, body, status) => {
    expect((await ann.call('PUT', '/api/v1/users/ann', { body })).status).toBe(status);
    expect((await ann.call('GET', '/api/v1/auth/me')).body.data).toMatchObject({ role: 'publisher', groups: [] });
  });

  it('abuse 21: a new record cannot name its owner', async () => {
    expect((await ann.call('POST', '/container_registry', { body: { ...newRecord('named'), meta: { owner: 'admin' } } })).status).toBe(400);
    expect((await ann.call('POST', '/container_registry?owner=admin', { body: newRecord('named') })).status).toBe(400);
  });

  it('abuse 21: a token makes none that may do more than itself', async () => {
    const limited = await makeToken(service.url, admin, ['account:write', 'record:read']);
    expect((await limited.call('POST', '/api/v1/tokens', { body: { name: 'more', scopes: ['*'] } })).status).toBe(403);
    expect((await limited.call('POST', '/api/v1/tokens', { body: { name: 'more', scopes: ['user:write'] } })).status).toBe(403);
  });
});

describe('abuse 26: forged tokens', () => {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const decode = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;

  /** The administrator's own token, changed, and signed with whatever one could guess. */
  const forged = (head: Record<string, unknown>, claims: Record<string, unknown>, key = ''): string => {
    const [header = '', payload = ''] = (admin.bearer ?? '').split('.');
    const signed = `${encode({ ...decode(header), ...head })}.${encode({ ...decode(payload), ...claims })}`;
    return `${signed}.${key === '' ? '' : createHmac('sha256', key).update(signed).digest('base64url')}`;
  };
  const parts = (): string[] => (admin.bearer ?? '').split('.');

  it.each<[string, () => string]>([
    ['alg none', () => forged({ alg: 'none' }, {})],
    ['alg None', () => forged({ alg: 'None' }, {}, 'x')],
    ['no signature', () => `${parts()[0] ?? ''}.${parts()[1] ?? ''}.`],
    ['a guessed key', () => forged({}, {}, 'secret')],
    ['an empty kid', () => forged({ kid: '' }, {}, 'x')],
    ['a kid that climbs', () => forged({ kid: '../../../../dev/null' }, {}, '')],
    ['a kid that is an operator', () => forged({ kid: { $ne: null } }, {}, 'x')],
    ['a key of its own', () => forged({ jwk: { kty: 'oct', k: 'c2VjcmV0' } }, {}, 'secret')],
    ['a place of its key', () => forged({ jku: 'http://127.0.0.1:9/jwks' }, {}, 'x')],
    ['a chain of certificates', () => forged({ x5u: 'http://127.0.0.1:9/x5u', x5c: ['AA=='] }, {}, 'x')],
    ['another user', () => `${parts()[0] ?? ''}.${encode({ ...decode(parts()[1] ?? ''), sub: 'ann' })}.${parts()[2] ?? ''}`],
    ['a longer life', () => `${parts()[0] ?? ''}.${encode({ ...decode(parts()[1] ?? ''), exp: 4_000_000_000 })}.${parts()[2] ?? ''}`],
    ['more than any token has', () => forged({}, { pad: 'x'.repeat(8_000) }, 'x')],
    ['five parts', () => `${admin.bearer ?? ''}.a.b`],
    ['a signature cut short', () => (admin.bearer ?? '').slice(0, -3)],
  ])('abuse 26: %s is 401', async (_what, make) => {
    const reply = await call(service.url, 'GET', '/container_registries', { headers: { Authorization: `Bearer ${make()}` } });
    expect([reply.status, reply.body.code]).toEqual([401, 'TOKEN_REJECTED']);
  });

  it('abuse 26: more than all headers may have is not even read', async () => {
    const status = await call(service.url, 'GET', '/container_registries', { headers: { Authorization: `Bearer ${'x'.repeat(20_000)}` } }).then((reply) => reply.status);
    expect([401, 431]).toContain(status);
  });
});

describe('abuse 27: what was taken away is gone within five seconds', () => {
  const soon = async (caller: Caller, statuses: readonly number[], of = isIn): Promise<void> => {
    const startedMs = performance.now();
    await until(async () => statuses.includes(await of(caller)), 5_500);
    expect(performance.now() - startedMs).toBeLessThan(5_500);
  };

  it('abuse 27: a revoked token, a disabled user, a lowered role, a lost group, a changed password', async () => {
    await addUser(admin, { username: 'frank', role: 'publisher', groups: ['ops'], password: PASSWORD });
    const session = await logIn(service.url, 'frank', PASSWORD);
    const token = await makeToken(service.url, session, ['*']);
    const other = await makeToken(service.url, session, ['record:read']);
    const create = async (caller: Caller): Promise<number> => (await caller.call('POST', '/container_registry', { body: {} })).status;
    expect([await isIn(session), await isIn(token), await isIn(other), await create(token)]).toEqual([200, 200, 200, 400]);

    await session.call('DELETE', `/api/v1/tokens/${other.id}`);
    await soon(other, [401]);
    expect(await isIn(token)).toBe(200);

    await ann.call('POST', '/container_registry?visibility=private', { body: newRecord('for-ops') });
    await ann.call('PUT', '/container_registry/for-ops/access', { body: { shared_with: [{ with: 'group:ops', may: 'read' }] } });
    const sees = async (caller: Caller): Promise<number> => (await caller.call('GET', '/container_registry/for-ops')).status;
    expect(await sees(token)).toBe(200);
    await admin.call('PUT', '/api/v1/users/frank', { body: { groups: [] } });
    await soon(token, [404], sees);

    await admin.call('PUT', '/api/v1/users/frank', { body: { role: 'user' } });
    await soon(token, [403], create);

    await admin.call('PUT', '/api/v1/users/frank', { body: { password: 'set by somebody else' } });
    await soon(session, [401]);
    expect(await isIn(token)).toBe(200);

    await admin.call('PUT', '/api/v1/users/frank', { body: { disabled: true } });
    await soon(token, [401]);
    expect((await login({ username: 'frank', password: 'set by somebody else' })).status).toBe(401);
  });
});

describe('abuse 28: API tokens', () => {
  it('abuse 28: one that differs anywhere, or is cut, is refused', async () => {
    const bearer = ann.bearer ?? '';
    const flipped = (at: number): string => `${bearer.slice(0, at)}${bearer.charAt(at) === 'a' ? 'b' : 'a'}${bearer.slice(at + 1)}`;
    const wrong = [flipped(6), flipped(25), flipped(60), flipped(bearer.length - 1), bearer.slice(0, -1), bearer.slice(0, 30), `${bearer}a`, bearer.toUpperCase(), 'ptl_', 'ptl___'];
    for (const guess of wrong) expect([guess, await isIn(callerOf(service.url, 'guess', guess))]).toEqual([guess, 401]);
    expect(await isIn(ann)).toBe(200);
  });

  it('abuse 28: is shown once, and stands neither in the store nor in the audit nor in any list', async () => {
    const token = await makeToken(service.url, admin, ['record:read']);
    expect(await isIn(token)).toBe(200);
    // After the prefix and the id.
    const secret = (token.bearer ?? '').slice('ptl_'.length + 17, -7);
    expect(secret).toHaveLength(43);
    for (const path of ['/api/v1/tokens', '/api/v1/tokens?username=*', '/api/v1/audit?limit=1000', '/api/v1/auth/me', '/metrics', '/api/v1/users']) {
      expect([path, (await admin.call('GET', path)).text.includes(secret)]).toEqual([path, false]);
    }
    for (const file of await readdir(service.dataDir, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const bytes = await readFile(join(file.parentPath, file.name));
      expect([file.name, bytes.includes(secret), bytes.includes(ADMIN_PASSWORD), bytes.includes(PASSWORD)]).toEqual([file.name, false, false, false]);
    }
  });
});

describe('abuse 37: who a request is from', () => {
  it('abuse 37: a cookie says nothing, and none is ever set', async () => {
    const bearer = admin.bearer ?? '';
    for (const cookie of [`access_token=${bearer}`, `Authorization=Bearer ${bearer}`, `session=${bearer}`]) {
      const reply = await call(service.url, 'POST', '/container_registry', { body: newRecord('by-cookie'), headers: { Cookie: cookie, Origin: 'https://evil.example' } });
      expect([reply.status, reply.headers.get('set-cookie'), reply.headers.get('access-control-allow-origin')]).toEqual([401, null, null]);
    }
    expect((await login({ username: 'ann', password: PASSWORD })).headers.get('set-cookie')).toBeNull();
  });

  it('abuse 37: a token in the query is no token', async () => {
    const reply = await call(service.url, 'GET', `/container_registries?access_token=${admin.bearer ?? ''}`);
    expect([reply.status, reply.body.code]).toEqual([401, 'AUTHENTICATION_REQUIRED']);
  });

  it('abuse 37: other names of this machine are demanded where a login is, too', async () => {
    const bearer = admin.bearer ?? '';
    const socket = await openConnection(service.url);
    socket.write(`GET /container_registries HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer ${bearer}\r\nConnection: close\r\n\r\n`);
    socket.resume();
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString()).toContain('403');
    socket.destroy();
  });

  it('abuse 37: web pages of trusted origins may send a token, and never cookies', async () => {
    const trusting = await startService({ CORS_ORIGINS: 'https://console.example.com' });
    try {
      const preflight = await call(trusting.url, 'OPTIONS', '/container_registries', { headers: { Origin: 'https://console.example.com', 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'authorization' } });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('authorization');
      expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
    } finally {
      await trusting.stop();
    }
  });
});

describe('abuse 38: guessing passwords', () => {
  it('abuse 38: slows down for the user, says for how long, and does not stop others', async () => {
    await addUser(admin, { username: 'target', password: PASSWORD });
    const replies: Reply[] = [];
    for (let n = 0; n < 8; n++) replies.push(await login({ username: 'target', password: `guess number ${n}` }));
    expect(replies.slice(0, 5).map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
    const slowed = replies.find(({ status }) => status === 429);
    expect([slowed?.body.code, Number(slowed?.headers.get('retry-after')) > 0]).toEqual(['LOGIN_SLOWED', true]);
    expect((await login({ username: 'ann', password: PASSWORD })).status).toBe(200);
  });

  it('abuse 38: nobody costs about as much as somebody', async () => {
    const timed = async (username: string): Promise<number> => {
      const startedMs = performance.now();
      await login({ username, password: 'wrong but plausible' });
      return performance.now() - startedMs;
    };
    const [known, unknown]: [number[], number[]] = [[], []];
    for (let n = 0; n < 3; n++) {
      known.push(await timed('rita'));
      unknown.push(await timed(`ghost-${n}`));
    }
    const ratio = Math.min(...unknown) / Math.min(...known);
    // Without the same work, nobody would cost a tenth.
    expect([ratio > 0.3, ratio < 3]).toEqual([true, true]);
  });
});
