import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChangeReport, ImportedLine } from '../../../src/client/types.ts';
import { refusal, runCommandLine as run, type Asked } from '../../support/command-line.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portolan-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const file = (name: string, text?: string): string => {
  const path = join(folder, name);
  if (text !== undefined) writeFileSync(path, text);
  return path;
};

const lines = (...values: readonly unknown[]): Response => new Response(values.map((value) => `${JSON.stringify(value)}\n`).join(''), { headers: { 'Content-Type': 'application/x-ndjson' } });
const summary = (counts: object): object => ({ summary: { lines: 2, created: 0, updated: 0, unchanged: 0, failed: 0, dry_run: false, ...counts } });
const report = (counts: Partial<ChangeReport>): ChangeReport => ({ matched: 0, changed: 0, unchanged: 0, failed: 0, forbidden: 0, failures: [], ...counts });
const failed: ImportedLine = { line: 2, id: 'b\u001b', outcome: 'failed', code: 'ID_EXISTS', error: 'There is one.' };
/** Whoever imports makes sure first that the session still holds. */
const importing = (answer: () => unknown) => (asked: Asked): unknown => (asked.url.endsWith('/auth/me') ? {} : answer());

describe('portolan import', () => {
  it('sends a file, tells of what failed, and ends with 1', async () => {
    const path = file('records.ndjson', '{"container_registry_id":"a"}\n');
    const ran = await run(['import', path, '--mode', 'upsert', '--visibility', 'private'], { answer: importing(() => lines({ line: 1, id: 'a', outcome: 'created' }, failed, summary({ created: 1, failed: 1 }))) });
    expect(ran).toMatchObject({ code: 1, out: '2 records: 1 created, 1 failed.\n', err: 'line 2 (b\\u{1b}): ID_EXISTS: There is one.\n' });
    expect(ran.asked[1]).toMatchObject({ method: 'POST', url: 'http://127.0.0.1:8000/container_registries/import?mode=upsert&visibility=private', body: { container_registry_id: 'a' } });
  });

  it('reads standard input, and prints what the service answers', async () => {
    const records = [{ container_registry_id: 'a', container_registry_name: 'ä'.repeat(60) }];
    const ran = await run(['import', '-', '--dry-run', '--json'], { input: JSON.stringify(records), answer: importing(() => lines({ line: 1, id: 'a', outcome: 'created' }, summary({ lines: 1, created: 1, dry_run: true }))) });
    expect(ran.code).toBe(0);
    expect(ran.out.split('\n').slice(0, -1).map((line) => JSON.parse(line))).toEqual([{ line: 1, id: 'a', outcome: 'created' }, summary({ lines: 1, created: 1, dry_run: true })]);
    expect(ran.asked[1]).toMatchObject({ url: 'http://127.0.0.1:8000/container_registries/import?mode=create&dry_run=true', body: records });
  });

  it('says what an answer that breaks off means', async () => {
    const ran = await run(['import', '-'], { input: '{}', answer: importing(() => lines({ line: 1, id: 'a', outcome: 'created' })) });
    expect(ran).toMatchObject({ code: 2, err: expect.stringMatching(/broke off after 1 record, .* --mode upsert/) });
  });

  it.each([
    [['import', '/nowhere/at-all'], {}, 2, /\/nowhere\/at-all cannot be read/],
    [['import', '-'], { input: '{}', answer: () => refusal(401, 'AUTHENTICATION_REQUIRED') }, 3, /Log in/],
    [['import', '-'], { input: '{}', answer: importing(() => refusal(403, 'FORBIDDEN')) }, 3, /whoami/],
  ])('%j fails with a sentence', async (args, setting, code, err) => {
    expect(await run(args, setting)).toMatchObject({ code, err: expect.stringMatching(err) });
  });

  it('shows on a terminal how far it is', async () => {
    const ran = await run(['import', file('one.ndjson', '{}\n')], { errColumns: 60, answer: importing(() => lines({ line: 1, id: 'a', outcome: 'created' }, summary({ created: 2 }))) });
    expect(ran.err).toMatch(/\[#+ *\] +\d+% 1 record.*\r\u001b\[K$/s);
  });
});

describe('portolan export', () => {
  const exported = (): Response => lines({ container_registry_id: 'ä' }, { container_registry_id: 'b' });

  it('writes to standard output, or a whole file', async () => {
    expect(await run(['export', '--tag', 'x', '--no-meta'], { answer: exported })).toMatchObject({ code: 0, out: '{"container_registry_id":"ä"}\n{"container_registry_id":"b"}\n', asked: [{ url: 'http://127.0.0.1:8000/container_registries/export?tag=x&meta=false' }] });
    expect(await run(['export', '-'], { answer: exported })).toMatchObject({ code: 0, out: expect.stringContaining('"b"}\n') });
    expect(await run(['export', file('out.ndjson')], { answer: exported })).toMatchObject({ code: 0, out: expect.stringMatching(/^2 records are in .*out\.ndjson, 0 kB\.\n$/) });
    expect(readFileSync(file('out.ndjson'), 'utf8')).toContain('"ä"');
    expect(await run(['export', file('out.ndjson')], { answer: exported })).toMatchObject({ code: 2, err: expect.stringContaining('--force') });
  });

  it('leaves nothing that could be taken for whole where it fails', async () => {
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('cut')) });
    expect((await run(['export', file('out.ndjson')], { answer: () => new Response(broken, { headers: { 'Content-Type': 'application/x-ndjson' } }) })).code).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('portolan update and delete', () => {
  const filter = '{"container_registry_tags":"old"}';

  it('changes what matches by fields or by an update', async () => {
    const set = await run(['update', '--filter', filter, '--set', 'container_registry_metadata.site=north', '--set', 'container_registry_config.size=3'], { answers: [report({ matched: 3, changed: 2, unchanged: 1 })] });
    expect(set).toMatchObject({ code: 0, out: '3 records match: 2 updated, 1 were as asked already.\n' });
    expect(set.asked[0]).toMatchObject({ url: 'http://127.0.0.1:8000/container_registries/update', body: { filter: JSON.parse(filter), update: { $set: { 'container_registry_metadata.site': 'north', 'container_registry_config.size': 3 } } } });
    const all = await run(['update', '--all', '--update', '{"container_registry_name":"x"}', '--dry-run'], { answers: [report({ matched: 1, failed: 1, failures: [{ id: 'a', code: 'INVALID_RECORD', error: 'No.' }] })] });
    expect(all).toMatchObject({ code: 1, err: 'a: INVALID_RECORD: No.\n', asked: [{ url: 'http://127.0.0.1:8000/container_registries/update?dry_run=true&all=true' }] });
  });

  it.each([
    [['update', '--set', 'a=1'], /--filter, or all of them with --all/],
    [['update', '--all'], /either with --set or with --update/],
    [['update', '--all', '--set', 'a=1', '--update', '{}'], /either with --set or with --update/],
    [['update', '--all', '--set', '=1'], /It looks like/],
    [['delete'], /--filter, or all of them with --all/],
    [['delete', '--filter', '[]'], /A filter is a JSON object/],
  ])('%j is not carried out', async (args, err) => {
    const ran = await run(args);
    expect(ran).toMatchObject({ code: 2, asked: [], err: expect.stringMatching(err) });
  });

  it('deletes only what somebody has agreed to, who has been told how many', async () => {
    const found = report({ matched: 2, changed: 1, forbidden: 1 });
    const agreed = await run(['delete', '--filter', filter], { typed: ['y'], answers: [found, found] });
    expect(agreed).toMatchObject({ code: 0, out: '2 records match: 1 deleted, 1 you may not change.\n', questions: ['Delete 1 record? [y/N] '] });
    expect(agreed.asked.map(({ url }) => url)).toEqual(['http://127.0.0.1:8000/container_registries/delete?dry_run=true', 'http://127.0.0.1:8000/container_registries/delete']);
    for (const [typed, code] of [[[''], 0], [['n'], 0], [undefined, 2]] as const) {
      const ran = await run(['delete', '--filter', filter], { ...(typed === undefined ? {} : { typed }), answers: [found] });
      expect([ran.code, ran.asked.length]).toEqual([code, 1]);
    }
    expect((await run(['delete', '--filter', filter, '--yes'], { answers: [found] })).asked.map(({ url }) => url)).toEqual(['http://127.0.0.1:8000/container_registries/delete']);
    expect((await run(['delete', '--all', '--dry-run', '--yes', '--json'], { answers: [found] }))).toMatchObject({ out: `${JSON.stringify(found)}\n`, asked: [{ url: 'http://127.0.0.1:8000/container_registries/delete?dry_run=true&all=true' }] });
  });

  it('waits for an answer that begins with signs of life', async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from('  '));
        controller.enqueue(Buffer.from(JSON.stringify({ success: true, data: report({ matched: 1, changed: 1 }) })));
        controller.close();
      },
    });
    expect(await run(['delete', '--all', '--yes'], { answer: () => new Response(body, { headers: { 'Content-Type': 'application/json' } }) })).toMatchObject({ code: 0, out: '1 record matches: 1 deleted.\n' });
  });
});

it('portolan summary counts', async () => {
  const data = { total: 3, by_tag: [{ tag: 'ai', count: 2 }, { tag: 'edge', count: 1 }], by_type: { aios: 3, external: 0, unknown: 0 }, by_verdict: { up: 2, down: 1 }, by_visibility: { internal: 3 } };
  expect((await run(['summary'], { answers: [data] })).out).toBe('3 records\nverdicts    2 up, 1 down\ntypes       3 aios\nvisibility  3 internal\ntags        2 ai, 1 edge\n');
  expect((await run(['summary', '--json'], { answers: [data] })).out).toBe(`${JSON.stringify(data)}\n`);
});
