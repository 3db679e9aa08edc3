import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { request as secureRequest } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ADMIN_PASSWORD, callerOf, logIn, makeToken } from '../support/callers.ts';
import { makeCertificate } from '../support/certificates.ts';
import { openConnection } from '../support/network.ts';
import { call, newRecord } from '../support/requests.ts';
import { runToExit, spawnService, startService, temporaryFolder, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

/** An address that others could reach, were there others: these tests have no network but loopback. */
const open = { HOST: '0.0.0.0', RATE_LIMIT_PER_MINUTE: '0' };
const credentials = { username: 'admin', password: ADMIN_PASSWORD };

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What a request under a name of somebody else's choice gets. */
async function statusAs(name: string, url: string): Promise<number | undefined> {
  const sent = request(url, { headers: { Host: name }, agent: false });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

/** The service on an open address, called over loopback. */
async function withService(variables: Record<string, string>, work: (url: string) => Promise<void>): Promise<void> {
  const service: TestService = await startService({ DATA_DIR: folder, ...open, ...variables });
  try {
    await work(service.url.replace('0.0.0.0', '127.0.0.1'));
  } finally {
    await service.stop();
  }
}

describe('abuse 42: an open address', () => {
  it('abuse 42: needs an administrator: without ADMIN_PASSWORD and none there, it refuses to start', async () => {
    const { code, stderr } = await runToExit({ DATA_DIR: folder, ...open, PORT: '0' });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^portolan: .*ADMIN_PASSWORD.*\n$/)]);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('abuse 42: so does AUTH=on on loopback', async () => {
    await expect(startService({ DATA_DIR: folder, AUTH: 'on' })).rejects.toThrow(expect.objectContaining({ name: 'StartError', message: expect.stringContaining('ADMIN_PASSWORD') }));
    // Nothing was left open: the same folder can be used at once.
    await withService({ ADMIN_PASSWORD }, async (url) => expect((await call(url, 'GET', '/health')).status).toBe(200));
  });

  it('abuse 42: there is no default password, and ADMIN_PASSWORD may go once there is an administrator', async () => {
    await withService({ ADMIN_PASSWORD, ALLOW_HTTP: 'true' }, async (url) => {
      for (const password of ['admin', 'password', 'portolan', 'changeme1']) expect((await call(url, 'POST', '/api/v1/auth/login', { body: { username: 'admin', password } })).status).toBe(401);
    });
    await withService({ ALLOW_HTTP: 'true' }, async (url) => {
      await logIn(url, 'admin', ADMIN_PASSWORD);
    });
  });

  it('abuse 42: a password that was changed is not changed back by ADMIN_PASSWORD', async () => {
    await withService({ ADMIN_PASSWORD, ALLOW_HTTP: 'true' }, async (url) => {
      const admin = await logIn(url, 'admin', ADMIN_PASSWORD);
      expect((await admin.call('PUT', '/api/v1/users/admin', { body: { password: 'a better password', current_password: ADMIN_PASSWORD } })).status).toBe(200);
    });
    await withService({ ADMIN_PASSWORD, ALLOW_HTTP: 'true' }, async (url) => {
      expect((await call(url, 'POST', '/api/v1/auth/login', { body: credentials })).status).toBe(401);
      await logIn(url, 'admin', 'a better password');
    });
  });

  it('asks everybody who they are, but for what is open, and answers to any name', async () => {
    await withService({ ADMIN_PASSWORD }, async (url) => {
      const statuses = await Promise.all(['/', '/health', '/ready', '/openapi.json', '/docs', '/docs/style.css', '/metrics', '/container_registries', '/container_registry/x'].map(async (path) => [path, (await call(url, 'GET', path)).status]));
      expect(Object.fromEntries(statuses)).toEqual({ '/': 200, '/health': 200, '/ready': 200, '/openapi.json': 200, '/docs': 200, '/docs/style.css': 200, '/metrics': 401, '/container_registries': 401, '/container_registry/x': 401 });
      expect(await statusAs('portolan.example.com', `${url}/health`)).toBe(200);
    });
  });

  it('answers to the names of a proxy on the same machine where a login is demanded', async () => {
    const behindProxy = await startService({ DATA_DIR: folder, AUTH: 'on', ADMIN_PASSWORD, TRUST_PROXY: '1' });
    try {
      for (const name of ['portolan.example.com', 'localhost']) {
        expect(await statusAs(name, `${behindProxy.url}/health`)).toBe(200);
        expect(await statusAs(name, `${behindProxy.url}/container_registry/x`)).toBe(401);
      }
    } finally {
      await behindProxy.stop();
    }
  });

  it('AUTH=off gives everybody all rights, and says so at every start', async () => {
    const service = await spawnService({ DATA_DIR: folder, ...open, AUTH: 'off' });
    try {
      const url = service.url.replace('0.0.0.0', '127.0.0.1');
      expect((await call(url, 'GET', '/api/v1/auth/me')).body.data.kind).toBe('local');
      expect((await call(url, 'POST', '/container_registry', { body: newRecord('x') })).status).toBe(201);
      expect(service.output()).toContain('AUTH=off: everybody who reaches 0.0.0.0 has all rights.');
      // Secrets are still not for everybody on the way.
      expect((await call(url, 'POST', '/api/v1/users', { body: { username: 'ann' } })).body.code).toBe('INSECURE_TRANSPORT');
    } finally {
      await service.stop();
    }
  });
});

describe('secrets in the clear', () => {
  it('are refused on an open address, before they have been read', async () => {
    await withService({ ADMIN_PASSWORD }, async (url) => {
      const refused = await call(url, 'POST', '/api/v1/auth/login', { body: credentials });
      expect([refused.status, refused.body.code]).toEqual([403, 'INSECURE_TRANSPORT']);
      const socket = await openConnection(url);
      socket.write('POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n');
      socket.resume();
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 403 /);
      socket.destroy();
      for (const [method, path] of [['POST', '/api/v1/auth/refresh'], ['POST', '/api/v1/users'], ['PUT', '/api/v1/users/admin'], ['POST', '/api/v1/tokens'], ['PUT', '/container_registry/x/credentials'], ['GET', '/container_registry/x/pull-secret']] as const) {
        const reply = await call(url, method, path, method === 'GET' ? {} : { body: {} });
        expect([path, reply.status, reply.body.code]).toEqual([path, 403, 'INSECURE_TRANSPORT']);
      }
    });
  });

  it('are taken where the operator says so, and tokens then work', async () => {
    await withService({ ADMIN_PASSWORD, ALLOW_HTTP: 'true' }, async (url) => {
      const token = await makeToken(url, await logIn(url, 'admin', ADMIN_PASSWORD), ['record:read']);
      expect((await token.call('GET', '/container_registries')).status).toBe(200);
    });
  });

  it('are taken from a trusted proxy that ended TLS, and from nobody who only says so', async () => {
    const headers = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '192.0.2.7' };
    await withService({ ADMIN_PASSWORD }, async (url) => {
      expect((await call(url, 'POST', '/api/v1/auth/login', { body: credentials, headers })).body.code).toBe('INSECURE_TRANSPORT');
    });
    await withService({ ADMIN_PASSWORD, TRUST_PROXY: '1' }, async (url) => {
      expect((await call(url, 'POST', '/api/v1/auth/login', { body: credentials })).body.code).toBe('INSECURE_TRANSPORT');
      const reply = await call(url, 'POST', '/api/v1/auth/login', { body: credentials, headers });
      expect(reply.status).toBe(200);
      const admin = callerOf(url, 'admin', reply.body.data.access_token);
      // The audit knows the client behind the proxy.
      const [login] = (await admin.call('GET', '/api/v1/audit?action=session:login&limit=1')).body.data;
      expect([login.outcome, login.from]).toEqual(['done', '192.0.2.7']);
    });
    await withService({ ADMIN_PASSWORD, TRUST_PROXY: '192.0.2.0/24' }, async (url) => {
      expect((await call(url, 'POST', '/api/v1/auth/login', { body: credentials, headers })).body.code).toBe('INSECURE_TRANSPORT');
    });
  });

  it('are taken over TLS, which the service speaks itself', async () => {
    const { certPem, keyPem } = makeCertificate({ commonName: 'portolan', names: ['127.0.0.1'] });
    const files = { TLS_CERT_FILE: join(folder, 'cert.pem'), TLS_KEY_FILE: join(folder, 'key.pem') };
    await Promise.all([writeFile(files.TLS_CERT_FILE, certPem), writeFile(files.TLS_KEY_FILE, keyPem)]);
    await withService({ ADMIN_PASSWORD, ...files }, async (url) => {
      expect(url).toMatch(/^https:/);
      const ask = async (method: string, path: string, headers: Record<string, string>, body?: object): Promise<{ status: number | undefined; body: any }> => {
        const sent = secureRequest(`${url}${path}`, { method, ca: certPem, agent: false, headers: { 'Content-Type': 'application/json', ...headers } });
        sent.end(body === undefined ? undefined : JSON.stringify(body));
        const [response] = (await once(sent, 'response')) as [IncomingMessage];
        return { status: response.statusCode, body: JSON.parse(await text(response)) };
      };
      const login = await ask('POST', '/api/v1/auth/login', {}, credentials);
      expect(login.status).toBe(200);
      const me = await ask('GET', '/api/v1/auth/me', { Authorization: `Bearer ${String(login.body.data.access_token)}` });
      expect(me.body.data.user).toBe('admin');
    });
  });

  it('need a certificate that can be used: otherwise the service does not start, and says which file is wrong', async () => {
    const { code, stderr } = await runToExit({ DATA_DIR: folder, PORT: '0', TLS_CERT_FILE: '/not/there.pem', TLS_KEY_FILE: '/not/there.key' });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^portolan: TLS_CERT_FILE: cannot read \/not\/there\.pem: .*\n$/)]);
  });
});

