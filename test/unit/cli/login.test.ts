import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Me } from '../../../src/client/types.ts';
import { NOW_MS, refusal, runCommandLine as run, type Asked, type Ran } from '../../support/command-line.ts';
import { useConfigFolder } from '../../support/config-folder.ts';

const ann: Me = { kind: 'user', user: 'ann', role: 'publisher', groups: ['ops'], permissions: ['record:read', 'record:create'], token_id: null, expires_at: '2026-11-21T12:15:00.000Z' };
const nobody: Me = { kind: 'anonymous', user: null, role: null, groups: [], permissions: [], token_id: null, expires_at: null };

/** Logs anybody in who knows the password, and tells them who they are. */
function answer({ url, body, authorization }: Asked): unknown {
  if (url.endsWith('/auth/login')) {
    return body.password === 'correct horse' ? { access_token: `access-${body.username}`, token_type: 'Bearer', expires_in: 900, refresh_token: `refresh-${body.username}` } : refusal(401, 'LOGIN_FAILED', 'The user name or the password is wrong.');
  }
  if (url.endsWith('/auth/me')) return authorization === undefined ? nobody : { ...ann, user: authorization.slice('Bearer access-'.length) };
  if (url.endsWith('/auth/logout')) return { message: 'Logged out' };
  return authorization === undefined ? refusal(401, 'AUTHENTICATION_REQUIRED') : [];
}

