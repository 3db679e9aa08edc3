import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { behaviours, startBadRegistry, type BadRegistry } from '../support/bad-registry.ts';
import { call } from '../support/requests.ts';
import { startScriptedService } from '../support/scripted-service.ts';
import { startService, type TestService } from '../support/service.ts';

const entry = resolve(import.meta.dirname, '../../src/cli/main.ts');

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as a process of its own; `command` may be any shell line with `$PORTOLAN` in it. */
async function shell(command: string, env: Record<string, string>): Promise<Run> {
  const PORTOLAN = `${process.execPath} ${entry}`;
  const child = spawn('sh', ['-c', command], { env: { PATH: process.env['PATH'], PORTOLAN, ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000, killSignal: 'SIGKILL' });
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (texts.out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (texts.err += chunk));
  const code = await new Promise<number | null>((closed) => child.once('close', closed));
  return { code, ...texts };
}

describe('portolan, on its own service', () => {
  let service: TestService;
  let registry: BadRegistry;
  beforeAll(async () => {
    [service, registry] = await Promise.all([startService(), startBadRegistry({ behaviour: behaviours.asksForLogin })]);
  });
  afterAll(async () => {
    await Promise.all([service.stop(), registry.close()]);
  });
  const portolan = (line: string): Promise<Run> => shell(`$PORTOLAN ${line}`, { PORTOLAN_URL: service.url });

  it('adds registries, lists them, and checks them', async () => {
    expect(await portolan(`add ${registry.url} --id works --name Works --tag edge --verify`)).toEqual({ code: 0, out: 'works\n', err: '' });
    const added = await portolan('add http://127.0.0.1:1 --type external');
    expect(added).toMatchObject({ code: 0, out: expect.stringMatching(/^[0-9a-f-]{36}\n$/), err: '' });

    const list = await portolan('list');
    expect(list.code).toBe(0);
    expect(list.out).toMatch(/^ID +NAME +VERDICT +TYPE +TAGS +URL\n/);
    expect(list.out).toMatch(new RegExp(`\nworks +Works +\\w+ +- +edge +${registry.url}\n`));
    const external = await portolan('list --type external --json');
    expect(JSON.parse(external.out)).toMatchObject({ container_registry_id: added.out.trim(), container_registry_name: '127.0.0.1:1' });

    const works = await portolan('check works');
    expect(works).toMatchObject({ code: 0, err: '' });
    expect(works.out).toMatch(new RegExp(`^healthy {6}${registry.url}/v2/\nanswer {7}401 Unauthorized\ncause {8}auth_required: `));
    expect(works.out).toMatch(/\nrecord {7}Works \(works\)\nverdict {6}\w+, /);
    const down = await portolan(`check ${added.out.trim()} --json`);
    expect(down.code).toBe(1);
    expect(JSON.parse(down.out)).toMatchObject({ healthy: false, cause: 'refused' });
  });

  it('keeps a configuration from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'portolan-cli-'));
    try {
      await writeFile(join(folder, 'c.json'), '{"mirror_enabled":true,"health":{"interval_s":60}}');
      expect(await portolan(`add http://127.0.0.1:2 --id configured --config-file ${folder}/c.json`)).toMatchObject({ code: 0 });
      const { body } = await call(service.url, 'GET', '/container_registry/configured');
      expect(body.data.container_registry_config).toEqual({ mirror_enabled: true, health: { interval_s: 60 } });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('tells what the service refuses, in a sentence and with 2; news of a registry with 1', async () => {
    await portolan('add http://127.0.0.1:1 --id taken');
    expect(await portolan('add http://127.0.0.1:1 --id taken')).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/^portolan: There is a record with the id taken already/) });
    expect(await portolan('check nobody')).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/^portolan: No record has this id/) });
    expect(await portolan(`list --filter '{"$where":"1"}'`)).toMatchObject({ code: 2, out: '', err: expect.stringContaining('$where') });
    expect(await portolan('add http://127.0.0.1:1 --id never --verify')).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^portolan: The registry does not answer at .* Nothing was stored\.\n/) });
  });

  it('abuse 34: writes no control of a name to the terminal, in text or JSON', async () => {
    const name = '\u001b]0;owned\u0007\u009b2J\u202egpj';
    await call(service.url, 'POST', '/container_registry', { body: { container_registry_id: 'evil', container_registry_name: name, container_registry_public_url: 'http://127.0.0.1:1' } });
    for (const line of ['list', 'list --json', 'check evil']) {
      const { out } = await portolan(line);
      expect(out).toContain('owned');
      expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    }
  });

  it('says what to do when the service is away', async () => {
    const gone = await startScriptedService(() => undefined);
    await gone.close();
    expect(await shell('$PORTOLAN status', { PORTOLAN_URL: gone.url })).toEqual({ code: 2, out: '', err: `portolan: Nothing answers at ${gone.url}. Start it with \`npm start\`, or name another with --url.\n` });
  });

  it('shows the verdicts, the worst first, and ends with 1 if any of those shown is down', async () => {
    await portolan(`add ${registry.url} --id status-up --name Harbour`);
    await portolan('add http://127.0.0.1:1 --id status-down --name Reef');
    const verdictOf = async (id: string): Promise<string> => (await call(service.url, 'GET', `/container_registry/${id}/health`)).body.data.status;
    await until(async () => (await verdictOf('status-up')) === 'up' && (await verdictOf('status-down')) === 'down');

    const { code, out, err } = await portolan('status');
    expect([code, err]).toEqual([1, '']);
    const lines = out.split('\n');
    const [reef = -1, harbour = -1] = ['status-down', 'status-up'].map((id) => lines.findIndex((line) => line.includes(` ${id} `)));
    expect(lines[reef]).toMatch(/^down +Reef +status-down +refused +\d+s +\S.* http:\/\/127\.0\.0\.1:1$/);
    expect(lines[harbour]).toMatch(/^up +Harbour +status-up +auth_required +\d+s +[\d.]+ ms .* http:\/\/127\.0\.0\.1:\d+$/);
    expect(reef).toBeLessThan(harbour);

    const up = await portolan('status --status up --vantage default --json');
    const shown = up.out.trimEnd().split('\n').map((line) => JSON.parse(line) as { id: string; status: string });
    expect(up.code).toBe(0);
    expect(new Set(shown.map(({ status }) => status))).toEqual(new Set(['up']));
    expect(shown.map(({ id }) => id)).toContain('status-up');
  });

  it('checks a registry that is in no record, and shows the probe’s own log', async () => {
    const { code, out } = await portolan(`check ${registry.url}/ --debug`);
    expect(code).toBe(0);
    expect(out).toMatch(/^healthy /);
    expect(out).not.toContain('verdict');
    expect(out).toMatch(/\n\n +\d+\.\d ms {2}\S.*\n/);
    expect(await portolan('check http://127.0.0.1:1')).toMatchObject({ code: 1, out: expect.stringMatching(/^not healthy .*\n(?:.*\n)*remedy {7}Start the registry/) });
  });

  it('ends quietly when nobody reads on', async () => {
    for (let n = 0; n < 300; n += 50) {
      const bodies = Array.from({ length: 50 }, (_unused, offset) => ({ container_registry_id: `many-${n + offset}`, container_registry_name: 'x'.repeat(250), container_registry_public_url: 'http://127.0.0.1:1' }));
      await Promise.all(bodies.map((body) => call(service.url, 'POST', '/container_registry', { body })));
    }
    const { out, err } = await shell('$PORTOLAN list --json | head -n 1', { PORTOLAN_URL: service.url });
    expect(err).toBe('');
    expect(out.trimEnd().split('\n')).toHaveLength(1);
  });
});

/** Waits until something is so; a test's own time-out ends it. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(100);
}