describe('METRICS_PUBLIC and ANONYMOUS_READ', () => {
  const shownIn = (exposed: string): string[] => [...new Set([...exposed.matchAll(/^portolan_registry_verdict\{id="([^"]+)"/gm)].map(([, id]) => id ?? ''))].sort();

  it('show nobody more than public records', async () => {
    await withService({ ADMIN_PASSWORD, ALLOW_HTTP: 'true', METRICS_PUBLIC: 'true', ANONYMOUS_READ: 'true' }, async (url) => {
      const admin = await logIn(url, 'admin', ADMIN_PASSWORD);
      for (const visibility of ['public', 'internal', 'private']) {
        const body = newRecord(visibility, { container_registry_config: { health: { enabled: false } } });
        expect((await admin.call('POST', `/container_registry?visibility=${visibility}`, { body })).status).toBe(201);
      }
      await until(async () => shownIn((await admin.call('GET', '/metrics')).text).length === 3);
      const open = await call(url, 'GET', '/metrics');
      expect([open.status, shownIn(open.text)]).toEqual([200, ['public']]);
      expect(open.text).toContain('portolan_registries_without_metrics 0\n');
      expect((await call(url, 'GET', '/metrics', { headers: { Authorization: 'Bearer x' } })).status).toBe(401);
      expect((await call(url, 'GET', '/container_registries')).body.data).toHaveLength(1);
      expect((await call(url, 'GET', '/container_registry/internal')).status).toBe(404);
    });
  });

  it('apart: metrics may be open while records are not', async () => {
    await withService({ ADMIN_PASSWORD, METRICS_PUBLIC: 'true' }, async (url) => {
      expect((await call(url, 'GET', '/metrics')).status).toBe(200);
      expect((await call(url, 'GET', '/container_registries')).status).toBe(401);
    });
  });
});

describe('a store that is away at the start', () => {
  it('does not keep the service from starting, and nobody is let in meanwhile', async () => {
    await withService({ ADMIN_PASSWORD, ALLOW_HTTP: 'true', SECRET_KEY: 'k3yTh4tNobodyG5esses-0123456789abcdef', MONGO_URL: 'mongodb://127.0.0.1:9' }, async (url) => {
      expect((await call(url, 'GET', '/health')).status).toBe(200);
      expect((await call(url, 'GET', '/ready')).status).toBe(503);
      expect((await call(url, 'GET', '/container_registries')).status).toBe(401);
      expect((await call(url, 'POST', '/api/v1/auth/login', { body: credentials })).status).toBe(503);
      expect((await call(url, 'GET', '/container_registries', { headers: { Authorization: 'Bearer ptl_0123456789abcdef_x_x' } })).status).toBeGreaterThanOrEqual(401);
    });
  });
});