describe('portolan login', () => {
  const config = useConfigFolder();
  const portolan = (args: readonly string[], more: Parameters<typeof run>[1] = {}): Promise<Ran> => run(args, { answer, ...more, env: { ...config().env, ...more.env } });
  const kept = (): Record<string, unknown> => JSON.parse(readFileSync(config().sessions, 'utf8')) as Record<string, unknown>;

  it('asks who and with what password, the password unseen, and keeps the session', async () => {
    const { code, out, err, questions, asked } = await portolan(['login'], { typed: ['ann', 'correct horse'] });
    expect([code, err]).toEqual([0, '']);
    expect(questions).toEqual(['User name: ', '*Password of ann: ']);
    expect(out).toBe('Logged in to http://127.0.0.1:8000 as ann (publisher).\n');
    expect(asked.map(({ method, url, body, authorization }) => [method, url, body, authorization])).toEqual([
      ['POST', 'http://127.0.0.1:8000/api/v1/auth/login', { username: 'ann', password: 'correct horse' }, undefined],
      ['GET', 'http://127.0.0.1:8000/api/v1/auth/me', undefined, 'Bearer access-ann'],
    ]);
    expect(kept()).toEqual({ 'http://127.0.0.1:8000': { access_token: 'access-ann', refresh_token: 'refresh-ann', expires_at: new Date(NOW_MS + 900_000).toISOString() } });
  });

  it('takes the password from standard input, without the end of its line', async () => {
    for (const input of ['correct horse', 'correct horse\n', 'correct horse\r\n']) {
      expect(await portolan(['login', '--username', 'ann', '--password-stdin'], { input })).toMatchObject({ code: 0, questions: [] });
    }
    expect((await portolan(['login', '--username', 'ann', '--password-stdin'], { input: ' correct horse' })).code).toBe(3);
  });

  it('prints no token, in text or JSON', async () => {
    for (const json of [[], ['--json']]) {
      const { out, err } = await portolan(['login', '--username', 'ann', '--password-stdin', ...json], { input: 'correct horse' });
      expect(out + err).not.toMatch(/access-|refresh-|correct horse/);
    }
    expect(JSON.parse((await portolan(['whoami', '--json'])).out)).toEqual(ann);
  });

  it.each([
    ['no terminal', ['--username', 'ann'], {}, /^portolan: There is no terminal to ask at\. Use --password-stdin\.\n$/],
    ['no terminal to ask for the user', [], {}, /no terminal to ask at\. Use --username/],
    ['nothing on standard input', ['--username', 'ann', '--password-stdin'], { input: '\n' }, /Standard input is empty/],
    ['a terminal as standard input', ['--username', 'ann', '--password-stdin'], { typed: [] }, /would show what is typed/],
    ['an empty answer', ['--username', 'ann'], { typed: [''] }, /Nothing was entered/],
    ['a password as an argument', ['--username', 'ann', '--password', 'x'], {}, /unknown option/],
  ])('with %s says what to do, and asks nothing of the service', async (_what, args, more, reason) => {
    const { code, err, asked } = await portolan(['login', ...args], more);
    expect(err).toMatch(reason);
    expect([code, asked]).toEqual([2, []]);
    expect(existsSync(config().sessions)).toBe(false);
  });

  it('that fails ends with 3, and leaves the session that was there', async () => {
    await portolan(['login', '--username', 'ann'], { typed: ['correct horse'] });
    expect(await portolan(['login', '--username', 'bob'], { typed: ['battery'] })).toMatchObject({ code: 3, out: '', err: 'portolan: The user name or the password is wrong.\n' });
    expect((await portolan(['whoami'])).out).toContain('ann');
  });

  it('keeps a session for each origin, and shows none to another', async () => {
    const seen = async (url: string): Promise<string | undefined> => (await portolan(['--url', url, 'whoami'])).asked[0]?.authorization;
    await portolan(['--url', 'https://a.example', 'login', '--username', 'ann'], { typed: ['correct horse'] });
    await portolan(['--url', 'https://b.example/portolan', 'login', '--username', 'bob'], { typed: ['correct horse'] });
    expect(await seen('https://a.example')).toBe('Bearer access-ann');
    expect(await seen('https://b.example')).toBe('Bearer access-bob');
    for (const other of ['http://a.example', 'https://a.example:8443', 'https://a.example.b.example']) expect(await seen(other)).toBeUndefined();
  });

  it('abuse 36: does not follow a service that sends it elsewhere', async () => {
    const { code, asked } = await portolan(['login', '--username', 'ann'], { typed: ['correct horse'], answer: () => new Response(null, { status: 307, headers: { Location: 'http://evil.example/' } }) });
    expect([code, asked.length]).toEqual([2, 1]);
  });

  it('warns where the password crosses a network in the clear', async () => {
    const warned = async (url: string): Promise<boolean> => (await portolan(['--url', url, 'login', '--username', 'ann'], { typed: ['correct horse'] })).err.includes('warning: ');
    expect(await Promise.all(['http://portolan.example', 'http://10.0.0.1:8000', 'http://localhost.example'].map(warned))).toEqual([true, true, true]);
    expect(await Promise.all(['https://portolan.example', 'http://127.0.0.2:8000', 'http://localhost', 'http://[::1]:8000'].map(warned))).toEqual([false, false, false, false]);
  });

  it('is for commands that are given no token', async () => {
    await portolan(['login', '--username', 'ann'], { typed: ['correct horse'] });
    const file = join(config().env.XDG_CONFIG_HOME, 'token');
    writeFileSync(file, 'ptl_file\n');
    const shown = async (args: string[], env = {}): Promise<string | undefined> => (await portolan([...args, 'list'], { env })).asked[0]?.authorization;
    expect(await shown([])).toBe('Bearer access-ann');
    expect(await shown([], { PORTOLAN_TOKEN: '' })).toBe('Bearer access-ann');
    expect(await shown([], { PORTOLAN_TOKEN: 'ptl_env' })).toBe('Bearer ptl_env');
    expect(await shown(['--token-file', file], { PORTOLAN_TOKEN: 'ptl_env' })).toBe('Bearer ptl_file');
    expect(await portolan(['--token-file', '/nowhere', 'list'])).toMatchObject({ code: 2, asked: [], err: expect.stringMatching(/\/nowhere of --token-file cannot be read/) });
    expect(await portolan(['list'], { env: { PORTOLAN_TOKEN: 'two words' } })).toMatchObject({ code: 3, asked: [] });
    expect((await portolan(['login', '--username', 'ann'], { typed: ['correct horse'], env: { PORTOLAN_TOKEN: 'x' } })).err).toMatch(/PORTOLAN_TOKEN is set/);
  });

  it('needs a place to keep the session in', async () => {
    expect(await run(['login', '--username', 'ann'], { answer, typed: ['correct horse'] })).toMatchObject({ code: 2, err: expect.stringMatching(/set HOME, or XDG_CONFIG_HOME/) });
    expect(await run(['login', '--username', 'ann'], { answer, typed: ['correct horse'], env: { HOME: config().env.XDG_CONFIG_HOME, XDG_CONFIG_HOME: 'relative' } })).toMatchObject({ code: 0 });
    expect(existsSync(join(config().env.XDG_CONFIG_HOME, '.config/portolan/sessions.json'))).toBe(true);
  });
});

