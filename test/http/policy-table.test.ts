import { rm } from 'node:fs/promises';
import { addUser, ADMIN_PASSWORD, callerOf, logIn, makeToken, PASSWORD, type Caller } from '../support/callers.ts';
import { readApi } from '../support/openapi.ts';
import { newRecord, type Reply } from '../support/requests.ts';
import { startService, temporaryFolder, type TestService } from '../support/service.ts';

/**
 * Everybody who can call. `local`: where nobody has to log in. `visitor`: nobody, with ANONYMOUS_READ. `publisher` and `user` are those that
 * records are shared with, the user by a group. `owner` owns all records. `reads` and `writes` are tokens of the owner, with the scopes
 * record:read, and record:update and record:delete.
 */
type PrincipalName = 'local' | 'nobody' | 'visitor' | 'user' | 'publisher' | 'owner' | 'admin' | 'reads' | 'writes';

/** Records of the owner: of each visibility, and private ones that are shared for reading, pulling and writing. */
const records = ['public', 'internal', 'private', 'read', 'pull', 'write'] as const;
type RecordName = (typeof records)[number];

/** The whole policy. `ok`: the route does its work, though it may find nothing to do; otherwise the status of the refusal. */
const table = `
  what         record    local nobody visitor user publisher owner admin reads writes
  open         -         ok    ok     ok      ok   ok        ok    ok    ok    ok
  list         -         ok    401    ok      ok   ok        ok    ok    ok    403
  create       -         ok    401    401     403  ok        ok    ok    403   403
  change-many  -         ok    401    401     403  ok        ok    ok    403   ok
  probe-url    -         ok    401    401     403  ok        ok    ok    403   403
  metrics      -         ok    401    401     ok   ok        ok    ok    403   403
  account      -         ok    401    401     ok   ok        ok    ok    403   403
  own-user     -         ok    401    401     ok   ok        ok    ok    403   403
  other-user   -         ok    401    401     403  403       403   ok    403   403
  no-user      -         404   401    401     403  403       403   404   403   403
  no-token     -         404   401    401     404  404       404   404   403   403
  administer   -         ok    401    401     403  403       403   ok    403   403
  read         public    ok    401    ok      ok   ok        ok    ok    ok    403
  read         internal  ok    401    404     ok   ok        ok    ok    ok    403
  read         private   ok    401    404     404  404       ok    ok    ok    403
  read         read      ok    401    404     ok   ok        ok    ok    ok    403
  read         pull      ok    401    404     ok   ok        ok    ok    ok    403
  read         write     ok    401    404     ok   ok        ok    ok    ok    403
  probe        public    ok    401    401     ok   ok        ok    ok    403   403
  probe        internal  ok    401    401     ok   ok        ok    ok    403   403
  probe        private   ok    401    401     404  404       ok    ok    403   403
  probe        read      ok    401    401     ok   ok        ok    ok    403   403
  probe        pull      ok    401    401     ok   ok        ok    ok    403   403
  probe        write     ok    401    401     ok   ok        ok    ok    403   403
  update       public    ok    401    401     403  403       ok    ok    403   404
  update       internal  ok    401    401     403  403       ok    ok    403   404
  update       private   ok    401    401     403  404       ok    ok    403   404
  update       read      ok    401    401     403  403       ok    ok    403   404
  update       pull      ok    401    401     403  403       ok    ok    403   404
  update       write     ok    401    401     403  ok        ok    ok    403   404
  delete       public    ok    401    401     403  403       ok    ok    403   404
  delete       internal  ok    401    401     403  403       ok    ok    403   404
  delete       private   ok    401    401     403  404       ok    ok    403   404
  delete       read      ok    401    401     403  403       ok    ok    403   404
  delete       pull      ok    401    401     403  403       ok    ok    403   404
  delete       write     ok    401    401     403  403       ok    ok    403   404
  own          public    ok    401    401     403  403       ok    ok    403   403
  own          internal  ok    401    401     403  403       ok    ok    403   403
  own          private   ok    401    401     403  404       ok    ok    403   403
  own          read      ok    401    401     403  403       ok    ok    403   403
  own          pull      ok    401    401     403  403       ok    ok    403   403
  own          write     ok    401    401     403  403       ok    ok    403   403
  use          public    ok    401    401     403  403       ok    ok    403   403
  use          internal  ok    401    401     403  403       ok    ok    403   403
  use          private   ok    401    401     404  404       ok    ok    403   403
  use          read      ok    401    401     403  403       ok    ok    403   403
  use          pull      ok    401    401     ok   ok        ok    ok    403   403
  use          write     ok    401    401     403  403       ok    ok    403   403
`;

