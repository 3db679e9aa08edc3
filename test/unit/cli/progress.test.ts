import { createProgress } from '../../../src/cli/progress.ts';
import { showCopying } from '../../../src/cli/own-store.ts';
import { runCommandLine } from '../../support/command-line.ts';

function windowOf(columns: number | null): { readonly shown: string[]; readonly progress: ReturnType<typeof createProgress>; pass: (ms: number) => void } {
  const shown: string[] = [];
  let nowMs = 0;
  const progress = createProgress({ clock: { nowMs: () => nowMs, monotonicMs: () => nowMs }, err: (text) => void shown.push(text), errColumns: () => columns });
  return { shown, progress, pass: (ms) => void (nowMs += ms) };
}

describe('progress', () => {
  it('is a line that is written over, ten times a second at most, and taken away in the end', () => {
    const { shown, progress, pass } = windowOf(60);
    progress.show('12 MB of 48 MB', 0.25);
    progress.show('13 MB of 48 MB', 0.27);
    pass(100);
    progress.show('48 MB of 48 MB', 1);
    progress.clear();
    progress.clear();
    expect(shown).toEqual([
      `\r[${'#'.repeat(6)}${' '.repeat(18)}]  25% 12 MB of 48 MB\u001b[K`,
      `\r[${'#'.repeat(24)}] 100% 48 MB of 48 MB\u001b[K`,
      '\r\u001b[K',
    ]);
  });

  it('is nothing where standard error is no window', () => {
    const { shown, progress } = windowOf(null);
    progress.show('working', null);
    progress.clear();
    expect(shown).toEqual([]);
  });

  it('is cut to the window, and shows nothing that could control it', () => {
    const { shown, progress } = windowOf(20);
    progress.show('records \u001b[2J and more than fits', null);
    expect(shown).toEqual(['\rrecords \\u{1b}[2J …\u001b[K']);
  });

  it('tells of a copy what is being done to how much, and how far that is where anybody knows', () => {
    const { shown, progress, pass } = windowOf(80);
    const show = showCopying(progress);
    show({ doing: 'reading', part: 'records', rows: 250, rowsInAll: null });
    pass(1_000);
    show({ doing: 'copying', part: 'audit', rows: 50, rowsInAll: 200 });
    pass(1_000);
    show({ doing: 'verifying', part: 'events', rows: 0, rowsInAll: 0 });
    expect(shown).toEqual(['\rreading records: 250\u001b[K', `\r[${'#'.repeat(6)}${' '.repeat(18)}]  25% copying audit: 50\u001b[K`, '\rverifying events: 0\u001b[K']);
  });
});

describe('portolan migrate-store', () => {
  it('clears its progress before it says why it failed', async () => {
    const run = await runCommandLine(['migrate-store', '--to', './new'], {
      errColumns: 80,
      migrateStore: async ({ from, to }, onProgress) => {
        expect([from, to]).toEqual([undefined, './new']);
        onProgress({ doing: 'copying', part: 'records', rows: 1, rowsInAll: 4 });
        throw new Error('the cable was pulled');
      },
    });
    expect([run.code, run.err]).toEqual([2, expect.stringMatching(/\r\u001b\[Kportolan: this is a defect of the command: the cable was pulled\n$/)]);
  });
});
