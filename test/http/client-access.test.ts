import { createClient, type Client } from '../../src/client/client.ts';
import { all, failure } from '../support/client-calls.ts';
import { refusedWith, sendData, startScriptedService, type ScriptedService } from '../support/scripted-service.ts';

const services: ScriptedService[] = [];
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.close()));
});
const scripted = async (answer: Parameters<typeof startScriptedService>[0]): Promise<ScriptedService> => {
  const service = await startScriptedService(answer);
  services.push(service);
  return service;
};
const clientOf = ({ url }: { url: string }, timeoutMs = 10_000): Client => createClient({ url, timeoutMs, token: 'ptl_secret' });

const NDJSON = { 'Content-Type': 'application/x-ndjson; charset=utf-8' };

describe('a client that calls as somebody', () => {
  it('asks for everything where the service has it, each time with its token', async () => {
    const service = await scripted((request, response) => {
      if (request.url === '/api/v1/audit') response.writeHead(200, NDJSON).end('{"seq":1}\n');
      else sendData(response, []);
    });
    const client = clientOf(service);
    await client.me();
    await client.logout();
    await client.listUsers();
    await client.getUser('a/b');
    await client.createUser({ username: 'ann', groups: ['ops'] });
    await client.updateUser('ann', { disabled: true });
    await client.removeUser('ann');
    await client.listTokens();
    await client.listTokens('ann');
    await client.createToken({ name: 'ci', scopes: ['*'], expires_in_s: 60 });
    await client.revokeToken('id');
    await all(client.audit());
    await all(client.audit({ user: 'ann', action: 'record', limit: 5 }));
    await client.verifyAudit();
    await client.secrets();
    await client.resealCredentials();
    await client.rotateSigningKey();
    await client.access('r');
    await client.setAccess('r', { visibility: 'private' });
    await client.credentials('r');
    await client.setCredential('r', { token: 't', repository_prefix: 'p' });
    await client.removeCredential('r', 'p');
    expect(service.asked.map(({ method, target, body }) => `${method} ${target} ${body}`.trim())).toEqual([
      'GET /api/v1/auth/me',
      'POST /api/v1/auth/logout',
      'GET /api/v1/users',
      'GET /api/v1/users/a%2Fb',
      'POST /api/v1/users {"username":"ann","groups":["ops"]}',
      'PUT /api/v1/users/ann {"disabled":true}',
      'DELETE /api/v1/users/ann',
      'GET /api/v1/tokens',
      'GET /api/v1/tokens?username=ann',
      'POST /api/v1/tokens {"name":"ci","scopes":["*"],"expires_in_s":60}',
      'DELETE /api/v1/tokens/id',
      'GET /api/v1/audit',
      'GET /api/v1/audit?user=ann&action=record&limit=5',
      'GET /api/v1/audit/verify',
      'GET /api/v1/secrets',
      'POST /api/v1/secrets/rotate {"what":"credentials"}',
      'POST /api/v1/secrets/rotate {"what":"sessions"}',
      'GET /container_registry/r/access',
      'PUT /container_registry/r/access {"visibility":"private"}',
      'GET /container_registry/r/credentials',
      'PUT /container_registry/r/credentials {"token":"t","repository_prefix":"p"}',
      'DELETE /container_registry/r/credentials?repository_prefix=p',
    ]);
    expect(new Set(service.asked.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer ptl_secret']));
  });

  it('logs in without showing a token that it holds', async () => {
    const service = await scripted((_request, response) => sendData(response, { access_token: 'a', refresh_token: 'r', token_type: 'Bearer', expires_in: 900 }));
    expect(await clientOf(service).login('ann', 'correct horse')).toMatchObject({ accessToken: 'a', refreshToken: 'r' });
    expect(service.asked[0]).toMatchObject({ method: 'POST', target: '/api/v1/auth/login', body: '{"username":"ann","password":"correct horse"}' });
    expect(service.asked[0]?.headers.authorization).toBeUndefined();
  });

  it.each([[null], [{}], [{ access_token: 'a', refresh_token: 'r' }], [{ access_token: 'a b', refresh_token: 'r', expires_in: 1 }]])('takes %j for no login', async (data) => {
    const service = await scripted((_request, response) => sendData(response, data));
    expect((await failure(() => clientOf(service).login('a', 'b'))).code).toBe('NOT_PORTOLAN');
  });

  it('abuse 36: shows its token to no other place, neither by a redirect nor by a link to a next page', async () => {
    const elsewhere = await scripted((_request, response) => sendData(response, []));
    const redirecting = await scripted((_request, response) => response.writeHead(307, { Location: `${elsewhere.url}/` }).end());
    const linking = await scripted((request, response) => sendData(response, [1], request.url?.includes('cursor') === true ? {} : { Link: `<${elsewhere.url}/?cursor=x>; rel="next"` }));
    expect((await failure(() => clientOf(redirecting).me())).code).toBe('NOT_PORTOLAN');
    expect((await failure(() => all(clientOf(redirecting).audit()))).code).toBe('NOT_PORTOLAN');
    expect(await all(clientOf(linking).audit({ limit: 10 }))).toEqual([1, 1]);
    expect(elsewhere.asked).toEqual([]);
  });

  it('reads answers that stand in no envelope, and errors that do', async () => {
    const plain = await scripted((_request, response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"auths":{}}'));
    expect(await clientOf(plain).pullSecret('r', { format: 'dockerconfigjson' })).toEqual({ auths: {} });
    expect(plain.asked[0]?.target).toBe('/container_registry/r/pull-secret?format=dockerconfigjson');
    const refusing = await scripted((_request, response) => refusedWith(response, 403, 'FORBIDDEN'));
    expect(await failure(() => clientOf(refusing).pullSecret('r'))).toMatchObject({ code: 'FORBIDDEN', status: 403 });
    const other = await scripted((_request, response) => response.writeHead(200).end('[]'));
    expect((await failure(() => clientOf(other).pullSecret('r'))).code).toBe('NOT_PORTOLAN');
  });
});

describe('the stream of the audit', () => {
  it('is read line by line, however it is cut into chunks', async () => {
    const text = Buffer.from('{"who":"ünï"}\n{"seq":2}\n{"seq":3}');
    const service = await scripted((_request, response) => {
      response.writeHead(200, NDJSON);
      const next = (at: number): unknown => (at === text.length ? response.end() : response.write(text.subarray(at, at + 1), () => setImmediate(next, at + 1)));
      next(0);
    });
    expect(await all(clientOf(service).audit())).toEqual([{ who: 'ünï' }, { seq: 2 }, { seq: 3 }]);
    expect(service.asked[0]?.headers.accept).toBe('application/x-ndjson');
  });

  it('that is empty has no entries', async () => {
    const service = await scripted((_request, response) => response.writeHead(200, NDJSON).end());
    expect(await all(clientOf(service).audit())).toEqual([]);
  });

  it('ends at the service when nobody reads on', async () => {
    let ended: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (ended = resolve));
    const service = await scripted((_request, response) => {
      response.writeHead(200, NDJSON).on('close', ended);
      const more = (): void => {
        while (!response.destroyed && response.write('{"seq":1}\n'.repeat(1000)));
      };
      response.on('drain', more);
      more();
    });
    for await (const entry of clientOf(service).audit()) {
      expect(entry).toEqual({ seq: 1 });
      break;
    }
    await over;
  });

  it('fails with what came, when it breaks off, stops, never ends a line, or is none', async () => {
    const seen: unknown[] = [];
    const codeOf = async (answer: Parameters<typeof startScriptedService>[0], timeoutMs?: number): Promise<string> => {
      const client = clientOf(await scripted(answer), timeoutMs);
      return (await failure(async () => {
        for await (const entry of client.audit()) seen.push(entry);
      })).code;
    };
    const breaking = await codeOf((_request, response) => {
      response.writeHead(200, NDJSON).write('{"seq":1}\n{"se', () => setTimeout(() => response.destroy(), 50));
    });
    expect([breaking, seen]).toEqual(['SERVICE_AWAY', [{ seq: 1 }]]);
    expect(await codeOf((_request, response) => void response.writeHead(200, NDJSON).write('{"seq":1}\n'), 200)).toBe('SERVICE_TIMEOUT');
    expect(await codeOf((_request, response) => void response.writeHead(200, NDJSON).end('x'.repeat(2_000_000)))).toBe('NOT_PORTOLAN');
    expect(await codeOf((_request, response) => void response.writeHead(200, NDJSON).end('<html>\n'))).toBe('NOT_PORTOLAN');
    expect(await codeOf((_request, response) => sendData(response, []))).toBe('NOT_PORTOLAN');
    expect(await codeOf((_request, response) => refusedWith(response, 403, 'FORBIDDEN'))).toBe('FORBIDDEN');
  });

  it('may take longer than one answer, as long as it goes on', async () => {
    const service = await scripted((_request, response) => {
      response.writeHead(200, NDJSON);
      let left = 6;
      const timer = setInterval(() => {
        response.write('{"seq":1}\n');
        if (--left > 0) return;
        clearInterval(timer);
        response.end();
      }, 100);
    });
    expect(await all(clientOf(service, 400).audit())).toHaveLength(6);
  });
});
