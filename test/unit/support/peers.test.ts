import { describeWithPeer, startDockerRegistry, startMongoPeer } from '../../support/peers.ts';

describeWithPeer('docker-registry', 'the docker-registry of the tests', () => {
  it('serves the OCI API on a port of its own until it is stopped', async () => {
    const registry = await startDockerRegistry();
    const answer = await fetch(`${registry.url}/v2/`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    await registry.stop();
    await expect(fetch(`${registry.url}/v2/`)).rejects.toThrow('fetch failed');
  });

  it('asks for a login where told to', async () => {
    const registry = await startDockerRegistry({ requireLogin: true });
    const answer = await fetch(`${registry.url}/v2/`);
    await registry.stop();
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
  });

  it('says why it did not start', async () => {
    const first = await startDockerRegistry();
    await expect(startDockerRegistry({ port: first.port })).rejects.toThrow(/address already in use/);
    await first.stop();
  });
});

describeWithPeer('mongo-java-server', 'the MongoDB server of the tests', () => {
  it('starts again on the same port after it was stopped', async () => {
    const first = await startMongoPeer();
    await first.stop();
    const second = await startMongoPeer({ port: first.port });
    expect(second.url).toBe(first.url);
    await second.stop();
  });
});
