import { describeWithPeer } from '../../support/peers.ts';
import { registryUser, startDistribution, startDockerRegistry, startOlareg, startTokenRegistry, type TokenRegistry } from '../../support/registries.ts';

const basic = (name: string, password: string): Record<string, string> => ({ authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` });
const login = basic(registryUser.name, registryUser.password);

describeWithPeer('docker-registry', 'the docker-registry of the tests', () => {
  it('serves the OCI API on a port of its own until it is stopped', async () => {
    const registry = await startDockerRegistry();
    const answer = await fetch(`${registry.url}/v2/`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    await registry.stop();
    await expect(fetch(`${registry.url}/v2/`)).rejects.toThrow('fetch failed');
  });

  it('asks for a login where told to, and takes the right one alone', async () => {
    const registry = await startDockerRegistry({ requireLogin: true });
    const refused = await fetch(`${registry.url}/v2/`);
    const wrong = await fetch(`${registry.url}/v2/`, { headers: basic(registryUser.name, 'wrong') });
    const right = await fetch(`${registry.url}/v2/`, { headers: login });
    await registry.stop();
    expect([refused.status, wrong.status, right.status]).toEqual([401, 401, 200]);
    expect(refused.headers.get('www-authenticate')).toBe('Basic realm="portolan-test"');
  });

  it('says why it did not start', async () => {
    const first = await startDockerRegistry();
    await expect(startDockerRegistry({ port: first.port })).rejects.toThrow(/address already in use/);
    await first.stop();
  });
});

describeWithPeer('docker-registry', 'the docker-registry with tokens', () => {
  let registry: TokenRegistry;
  beforeAll(async () => {
    registry = await startTokenRegistry();
  });
  afterAll(() => registry.stop());

  /** Follows the registry's challenge as clients do, and begins an upload with the token. */
  async function beginUpload(headers: Record<string, string>): Promise<{ tokenStatus: number; uploadStatus: number | null }> {
    const upload = (authorization = ''): Promise<Response> => fetch(`${registry.url}/v2/team/image/blobs/uploads/`, { method: 'POST', headers: { authorization } });
    const challenge = (await upload()).headers.get('www-authenticate') ?? '';
    const [, realm = '', service = '', scope = ''] = /^Bearer realm="([^"]+)",service="([^"]+)",scope="([^"]+)"/.exec(challenge) ?? [];
    // In no order that could be relied on.
    expect(scope).toMatch(/^repository:team\/image:(?:pull,push|push,pull)$/);
    const answer = await fetch(`${realm}?${new URLSearchParams({ service, scope }).toString()}`, { headers });
    if (!answer.ok) return { tokenStatus: answer.status, uploadStatus: null };
    const { token } = (await answer.json()) as { token: string };
    return { tokenStatus: answer.status, uploadStatus: (await upload(`Bearer ${token}`)).status };
  }

  it('takes a push with the token of a login', async () => {
    expect(await beginUpload(login)).toEqual({ tokenStatus: 200, uploadStatus: 202 });
  });

  it('takes no push with the token that everybody gets', async () => {
    expect(await beginUpload({})).toEqual({ tokenStatus: 200, uploadStatus: 401 });
  });

  it('gives no token for a wrong password', async () => {
    expect(await beginUpload(basic(registryUser.name, 'wrong'))).toEqual({ tokenStatus: 401, uploadStatus: null });
  });
});

describeWithPeer('distribution', 'the Distribution 3 of the tests', () => {
  it('serves the OCI API, and takes the same login', async () => {
    const registry = await startDistribution({ requireLogin: true });
    const statuses = [(await fetch(`${registry.url}/v2/`)).status, (await fetch(`${registry.url}/v2/`, { headers: login })).status];
    await registry.stop();
    expect(statuses).toEqual([401, 200]);
    await expect(fetch(`${registry.url}/v2/`)).rejects.toThrow('fetch failed');
  });
});

describeWithPeer('olareg', 'the olareg of the tests', () => {
  it('answers as soon as it has started, with referrers', async () => {
    const registry = await startOlareg();
    const answer = await fetch(`${registry.url}/v2/`);
    const referrers = await fetch(`${registry.url}/v2/team/image/referrers/sha256:${'0'.repeat(64)}`);
    await registry.stop();
    expect([answer.status, referrers.status]).toEqual([200, 200]);
    await expect(fetch(`${registry.url}/v2/`)).rejects.toThrow('fetch failed');
  });
});
