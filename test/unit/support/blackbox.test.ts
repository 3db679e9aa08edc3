import { rm } from 'node:fs/promises';
import { startBlackbox } from '../../../bench/harness/blackbox.ts';
import { describeWithPeer } from '../../support/peers.ts';
import { startDockerRegistry } from '../../support/registries.ts';
import { temporaryFolder } from '../../support/service.ts';

describeWithPeer(['blackbox_exporter', 'docker-registry'], 'the blackbox_exporter of the benches', () => {
  it('finds registries well with and without a login, and nothing else', async () => {
    const folder = await temporaryFolder();
    const [open, login, blackbox] = await Promise.all([startDockerRegistry(), startDockerRegistry({ requireLogin: true }), startBlackbox(folder)]);
    const found: string[] = [];
    for (const registryUrl of [open.url, login.url, `${open.url}/elsewhere`]) {
      const metrics = await (await fetch(`${blackbox.url}${blackbox.probePath(registryUrl)}`)).text();
      found.push(...(metrics.match(/^probe_(?:success|http_status_code) \d+$/gm) ?? []));
    }
    await Promise.all([open.stop(), login.stop(), blackbox.stop()]);
    await rm(folder, { recursive: true });
    expect(found).toEqual([
      'probe_http_status_code 200',
      'probe_success 1',
      'probe_http_status_code 401',
      'probe_success 1',
      'probe_http_status_code 404',
      'probe_success 0',
    ]);
    await expect(fetch(blackbox.url)).rejects.toThrow('fetch failed');
  });
});
