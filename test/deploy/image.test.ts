import { spawn, spawnSync, type ChildProcess, type SpawnSyncReturns } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chown, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isExecForm, parseDockerfile } from '../support/dockerfile.ts';
import { buildImage, inside, itWithImages, letThrough, withVariables, type Image } from '../support/image.ts';
import { freePort } from '../support/network.ts';
import { loopbackOnly, temporaryFolder } from '../support/service.ts';
import { until } from '../support/until.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const text = read('Dockerfile');
const stages = parseDockerfile(text);
const last = stages.at(-1)?.instructions ?? [];
const manifest = JSON.parse(read('package.json')) as { version: string; license: string; description: string; devDependencies: Record<string, string>; dependencies: Record<string, string> };

describe('the Dockerfile', () => {
  it('takes the slim image of the Node that the project pins, in every stage', () => {
    expect([...new Set(stages.map(({ base }) => base))]).toEqual([`node:${manifest.devDependencies['node'] ?? ''}-slim`]);
  });

  it('tells in labels of the version and licence that the package has', () => {
    const labels = Object.fromEntries(last.filter(({ name }) => name === 'LABEL').flatMap(({ words }) => words.map((word) => word.split(/=(.*)/s, 2))));
    expect(labels).toMatchObject({
      'org.opencontainers.image.title': 'Portolan',
      'org.opencontainers.image.description': manifest.description,
      'org.opencontainers.image.version': manifest.version,
      'org.opencontainers.image.licenses': manifest.license,
    });
  });

  it.each(['compose.yaml', 'k8s/base/kustomization.yaml', 'k8s/registry/record/kustomization.yaml'])('%s names the image by the version that the package has', (path) => {
    expect(/(?:image: portolan:|newTag: )(.*)/.exec(read(path))?.[1]).toBe(manifest.version);
  });

  it('ends as a user by number who is not root, so that orchestrators can hold it to that', () => {
    expect(last.filter(({ name }) => name === 'USER').map(({ words }) => words)).toEqual([['10001:10001']]);
  });

  it('starts the service itself, without a shell that would keep signals from it', () => {
    const commands = last.filter(({ name }) => ['ENTRYPOINT', 'CMD', 'HEALTHCHECK'].includes(name));
    expect(commands.map(({ name }) => name)).toEqual(['HEALTHCHECK', 'ENTRYPOINT']);
    expect(commands.filter((command) => !isExecForm(command))).toEqual([]);
  });

  it('needs no program that a slim image lacks', () => {
    expect(text).not.toMatch(/\b(?:curl|wget|git|make|gcc|python3?)\b/);
  });

  it('copies nothing that .dockerignore keeps out, and lets nothing in that it does not copy', () => {
    const copied = stages.flatMap(({ instructions }) => instructions).filter(({ name, flags }) => name === 'COPY' && flags['from'] === undefined);
    expect([...new Set(copied.flatMap(({ words }) => words.slice(0, -1)))].sort()).toEqual(letThrough(read('.dockerignore')).sort());
  });
});

/** The image's process, as an engine would start it: its own user, a root file system that cannot be written to, its volume. */
async function startContainer(image: Image, volume: string, variables: Record<string, string>): Promise<ChildProcess> {
  const { env, workdir, entrypoint, user, volumes } = image;
  const [program = '', ...args] = await inside(image.root, { readOnly: true, user, mounts: volumes.map((target) => [volume, target]) });
  return spawn(program, [...args, ...withVariables(workdir, { ...env, ...variables }), ...entrypoint], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs one command in a container of its own to its end. */
async function runInImage({ root: folder, env, workdir, user }: Image, command: readonly string[], variables: Record<string, string> = {}): Promise<SpawnSyncReturns<string>> {
  const [program = '', ...args] = await inside(folder, { readOnly: true, user });
  return spawnSync(program, [...args, ...withVariables(workdir, { ...env, ...variables }), ...command], { encoding: 'utf8', timeout: 20_000 });
}

describe('the image', () => {
  let work: string;
  let image: Image;
  beforeAll(async () => {
    work = await temporaryFolder();
  });
  afterAll(() => rm(work, { recursive: true, force: true }));

  itWithImages('is made by the Dockerfile’s own steps from nothing but its context', async () => {
    image = await buildImage(root, work);
    expect((await readdir(join(image.root, 'app'))).sort()).toEqual(['LICENSE', 'bin', 'dist', 'node_modules', 'package.json', 'schemas']);
  }, 300_000);

  itWithImages('has all dependencies and none that only development needs', async () => {
    const installed = new Set(await readdir(join(image.root, 'app/node_modules')));
    expect(Object.keys(manifest.dependencies).filter((name) => !installed.has(name))).toEqual([]);
    expect(Object.keys(manifest.devDependencies).filter((name) => installed.has(name))).toEqual([]);
  });

  itWithImages('keeps its data in a folder that belongs to its user alone', async () => {
    const { uid, gid, mode } = await stat(join(image.root, '/var/lib/portolan'));
    expect({ uid, gid, mode: (mode & 0o777).toString(8), volumes: image.volumes }).toEqual({ uid: 10001, gid: 10001, mode: '700', volumes: ['/var/lib/portolan'] });
  });

  itWithImages('runs as its own user on a read-only root file system, tells its health, keeps records in its volume, and ends at SIGTERM', async () => {
    const volume = join(work, 'volume');
    await mkdir(volume, { mode: 0o700 });
    await chown(volume, 10001, 10001);
    const port = await freePort();
    const variables = { PORT: String(port), AUTH: 'off', ...loopbackOnly };
    const child = await startContainer(image, volume, variables);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    const ended = new Promise<number | null>((done) => child.once('close', done));
    try {
      const url = `http://127.0.0.1:${port}`;
      await until(() => output.includes('"message":"listening"') || child.exitCode !== null, 20_000);
      expect((await fetch(`${url}/health`).catch(() => ({ status: output }))).status).toBe(200);
      expect(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8')).toMatch(/^Uid:\t10001\t10001\t10001\t10001$/m);
      const body = JSON.stringify({ container_registry_name: 'imaged', container_registry_public_url: 'http://127.0.0.1:5000' });
      expect((await fetch(`${url}/container_registry`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status).toBe(201);
      expect(await readdir(volume)).not.toEqual([]);
      expect(await checkHealth(variables)).toEqual({ status: 0, stderr: '' });
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended).toBe(0);
    expect(await checkHealth(variables)).toMatchObject({ status: 1, stderr: expect.stringContaining('does not answer') as string });
  }, 60_000);

  itWithImages('has the terminal command', async () => {
    expect((await runInImage(image, ['portolan', '--version'])).stdout.trim()).toBe(manifest.version);
  });

  async function checkHealth(variables: Record<string, string>): Promise<{ status: number | null; stderr: string }> {
    const { status, stderr } = await runInImage(image, image.healthcheck, variables);
    return { status, stderr };
  }
});
