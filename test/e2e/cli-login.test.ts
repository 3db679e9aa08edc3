import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { useConfigFolder } from '../support/config-folder.ts';
import { itAtTerminal, runAtTerminal, type AtTerminal, type Step } from '../support/pseudo-terminal.ts';
import { refusedWith, sendData, startScriptedService, type ScriptedService } from '../support/scripted-service.ts';

const entry = resolve(import.meta.dirname, '../../src/cli/main.ts');
const SECRET = 'correct horse ü';

let service: ScriptedService;

/** A service that hands out one pair of tokens after the other, and ends a session whose refresh token comes twice. */
async function startSessionService(): Promise<void> {
  let issued = 0;
  let isEnded = false;
  service = await startScriptedService((request, response) => {
    const { body = '' } = service.asked.at(-1) ?? {};
    const issue = (): void => {
      issued += 1;
      sendData(response, { access_token: `access-${issued}`, refresh_token: `refresh-${issued}`, token_type: 'Bearer', expires_in: 1 });
    };
    if (request.url === '/api/v1/auth/login') {
      isEnded = false;
      if ((JSON.parse(body) as { password: string }).password === SECRET) issue();
      else refusedWith(response, 401, 'LOGIN_FAILED');
    } else if (request.url === '/api/v1/auth/refresh') {
      isEnded ||= (JSON.parse(body) as { refresh_token: string }).refresh_token !== `refresh-${issued}`;
      if (isEnded) refusedWith(response, 401, 'TOKEN_REJECTED');
      else setTimeout(issue, 200);
    } else if (isEnded || request.headers.authorization === undefined) refusedWith(response, 401, isEnded ? 'TOKEN_REJECTED' : 'AUTHENTICATION_REQUIRED');
    else sendData(response, { kind: 'user', user: 'ann', role: 'user', groups: [], permissions: [], token_id: null, expires_at: null });
  });
}

describe('portolan, as a process', () => {
  const config = useConfigFolder();
  beforeEach(startSessionService);
  afterEach(() => service.close());

  const env = (): Record<string, string> => ({ ...config().env, PORTOLAN_URL: service.url, TERM: 'xterm' });
  const atTerminal = (line: string, steps: readonly Step[], detached?: readonly (0 | 1 | 2)[]): Promise<AtTerminal> => runAtTerminal([process.execPath, entry, ...line.split(' ')], env(), steps, detached);

  interface Ended {
    readonly code: number | null;
    readonly out: string;
    readonly err: string;
  }
  /** Without a terminal, even where this test has one. */
  const detachedly = async (line: string, input = ''): Promise<Ended> => {
    const child = spawn(process.execPath, [entry, ...line.split(' ')], { env: { PATH: process.env['PATH'] ?? '', ...env() }, detached: true, stdio: 'pipe' });
    const texts = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (texts.out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (texts.err += chunk));
    child.stdin.on('error', () => undefined).end(input);
    const code = await new Promise<number | null>((closed) => child.once('close', closed));
    return { code, ...texts };
  };

  itAtTerminal('asks at the terminal, which shows the user name but never the password, and is as before afterwards', async () => {
    const { code, screen, echoed, echoesAfterwards } = await atTerminal('login', [
      { sees: 'User name: ', types: 'anx\u007fn\r' },
      { sees: 'Password of ann: ', types: `corrext\u007f\u007fct horse ü\r` },
    ]);
    expect(screen.replaceAll(/\u001b\[[\d;]*[A-Za-z]/g, '')).toContain('User name: ann');
    expect(screen).toContain(`Logged in to ${service.url} as ann (user).`);
    expect(screen).not.toMatch(/corr|horse/);
    expect({ code, echoed, echoesAfterwards }).toEqual({ code: 0, echoed: [false, false], echoesAfterwards: true });
    expect(service.asked[0]?.body).toBe(JSON.stringify({ username: 'ann', password: SECRET }));
    expect(statSync(config().sessions).mode & 0o777).toBe(0o600);
  });

  itAtTerminal('asks at the terminal also where its streams lead elsewhere', async () => {
    const { code, screen } = await atTerminal('login --username ann', [{ sees: 'Password of ann: ', types: `${SECRET}\r` }], [0, 1, 2]);
    expect([code, screen]).toEqual([0, 'Password of ann: \r\n']);
  });

  itAtTerminal.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('ends with 130 at %s, with the terminal as before', async (_key, types) => {
    const { code, screen, echoesAfterwards } = await atTerminal('login --username ann', [{ sees: 'Password of ann: ', types: `half a password${types}` }, ...(types === '\u0004' ? [{ sees: '', types: '\u0015\u0004' }] : [])]);
    expect(screen).not.toContain('half');
    expect({ code, echoesAfterwards }).toEqual({ code: 130, echoesAfterwards: true });
    expect(service.asked).toEqual([]);
  });

  itAtTerminal('leaves the terminal as before when it is ended from elsewhere', async () => {
    expect(await atTerminal('login --username ann', [{ sees: 'Password of ann: ' }])).toMatchObject({ code: -15, echoed: [false], echoesAfterwards: true });
  });

  it('names --password-stdin where there is no terminal, and takes the password from there', async () => {
    expect(await detachedly('login --username ann')).toEqual({ code: 2, out: '', err: 'portolan: There is no terminal to ask at. Use --password-stdin.\n' });
    expect(await detachedly('login --username ann --password-stdin')).toMatchObject({ code: 2, err: expect.stringMatching(/Standard input is empty/) });
    expect(await detachedly('login --username ann --password-stdin', 'x'.repeat(200_000))).toMatchObject({ code: 2, err: expect.stringMatching(/more than 64 KiB/) });
    expect(service.asked).toEqual([]);
    expect(await detachedly('login --username ann --password-stdin', 'wrong')).toMatchObject({ code: 3, out: '' });
    expect(await detachedly('login --username ann --password-stdin', `${SECRET}\n`)).toEqual({ code: 0, out: `Logged in to ${service.url} as ann (user).\n`, err: '' });
  });

  it('renews one session in several processes at once without losing it', async () => {
    await detachedly('login --username ann --password-stdin', SECRET);
    const ran = await Promise.all(Array.from({ length: 5 }, () => detachedly('whoami')));
    expect(ran.map(({ code, err }) => [code, err])).toEqual(Array.from({ length: 5 }, () => [0, '']));
    const used = service.asked.filter(({ target }) => target === '/api/v1/auth/refresh').map(({ body }) => body);
    expect(new Set(used).size).toBe(used.length);
    expect(await detachedly('whoami')).toMatchObject({ code: 0 });
    expect(Object.keys(JSON.parse(readFileSync(config().sessions, 'utf8')) as object)).toEqual([service.url]);
  });

  it('is not held up by a process that was killed while it renewed the session', async () => {
    await detachedly('login --username ann --password-stdin', SECRET);
    const refreshes = (): number => service.asked.filter(({ target }) => target === '/api/v1/auth/refresh').length;
    const before = refreshes();
    const child = spawn(process.execPath, [entry, 'whoami'], { env: { PATH: process.env['PATH'] ?? '', ...env() }, stdio: 'ignore' });
    while (refreshes() === before) await new Promise((resume) => setTimeout(resume, 10));
    child.kill('SIGKILL');
    // Its refresh token is used up, so the session is over, and this is said at once.
    expect(await detachedly('whoami')).toMatchObject({ code: 3, err: expect.stringMatching(/Log in again with `portolan login`/) });
    expect(await detachedly('login --username ann --password-stdin', SECRET)).toMatchObject({ code: 0 });
  }, 20_000);
});
