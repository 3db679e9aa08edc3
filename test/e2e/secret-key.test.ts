import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { call, newRecord, type Reply } from '../support/requests.ts';
import { startService, temporaryFolder, type TestService } from '../support/service.ts';

const newKey = (): string => randomBytes(32).toString('base64');
const PASSWORD = 'lighthouse keeper';

/** The service on the same data, given other keys each time it starts. */
describe('the secret key', () => {
  const [first, second] = [newKey(), newKey()];
  let dataDir: string;
  let service: TestService;
  let token: string;

  const start = async (secretKey: string): Promise<void> => {
    service = await startService({ DATA_DIR: dataDir, AUTH: 'on', ADMIN_PASSWORD: PASSWORD, SECRET_KEY: secretKey, LOG_LEVEL: 'error' });
  };
  const restart = async (secretKey: string): Promise<void> => {
    await service.stop();
    await start(secretKey);
  };
  const as = (bearer: string) => (method: string, path: string, body?: unknown): Promise<Reply> =>
    call(service.url, method, path, { ...(body === undefined ? {} : { body }), headers: { Authorization: `Bearer ${bearer}` } });
  const login = (): Promise<Reply> => call(service.url, 'POST', '/api/v1/auth/login', { body: { username: 'admin', password: PASSWORD } });
  const pullSecret = (): Promise<Reply> => as(token)('GET', '/container_registry/quay/pull-secret');

  beforeAll(async () => {
    dataDir = await temporaryFolder();
    await start(first);
    const session = (await login()).body.data.access_token as string;
    await as(session)('POST', '/container_registry', newRecord('quay', { container_registry_config: { health: { enabled: false } } }));
    expect((await as(session)('PUT', '/container_registry/quay/credentials', { username: 'robot', password: 'harbour of robots' })).status).toBe(200);
    token = (await as(session)('POST', '/api/v1/tokens', { name: 'kept', scopes: ['*'] })).body.data.token as string;
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('that is lost locks what it sealed and nothing else, and destroys nothing', async () => {
    await restart(second);
    expect((await as(token)('GET', '/container_registry/quay')).status).toBe(200);
    expect((await as(token)('PUT', '/container_registry/quay', { container_registry_name: 'Quay' })).status).toBe(200);
    expect((await login()).status).toBe(200);
    expect(await pullSecret()).toMatchObject({ status: 503, body: { code: 'SECRETS_LOCKED' } });
    expect((await as(token)('GET', '/api/v1/secrets')).body.data).toMatchObject({ locked: 1 });
    await restart(first);
    expect((await pullSecret()).text).toContain(Buffer.from('robot:harbour of robots').toString('base64'));
  }, 60_000);

  it('is exchanged for another by rotation, during which both are given', async () => {
    await restart(`${second},${first}`);
    expect((await as(token)('POST', '/api/v1/secrets/rotate', { what: 'credentials' })).body.data).toMatchObject({ resealed: 1, failed: 0 });
    await restart(second);
    expect((await pullSecret()).text).toContain(Buffer.from('robot:harbour of robots').toString('base64'));
    expect((await as(token)('GET', '/api/v1/secrets')).body.data).toMatchObject({ locked: 0 });
  }, 60_000);

  it('of sessions is exchanged without ending those under way', async () => {
    const session = (await login()).body.data.access_token as string;
    expect((await as(token)('POST', '/api/v1/secrets/rotate', { what: 'sessions' })).status).toBe(200);
    expect((await as(session)('GET', '/api/v1/auth/me')).body.data).toMatchObject({ kind: 'user', user: 'admin' });
    expect((await as((await login()).body.data.access_token as string)('GET', '/api/v1/auth/me')).body.data).toMatchObject({ user: 'admin' });
  }, 60_000);
});