describe('the file of sessions', () => {
  const config = useConfigFolder();
  const portolan = (...args: string[]): Promise<Ran> => run(args, { answer, env: config().env, typed: ['correct horse'] });
  const mode = (path: string): number => statSync(path).mode & 0o777;

  it('is readable by its owner alone, and replaced whole', async () => {
    await portolan('login', '--username', 'ann');
    const { ino } = statSync(config().sessions);
    await portolan('login', '--username', 'bob');
    expect(statSync(config().sessions).ino).not.toBe(ino);
    expect([mode(dirname(config().sessions)), mode(config().sessions)]).toEqual([0o700, 0o600]);
    expect(readdirSync(dirname(config().sessions)).sort()).toEqual(['sessions.json', 'sessions.json.lock']);
    expect(readFileSync(`${config().sessions}.lock`, 'utf8')).toBe('');
  });

  it.each([0o640, 0o604, 0o660, 0o602])('is refused with mode %o, and with the line to type', async (open) => {
    await portolan('login', '--username', 'ann');
    chmodSync(config().sessions, open);
    for (const command of ['whoami', 'logout', 'login']) {
      const { code, err } = await portolan(command, ...(command === 'login' ? ['--username', 'ann'] : []));
      expect({ code, err }).toEqual({ code: 2, err: `portolan: Others can read the sessions in ${config().sessions}, and could act as you. Type: chmod 600 ${config().sessions}\n` });
    }
  });

  it.each(['', '[]', '{"http://127.0.0.1:8000":{}}', '{"http://127.0.0.1:8000":{"access_token":"a b","refresh_token":"r","expires_at":"2026-11-21"}}', ' '.repeat(2_000_000)])('that says %.60j is not taken for one', async (text) => {
    mkdirSync(dirname(config().sessions));
    writeFileSync(config().sessions, text, { mode: 0o600 });
    expect(await portolan('whoami')).toMatchObject({ code: 2, asked: [], err: expect.stringMatching(/sessions\.json is not as portolan writes it\. Remove it, and log in again\./) });
  });

  it('that cannot be written is told of in a sentence', async () => {
    writeFileSync(dirname(config().sessions), 'a file');
    expect(await portolan('login', '--username', 'ann')).toMatchObject({ code: 2, err: expect.stringMatching(/^portolan: .*sessions.*/) });
  });
});

describe('portolan logout', () => {
  const config = useConfigFolder();
  const portolan = (args: readonly string[], more: Parameters<typeof run>[1] = {}): Promise<Ran> => run(args, { answer, typed: ['correct horse'], ...more, env: { ...config().env, ...more.env } });

  it('ends the session at the service, and forgets it; other sessions stay', async () => {
    await portolan(['--url', 'https://a.example', 'login', '--username', 'bob']);
    await portolan(['login', '--username', 'ann']);
    const { code, out, asked } = await portolan(['logout'], { env: { PORTOLAN_TOKEN: 'ptl_x' } });
    expect([code, out]).toEqual([0, 'Logged out of http://127.0.0.1:8000.\n']);
    expect(asked).toMatchObject([{ method: 'POST', url: 'http://127.0.0.1:8000/api/v1/auth/logout', authorization: 'Bearer access-ann' }]);
    expect(Object.keys(JSON.parse(readFileSync(config().sessions, 'utf8')) as object)).toEqual(['https://a.example']);
    expect(await portolan(['logout'])).toMatchObject({ code: 0, out: 'Nobody is logged in to http://127.0.0.1:8000.\n', asked: [] });
    expect(await portolan(['logout', '--json'])).toMatchObject({ code: 0, out: '{"logged_out":false}\n' });
  });

  it('of a session that has ended already is done', async () => {
    await portolan(['login', '--username', 'ann']);
    expect(await portolan(['logout'], { answer: () => refusal(401, 'TOKEN_REJECTED') })).toMatchObject({ code: 0 });
    expect(readFileSync(config().sessions, 'utf8')).toBe('{}\n');
  });

  it('forgets the session also when the service is away, and says so', async () => {
    await portolan(['login', '--username', 'ann']);
    expect(await portolan(['logout'], { answer: () => new TypeError('fetch failed') })).toMatchObject({ code: 2, err: expect.stringMatching(/cannot be reached/) });
    expect(readFileSync(config().sessions, 'utf8')).toBe('{}\n');
  });
});

describe('portolan whoami', () => {
  const shown = (me: Me, ...args: string[]): Promise<Ran> => run(['whoami', ...args], { answers: [me] });

  it('tells who, and what they may do', async () => {
    expect(await shown(ann)).toMatchObject({
      code: 0,
      out: ['you are      ann', 'role         publisher', 'groups       ops', 'session      ends 2026-11-21T12:15:00.000Z (in 15m)', 'you may      record:read, record:create', ''].join('\n'),
    });
    const token: Me = { ...ann, kind: 'token', token_id: 'abc', expires_at: null, permissions: ['*'] };
    expect((await shown(token)).out).toMatch(/\nby token {5}abc\nyou may {6}do everything\n$/);
  });

  it('ends with 3 where nobody has logged in, but not where nobody has to', async () => {
    expect(await shown(nobody)).toMatchObject({ code: 3, out: expect.stringMatching(/^you are {6}anonymous: nobody who has logged in; `portolan login` does that\nyou may {6}do nothing\n$/) });
    expect(await shown({ ...nobody, kind: 'local', permissions: ['*'] })).toMatchObject({ code: 0, out: expect.stringMatching(/^you are {6}local: .*nobody has to log in\n/) });
  });

  it('abuse 34: writes no control of a name to the terminal', async () => {
    const evil = '\u001b]0;x\u0007';
    expect((await shown({ ...ann, user: evil, groups: [evil], token_id: evil })).out).not.toMatch(/(?!\n)\p{Cc}/u);
  });
});
