import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { settings } from '../../src/config/settings.ts';
import { describeWithPeer, startMongoPeer } from '../support/peers.ts';
import { readmeSteps, readmeText, type ReadmeStep } from '../support/readme.ts';
import { startDockerRegistry } from '../support/registries.ts';
import { loopbackOnly, temporaryFolder } from '../support/service.ts';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

const startSqlite = 'npm ci && npm start';
const startMongo = 'MONGO_URL=mongodb://127.0.0.1:27017 npm start';
const startRegistry = 'docker run --rm -d --name="registry" -p "5000:5000" registry:2';
const showStatus = 'npx portolan status';
const isCurl = ({ command }: ReadmeStep): boolean => /^curl\s/.test(command);

interface Started {
  readonly url: string;
  stop(): Promise<void>;
}

/** `npm start` as the README has it, but on a free port and with a store of its own. */
async function npmStart(command: string, variables: Record<string, string>): Promise<Started> {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], npm_config_update_notifier: 'false', PORT: '0', ...loopbackOnly, ...variables };
  // A group of its own: npm, its shell and the service end together.
  const child = spawn('sh', ['-c', command], { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  return {
    url: await listeningUrl(child),
    async stop() {
      process.kill(-(child.pid ?? 0), 'SIGTERM');
      await ended;
    },
  };
}

function listeningUrl(child: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((found, failed) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
        const url = /"message":"listening","url":"([^"]+)"/.exec(output)?.[1];
        if (url !== undefined) found(url);
      });
    }
    child.once('close', () => failed(new Error(`The service did not start:\n${output}`)));
  });
}

/** What no two probes have in common: how long they took, and when they were made. */
const maskTimes = (text: string): string =>
  text
    .replace(/"(\w+_ms)":[\d.]+/g, '"$1":0')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    // Null in the very second in which the first result comes.
    .replace(/"(24h|7d|30d|90d)":(?:null|1)/g, '"$1":1');

/** The table without its figures: words and their order. */
const wordsOf = (text: string): string[] => text.replace(/\b\d+(?:\.\d+)?(?: ?[a-z]+|%)|(?<= )-(?= )/g, '').split(/\s+/).filter((word) => word !== '');

/** Runs every command of the walk against a service; what has no answer here was not run. */
async function walk(serviceUrl: string): Promise<void> {
  const folder = await temporaryFolder();
  const registry = await startDockerRegistry();
  const here = (text: string): string => text.replaceAll('127.0.0.1:8000', new URL(serviceUrl).host).replaceAll('127.0.0.1:5000', `127.0.0.1:${registry.port}`);
  const there = (text: string): string => text.replaceAll(new URL(serviceUrl).host, '127.0.0.1:8000').replaceAll(`127.0.0.1:${registry.port}`, '127.0.0.1:5000');
  try {
    for (const step of readmeSteps()) {
      const { command, json, text } = step;
      if (command === startRegistry) {
        await writeFile(join(folder, 'entry.json'), here(json ?? ''));
      } else if (isCurl(step)) {
        const { stdout } = await run('bash', ['-e', '-c', here(command)], { cwd: folder, timeout: 20_000 });
        expect({ command, answer: maskTimes(there(stdout)) }).toEqual({ command, answer: maskTimes(json ?? '') });
      } else if (command === showStatus) {
        const { stdout } = await run('bash', ['-e', '-c', command], { cwd: root, env: { ...process.env, PORTOLAN_URL: serviceUrl }, timeout: 30_000 });
        expect(wordsOf(there(stdout))).toEqual(wordsOf(text ?? ''));
      } else {
        expect([startSqlite, startMongo]).toContain(command);
      }
    }
  } finally {
    await registry.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

describe('the README', () => {
  it('has no command that is not run here', () => {
    const others = readmeSteps().filter((step) => !isCurl(step));
    expect(others.map(({ command }) => command)).toEqual([startSqlite, startRegistry, showStatus, startMongo]);
    expect(readmeSteps().filter(isCurl).length).toBeGreaterThan(7);
    expect(readmeSteps().filter(isCurl).filter(({ json }) => json === null)).toEqual([]);
  });

  it('starts by scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    for (const [, name = ''] of readmeText.matchAll(/npm (?:run )?(?!ci\b)([a-z]+)/g)) expect(Object.keys(scripts)).toContain(name);
  });

  it('has an entry.json that only the name and the URL are needed of, as it says', () => {
    const entry = JSON.parse(readmeSteps().find(({ command }) => command === startRegistry)?.json ?? '') as Record<string, unknown>;
    expect(Object.keys(entry)).toEqual(expect.arrayContaining(['container_registry_name', 'container_registry_public_url']));
  });

  it('lists every setting', () => {
    for (const { variable, description } of Object.values(settings)) {
      expect(readmeText).toContain(`| \`${variable}\` | `);
      expect(readmeText).toContain(description);
    }
  });

  it('has links that lead somewhere', () => {
    const targets = [...readmeText.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target ?? '');
    expect(targets.length).toBeGreaterThan(4);
    expect(targets.filter((target) => !existsSync(join(root, target)))).toEqual([]);
  });
});

describeWithPeer('docker-registry', 'the README’s walk', () => {
  it('on the embedded store, started by `npm start`', async () => {
    const dataDir = await temporaryFolder();
    const service = await npmStart('npm start', { DATA_DIR: dataDir });
    try {
      await walk(service.url);
    } finally {
      await service.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  }, 120_000);
});

describeWithPeer(['docker-registry', 'mongo-java-server'], 'the README’s walk over MongoDB’s wire protocol', () => {
  it('on MongoDB, started by the README’s own command', async () => {
    const mongo = await startMongoPeer();
    const service = await npmStart(startMongo.replace('27017', String(mongo.port)), {});
    try {
      await walk(service.url);
    } finally {
      await service.stop();
      await mongo.stop();
    }
  }, 120_000);
});