interface Request {
  /** Rows of the table. */
  readonly what: string;
  /** In place of the route's path; parameters in braces are filled in. */
  readonly path?: string;
  readonly body?: unknown;
}

/** How each route is called so that only the policy decides, and nothing of what others are about to see changes. */
const requests: Readonly<Record<string, readonly Request[]>> = {
  'GET /': [{ what: 'open' }],
  'GET /health': [{ what: 'open' }],
  'GET /ready': [{ what: 'open' }],
  'GET /openapi.json': [{ what: 'open' }],
  'GET /docs': [{ what: 'open' }],
  'GET /docs/style.css': [{ what: 'open' }],
  'GET /metrics': [{ what: 'metrics' }],
  'POST /api/v1/auth/login': [{ what: 'open', body: {} }],
  'POST /api/v1/auth/refresh': [{ what: 'open', body: {} }],
  'GET /api/v1/auth/me': [{ what: 'open' }],
  'POST /api/v1/auth/logout': [{ what: 'account' }],
  'GET /api/v1/users': [{ what: 'administer' }],
  'POST /api/v1/users': [{ what: 'administer', body: {} }],
  'GET /api/v1/users/{name}': [{ what: 'own-user', path: '/api/v1/users/{self}' }, { what: 'other-user', path: '/api/v1/users/bystander' }],
  'PUT /api/v1/users/{name}': [
    { what: 'own-user', path: '/api/v1/users/{self}', body: {} },
    { what: 'other-user', path: '/api/v1/users/bystander', body: {} },
    { what: 'other-user', path: '/api/v1/users/bystander', body: { role: 'admin' } },
  ],
  'DELETE /api/v1/users/{name}': [{ what: 'no-user', path: '/api/v1/users/not-there' }],
  'GET /api/v1/tokens': [{ what: 'account' }, { what: 'other-user', path: '/api/v1/tokens?username=bystander' }, { what: 'administer', path: '/api/v1/tokens?username=*' }],
  'POST /api/v1/tokens': [{ what: 'account', body: {} }, { what: 'other-user', body: { name: 'x', scopes: ['*'], username: 'bystander' } }],
  'DELETE /api/v1/tokens/{id}': [{ what: 'no-token', path: '/api/v1/tokens/not-there' }],
  'GET /api/v1/audit': [{ what: 'administer' }],
  'GET /api/v1/audit/verify': [{ what: 'administer' }],
  'GET /api/v1/secrets': [{ what: 'administer' }],
  'POST /api/v1/secrets/rotate': [{ what: 'administer', body: {} }],
  'POST /api/v1/backup': [{ what: 'administer' }],
  'POST /api/v1/probe': [{ what: 'probe-url', body: {} }],
  'POST /container_registry': [{ what: 'create', body: {} }],
  'GET /container_registries': [{ what: 'list' }],
  'POST /container_registries': [{ what: 'list', body: {} }],
  'GET /container_registries/health': [{ what: 'list' }],
  'GET /container_registries/export': [{ what: 'list' }],
  'GET /container_registries/summary': [{ what: 'list' }],
  'POST /container_registries/import': [{ what: 'create', body: [] }],
  'POST /container_registries/update': [{ what: 'change-many', body: {} }],
  'POST /container_registries/delete': [{ what: 'change-many', body: {} }],
  'GET /container_registry/{id}': [{ what: 'read' }, { what: 'read', path: '/container_registry/{id}?include=health,meta' }],
  'PUT /container_registry/{id}': [{ what: 'update', body: {} }],
  'DELETE /container_registry/{id}': [{ what: 'delete' }],
  'GET /check_container_health/{id}': [{ what: 'probe' }],
  'GET /container_registry/{id}/health': [{ what: 'read' }],
  'GET /container_registry/{id}/health/history': [{ what: 'read' }],
  'GET /container_registry/{id}/health/events': [{ what: 'read' }],
  'GET /container_registry/{id}/access': [{ what: 'read' }],
  'PUT /container_registry/{id}/access': [{ what: 'own', body: {} }],
  'GET /container_registry/{id}/credentials': [{ what: 'own' }],
  'PUT /container_registry/{id}/credentials': [{ what: 'own', body: {} }],
  'DELETE /container_registry/{id}/credentials': [{ what: 'own' }],
  'GET /container_registry/{id}/pull-secret': [{ what: 'use' }],
};

