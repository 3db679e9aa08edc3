import { comparedWith } from '../../../src/cli/audit-head.ts';
import type { AuditItem } from '../../../src/client/types.ts';
import { StartError } from '../../../src/core/errors.ts';
import { runCommandLine as run, type Asked, type Ran } from '../../support/command-line.ts';

const entry = (seq: number, more: Partial<AuditItem> = {}): AuditItem => ({
  seq,
  hash: `${seq}`.padStart(64, 'a'),
  at: '2026-11-21T11:00:00.000Z',
  who: 'user:ann',
  user: 'ann',
  from: '10.0.0.7',
  request_id: 'r',
  action: 'record:update',
  record: 'edge-7',
  target: null,
  changes: [],
  outcome: 'done',
  code: null,
  ...more,
});

const lines = (entries: readonly unknown[]): Response => new Response(entries.map((one) => `${JSON.stringify(one)}\n`).join(''), { headers: { 'Content-Type': 'application/x-ndjson' } });

describe('portolan audit list', () => {
  it('shows who did what to what, from where, and what changed', async () => {
    const changes = [{ path: 'container_registry_name', before: 'Edge', after: 'Edge 7' }, { path: 'password', changed: true as const }, { path: 'text', before: null, after: 'x'.repeat(200) }];
    const entries = [entry(3, { changes }), entry(2, { who: 'token:abc', outcome: 'denied', code: 'FORBIDDEN' }), entry(1, { who: 'system', user: null, from: '', action: 'audit:prune', record: null, target: null })];
    const { out } = await run(['audit', 'list'], { answers: [entries] });
    const [header, first, second, third] = out.split('\n');
    expect(header).toMatch(/^TIME +WHO +ACTION +ON +OUTCOME +FROM +CHANGES$/);
    expect(first).toMatch(/^2026-11-21T11:00:00\.000Z {2}user:ann +record:update +edge-7 +done +10\.0\.0\.7 +container_registry_name: Edge → Edge 7; password changed; text: - → x{39}…$/);
    expect(second).toMatch(/ token:abc \(ann\) +record:update +edge-7 +denied: FORBIDDEN +10\.0\.0\.7 +-$/);
    expect(third).toMatch(/ system +audit:prune +- +done +- +-$/);
    expect((await run(['audit', 'list'])).out).toBe('No entry of the audit is like that.\n');
  });

  it('asks for the latest hundred, and for what it was told', async () => {
    const asked = async (...args: string[]): Promise<string | undefined> => (await run(['audit', 'list', ...args])).asked[0]?.url.replace('http://127.0.0.1:8000/api/v1/audit?', '');
    expect(await asked()).toBe('limit=100');
    expect(await asked('--user', 'ann', '--record', 'edge-7', '--action', 'record', '--from', '2026-11-01', '--to', '2026-11-02T00:00:00+01:00', '--limit', '5')).toBe(
      'user=ann&record=edge-7&action=record&from=2026-11-01T00%3A00%3A00.000Z&to=2026-11-01T23%3A00%3A00.000Z&limit=5',
    );
    for (const args of [['--from', 'yesterday'], ['--from', '11/01/2026'], ['--limit', '0']]) expect(await run(['audit', 'list', ...args])).toMatchObject({ code: 2, asked: [] });
  });

  it('--json prints all entries as they stream in, one a line, safe for a terminal', async () => {
    const entries = [entry(2, { target: '\u009b2J' }), entry(1)];
    const { out, asked } = await run(['audit', 'list', '--json'], { answers: [lines(entries)] });
    expect(asked[0]?.url).toBe('http://127.0.0.1:8000/api/v1/audit');
    expect(out.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual(entries);
    expect(out).not.toMatch(/(?!\n)\p{Cc}/u);
  });
});

describe('portolan audit verify', () => {
  const whole = { ok: true, entries: 9, from_seq: 2, head: { seq: 10, hash: entry(10).hash } };
  const verify = (verdict: unknown, ...args: string[]): Promise<Ran> =>
    run(['audit', 'verify', ...args], { answer: ({ url }: Asked) => (url.endsWith('/verify') ? verdict : lines(Array.from({ length: 9 }, (_unused, n) => entry(10 - n)))) });
  const headOf = (seq: number, hash = entry(seq).hash): string => `${seq}:${hash}`;

  it('prints the head, and ends with 0 where nothing was changed', async () => {
    expect(await verify(whole)).toMatchObject({ code: 0, out: `the audit is whole: 9 entries, 2 to 10\nhead         ${headOf(10)}\n` });
    expect(await verify({ ok: true, entries: 0, from_seq: 1, head: null })).toMatchObject({ code: 0, out: expect.stringMatching(/head {9}none/) });
    expect(await verify({ ...whole, ok: false, broken_at: 7, reason: 'its hash is another' })).toMatchObject({ code: 1, out: expect.stringMatching(/^the audit is broken at entry 7: its hash is another\n/) });
  });

  it.each([
    ['kept', headOf(10), 0, /entry 10 +stands there as it did/],
    ['kept', headOf(4), 0, /entry 4 +stands there as it did/],
    ['cut', headOf(11), 1, /entry 11 +is not there: the end of the audit was cut off/],
    ['changed', headOf(10, 'b'.repeat(64)), 1, /entry 10 +is not what it was/],
    ['changed', headOf(4, 'b'.repeat(64)), 1, /entry 4 +is not what it was/],
    ['pruned', headOf(1), 2, /entry 1 +is older than what is kept/],
  ])('--head tells what became of it: %s (%.10s)', async (compared, head, code, text) => {
    expect(await verify(whole, '--head', head)).toMatchObject({ code, out: expect.stringMatching(text) });
    const { out } = await verify(whole, '--head', head, '--json');
    expect(JSON.parse(out)).toEqual({ ...whole, compared });
  });

  it('--head cannot be what no check has printed', async () => {
    for (const head of ['7', 'x:y', '0:abcdef0123', '7:XYZ']) expect(await verify(whole, '--head', head)).toMatchObject({ code: 2, asked: [] });
    expect(comparedWith({ ...whole, head: null }, { seq: 1, hash: 'a' }, null)).toBe('cut');
  });
});

describe('portolan secrets', () => {
  it('status tells which keys there are, and which may go', async () => {
    const { code, out } = await run(['secrets', 'status'], { answers: [{ keys: ['new0', 'old1', 'old2'], sealed_with: { new0: 3, old1: 2 }, locked: 0 }] });
    expect(code).toBe(0);
    expect(out).toMatch(/\nnew0 +3 +seals what is new\nold1 +2 +old: `portolan secrets rotate` frees it\nold2 +0 +seals nothing: it may be taken out of SECRET_KEY\n$/);
  });

  it('status ends with 1 where a key is missing', async () => {
    const { code, out } = await run(['secrets', 'status'], { answers: [{ keys: [], sealed_with: { gone: 2 }, locked: 2 }] });
    expect(code).toBe(1);
    expect(out).toMatch(/\ngone +2 +not among the keys of the service.*\n\n2 credentials cannot be used/);
  });

  it('rotate seals anew, or makes a new key for sessions', async () => {
    const sealed = await run(['secrets', 'rotate'], { answers: [{ resealed: 1, left: 2, failed: 0 }] });
    expect(sealed).toMatchObject({ code: 0, out: '1 credential sealed anew; 2 needed no change.\n', asked: [{ method: 'POST', url: 'http://127.0.0.1:8000/api/v1/secrets/rotate', body: { what: 'credentials' } }] });
    expect(await run(['secrets', 'rotate'], { answers: [{ resealed: 0, left: 0, failed: 3 }] })).toMatchObject({ code: 1, out: expect.stringMatching(/3 credentials could not be opened, and stayed as they were/) });
    expect(await run(['secrets', 'rotate', '--sessions'], { answers: [{ kid: 'k2' }] })).toMatchObject({ code: 0, out: expect.stringMatching(/new key k2/), asked: [{ body: { what: 'sessions' } }] });
  });
});

describe('portolan admin reset', () => {
  const reset = (resetAdmin: NonNullable<Parameters<typeof run>[1]>['resetAdmin'], more: Parameters<typeof run>[1] = { typed: ['long enough', 'long enough'] }, ...args: string[]): Promise<Ran> =>
    run(['admin', 'reset', ...args], { ...more, ...(resetAdmin === undefined ? {} : { resetAdmin }) });

  it('asks twice, sets the password on the store itself, and says where', async () => {
    const given: string[] = [];
    const { code, out, questions, asked } = await reset(async (password) => (given.push(password), { outcome: 'reset', store: '/data/portolan.db' }));
    expect([code, questions, given, asked]).toEqual([0, ['*New password for admin: ', '*The same again: '], ['long enough'], []]);
    expect(out).toBe('The user admin has a new password and all rights, and its old sessions have ended, in /data/portolan.db. `portolan login --username admin` logs in.\n');
  });

  it('says when it had to make the user, which in the wrong store it would', async () => {
    const made = async (): Promise<{ outcome: 'made'; store: string }> => ({ outcome: 'made', store: './data' });
    expect((await reset(made, { input: 'long enough\n' }, '--password-stdin')).out).toMatch(/^There was no user admin\. Now there is one/);
    expect(JSON.parse((await reset(made, { input: 'long enough\n' }, '--password-stdin', '--json')).out)).toEqual({ username: 'admin', outcome: 'made', store: './data' });
  });

  it('says to stop the service that has the store open', async () => {
    const inUse = (): Promise<never> => Promise.reject(new StartError('./data is in use by another Portolan (pid 7).', { reason: 'store_in_use' }));
    expect(await reset(inUse)).toMatchObject({ code: 2, out: '', err: 'portolan: The service is running, and has the store to itself. Stop it first. ./data is in use by another Portolan (pid 7).\n' });
    expect(await reset(() => Promise.reject(new StartError('The configuration is not valid.')))).toMatchObject({ code: 2, err: 'portolan: The configuration is not valid.\n' });
  });

  it('touches nothing where the passwords differ', async () => {
    expect(await reset(() => Promise.reject(new Error('opened')), { typed: ['long enough', 'long enouhg'] })).toMatchObject({ code: 2, err: expect.stringMatching(/not the same/) });
  });
});
