import { sharesAfter } from '../../../src/cli/commands/access.ts';
import type { ShownCredential } from '../../../src/client/types.ts';
import type { RecordAccess } from '../../../src/core/access.ts';
import { refusal, runCommandLine as run, type Asked } from '../../support/command-line.ts';

const ROOT = 'http://127.0.0.1:8000';
const said = ({ method, url, body, ifMatch }: Asked): string => [method, url.slice(ROOT.length), body === undefined ? '' : JSON.stringify(body), ifMatch ?? ''].join(' ').trim();

const access: RecordAccess = { owner: 'ann', visibility: 'internal', shared_with: [{ with: 'user:bob', may: 'read' }, { with: 'group:ops', may: 'write' }] };

describe('portolan access', () => {
  it('show tells the owner, who sees it, and the shares', async () => {
    expect(await run(['access', 'show', 'edge-7'], { answers: [access] })).toMatchObject({ out: 'owner        ann\nvisibility   internal\nshared with  user:bob, to read\n             group:ops, to write\n' });
    expect((await run(['access', 'show', 'x'], { answers: [{ owner: null, visibility: 'public', shared_with: [] }] })).out).toMatch(/^owner {8}nobody: .*\nvisibility {3}public\nshared with {2}nobody\n$/);
    expect(JSON.parse((await run(['access', 'show', 'edge-7', '--json'], { answers: [access] })).out)).toEqual(access);
  });

  it('set sends what is named alone', async () => {
    const { asked } = await run(['access', 'set', 'edge-7', '--visibility', 'private', '--owner', 'bob'], { answers: [access] });
    expect(asked.map(said)).toEqual(['PUT /container_registry/edge-7/access {"visibility":"private","owner":"bob"}']);
  });

  it('set keeps the shares that it was not told of, and reads them again when somebody was faster', async () => {
    let tags = 0;
    const answer = ({ method }: Asked): unknown => {
      if (method === 'GET') return Response.json({ success: true, data: access }, { headers: { ETag: `"${++tags}"` } });
      return tags < 3 ? refusal(412, 'REVISION_STALE') : access;
    };
    const { code, asked } = await run(['access', 'set', 'edge-7', '--share', 'user:bob=pull', '--share', 'user:rita=read', '--unshare', 'group:ops'], { answer });
    const put = 'PUT /container_registry/edge-7/access {"shared_with":[{"with":"user:bob","may":"pull"},{"with":"user:rita","may":"read"}]}';
    expect(code).toBe(0);
    expect(asked.map(said).filter((line) => line.startsWith('PUT'))).toEqual([`${put} "1"`, `${put} "2"`, `${put} "3"`]);
  });

  it('set gives up when somebody is faster every time', async () => {
    const { code, asked } = await run(['access', 'set', 'x', '--unshare', 'group:ops'], { answer: ({ method }) => (method === 'GET' ? access : refusal(412, 'REVISION_STALE')) });
    expect([code, asked.length]).toEqual([2, 10]);
  });

  it.each([[[]], [['--share', 'bob=read']], [['--share', 'user:bob']], [['--share', 'user:bob=own']], [['--visibility', 'secret']]])('set refuses %j', async (args) => {
    expect(await run(['access', 'set', 'edge-7', ...args])).toMatchObject({ code: 2, asked: [] });
  });

  it('keeps one share for each, the last one that was said', () => {
    expect(sharesAfter([{ with: 'a', may: 'read' }], [{ with: 'a', may: 'pull' }, { with: 'a', may: 'write' }], ['b'])).toEqual([{ with: 'a', may: 'write' }]);
    expect(sharesAfter([{ with: 'a', may: 'read' }], [{ with: 'a', may: 'pull' }], ['a'])).toEqual([{ with: 'a', may: 'pull' }]);
  });
});

