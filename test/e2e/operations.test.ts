/** Walks docs/operations.md from a first start to three replicas over MongoDB, and looks whether anything was lost. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { errorTable } from '../../src/core/errors.ts';
import { describeWithPeer, startMongoPeer, type MongoPeer } from '../support/peers.ts';
import { blocksOf } from '../support/readme.ts';
import { call } from '../support/requests.ts';
import { spawnService, temporaryFolder, type SpawnedService } from '../support/service.ts';

const RECORDS = 10_000;
const root = resolve(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docs/operations.md'), 'utf8');
const blocks = blocksOf(text);
const run = promisify(execFile);

/** A record as it stands in a file: one line, all eight fields. Nothing of it is probed. */
function lineAt(index: number): string {
  const id = `registry-${String(index).padStart(5, '0')}`;
  return JSON.stringify({
    container_registry_id: id,
    container_registry_name: `Registry ${index} – Häfen & “quotes”`,
    container_registry_metadata: { site: `site-${index % 97}`, rack: index % 40, nested: { list: [index, null, 0.5, 'ü'], 'a.b': true } },
    container_registry_tags: [`team-${index % 50}`, 'edge'],
    container_registry_public_url: `https://${id}.example.com:5000`,
    container_registry_image_prefix: `${id}.example.com:5000`,
    container_registry_config: { health: { enabled: false }, max_layer_size_mb: index },
    container_registry_storage_info: { storage_type: 's3', storage_size: -1, memory_size: 8192, registry_type: index % 3 === 0 ? 'external' : 'aios' },
  });
}

/** The records of an export, without the service's own book-keeping. */
const withoutMeta = (line: string): string => JSON.stringify({ ...(JSON.parse(line) as Record<string, unknown>), meta: undefined });

