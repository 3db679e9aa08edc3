import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Agent, request } from 'undici';
import { makeCertificate } from '../support/certificates.ts';
import { describeWithPeer } from '../support/peers.ts';
import { allAsPromised, pushAndDelete } from '../support/push.ts';
import { HTPASSWD, registryUser, startDockerRegistry } from '../support/registries.ts';
import { call } from '../support/requests.ts';
import { startService, temporaryFolder } from '../support/service.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The file that deployment.yaml mounts. */
const config = /^ {2}config\.yml: \|\n((?: {4}.*\n)+)/m.exec(read('k8s/registry/deployment.yaml'))?.[1]?.replace(/^ {4}/gm, '') ?? '';

/** The variables that a component adds, with the files that it mounts found in `folder`. */
const variablesOf = (component: string, folder: string): Record<string, string> =>
  Object.fromEntries(
    [...read(`k8s/components/${component}/deployment.yaml`).matchAll(/\{ name: (\w+), value: ([^ ]+) \}/g)].map(([, name = '', value = '']) => [name, value.replace(/^\/etc\/registry-\w+/, folder)]),
  );

/** The paths that a component has probes ask for. */
const probedPaths = (file: string): string[] => [...new Set([...read(file).matchAll(/httpGet: \{ path: ([^ ,]+)/g)].map(([, path = '']) => path))];

async function statusOf(url: string): Promise<number> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const { statusCode, body } = await request(url, { dispatcher });
  await body.dump();
  await dispatcher.close();
  return statusCode;
}

describeWithPeer('docker-registry', 'docker-registry, as the manifests have it', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
    const { certPem, keyPem } = makeCertificate({ commonName: 'registry' });
    await writeFile(join(folder, 'tls.crt'), certPem);
    await writeFile(join(folder, 'tls.key'), keyPem);
    await writeFile(join(folder, 'htpasswd'), HTPASSWD);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('takes pushes and deletions, and answers its probes', async () => {
    expect(probedPaths('k8s/registry/deployment.yaml')).toEqual(['/v2/']);
    const registry = await startDockerRegistry({ config });
    try {
      expect(await statusOf(`${registry.url}/v2/`)).toBe(200);
      expect(await pushAndDelete(registry.url)).toEqual(allAsPromised);
    } finally {
      await registry.stop();
    }
  });

  it('with TLS and a login takes them from those who log in, and answers probes without', async () => {
    expect(probedPaths('k8s/components/registry-htpasswd/deployment.yaml')).toEqual(['/']);
    const registry = await startDockerRegistry({ config, env: { ...variablesOf('registry-htpasswd', folder), ...variablesOf('registry-tls', folder) } });
    try {
      expect(registry.url).toMatch(/^https:/);
      expect([await statusOf(`${registry.url}/v2/`), await statusOf(`${registry.url}/`)]).toEqual([401, 200]);
      expect(await pushAndDelete(registry.url)).toMatchObject({ pushed: [401, 401, 401], seen: [401, 401] });
      const login = `Basic ${Buffer.from(`${registryUser.name}:${registryUser.password}`).toString('base64')}`;
      expect(await pushAndDelete(registry.url, login)).toEqual(allAsPromised);
    } finally {
      await registry.stop();
    }
  });
});

describe('the Job that adds the registry’s own record', () => {
  const entry = JSON.parse(read('k8s/registry/record/entry.json')) as { container_registry_id: string; container_registry_name: string };

  it('adds the record, brings it up to date when it runs again, and fails where Portolan does not take it', async () => {
    const service = await startService();
    const folder = await temporaryFolder();
    const [, program = '', script = '', entryFile = ''] = /command: \[(\w+), (\S+), (\S+)\]/.exec(read('k8s/registry/record/job.yaml')) ?? [];
    expect({ program, entryFile }).toEqual({ program: 'node', entryFile: '/record/entry.json' });
    const put = async (changed: object): Promise<number | null> => {
      await writeFile(join(folder, 'entry.json'), JSON.stringify({ ...entry, ...changed }));
      return runJob(script.replace('/record', join(root, 'k8s/registry/record')), join(folder, 'entry.json'), service.url);
    };
    try {
      expect(await put({})).toBe(0);
      expect(await put({ container_registry_name: 'Another name' })).toBe(0);
      expect((await call(service.url, 'GET', `/container_registry/${entry.container_registry_id}`)).body.data).toMatchObject({ ...entry, container_registry_name: 'Another name' });
      expect(await put({ container_registry_tags: 'none' })).toBe(1);
    } finally {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

function runJob(script: string, entryFile: string, url: string): Promise<number | null> {
  const child = spawn(process.execPath, [script, entryFile], { env: { PORTOLAN_URL: url }, stdio: 'ignore', timeout: 20_000 });
  return new Promise((ended) => child.once('close', ended));
}
