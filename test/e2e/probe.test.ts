import { systemClock } from '../../src/core/clock.ts';
import { createProber, type ProbeResult } from '../../src/health/probe.ts';
import { parseCidrs } from '../../src/outgoing/address-policy.ts';
import { createDialer } from '../../src/outgoing/dialer.ts';
import { eventually, openSockets } from '../support/open-sockets.ts';
import { describeWithPeer } from '../support/peers.ts';
import { startDockerRegistry, type TestRegistry } from '../support/registries.ts';

const policy = { loopback: false, allow: parseCidrs('127.0.0.0/8,::1/128'), deny: parseCidrs('0.0.0.0/0,::/0') };
const prober = createProber({ dialer: createDialer({ policy, clock: systemClock }), clock: systemClock, vantage: 'default', userAgent: 'portolan/0.0.0' });

const probe = (url: string): Promise<ProbeResult> => prober.probe({ url, timeoutMs: 5_000, signal: new AbortController().signal });

describeWithPeer('docker-registry', 'probe of a real registry', () => {
  let registry: TestRegistry | undefined;

  afterEach(async () => {
    await registry?.stop();
    expect(await eventually(() => openSockets().length === 0)).toBe(true);
  });

  it('finds it up, by address and by name', async () => {
    registry = await startDockerRegistry();
    expect(await probe(registry.url)).toMatchObject({ reachable: true, healthy: true, status_code: 200, reason: 'OK', cause: 'ok', url: `${registry.url}/v2/`, challenge: null });
    const byName = await probe(`http://localhost:${registry.port}/`);
    expect(byName).toMatchObject({ healthy: true, phases: { dns_ms: expect.any(Number), connect_ms: expect.any(Number), first_byte_ms: expect.any(Number) } });
  });

  it('finds it up when it asks for a login, and says how', async () => {
    registry = await startDockerRegistry({ requireLogin: true });
    const result = await probe(registry.url);
    expect(result).toMatchObject({ reachable: true, healthy: true, status_code: 401, reason: 'Unauthorized', cause: 'auth_required' });
    expect(result.challenge).toEqual({ scheme: 'Basic', realm: 'portolan-test', service: null });
  });

  it('finds no registry below another path of it', async () => {
    registry = await startDockerRegistry();
    expect(await probe(`${registry.url}/elsewhere`)).toMatchObject({ reachable: true, healthy: false, status_code: 404, cause: 'not_a_registry' });
  });

  it('finds it down once it has stopped', async () => {
    registry = await startDockerRegistry();
    await registry.stop();
    expect(await probe(registry.url)).toMatchObject({ reachable: false, healthy: false, status_code: null, cause: 'refused' });
  });
});