/** What stands on port 8000 of the documentation: passes connections on to whichever services run, in turn. */
async function startBalancer(services: () => readonly SpawnedService[]): Promise<{ readonly server: Server; readonly url: string; readonly taken: Map<string, number> }> {
  const taken = new Map<string, number>();
  let turn = 0;
  const server = createServer((socket) => {
    const running = services();
    const url = running[turn++ % Math.max(1, running.length)]?.url;
    if (url === undefined) return void socket.destroy();
    taken.set(url, (taken.get(url) ?? 0) + 1);
    const { hostname, port } = new URL(url);
    const onward = connect({ host: hostname, port: Number(port) });
    for (const [from, to] of [[socket, onward], [onward, socket]] as const) from.on('error', () => to.destroy()).pipe(to);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, taken };
}

/** A machine that is set up as the documentation says, in a folder. */
class Site {
  readonly #folder: string;
  readonly #mongo: MongoPeer;
  readonly #running = new Map<string, SpawnedService>();
  #balancer: Awaited<ReturnType<typeof startBalancer>> | null = null;

  constructor(folder: string, mongo: MongoPeer) {
    this.#folder = folder;
    this.#mongo = mongo;
  }

  async prepare(): Promise<void> {
    this.#balancer = await startBalancer(() => [...this.#running.values()]);
    for (const name of ['bin', 'home', 'work', 'etc', 'lib', 'backups', 'tmp']) await mkdir(join(this.#folder, name), { mode: 0o700 });
    await writeFile(this.path('bin/portolan'), `#!/bin/sh\nexec ${process.execPath} ${join(root, 'src/cli/main.ts')} "$@"\n`);
    await chmod(this.path('bin/portolan'), 0o755);
    await writeFile(this.path('etc/mongo-url'), `${this.#mongo.url}/?retryWrites=false\n`);
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  get balancer(): { readonly url: string; readonly taken: Map<string, number> } {
    if (this.#balancer === null) throw new Error('The site is not prepared.');
    return this.#balancer;
  }

  /** Paths of the documentation, in the folder. */
  here(documented: string): string {
    return documented.replaceAll('/etc/portolan', this.path('etc')).replaceAll('/var/lib/', `${this.path('lib')}/`).replaceAll('/var/backups/portolan', this.path('backups')).replaceAll('/var/tmp', this.path('tmp'));
  }

  async writeSettings(block: string): Promise<void> {
    await writeFile(this.path('etc/portolan.env'), this.here(block));
  }

  /** Carries out a block of commands: those of systemd here, the others by a shell. */
  async carryOut(block: string): Promise<void> {
    let script: string[] = [];
    const flush = async (): Promise<void> => {
      if (script.length > 0) await this.#shell(script.join('\n'));
      script = [];
    };
    for (const line of block.split('\n')) {
      if (!line.startsWith('systemctl ')) script.push(this.here(line));
      else {
        await flush();
        await this.#systemctl(line);
      }
    }
    await flush();
  }

  async #shell(script: string): Promise<void> {
    const env = { PATH: `${this.path('bin')}:${process.env['PATH'] ?? ''}`, HOME: this.path('home'), PORTOLAN_URL: this.balancer.url };
    try {
      await run('bash', ['-e', '-o', 'pipefail', '-c', script], { cwd: this.path('work'), env, timeout: 240_000 });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${script}\nfailed:\n${stdout}${stderr}`, { cause: error });
    }
  }

  async #systemctl(line: string): Promise<void> {
    const [, verb, ...units] = line.split(' ');
    for (const unit of units) {
      const service = this.#running.get(unit);
      if (verb !== 'start') {
        if (service === undefined) throw new Error(`${line}: it does not run.`);
        expect([unit, await service.terminate()]).toEqual([unit, 0]);
        this.#running.delete(unit);
      }
      if (verb !== 'stop') this.#running.set(unit, await spawnService({ CONFIG_FILE: this.path('etc/portolan.env') }));
    }
  }

  get services(): ReadonlyMap<string, SpawnedService> {
    return this.#running;
  }

  async end(): Promise<void> {
    await Promise.all([...this.#running.values()].map((service) => service.kill()));
    this.#balancer?.server.close();
  }
}

describe('docs/operations.md', () => {
  it('has links that lead somewhere', () => {
    const targets = [...text.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, target]) => target ?? '');
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => `#${heading.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-')}`);
    expect(targets.length).toBeGreaterThan(10);
    expect(targets.filter((target) => (target.startsWith('#') ? !headings.includes(target) : !existsSync(join(root, 'docs', target.split('#')[0] ?? ''))))).toEqual([]);
  });

  it('speaks of error codes and alerts that there are', () => {
    const troubleshooting = text.slice(text.indexOf('## Troubleshooting'));
    const codes = [...troubleshooting.matchAll(/`([A-Z]+(?:_[A-Z]+)+|INTERNAL|OVERLOADED)`/g)].map(([, code = '']) => code);
    const settings = readFileSync(join(root, 'README.md'), 'utf8');
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((code) => !(code in errorTable) && !settings.includes(`\`${code}\``))).toEqual([]);
    const rules = [...readFileSync(join(root, 'docs/prometheus/alerts.yaml'), 'utf8').matchAll(/alert: (\w+)/g)].map(([, name = '']) => name);
    const alerts = text.slice(text.indexOf('## What to alert on'), text.indexOf('## Troubleshooting'));
    expect(rules.filter((name) => !alerts.includes(`\`${name}\``))).toEqual([]);
  });
});

describeWithPeer('mongo-java-server', 'the walk through docs/operations.md', () => {
  let folder: string;
  let mongo: MongoPeer;
  let site: Site;
  beforeAll(async () => {
    [folder, mongo] = await Promise.all([temporaryFolder(), startMongoPeer()]);
    site = new Site(folder, mongo);
    await site.prepare();
  }, 40_000);
  afterAll(async () => {
    await site.end();
    await mongo.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('imports 10,000 records, backs them up, restores them, moves them to MongoDB behind three replicas, and loses nothing', async () => {
    const lines = Array.from({ length: RECORDS }, (_unused, index) => lineAt(index));
    await writeFile(site.path('work/registries.ndjson'), `${lines.join('\n')}\n`);
    for (const { language, text: block } of blocks) {
      if (language === 'env') await site.writeSettings(block);
      else if (language === 'sh') await site.carryOut(block);
      else expect(['ini', 'haproxy']).toContain(language);
    }
    for (const name of ['before', 'after', 'moved']) {
      const exported = (await readFile(site.path(`work/${name}.ndjson`), 'utf8')).trimEnd().split('\n');
      expect([name, exported.length]).toEqual([name, RECORDS]);
      expect(exported.map(withoutMeta).filter((line, index) => line !== lines[index]).slice(0, 3)).toEqual([]);
    }
    expect([...site.services.keys()]).toEqual(['portolan@1', 'portolan@2', 'portolan@3']);
    // Byte by byte what went in, whichever of the three is asked.
    for (let asked = 0; asked < 3; asked++) await site.carryOut('portolan export --no-meta | cmp - registries.ndjson');
    expect([...site.services.values()].map(({ url }) => site.balancer.taken.has(url))).toEqual([true, true, true]);
    // Each of the three knows the session of who logged in before any of them was there, and tells the same.
    const session = JSON.parse(await readFile(site.path('home/.config/portolan/sessions.json'), 'utf8')) as Record<string, { access_token: string }>;
    const headers = { Authorization: `Bearer ${Object.values(session)[0]?.access_token ?? ''}` };
    const before = await readFile(site.path('work/before.ndjson'), 'utf8');
    for (const { url } of site.services.values()) {
      const { status, text: exported } = await call(url, 'GET', '/container_registries/export', { headers });
      expect([status, exported === before]).toEqual([200, true]);
    }
  }, 480_000);
});