describe('portolan credential', () => {
  const kept: ShownCredential = { kind: 'basic', repository_prefix: '', username: 'robot', expires_at: null, token_host: null, origin: 'https://edge-7.example', usable: true, updated_at: '2026-11-21T11:00:00.000Z' };

  it.each([
    [['--username', 'robot'], ['*Password of robot: '], { username: 'robot', password: 'typed' }],
    [['--client-id', 'app'], ['*Secret of app: '], { client_id: 'app', client_secret: 'typed' }],
    [[], ['*Token: '], { token: 'typed' }],
    [['--prefix', 'team', '--expires-at', '2027-01-01', '--token-host', 'auth.example'], ['*Token: '], { token: 'typed', repository_prefix: 'team', expires_at: '2027-01-01T00:00:00.000Z', token_host: 'auth.example' }],
  ])('set with %j asks for the secret, unseen', async (args, questions, body) => {
    const ran = await run(['credential', 'set', 'edge-7', ...args], { answers: [kept], typed: ['typed'] });
    expect(ran).toMatchObject({ code: 0, questions, asked: [{ method: 'PUT', url: `${ROOT}/container_registry/edge-7/credentials`, body }], out: 'Kept for edge-7. It is used for https://edge-7.example alone.\n' });
  });

  it('set takes the secret from standard input', async () => {
    const bodyOf = async (...args: string[]): Promise<unknown> => (await run(['credential', 'set', 'x', ...args], { answers: [kept], input: 'piped\n' })).asked[0]?.body;
    expect(await bodyOf('--username', 'robot', '--password-stdin')).toEqual({ username: 'robot', password: 'piped' });
    expect(await bodyOf('--client-id', 'app', '--password-stdin')).toEqual({ client_id: 'app', client_secret: 'piped' });
    expect(await bodyOf('--token-stdin')).toEqual({ token: 'piped' });
  });

  it.each([[['--username', 'a', '--client-id', 'b']], [['--username', 'a', '--token-stdin']], [['--password-stdin']], [['--password-stdin', '--token-stdin']], [['--username', 'a', '--password', 'b']], [['--token', 'x']], [['--expires-at', 'soon']]])(
    'set refuses %j',
    async (args) => {
      expect(await run(['credential', 'set', 'x', ...args], { input: 'piped' })).toMatchObject({ code: 2, asked: [] });
    },
  );

  it('set names the option where there is no terminal', async () => {
    expect((await run(['credential', 'set', 'x'])).err).toMatch(/Use --token-stdin/);
    expect((await run(['credential', 'set', 'x', '--username', 'a'])).err).toMatch(/Use --password-stdin/);
  });

  it('list tells of all but the secrets', async () => {
    const other: ShownCredential = { ...kept, kind: 'token', repository_prefix: 'team', username: null, expires_at: '2026-11-20T12:00:00.000Z', token_host: 'auth.example', usable: false };
    const { out } = await run(['credential', 'list', 'edge-7'], { answers: [[kept, other]] });
    expect(out).toMatch(/\nall +basic +robot +yes +https:\/\/edge-7\.example +not known\nteam +token +- +no +https:\/\/edge-7\.example, tokens of auth\.example +ended 2026-11-20T12:00:00\.000Z \(1d ago\)\n$/);
  });

  it('remove takes the one for all repositories, or for those that are named', async () => {
    const target = async (...args: string[]): Promise<unknown> => (await run(['credential', 'remove', 'x', ...args], { answers: [{}] })).asked.map(said);
    expect(await target()).toEqual(['DELETE /container_registry/x/credentials']);
    expect(await target('--prefix', 'team')).toEqual(['DELETE /container_registry/x/credentials?repository_prefix=team']);
    expect(await run(['credential', 'remove', 'x'], { answers: [refusal(404, 'CREDENTIAL_NOT_FOUND')] })).toMatchObject({ code: 2, err: expect.stringMatching(/portolan credential list/) });
  });
});

describe('portolan pull-secret', () => {
  it('prints what stands in no envelope', async () => {
    const config = { auths: { 'edge-7.example': { auth: 'cm9ib3Q6eA==' } } };
    const { out, asked } = await run(['pull-secret', 'edge-7'], { answers: [Response.json(config)] });
    expect(JSON.parse(out)).toEqual(config);
    expect(asked.map(said)).toEqual(['GET /container_registry/edge-7/pull-secret?format=dockerconfigjson']);
    const secret = await run(['pull-secret', 'edge-7', '--format', 'kubernetes', '--namespace', 'apps', '--name', 'pull'], { answers: [Response.json({ kind: 'Secret' })] });
    expect(secret.asked.map(said)).toEqual(['GET /container_registry/edge-7/pull-secret?format=kubernetes&namespace=apps&name=pull']);
  });

  it('prints nothing where it is refused', async () => {
    expect(await run(['pull-secret', 'x'], { answers: [refusal(403, 'FORBIDDEN', 'Not yours.')] })).toMatchObject({ code: 3, out: '' });
    expect(await run(['pull-secret', 'x'], { answers: [refusal(403, 'INSECURE_TRANSPORT', 'Use HTTPS.')] })).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/^portolan: Use HTTPS\. Where the service has HTTPS/) });
    expect(await run(['pull-secret', 'x'], { answers: [new Response('<html>')] })).toMatchObject({ code: 2, out: '' });
  });
});

describe('portolan add', () => {
  it('--visibility says who sees the record', async () => {
    expect((await run(['add', 'http://r.example', '--visibility', 'private'], { answers: [{ id: 'x' }] })).asked[0]?.url).toBe(`${ROOT}/container_registry?visibility=private`);
  });
});