/** Whom each list, count and metric shows which records. */
const seen: Readonly<Record<PrincipalName, readonly RecordName[] | null>> = {
  local: records,
  nobody: null,
  visitor: ['public'],
  user: ['public', 'internal', 'read', 'pull', 'write'],
  publisher: ['public', 'internal', 'read', 'pull', 'write'],
  owner: records,
  admin: records,
  reads: records,
  writes: null,
};

interface Row {
  readonly what: string;
  readonly record: string;
  readonly outcomes: Readonly<Record<string, string>>;
}

const [heading = [], ...lines] = table.trim().split('\n').map((line) => line.trim().split(/\s+/));
const rows: readonly Row[] = lines.map(([what = '', record = '', ...outcomes]) => ({ what, record, outcomes: Object.fromEntries(heading.slice(2).map((name, n) => [name, outcomes[n] ?? ''])) }));

/** What was hidden, and not merely absent. */
const HIDDEN = ['RECORD_NOT_FOUND', 'USER_NOT_FOUND', 'TOKEN_NOT_FOUND'];

function outcomeOf({ status, text }: Reply): string {
  expect(status).toBeLessThan(500);
  const code = text.startsWith('{"success":false') ? (JSON.parse(text) as { code: string }).code : '';
  if (status === 401 || status === 403 || HIDDEN.includes(code)) return String(status);
  return 'ok';
}

const usernames: Partial<Record<PrincipalName, string>> = { user: 'rita', publisher: 'paul', owner: 'olga', admin: 'admin', reads: 'olga', writes: 'olga' };

async function putRecord(owner: Caller, record: RecordName): Promise<void> {
  const shares = ['read', 'pull', 'write'].includes(record) ? ['user:paul', 'group:ops'].map((member) => ({ with: member, may: record })) : [];
  const visibility = record === 'public' || record === 'internal' ? record : 'private';
  // Nothing answers there, and nothing is asked beyond this machine.
  const body = newRecord(record, { container_registry_public_url: 'http://127.0.0.1:9', container_registry_config: { health: { enabled: false } } });
  expect((await owner.call('POST', `/container_registry?visibility=${visibility}`, { body })).status).toBe(201);
  expect((await owner.call('PUT', `/container_registry/${record}/access`, { body: { shared_with: shares } })).status).toBe(200);
}

async function check(caller: Caller & { readonly name: PrincipalName }, restore: (record: RecordName) => Promise<void>): Promise<void> {
  const wrong: string[] = [];
  for (const [route, ways] of Object.entries(requests)) {
    const [method = '', path = ''] = route.split(' ');
    for (const way of ways) {
      const matching = rows.filter(({ what }) => what === way.what);
      expect([way.what, matching.length > 0]).toEqual([way.what, true]);
      for (const { record, outcomes } of matching) {
        const target = (way.path ?? path).replace('{id}', record).replace('{self}', usernames[caller.name] ?? 'rita');
        const reply = await caller.call(method, target, way.body === undefined ? {} : { body: way.body });
        const outcome = outcomeOf(reply);
        if (outcome !== outcomes[caller.name]) wrong.push(`${caller.name}: ${method} ${target}: ${outcome} (${reply.status} ${reply.text.slice(0, 120)}), not ${outcomes[caller.name] ?? ''}`);
        if (way.what === 'delete' && outcome === 'ok') await restore(record as RecordName);
      }
    }
  }
  expect(wrong).toEqual([]);
}

