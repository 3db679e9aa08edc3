import { describeWithPeer, startMongoPeer } from '../../support/peers.ts';

describeWithPeer('mongo-java-server', 'the MongoDB server of the tests', () => {
  it('starts again on the same port after it was stopped', async () => {
    const first = await startMongoPeer();
    await first.stop();
    const second = await startMongoPeer({ port: first.port });
    expect(second.url).toBe(first.url);
    await second.stop();
  });
});
