import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { lockFolder } from '../../src/store/sqlite/folder-lock.ts';
import { temporaryFolder } from '../support/service.ts';

const entry = resolve(import.meta.dirname, '../../src/cli/main.ts');

describe('portolan admin reset', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const reset = async (password: string, variables: Record<string, string> = { DATA_DIR: join(folder, 'data') }): Promise<{ code: number | null; out: string; err: string }> => {
    const child = spawn(process.execPath, [entry, 'admin', 'reset', '--password-stdin'], { env: { PATH: process.env['PATH'] ?? '', ...variables }, stdio: 'pipe' });
    const texts = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (texts.out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (texts.err += chunk));
    child.stdin.end(password);
    const code = await new Promise<number | null>((closed) => child.once('close', closed));
    return { code, ...texts };
  };

  it('makes the administrator in the store that the settings name, and lets it in again later', async () => {
    expect(await reset('lighthouse keeper')).toEqual({ code: 0, err: '', out: expect.stringMatching(/^There was no user admin\. Now there is one, .* in \/.*\/data\. `portolan login/) });
    expect(await reset('another keeper')).toEqual({ code: 0, err: '', out: expect.stringMatching(/^The user admin has a new password and all rights, .* in \/.*\/data\. /) });
  });

  it('says to stop the service that has the store open', async () => {
    await reset('lighthouse keeper');
    const lock = lockFolder(join(folder, 'data'));
    expect(await reset('another keeper')).toEqual({ code: 2, out: '', err: expect.stringMatching(/^portolan: The service is running, and has the store to itself\. Stop it first\. .* \(pid \d+\)/) });
    lock.release();
    expect(await reset('another keeper')).toMatchObject({ code: 0 });
  });

  it('tells settings that are wrong in a sentence, and takes no weak password', async () => {
    expect(await reset('lighthouse keeper', { DATA_DIR: '/dev/null' })).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/^portolan: Portolan cannot keep its data in \/dev\/null/) });
    expect(await reset('lighthouse keeper', { PORT: 'x' })).toMatchObject({ code: 2, err: expect.stringMatching(/^portolan: The configuration is not valid\. PORT/) });
    expect(await reset('short')).toMatchObject({ code: 2, err: expect.stringMatching(/10 to 256 characters/) });
  });
});