async function checkLists(caller: Caller & { readonly name: PrincipalName }): Promise<void> {
  const ids = seen[caller.name];
  if (ids === null) return;
  const expected = [...ids].sort();
  const idsOf = ({ body }: Reply, key: string): string[] => (body.data as Record<string, string>[]).map((item) => item[key] ?? '').sort();
  for (const query of ['', '?limit=100', '?sort=-meta.owner', '?fields=container_registry_name', '?include=meta']) {
    for (const [method, options] of [['GET', {}], ['POST', { body: {} }]] as const) {
      expect([caller.name, query, idsOf(await caller.call(method, `/container_registries${query}`, options), 'container_registry_id')]).toEqual([caller.name, query, expected]);
    }
  }
  for (const filter of [{ 'meta.owner': 'olga' }, { 'meta.visibility': { $in: ['public', 'internal', 'private'] } }, { container_registry_id: { $in: [...records] } }, { $nor: [{ container_registry_name: 'x' }] }]) {
    expect([caller.name, filter, idsOf(await caller.call('POST', '/container_registries', { body: filter }), 'container_registry_id')]).toEqual([caller.name, filter, expected]);
  }
  const counted = await caller.call('GET', '/container_registries?count=true&limit=1');
  expect([caller.name, counted.headers.get('x-total-count')]).toEqual([caller.name, String(expected.length)]);
  expect([caller.name, idsOf(await caller.call('GET', '/container_registries/health'), 'id')]).toEqual([caller.name, expected]);
  for (const query of ['', '?meta=false', '?q=registry']) {
    const { text } = await caller.call('GET', `/container_registries/export${query}`);
    expect([caller.name, query, text.split('\n').slice(0, -1).map((line) => (JSON.parse(line) as Record<string, string>)['container_registry_id'])]).toEqual([caller.name, query, expected]);
  }
  expect([caller.name, (await caller.call('GET', '/container_registries/summary')).body.data.total]).toEqual([caller.name, expected.length]);
  const metrics = await caller.call('GET', '/metrics');
  if (metrics.status !== 200) return;
  const labelled = new Set([...metrics.text.matchAll(/^portolan_registry_verdict\{id="([^"]+)"/gm)].map(([, id]) => id));
  expect([caller.name, [...labelled].sort()]).toEqual([caller.name, expected]);
}

describe('abuse 29, abuse 30: the policy', () => {
  let folder: string;
  let service: TestService;
  const start = async (variables: Record<string, string>): Promise<void> => {
    service = await startService({ DATA_DIR: folder, RATE_LIMIT_PER_MINUTE: '0', ADMIN_PASSWORD, ...variables });
  };
  const nobodyAs = (name: PrincipalName): Caller & { name: PrincipalName } => ({ ...callerOf(service.url, name, null), name });

  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => service.stop());
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('holds for whoever has logged in, for tokens and for visitors', async () => {
    await start({ AUTH: 'on', ANONYMOUS_READ: 'true' });
    const { url } = service;
    const admin = await logIn(url, 'admin', ADMIN_PASSWORD);
    await addUser(admin, { username: 'olga', role: 'publisher', password: PASSWORD });
    await addUser(admin, { username: 'paul', role: 'publisher', password: PASSWORD });
    await addUser(admin, { username: 'rita', groups: ['ops'], password: PASSWORD });
    await addUser(admin, { username: 'bystander' });
    // Sessions end by logging out, which is one of the routes, so the work around it goes by a token.
    const owner = await makeToken(url, await logIn(url, 'olga', PASSWORD), ['*']);
    for (const record of records) await putRecord(owner, record);
    const callers: (Caller & { name: PrincipalName })[] = [
      nobodyAs('visitor'),
      { ...(await makeToken(url, owner, ['record:read'])), name: 'reads' },
      { ...(await makeToken(url, owner, ['record:update', 'record:delete'])), name: 'writes' },
    ];
    for (const name of ['user', 'publisher', 'owner'] as const) callers.push({ ...(await logIn(url, usernames[name] ?? '', PASSWORD)), name });
    callers.push({ ...admin, name: 'admin' });
    for (const caller of callers) await checkLists(caller);
    for (const caller of callers) {
      // Logging out comes in the middle of the table, so what follows it needs a session that is still there.
      const token = caller.bearer !== null && !caller.bearer.startsWith('ptl_') ? await makeToken(url, caller, ['*']) : caller;
      await check({ ...token, name: caller.name }, (record) => putRecord(owner, record));
    }
  }, 120_000);

  it('holds for nobody, who may do nothing', async () => {
    await start({ AUTH: 'on' });
    await check(nobodyAs('nobody'), () => Promise.reject(new Error('Nobody can delete.')));
  });

  it('holds for this machine, which may do everything', async () => {
    await start({});
    const local = nobodyAs('local');
    await checkLists(local);
    await check(local, (record) => putRecord(local, record));
  });

  it('knows every route', async () => {
    await start({});
    const { operations } = await readApi(service.url);
    expect(Object.keys(requests).sort()).toEqual(operations.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it('documents for each route whether it asks who calls', async () => {
    await start({});
    const { operations } = await readApi(service.url);
    for (const { method, path, definition } of operations) {
      const key = `${method} ${path}`;
      const isOpen = (requests[key] ?? []).every(({ what }) => what === 'open');
      const security = (definition as unknown as { security: readonly object[] }).security;
      expect([key, security.some((requirement) => Object.keys(requirement).length === 0) || security.length === 0]).toEqual([key, isOpen]);
      if (!isOpen) expect([key, ['401', '403'].every((status) => status in definition.responses)]).toEqual([key, true]);
    }
  });
});
