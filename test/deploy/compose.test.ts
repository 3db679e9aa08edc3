import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { describeWithPeer, requirePeer, startMongoPeer } from '../support/peers.ts';
import { allAsPromised, pushAndDelete } from '../support/push.ts';
import { startDockerRegistry } from '../support/registries.ts';
import { call, newRecord } from '../support/requests.ts';
import { loopbackOnly, spawnService, temporaryFolder } from '../support/service.ts';

const root = resolve(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'compose.yaml'), 'utf8');

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly { readonly host_ip?: string; readonly published: string }[];
  readonly networks: Readonly<Record<string, unknown>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly secrets?: readonly { readonly source: string; readonly target: string }[];
  readonly volumes?: readonly { readonly type: string; readonly source: string }[];
  readonly restart?: string;
  readonly stop_grace_period?: string;
  readonly security_opt?: readonly string[];
}

interface Project {
  readonly services: Readonly<Record<'portolan' | 'mongo' | 'registry', Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly secrets: Readonly<Record<string, { readonly file?: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** What the specification's own reader makes of a file, which it holds to the specification's schema. */
function readCompose(content: string): { project: Project | null; complaint: string } {
  const { status, stdout, stderr } = spawnSync(join(requirePeer('compose-spec'), 'cmd'), ['-format', 'json', '-'], { input: content, cwd: root, encoding: 'utf8', timeout: 20_000 });
  return { project: status === 0 ? (JSON.parse(stdout) as Project) : null, complaint: stderr.trim() };
}

function readOurs(): Project {
  const { project, complaint } = readCompose(text);
  if (project === null) throw new Error(complaint);
  return project;
}

describeWithPeer('compose-spec', 'compose.yaml', () => {
  it('is what the compose specification says, without complaint', () => {
    const { project, complaint } = readCompose(text);
    expect({ names: Object.keys(project?.services ?? {}).sort(), complaint }).toEqual({ names: ['mongo', 'portolan', 'registry'], complaint: '' });
  });

  it.each([
    ['a misspelt key', text.replace('restart:', 'restarts:'), /additional properties 'restarts' not allowed/],
    ['a value of the wrong type', text.replace('cap_drop: [ALL]', 'cap_drop: ALL'), /cap_drop must be a array/],
    ['a secret that is nowhere from', text.replace('file: ./secrets/secret-key', 'files: x'), /additional properties 'files' not allowed/],
  ])('would not be with %s', (_what, content, complaint) => {
    expect(readCompose(content).complaint).toMatch(complaint);
  });

  it('refers to nothing that is not there', () => {
    const { services, networks, secrets, volumes } = readOurs();
    for (const service of Object.values(services)) {
      expect(Object.keys(services)).toEqual(expect.arrayContaining(Object.keys(service.depends_on ?? {})));
      expect(Object.keys(networks)).toEqual(expect.arrayContaining(Object.keys(service.networks)));
      expect(Object.keys(secrets)).toEqual(expect.arrayContaining((service.secrets ?? []).map(({ source }) => source)));
      expect(Object.keys(volumes)).toEqual(expect.arrayContaining((service.volumes ?? []).map(({ source }) => source)));
    }
  });

  it('watches, restarts and restrains every service, and serves on this machine alone', () => {
    for (const service of Object.values(readOurs().services)) {
      expect(service).toMatchObject({ restart: 'unless-stopped', security_opt: ['no-new-privileges:true'], healthcheck: { test: expect.arrayContaining(['CMD']) as string[] } });
      expect((service.ports ?? []).filter(({ host_ip }) => host_ip !== '127.0.0.1')).toEqual([]);
    }
  });

  it('keeps data in volumes and has secrets from files alone', () => {
    const { services, secrets } = readOurs();
    const mounted = Object.values(services).flatMap((service) => service.volumes ?? []);
    expect([...new Set(mounted.map(({ type }) => type))]).toEqual(['volume']);
    for (const { file } of Object.values(secrets)) expect(file).toContain('/secrets/');
    const names = Object.values(services).flatMap(({ environment }) => Object.keys(environment ?? {}));
    expect(names.filter((name) => /PASSWORD|KEY|TOKEN|SECRET/.test(name) && !name.endsWith('_FILE'))).toEqual([]);
    expect(readFileSync(join(root, '.gitignore'), 'utf8')).toContain('secrets/\n');
  });

  it('has MongoDB make a replica set of the one that Portolan asks for, which nobody else reaches', () => {
    const { services, networks } = readOurs();
    const { mongo, portolan } = services;
    const url = new URL(portolan.environment?.['MONGO_URL'] ?? '');
    const check = mongo.healthcheck?.test.at(-1) ?? '';
    expect(mongo.command).toEqual(expect.arrayContaining(['--replSet', url.searchParams.get('replicaSet')]));
    expect(check).toContain(`_id: '${url.searchParams.get('replicaSet') ?? ''}'`);
    expect(check).toContain(`host: '${url.host}'`);
    expect(url.hostname).toBe('mongo');
    expect(portolan.depends_on).toMatchObject({ mongo: { condition: 'service_healthy' } });
    expect([mongo.ports ?? [], Object.keys(mongo.networks).filter((name) => networks[name]?.internal !== true)]).toEqual([[], []]);
  });

  it('lets Portolan end its requests', () => {
    const { stop_grace_period: grace = '', environment } = readOurs().services.portolan;
    // The reader writes a minute and more as 1m15s.
    const [, minutes = 0, seconds = 0] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(grace) ?? [];
    expect(Number(minutes) * 60 + Number(seconds)).toBeGreaterThan(Number(environment?.['DRAIN_TIMEOUT_S']) + 10);
  });
});

describeWithPeer(['compose-spec', 'mongo-java-server'], 'Portolan, with the settings of compose.yaml', () => {
  it('keeps records in MongoDB', async () => {
    const { environment = {}, secrets = [] } = readOurs().services.portolan;
    const folder = await temporaryFolder();
    const mongo = await startMongoPeer();
    for (const { target } of secrets) await writeFile(join(folder, basename(target)), `${'0123456789abcdef'.repeat(3)}\n`);
    const here = Object.entries(environment).map(([name, value]) => [name, value.replace('/run/secrets', folder).replace(/^mongodb:.*/, mongo.url)]);
    const service = await spawnService({ ...loopbackOnly, ...(Object.fromEntries(here) as Record<string, string>) });
    try {
      expect((await fetch(`${service.url}/ready`)).status).toBe(200);
      expect((await call(service.url, 'POST', '/container_registry', { body: newRecord('composed') })).status).toBe(201);
      expect(service.output()).toContain('"store":"mongodb"');
    } finally {
      await service.stop();
      await mongo.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }, 60_000);
});

/** What registry:2 comes with, as far as it matters here. */
const shippedConfig = 'version: 0.1\nstorage: { cache: { blobdescriptor: inmemory }, filesystem: { rootdirectory: /var/lib/registry } }\nhttp: { addr: ":5000" }\n';

describeWithPeer(['compose-spec', 'docker-registry'], 'docker-registry, with the settings of compose.yaml', () => {
  it('takes pushes and deletions, which it would not without them', async () => {
    const { environment = {} } = readOurs().services.registry;
    for (const [env, expected] of [[environment, allAsPromised], [{}, { ...allAsPromised, deleted: [405, 405], seen: [200, 200] }]] as const) {
      const registry = await startDockerRegistry({ config: shippedConfig, env });
      expect(await pushAndDelete(registry.url)).toEqual(expected);
      await registry.stop();
    }
  });
});
