/** Real registries on loopback for tests: each on a port and in a folder of its own, both gone after `stop`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestCertificate } from './certificates.ts';
import { startProcess, type RunningProcess, type StartOptions } from './child-process.ts';
import { freePort, openConnection } from './network.ts';
import { requirePeer } from './peers.ts';
import { startTokenService, type TokenService, type TokenServiceOptions } from './token-service.ts';

export interface TestRegistry {
  /** `http://127.0.0.1:PORT`, or `https://` with a certificate. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly process: RunningProcess;
  stop(): Promise<void>;
}

export interface DistributionOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Serves TLS alone, with this certificate. */
  readonly certificate?: TestCertificate;
  /** Asks everybody for `registryUser` by a Basic challenge, or for `rotatedUser` in his place. */
  readonly requireLogin?: boolean | 'rotated';
  /** Asks everybody for a token of this service by a Bearer challenge. */
  readonly tokens?: TokenService;
  /** The registry's own settings, as `REGISTRY_…` variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** This configuration, word for word, instead of one that the other options make; only its folder and address are others. */
  readonly config?: string;
}

/** Who may log in to registries that require it. */
export const registryUser = { name: 'portolan', password: 'harbour' };
/** The same after his password was changed. */
export const rotatedUser = { name: 'portolan', password: 'lighthouse' };
export const basicRealm = 'portolan-test';
/** bcrypt, the only kind that Distribution takes, at its lowest cost; made with crypt(3). */
export const HTPASSWD = 'portolan:$2b$04$NsOvs6cN8M.wCK76yxvsMefN9pG7eicAQpShhQ2vDC8kfZNxXriyy\n';
const ROTATED_HTPASSWD = 'portolan:$2b$04$NsOvs6cN8M.wCK76yxvsMeIZJ658.FmV0jJxbvrtIlSPDy8ABkHmq\n';

const LISTEN_PATIENCE_MS = 10_000;
const LISTEN_POLL_MS = 10;

/** Starts an empty docker-registry 2.8.2. */
export function startDockerRegistry(options: DistributionOptions = {}): Promise<TestRegistry> {
  return startDistributionProgram(join(requirePeer('docker-registry'), 'usr/bin/docker-registry'), options);
}

/** Starts an empty Distribution 3. */
export function startDistribution(options: DistributionOptions = {}): Promise<TestRegistry> {
  return startDistributionProgram(join(requirePeer('distribution'), 'registry'), options);
}

export interface TokenRegistry extends TestRegistry {
  readonly tokens: TokenService;
}

/** Starts an empty docker-registry 2.8.2 and the token service that it sends its clients to. */
export async function startTokenRegistry(options: Pick<TokenServiceOptions, 'client'> = {}): Promise<TokenRegistry> {
  const tokens = await startTokenService({ user: registryUser, ...options });
  try {
    const registry = await startDockerRegistry({ tokens });
    const stop = async (): Promise<void> => {
      await Promise.all([registry.stop(), tokens.stop()]);
    };
    return { ...registry, tokens, stop };
  } catch (error) {
    await tokens.stop();
    throw error;
  }
}

/** Starts an empty olareg, an OCI 1.1 registry with referrers and without `_catalog` and logins. */
export async function startOlareg(): Promise<TestRegistry> {
  // It tells neither a port that it was given by the system nor when it listens.
  const port = await freePort();
  const registry = await startRegistry('http', async (dataDir) => ({
    program: join(requirePeer('olareg'), 'olareg'),
    args: ['serve', '--verbosity', 'info', '--addr', '127.0.0.1', '--port', String(port), '--dir', join(dataDir, 'blobs')],
    ready: /launching server.*127\.0\.0\.1:(\d+)/,
  }));
  try {
    await untilItListens(registry);
    return registry;
  } catch (error) {
    await registry.stop();
    throw error;
  }
}

/** @throws {Error} with the registry's output when it ends instead, or does not listen in time */
async function untilItListens({ url, process }: TestRegistry): Promise<void> {
  for (let waitedMs = 0; waitedMs < LISTEN_PATIENCE_MS; waitedMs += LISTEN_POLL_MS) {
    const socket = await openConnection(url).catch(() => null);
    socket?.destroy();
    if (socket !== null) return;
    const hasEnded = await Promise.race([process.ended().then(() => true), delay(LISTEN_POLL_MS, false)]);
    if (hasEnded) break;
  }
  throw new Error(`${url} does not listen. Its output:\n${process.output()}`);
}

/** The old and the new Distribution take the same settings. */
function startDistributionProgram(program: string, options: DistributionOptions): Promise<TestRegistry> {
  const { config, env } = options;
  const hasTls = options.certificate !== undefined || env?.['REGISTRY_HTTP_TLS_CERTIFICATE'] !== undefined;
  return startRegistry(hasTls ? 'https' : 'http', async (dataDir) => {
    const configFile = join(dataDir, 'config.yml');
    await writeFile(configFile, config ?? (await distributionConfig(dataDir, options)));
    const ownPlace = config === undefined ? {} : { REGISTRY_HTTP_ADDR: '127.0.0.1:0', REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: join(dataDir, 'blobs') };
    return {
      program,
      args: ['serve', configFile],
      env: { OTEL_TRACES_EXPORTER: 'none', ...ownPlace, ...env },
      ready: /listening on 127\.0\.0\.1:(\d+)/,
    };
  });
}

/** @param prepare fills the folder, and says how the program is started; `ready` must find its port */
async function startRegistry(scheme: string, prepare: (dataDir: string) => Promise<StartOptions>): Promise<TestRegistry> {
  const dataDir = await mkdtemp(join(tmpdir(), 'portolan-registry-'));
  const removeData = (): Promise<void> => rm(dataDir, { recursive: true, force: true });
  try {
    const running = await startProcess(await prepare(dataDir));
    const port = Number(running.ready[1]);
    const stop = async (): Promise<void> => {
      await running.stop();
      await removeData();
    };
    return { url: `${scheme}://127.0.0.1:${port}`, host: '127.0.0.1', port, process: running, stop };
  } catch (error) {
    await removeData();
    throw error;
  }
}

async function distributionConfig(dataDir: string, { port = 0, certificate, requireLogin = false, tokens }: DistributionOptions): Promise<string> {
  /** Paths are written as JSON, which YAML reads. */
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(join(dataDir, name), content);
    return JSON.stringify(join(dataDir, name));
  };
  const tls =
    certificate === undefined ? '' : `, tls: { certificate: ${await file('tls.crt', certificate.certPem)}, key: ${await file('tls.key', certificate.keyPem)} }`;
  const lines = [
    'version: 0.1',
    'log: { level: info, accesslog: { disabled: true } }',
    `storage: { filesystem: { rootdirectory: ${JSON.stringify(join(dataDir, 'blobs'))} }, delete: { enabled: true } }`,
    `http: { addr: "127.0.0.1:${port}"${tls} }`,
  ];
  const htpasswd = requireLogin === 'rotated' ? ROTATED_HTPASSWD : HTPASSWD;
  if (requireLogin !== false) lines.push(`auth: { htpasswd: { realm: ${basicRealm}, path: ${await file('htpasswd', htpasswd)} } }`);
  if (tokens !== undefined) {
    const { realm, service, issuer, caPem } = tokens;
    lines.push(`auth: { token: { realm: "${realm}", service: ${service}, issuer: ${issuer}, rootcertbundle: ${await file('tokens.crt', caPem)} } }`);
  }
  return `${lines.join('\n')}\n`;
}
