import { readFileSync } from 'node:fs';
import type { ShownToken, User } from '../../../src/client/types.ts';
import { refusal, runCommandLine as run, type Asked } from '../../support/command-line.ts';
import { useConfigFolder } from '../../support/config-folder.ts';

const user = (username: string, more: Partial<User> = {}): User => ({
  username,
  role: 'user',
  groups: [],
  disabled: false,
  has_password: true,
  created_at: '2026-11-01T00:00:00.000Z',
  password_changed_at: '2026-11-02T00:00:00.000Z',
  ...more,
});

const API = 'http://127.0.0.1:8000/api/v1';
const said = ({ method, url, body }: Asked): string => `${method} ${url.slice(API.length)} ${body === undefined ? '' : JSON.stringify(body)}`.trim();

describe('portolan user', () => {
  it('list shows all, and who can log in', async () => {
    const users = [user('ann', { role: 'admin', groups: ['ops', 'edge'] }), user('bob', { disabled: true }), user('ci', { has_password: false })];
    const { out, asked } = await run(['user', 'list'], { answers: [users] });
    expect(asked.map(said)).toEqual(['GET /users']);
    expect(out.split('\n').map((line) => line.trimEnd())).toEqual([
      'USER  ROLE   LOGIN          GROUPS    CREATED',
      'ann   admin  yes            ops,edge  2026-11-01T00:00:00.000Z',
      'bob   user   disabled       -         2026-11-01T00:00:00.000Z',
      'ci    user   by token only  -         2026-11-01T00:00:00.000Z',
      '',
    ]);
    const json = await run(['user', 'list', '--json'], { answers: [users] });
    expect(json.out.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual(users);
    expect((await run(['user', 'list'])).out).toMatch(/^There is no user\./);
  });

  it('show shows one', async () => {
    const { out, asked } = await run(['user', 'show', 'ann'], { answers: [user('ann', { groups: ['ops'] })] });
    expect(asked.map(said)).toEqual(['GET /users/ann']);
    expect(out).toMatch(/^user {9}ann\nrole {9}user\ngroups {7}ops\nlogin {8}yes\n/);
    expect(await run(['user', 'show', 'eve'], { answers: [refusal(404, 'USER_NOT_FOUND')] })).toMatchObject({ code: 2, err: 'portolan: There is no such user: `portolan user list` shows all.\n' });
    expect(await run(['user', 'show', '..'])).toMatchObject({ code: 2, asked: [] });
  });

  it('add asks for the password twice, unseen', async () => {
    const args = ['user', 'add', 'ann', '--role', 'publisher', '--group', 'ops', '--group', 'edge', '--group', 'ops'];
    const { asked, questions } = await run(args, { answers: [user('ann')], typed: ['long enough', 'long enough'] });
    expect(questions).toEqual(['*Password for ann: ', '*The same again: ']);
    expect(asked.map(said)).toEqual(['POST /users {"username":"ann","password":"long enough","role":"publisher","groups":["ops","edge"]}']);
  });

  it.each([
    ['differ', { typed: ['long enough', 'long enouhg'] }, /not the same/],
    ['are too short', { typed: ['short', 'short'] }, /10 to 256 characters/],
    ['are too short on standard input', { input: 'short' }, /10 to 256 characters/],
  ])('add does nothing where the passwords %s', async (_what, more, reason) => {
    const { code, err, asked } = await run(['user', 'add', 'ann', ...('input' in more ? ['--password-stdin'] : [])], { ...more });
    expect(err).toMatch(reason);
    expect([code, asked]).toEqual([2, []]);
  });

  it('add makes users without a password, and with one from standard input', async () => {
    const bodyOf = async (...args: string[]): Promise<unknown> => (await run(['user', 'add', ...args], { answers: [user('x')], input: 'from a file\n' })).asked[0]?.body;
    expect(await bodyOf('ci', '--no-password', '--disabled')).toEqual({ username: 'ci', disabled: true });
    expect(await bodyOf('rita', '--password-stdin')).toEqual({ username: 'rita', password: 'from a file' });
    expect(await run(['user', 'add', 'ci', '--no-password', '--password-stdin'], { input: 'x' })).toMatchObject({ code: 2, asked: [], err: expect.stringMatching(/opposite/) });
  });

  it('set changes what is named, and nothing else', async () => {
    const change = async (...args: string[]): Promise<unknown> => (await run(['user', 'set', 'ann', ...args], { answers: [user('ann')] })).asked.map(said);
    expect(await change('--role', 'admin')).toEqual(['PUT /users/ann {"role":"admin"}']);
    expect(await change('--group', 'ops')).toEqual(['PUT /users/ann {"groups":["ops"]}']);
    expect(await change('--no-groups')).toEqual(['PUT /users/ann {"groups":[]}']);
    expect(await change('--disabled')).toEqual(['PUT /users/ann {"disabled":true}']);
    expect(await change('--enabled')).toEqual(['PUT /users/ann {"disabled":false}']);
    for (const args of [[], ['--enabled', '--disabled'], ['--role', 'king']]) expect(await run(['user', 'set', 'ann', ...args])).toMatchObject({ code: 2, asked: [] });
  });

  it('remove removes', async () => {
    const { out, asked } = await run(['user', 'remove', 'ann'], { answers: [{ message: 'deleted' }] });
    expect([out, asked.map(said)]).toEqual(['The user ann is removed.\n', ['DELETE /users/ann']]);
  });

  it('tells what one may not do with 3, and what would help', async () => {
    expect(await run(['user', 'list'], { answers: [refusal(403, 'FORBIDDEN', 'You may see this but not do it.')] })).toMatchObject({ code: 3, err: 'portolan: You may see this but not do it. `portolan whoami` shows what you may do.\n' });
    expect(await run(['user', 'list'], { answers: [refusal(401, 'AUTHENTICATION_REQUIRED')] })).toMatchObject({ code: 3, err: expect.stringMatching(/Log in with `portolan login`/) });
  });
});

describe('portolan user password', () => {
  const config = useConfigFolder();
  const answer = ({ url, body, authorization }: Asked): unknown => {
    if (url.endsWith('/auth/login')) return { access_token: `access-${body.password.length}`, expires_in: 900, refresh_token: 'r' };
    if (url.endsWith('/auth/me')) return authorization === undefined ? { kind: 'local', user: null } : { kind: 'user', user: 'ann', role: 'admin', groups: [], permissions: [] };
    return user('ann');
  };

  it('changes one’s own with the current one, and begins a new session', async () => {
    await run(['login', '--username', 'ann'], { answer, env: config().env, typed: ['the old one'] });
    for (const [setting, questions] of [
      [{ typed: ['the old one', 'the new one!', 'the new one!'] }, ['*Current password: ', '*New password: ', '*The same again: ']],
      [{ input: 'the old one\nthe new one!\n' }, []],
    ] as const) {
      const ran = await run(['user', 'password', ...('input' in setting ? ['--password-stdin'] : [])], { answer, env: config().env, ...setting });
      expect([ran.code, ran.questions]).toEqual([0, questions]);
      expect(ran.asked.map(said)).toEqual(['GET /auth/me', 'PUT /users/ann {"password":"the new one!","current_password":"the old one"}', 'POST /auth/login {"username":"ann","password":"the new one!"}']);
      expect(ran.out + ran.err).not.toContain('the new one!');
    }
    expect(readFileSync(config().sessions, 'utf8')).toContain('access-12');
  });

  it('sets another’s', async () => {
    const { asked, questions } = await run(['user', 'password', 'rita'], { answer, typed: ['long enough', 'long enough'] });
    expect(questions).toEqual(['*New password for rita: ', '*The same again: ']);
    expect(asked.map(said).at(-1)).toBe('PUT /users/rita {"password":"long enough"}');
  });

  it.each(['', 'one line', 'old\nnew password\nmore', '\nnew password'])('takes one’s own two from standard input as two lines, not %j', async (input) => {
    await run(['login', '--username', 'ann'], { answer, env: config().env, typed: ['the old one'] });
    const { code, asked } = await run(['user', 'password', '--password-stdin'], { answer, env: config().env, input });
    expect([code, asked.map(said)]).toEqual([2, ['GET /auth/me']]);
  });

  it('asks whose where nobody is logged in', async () => {
    expect(await run(['user', 'password'], { answer })).toMatchObject({ code: 2, err: expect.stringMatching(/portolan user password <name>/) });
  });
});

describe('portolan token', () => {
  const made = { id: 'abc', token: 'ptl_abc_secret_crc', name: 'ci', scopes: ['record:read'], expires_at: null };

  it('create prints the token alone, once', async () => {
    const args = ['token', 'create', 'ci', '--scope', 'record:read', '--scope', 'record:probe', '--scope', 'record:read', '--expires-in', '90d', '--user', 'robot'];
    const { out, err, asked } = await run(args, { answers: [made] });
    expect([out, err]).toEqual(['ptl_abc_secret_crc\n', '']);
    expect(asked.map(said)).toEqual(['POST /tokens {"name":"ci","scopes":["record:read","record:probe"],"expires_in_s":7776000,"username":"robot"}']);
    expect((await run(args, { answers: [made], size: { columns: 80, rows: 24 } })).err).toMatch(/not shown again\. `portolan token revoke abc`/);
    expect(JSON.parse((await run([...args, '--json'], { answers: [made] })).out)).toEqual(made);
  });

  it.each([[[]], [['--scope', 'x', '--expires-in', '90']], [['--scope', 'x', '--expires-in', '0d']], [['--scope', 'x', '--expires-in', '1w']]])('create refuses %j', async (args) => {
    expect(await run(['token', 'create', 'ci', ...args])).toMatchObject({ code: 2, asked: [] });
  });

  it('list shows whose, what for and until when', async () => {
    const tokens: ShownToken[] = [
      { id: 'abc', name: 'ci', username: 'robot', scopes: ['record:read'], created_at: '2026-11-01T00:00:00.000Z', expires_at: '2026-11-23T12:00:00.000Z', last_used_at: '2026-11-21T11:00:00.000Z' },
      { id: 'def', name: 'old', username: 'robot', scopes: ['*'], created_at: '2026-11-01T00:00:00.000Z', expires_at: '2026-11-20T12:00:00.000Z', last_used_at: null },
    ];
    const { out, asked } = await run(['token', 'list', '--user', 'robot'], { answers: [tokens] });
    expect(asked.map(said)).toEqual(['GET /tokens?username=robot']);
    expect(out).toMatch(/\nabc +ci +robot +in 2d +1h ago +record:read\ndef +old +robot +ended +never +\*\n$/);
  });

  it('revoke ends one', async () => {
    const { out, asked } = await run(['token', 'revoke', 'abc'], { answers: [{}] });
    expect([out, asked.map(said)]).toEqual(['The token abc is revoked.\n', ['DELETE /tokens/abc']]);
  });
});
