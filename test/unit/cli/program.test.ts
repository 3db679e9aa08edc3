import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RegistryHealth } from '../../../src/client/types.ts';
import { runCommandLine as run } from '../../support/command-line.ts';

const registry = (id: string, status: RegistryHealth['status']): RegistryHealth => ({
  id,
  name: id,
  url: `https://${id}.example.com`,
  registry_type: 'aios',
  status,
  cause: status === 'up' ? 'ok' : 'refused',
  since: '2026-11-21T11:00:00.000Z',
  credential: null,
  vantages: {},
});

const ALL = [
  ...['', 'status', 'check', 'list', 'add', 'import', 'export', 'update', 'delete', 'summary', 'login', 'logout', 'whoami', 'pull-secret'],
  ...['access', 'access show', 'access set', 'credential', 'credential set', 'credential list', 'credential remove'],
  ...['user', 'user list', 'user show', 'user add', 'user set', 'user remove', 'user password', 'token', 'token create', 'token list', 'token revoke'],
  ...['audit', 'audit list', 'audit verify', 'secrets', 'secrets status', 'secrets rotate', 'admin', 'admin reset'],
];

describe('the command line', () => {
  it.each(ALL)('%s --help explains itself with examples, within 80 columns', async (command) => {
    const { code, out, err } = await run([...command.split(' ').filter((word) => word !== ''), '--help']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('Examples:\n  portolan ');
    expect(out).toContain('--url <url>');
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it.each([['--help'], ['help'], ['--help', 'status'], ['-h']])('lists every command at %s', async (...args) => {
    const { code, out } = await run(args);
    expect(code).toBe(0);
    for (const command of ALL.filter((name) => name !== '' && !name.includes(' '))) expect(out).toMatch(new RegExp(`\\n  ${command} `));
  });

  it('is not led astray by commands’ names as values of options', async () => {
    expect((await run(['--url', 'http://status', 'list'])).asked[0]?.url).toBe('http://status/container_registries?fields=container_registry_name%2Ccontainer_registry_tags%2Ccontainer_registry_public_url%2Ccontainer_registry_storage_info.registry_type&include=health&limit=1000');
    expect(await run(['--url', 'list', 'status'])).toMatchObject({ code: 2, err: expect.stringMatching(/“list” is not an http or https URL/) });
    expect((await run(['add', 'http://a', '--id', 'login'], { answers: [{ id: 'login' }] })).out).toBe('login\n');
  });

  it('says its version', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, out: '1.2.3\n' });
  });

  it.each([
    [['stats'], /unknown command 'stats'\n\(Did you mean status\?\)\nSee --help\.\n$/],
    [[], /^Usage: portolan/],
    [['status', '--no-such'], /unknown option/],
    [['status', '--status', 'broken'], /Verdicts are down, auth_failed, degraded, unknown, up\./],
    [['status', '--watch', '0'], /seconds from 1 to 3600/],
    [['status', '--watch', '--json'], /cannot be used with/],
    [['check'], /missing required argument/],
    [['list', '--limit', '1.5'], /whole number above 0/],
    [['list', '--filter', '{"a":'], /not valid JSON/],
    [['list', '--filter', '[]'], /A filter is a JSON object/],
    [['list', '--type', 'x'], /Allowed choices are aios, external/],
    [['add', 'registry.example.com:5000'], /looks like https:\/\/registry\.example\.com/],
    [['--timeout', '-1', 'list'], /number of seconds/],
    [['--url', 'ftp://x', 'list'], /not an http or https URL.*--url/],
    [['--url', 'http://u:p@x', 'list'], /neither a user name/],
  ])('%j is refused with 2 and a reason, and nothing is asked', async (args, reason) => {
    const { code, out, err, asked } = await run(args);
    expect(err).toMatch(reason);
    expect([code, out, asked]).toEqual([2, '', []]);
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('asks the service that --url names, before or after the command, or the environment, or its own machine', async () => {
    const urlAsked = async (args: string[], env = {}): Promise<string | undefined> => (await run(args, { env })).asked[0]?.url;
    const path = '/container_registries/health?limit=1000';
    expect(await urlAsked(['status'])).toBe(`http://127.0.0.1:8000${path}`);
    expect(await urlAsked(['status'], { PORTOLAN_URL: '' })).toBe(`http://127.0.0.1:8000${path}`);
    expect(await urlAsked(['status'], { PORTOLAN_URL: 'https://p.example/portolan/' })).toBe(`https://p.example/portolan${path}`);
    expect(await urlAsked(['--url', 'http://a', 'status'], { PORTOLAN_URL: 'http://b' })).toBe(`http://a${path}`);
    expect(await urlAsked(['status', '--url', 'http://a'])).toBe(`http://a${path}`);
  });

  it('says what to do when the service is away', async () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const { code, out, err } = await run(['status'], { answers: [new TypeError('fetch failed', { cause })] });
    expect({ code, out, err }).toEqual({ code: 2, out: '', err: 'portolan: Nothing answers at http://127.0.0.1:8000. Start it with `npm start`, or name another with --url.\n' });
  });

  it('never writes controls that it was given back to the terminal', async () => {
    const { err } = await run(['\u001b]0;x\u0007']);
    expect(err).toContain('\\u{1b}]0;x\\u{7}');
    expect(err).not.toMatch(/(?!\n)\p{Cc}/u);
  });
});

describe('portolan status', () => {
  it('ends with 1 if any of the registries shown is down', async () => {
    expect((await run(['status'], { answers: [[registry('a', 'up'), registry('b', 'degraded')]] })).code).toBe(0);
    expect((await run(['status'], { answers: [[registry('a', 'up'), registry('b', 'down')]] })).code).toBe(1);
  });

  it('asks for the verdicts and the vantage that it was asked for', async () => {
    expect((await run(['status', '--status', 'down, degraded', '--vantage', 'west'])).asked[0]?.url).toBe('http://127.0.0.1:8000/container_registries/health?status=down%2Cdegraded&vantage=west&limit=1000');
  });

  it('prints JSON, one registry a line, just as the service says it', async () => {
    const registries = [registry('a', 'up'), registry('b', 'down')];
    const { code, out } = await run(['status', '--json'], { answers: [registries] });
    expect(out.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual(registries);
    expect(code).toBe(1);
  });

  it('colours a terminal, but neither a pipe nor one that wants none', async () => {
    const answers = [[registry('a', 'down')]];
    const size = { columns: 100, rows: 30 };
    expect((await run(['status'], { answers, size })).out).toContain('\u001b[1m\u001b[31mdown');
    expect((await run(['status'], { answers })).out).not.toContain('\u001b');
    expect((await run(['status'], { answers, size, env: { NO_COLOR: '1' } })).out).not.toContain('\u001b');
    expect((await run(['status'], { answers, size, env: { TERM: 'dumb' } })).out).not.toContain('\u001b');
  });

  it('--watch draws over what it drew, and keeps what it saw when the service goes away', async () => {
    const cause = Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
    const answers = [[registry('a', 'up')], new TypeError('fetch failed', { cause }), [registry('a', 'down')]];
    const { out, asked } = await run(['status', '--watch', '2'], { answers, size: { columns: 90, rows: 30 }, rounds: 2, env: { NO_COLOR: '1' } });
    const frames = out.split('\u001b[H').slice(1);
    expect(asked).toHaveLength(3);
    expect(frames).toHaveLength(3);
    expect(frames[0]).toMatch(/^\d\d:\d\d:\d\d, every 2 s; Ctrl-C ends/);
    expect(frames[1]).toMatch(/as last seen: Nothing answers at http:\/\/127\.0\.0\.1:8000\. Start it/);
    expect(frames[1]).toContain('\nup       a');
    expect(frames[2]).toContain('\ndown     a');
    for (const frame of frames) expect(frame.endsWith('\n\u001b[J')).toBe(true);
  });

  it('--watch shows the worst and the sums where the window is low', async () => {
    const registries = Array.from({ length: 50 }, (_unused, n) => registry(`r${n}`, n === 7 ? 'down' : 'up'));
    const { out } = await run(['status', '--watch'], { answers: [registries], size: { columns: 100, rows: 10 } });
    const lines = out.split('\n');
    expect(lines).toHaveLength(10);
    expect(lines[3]).toContain('r7.example.com');
    expect(lines.slice(7, 9).join()).toMatch(/… \d+ more lines.*,50 registries: 1 down, 49 up/);
  });

  it('--watch gives up when the service was not there to begin with', async () => {
    expect(await run(['status', '--watch'], { answers: [new TypeError('fetch failed')], rounds: 5 })).toMatchObject({ code: 2, out: '' });
  });
});

describe('portolan list', () => {
  const filterOf = async (...args: string[]): Promise<unknown> => (await run(['list', ...args])).asked[0]?.body;

  it('lets all conditions hold together', async () => {
    expect(await filterOf()).toEqual({});
    expect(await filterOf('--tag', 'ai')).toEqual({ container_registry_tags: 'ai' });
    expect(await filterOf('--filter', '{"$or":[]}', '--tag', 'ai', '--tag', 'gpu', '--type', 'aios')).toEqual({
      $and: [{ $or: [] }, { container_registry_tags: 'ai' }, { container_registry_tags: 'gpu' }, { 'container_registry_storage_info.registry_type': 'aios' }],
    });
  });

  it('keeps the columns of the first records for those that come later', async () => {
    const records = Array.from({ length: 450 }, (_unused, n) => ({ container_registry_id: `id-${String(n).padStart(3, '0')}`, container_registry_name: `n${n}` }));
    const lines = (await run(['list'], { answers: [records] })).out.trimEnd().split('\n');
    expect(lines).toHaveLength(451);
    expect(new Set(lines.slice(1).map((line) => line.indexOf('unknown')))).toEqual(new Set([lines[0]?.indexOf('VERDICT')]));
  });

  it('shows documents of older databases whatever they hold', async () => {
    const { code, out } = await run(['list'], { answers: [[{ container_registry_id: 'x', container_registry_name: 7, container_registry_tags: 'ai', container_registry_storage_info: null }]] });
    expect(code).toBe(0);
    expect(out).toMatch(/\nx {3}7 +unknown +- +- +-\n$/);
  });

  it('says when there is nothing', async () => {
    expect((await run(['list'])).out).toBe('No record to show. `portolan add <url>` adds one.\n');
    expect((await run(['list', '--json'])).out).toBe('');
  });
});

describe('portolan add', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-cli-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (text: string): string => {
    const path = join(folder, 'config.json');
    writeFileSync(path, text);
    return path;
  };

  it('names a registry by its host unless told otherwise, and prints the id alone', async () => {
    const { out, asked } = await run(['add', 'https://registry.example.com:5000/sub'], { answers: [{ message: 'Container registry created', id: 'new-id' }] });
    expect(out).toBe('new-id\n');
    expect(asked).toEqual([
      { method: 'POST', url: 'http://127.0.0.1:8000/container_registry', body: { container_registry_name: 'registry.example.com:5000', container_registry_public_url: 'https://registry.example.com:5000/sub' } },
    ]);
  });

  it('sends all that it is given', async () => {
    const args = ['--id', 'edge-7', '--name', 'Edge 7', '--tag', 'a', '--tag', 'b', '--tag', 'a', '--type', 'external', '--config-file', file('{"health":{"interval_s":60}}'), '--verify', '--json'];
    const { out, asked } = await run(['add', 'http://127.0.0.1:5000', ...args], { answers: [{ id: 'edge-7' }] });
    expect(out).toBe('{"id":"edge-7"}\n');
    expect(asked[0]?.url).toBe('http://127.0.0.1:8000/container_registry?verify=true');
    expect(asked[0]?.body).toEqual({
      container_registry_id: 'edge-7',
      container_registry_name: 'Edge 7',
      container_registry_public_url: 'http://127.0.0.1:5000',
      container_registry_tags: ['a', 'b'],
      container_registry_config: { health: { interval_s: 60 } },
      container_registry_storage_info: { registry_type: 'external' },
    });
  });

  it.each([
    ['{', /is not valid JSON/],
    ['[]', /must hold a JSON object/],
  ])('refuses a configuration file that says %s', async (text, reason) => {
    const { code, err, asked } = await run(['add', 'http://a', '--config-file', file(text)]);
    expect(err).toMatch(reason);
    expect([code, asked]).toEqual([2, []]);
  });

  it('refuses a configuration file that is not there', async () => {
    expect(await run(['add', 'http://a', '--config-file', '/nowhere.json'])).toMatchObject({ code: 2, err: expect.stringMatching(/\/nowhere\.json of --config-file cannot be read: .*ENOENT/), asked: [] });
  });
});
