import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startService, type TestService } from '../support/service.ts';

const entry = resolve(import.meta.dirname, '../../src/cli/main.ts');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe('portolan, on a service that wants to know who is there', () => {
  let service: TestService;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'portolan-config-'));
    service = await startService({ AUTH: 'on', ADMIN_PASSWORD: 'lighthouse keeper' });
  });
  afterAll(async () => {
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 90_000);

  /** As somebody who has a home of their own. */
  const as = async (who: string, line: string, input = '', more: Record<string, string> = {}): Promise<Ended> => {
    const env = { PATH: process.env['PATH'] ?? '', PORTOLAN_URL: service.url, XDG_CONFIG_HOME: join(folder, who), ...more };
    const child = spawn(process.execPath, [entry, ...line.split(' ')], { env, detached: true, stdio: 'pipe' });
    const texts = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (texts.out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (texts.err += chunk));
    child.stdin.on('error', () => undefined).end(input);
    const code = await new Promise<number | null>((closed) => child.once('close', closed));
    return { code, ...texts };
  };

  it('tells whoever has not logged in to do so, with 3', async () => {
    expect(await as('nobody', 'list')).toEqual({ code: 3, out: '', err: expect.stringMatching(/^portolan: .*Log in with `portolan login`/) });
    expect(await as('nobody', 'whoami')).toMatchObject({ code: 3, out: expect.stringMatching(/^you are {6}anonymous/) });
    expect(await as('nobody', 'list', '', { PORTOLAN_TOKEN: 'ptl_none' })).toMatchObject({ code: 3, err: expect.stringMatching(/have a new one made/) });
  }, 90_000);

  it('looks after users: their roles, their own passwords, their end', async () => {
    expect(await as('admin', 'login --username admin --password-stdin', 'lighthouse keeper\n')).toEqual({ code: 0, out: `Logged in to ${service.url} as admin (admin).\n`, err: '' });
    expect(await as('admin', 'user add ann --group ops --password-stdin', 'astrolabe of ann')).toMatchObject({ code: 0, out: expect.stringMatching(/^user {9}ann\nrole {9}user\ngroups {7}ops\n/) });
    expect((await as('admin', 'user set ann --role publisher --no-groups')).out).toMatch(/role {9}publisher\ngroups {7}none\n/);
    expect(await as('admin', 'user add ann --no-password')).toMatchObject({ code: 2, err: expect.stringMatching(/^portolan: There is a user ann already/) });
    expect(await as('ann', 'login --username ann --password-stdin', 'astrolabe of ann')).toMatchObject({ code: 0 });
    expect(await as('ann', 'user password --password-stdin', 'not the password\nsextant of ann')).toMatchObject({ code: 3 });
    expect(await as('ann', 'user password --password-stdin', 'astrolabe of ann\nsextant of ann')).toMatchObject({ code: 0, err: '' });
    // With the session that began with the new password.
    expect((await as('ann', 'whoami')).out).toMatch(/^you are {6}ann\nrole {9}publisher\n/);
    expect(await as('ann', 'user list')).toMatchObject({ code: 3, err: expect.stringMatching(/`portolan whoami` shows what you may do/) });
    expect((await as('admin', 'user list')).out).toMatch(/^USER .*\nadmin +admin +yes .*\nann +publisher +yes /);
    expect(await as('admin', 'user remove eve')).toMatchObject({ code: 2, err: expect.stringMatching(/There is no such user/) });
  }, 90_000);

  it('makes tokens, for which no login is needed, and ends them', async () => {
    const made = await as('ann', 'token create ci --scope record:read --expires-in 90d');
    expect(made).toEqual({ code: 0, out: expect.stringMatching(/^ptl_\S+\n$/), err: '' });
    writeFileSync(join(folder, 'token'), made.out);
    expect((await as('ci', `whoami --token-file ${folder}/token`)).out).toMatch(/^you are {6}ann\n(?:.*\n)*by token {5}\S+\ntoken {8}ends .* \(in 89d\)\nyou may {6}record:read\n$/);
    const [, id = ''] = made.out.split('_');
    expect((await as('admin', 'token list --user ann')).out).toMatch(new RegExp(`\n${id} +ci +ann +in 89d +\\S.* +record:read\n$`));
    expect(await as('ann', `token revoke ${id}`)).toMatchObject({ code: 0 });
    expect(await as('ci', `list --token-file ${folder}/token`)).toMatchObject({ code: 3 });
  }, 90_000);

  it('hides and shares records', async () => {
    expect(await as('ann', 'add http://127.0.0.1:1 --id cove --visibility private')).toMatchObject({ code: 0, out: 'cove\n' });
    expect((await as('ann', 'access show cove')).out).toBe('owner        ann\nvisibility   private\nshared with  nobody\n');
    await as('admin', 'user add rita --password-stdin', 'reading glass');
    await as('rita', 'login --username rita --password-stdin', 'reading glass');
    expect(await as('rita', 'check cove')).toMatchObject({ code: 2, err: expect.stringMatching(/^portolan: No record has this id, or none that you may see/) });
    expect(await as('ann', 'access set cove --share user:rita=read --share group:ops=write')).toMatchObject({ code: 0, out: expect.stringMatching(/user:rita, to read\n +group:ops, to write\n$/) });
    expect((await as('rita', 'list --json')).out).toContain('"cove"');
    expect(await as('rita', 'access set cove --visibility public')).toMatchObject({ code: 3 });
    expect((await as('ann', 'access set cove --unshare group:ops --owner rita')).out).toMatch(/^owner {8}rita\n(?:.*\n)*shared with {2}user:rita, to read\n$/);
  }, 90_000);

  it('shows and checks the audit', async () => {
    const { out } = await as('admin', 'audit list --user ann --action record');
    expect(out).toMatch(/^TIME .*\n.* user:ann +record:share +cove +done /);
    expect(out.trimEnd().split('\n')).toHaveLength(4);
    const all = (await as('admin', 'audit list --json')).out.trimEnd().split('\n').map((line) => JSON.parse(line) as { seq: number; hash: string });
    expect(all.at(-1)?.seq).toBe(1);
    const middle = all[Math.floor(all.length / 2)]!;
    expect(await as('admin', `audit verify --head ${middle.seq}:${middle.hash}`)).toMatchObject({ code: 0, out: expect.stringMatching(/^the audit is whole: \d+ entries, 1 to \d+\nentry \d+ +stands there as it did\.\nhead {9}\d+:[0-9a-f]{64}\n$/) });
    expect(await as('admin', `audit verify --head ${middle.seq}:${'0'.repeat(64)}`)).toMatchObject({ code: 1 });
    expect(await as('admin', `audit verify --head 100000:${middle.hash}`)).toMatchObject({ code: 1, out: expect.stringMatching(/was cut off/) });
    expect(await as('rita', 'audit list')).toMatchObject({ code: 3 });
  }, 90_000);

  it('looks after the keys of secrets', async () => {
    expect(await as('admin', 'secrets status')).toMatchObject({ code: 0, out: expect.stringMatching(/^KEY +CREDENTIALS +NOTE\n[0-9a-f]{16} +0 +seals what is new\n$/) });
    expect(await as('admin', 'secrets rotate')).toMatchObject({ code: 0, out: '0 credentials sealed anew; 0 needed no change.\n' });
    expect(await as('admin', 'secrets rotate --sessions')).toMatchObject({ code: 0, out: expect.stringMatching(/new key \S+ from now on/) });
    expect(await as('admin', 'whoami')).toMatchObject({ code: 0 });
  }, 90_000);

  it('keeps credentials of registries, and gives them out as pull secrets', async () => {
    expect(await as('ann', 'add https://bay.example --id bay')).toMatchObject({ code: 0 });
    expect(await as('ann', 'credential set bay --username robot --password-stdin', 'bilge water\n')).toEqual({ code: 0, out: 'Kept for bay. It is used for https://bay.example alone.\n', err: '' });
    expect(await as('ann', 'credential set bay --token-stdin --prefix team/apps --expires-at 2099-01-01', 'tkn')).toMatchObject({ code: 0, out: expect.stringMatching(/^Kept for bay, repositories team\/apps\./) });
    const { out } = await as('ann', 'credential list bay');
    expect(out).toMatch(/\nall +basic +robot +yes +https:\/\/bay\.example +not known\nteam\/apps +token +- +yes +https:\/\/bay\.example +ends 2099-01-01T00:00:00\.000Z /);
    expect(out).not.toMatch(/bilge|tkn/);
    expect(JSON.parse((await as('ann', 'pull-secret bay')).out)).toMatchObject({ auths: { 'bay.example': { auth: Buffer.from('robot:bilge water').toString('base64') } } });
    expect(await as('rita', 'pull-secret bay')).toMatchObject({ code: 3, out: '' });
    expect(await as('ann', 'credential remove bay --prefix team/apps')).toMatchObject({ code: 0 });
    expect(await as('ann', 'credential remove bay --prefix team/apps')).toMatchObject({ code: 2, err: expect.stringMatching(/`portolan credential list` shows/) });
    expect((await as('admin', 'secrets status')).out).toMatch(/ +1 +seals what is new\n$/);
  }, 90_000);

  it('logs out', async () => {
    expect(await as('ann', 'logout')).toEqual({ code: 0, out: `Logged out of ${service.url}.\n`, err: '' });
    expect(readFileSync(join(folder, 'ann/portolan/sessions.json'), 'utf8')).toBe('{}\n');
    expect(await as('ann', 'list')).toMatchObject({ code: 3 });
  }, 90_000);
});
