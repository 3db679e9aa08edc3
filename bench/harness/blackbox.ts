import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProcess } from '../../test/support/child-process.ts';
import { requirePeer } from '../../test/support/peers.ts';

/** A running blackbox_exporter: the prober that ours is measured against. */
export interface Blackbox {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** Its processor time and memory are read by this; see `process-figures.ts`. */
  readonly pid: number;
  /** The path that probes a registry, for a `GET` on `port`. The answer says `probe_success 1` when it is well. */
  probePath(registryUrl: string): string;
  stop(): Promise<void>;
}

const MODULE = 'registry';

/**
 * The judgement of registries that ours makes, as far as it can be put: `/v2/` with 200, or 401 when it wants a login. JSON is
 * YAML, too. By default it would try IPv6 first, which would cost it a second look-up.
 */
const config = {
  modules: {
    [MODULE]: { prober: 'http', timeout: '5s', http: { method: 'GET', valid_status_codes: [200, 401], follow_redirects: true, preferred_ip_protocol: 'ip4' } },
  },
};

/**
 * Starts blackbox_exporter 0.26 on loopback, with as little log as it allows.
 * @param folder a file with its settings is left there
 * @throws {Error} when the peer is missing, saying how to get it, and with its output when it does not start
 */
export async function startBlackbox(folder: string): Promise<Blackbox> {
  const configFile = join(await mkdtemp(join(folder, 'blackbox-')), 'blackbox.yml');
  await writeFile(configFile, JSON.stringify(config));
  const running = await startProcess({
    program: join(requirePeer('blackbox_exporter'), 'blackbox_exporter'),
    // Its address is told at the level `info`; of probes it logs nothing.
    args: [`--config.file=${configFile}`, '--web.listen-address=127.0.0.1:0', '--log.level=info', '--log.prober=error'],
    ready: /"Listening on" address=127\.0\.0\.1:(\d+)/,
  });
  const port = Number(running.ready[1]);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: running.pid,
    probePath: (registryUrl) => `/probe?module=${MODULE}&target=${encodeURIComponent(`${registryUrl}/v2/`)}`,
    stop: () => running.stop(),
  };
}
