import type { ProbeResult } from '../../src/core/schema-types.ts';
import { makeCertificate } from '../support/certificates.ts';
import { describeWithPeer } from '../support/peers.ts';
import { basicRealm, startDistribution, startDockerRegistry, startOlareg, startTokenRegistry, type TestRegistry } from '../support/registries.ts';
import { call } from '../support/requests.ts';
import { startService, type TestService } from '../support/service.ts';

const DAY_MS = 86_400_000;
const validFrom = new Date(Math.floor(Date.now() / 1000) * 1000 - 30 * DAY_MS);
const validTo = new Date(validFrom.getTime() + 90 * DAY_MS);
const authority = makeCertificate({ commonName: 'Harbour Authority', isAuthority: true });
const otherAuthority = makeCertificate({ commonName: 'Other Authority', isAuthority: true });
const certificate = makeCertificate({ commonName: 'registry.test', names: ['127.0.0.1', 'registry.test'], issuer: authority, validFrom, validTo });

describe('GET /check_container_health/:id', () => {
  let service: TestService;
  let started: TestRegistry[] = [];
  let records = 0;

  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());
  afterEach(async () => {
    await Promise.all(started.map((registry) => registry.stop()));
    started = [];
  });

  async function running<T extends TestRegistry>(starting: Promise<T>): Promise<T> {
    const registry = await starting;
    started.push(registry);
    return registry;
  }

  /** Records a registry and has it checked. */
  async function check(url: string, health: Readonly<Record<string, unknown>> = {}): Promise<ProbeResult> {
    const id = `registry-${records++}`;
    const record = {
      container_registry_id: id,
      container_registry_name: id,
      container_registry_public_url: url,
      container_registry_config: { health },
    };
    expect((await call(service.url, 'POST', '/container_registry', { body: record })).status).toBe(201);
    return (await call(service.url, 'GET', `/check_container_health/${id}`)).body.data as ProbeResult;
  }

  const up = { reachable: true, healthy: true, status_code: 200, cause: 'ok', challenge: null, flavor: 'distribution' };
  const upWithLogin = { reachable: true, healthy: true, status_code: 401, cause: 'auth_required', flavor: 'distribution' };

  describeWithPeer('docker-registry', 'of docker-registry', () => {
    it('is up when it asks for nothing', async () => {
      const { url } = await running(startDockerRegistry());
      expect(await check(url)).toMatchObject({ ...up, url: `${url}/v2/`, tls: null });
    });

    it('is down once it has stopped', async () => {
      const registry = await startDockerRegistry();
      await registry.stop();
      expect(await check(registry.url)).toMatchObject({ reachable: false, healthy: false, status_code: null, cause: 'refused', flavor: 'unknown' });
    });

    it('is up with a login over TLS when its record names the authority, and its certificate is told', async () => {
      const { url } = await running(startDockerRegistry({ requireLogin: true, certificate }));
      const result = await check(url, { ca: authority.certPem });
      expect(result).toMatchObject({ ...upWithLogin, challenge: { scheme: 'Basic', realm: basicRealm, service: null } });
      expect(result.tls).toMatchObject({
        subject: 'CN=registry.test',
        issuer: 'CN=Harbour Authority',
        names: ['127.0.0.1', 'registry.test'],
        valid_from: validFrom.toISOString(),
        expires_at: validTo.toISOString(),
      });
      expect(result.tls?.lifetime_left).toBeCloseTo(2 / 3, 2);
      expect(result.phases.tls_ms).toBeGreaterThan(0);
    });

    it('is not trusted without its authority, nor with another one, and its certificate is told all the same', async () => {
      const { url } = await running(startDockerRegistry({ requireLogin: true, certificate }));
      const untrusted = { reachable: false, healthy: false, status_code: null, cause: 'tls_untrusted', challenge: null };
      const tls = { issuer: 'CN=Harbour Authority', expires_at: validTo.toISOString() };
      expect(await check(url)).toMatchObject({ ...untrusted, tls });
      expect(await check(url, { ca: otherAuthority.certPem })).toMatchObject({ ...untrusted, tls });
    });

    it('is trusted when its authority is one of several', async () => {
      const { url } = await running(startDockerRegistry({ certificate }));
      expect(await check(url, { ca: `${otherAuthority.certPem}${authority.certPem}` })).toMatchObject(up);
    });

    it('is not trusted under a name that its certificate does not list', async () => {
      const { port } = await running(startDockerRegistry({ certificate }));
      const result = await check(`https://localhost:${port}`, { ca: authority.certPem });
      expect(result).toMatchObject({ reachable: false, healthy: false, cause: 'tls_name', tls: { names: ['127.0.0.1', 'registry.test'] } });
    });

    it('trusts the authority of a record for that record alone', async () => {
      const { url } = await running(startDockerRegistry({ certificate }));
      const causes = [await check(url, { ca: authority.certPem }), await check(url), await check(url, { ca: authority.certPem })].map(({ cause }) => cause);
      expect(causes).toEqual(['ok', 'tls_untrusted', 'ok']);
    });

    it('is up with tokens, and names its token service', async () => {
      const { url, tokens } = await running(startTokenRegistry());
      expect(await check(url)).toMatchObject({ ...upWithLogin, challenge: { scheme: 'Bearer', realm: tokens.realm, service: tokens.service } });
    });
  });

  describeWithPeer('distribution', 'of Distribution 3', () => {
    it('is up when it asks for nothing', async () => {
      const { url } = await running(startDistribution());
      expect(await check(url)).toMatchObject({ ...up, tls: null });
    });

    it('is up with a login over TLS when its record names the authority', async () => {
      const { url } = await running(startDistribution({ requireLogin: true, certificate }));
      expect(await check(url, { ca: authority.certPem })).toMatchObject({ ...upWithLogin, challenge: { scheme: 'Basic', realm: basicRealm } });
      expect(await check(url)).toMatchObject({ cause: 'tls_untrusted' });
    });
  });

  describeWithPeer('olareg', 'of olareg', () => {
    it('is up', async () => {
      const { url } = await running(startOlareg());
      expect(await check(url)).toMatchObject({ reachable: true, healthy: true, status_code: 200, cause: 'ok', challenge: null, tls: null });
    });
  });
});
