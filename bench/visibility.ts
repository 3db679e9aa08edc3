import { atMost, shown, type Line } from './harness/line.ts';
import type { ScopedReads } from './harness/scoped-reads-process.ts';
import { median } from './harness/statistics.ts';
import type { Bench } from './harness/workspace.ts';
import { everyNameRegex, narrowFilters, wideFilters, type FilterKind } from './records.ts';

const RECORDS = 100_000;
const PAGE_SIZE = 50;
const VARIANTS = 40;
const ROUNDS = 9;

interface Subject {
  readonly figure: string;
  readonly what: ScopedReads['what'];
  readonly times: number;
  readonly timesMax: number;
}

const pagesOf = (what: string, kind: FilterKind): Subject => ({
  figure: `${kind.name}, ${what}`,
  what: { kind: 'pages', filters: Array.from({ length: VARIANTS }, (_, index) => kind.filterAt(index)), limit: PAGE_SIZE },
  times: 400,
  timesMax: 1.2,
});

const subjects: readonly Subject[] = [
  ...narrowFilters.map((kind) => pagesOf('1 % match', kind)),
  ...wideFilters.map((kind) => pagesOf('many match', kind)),
  { figure: 'regular expression over every name', what: { kind: 'pages', filters: [everyNameRegex], limit: 1_000 }, times: 3, timesMax: 1.2 },
  // Counted in the index alone, where what one owns and what is shared with one come on top.
  { figure: 'number of all records', what: { kind: 'count' }, times: 20, timesMax: 2 },
  { figure: 'whole catalog as text', what: { kind: 'text' }, times: 3, timesMax: 1.2 },
];

/** In the store itself, where it weighs most: what is around a query in the service costs the same either way. */
export const visibility: Bench = {
  name: 'visibility',
  about: 'processor time of queries as a user who sees most records, against the same without looking at who may see what',
  async run(workspace) {
    const dataDir = await workspace.filledFolder(RECORDS);
    const reader = workspace.startHelper<ScopedReads, number>('harness/scoped-reads-process.ts');
    const lines: Line[] = [];
    for (const { figure, what, times, timesMax } of subjects) {
      const rounds: { scopedMs: number; plainMs: number }[] = [];
      for (let round = 0; round <= ROUNDS; round++) {
        const ask = (scoped: boolean): Promise<number> => reader.ask({ dataDir, what, scoped, times });
        // Whoever comes first in one round comes last in the next. The first round warms up.
        const first = await ask(round % 2 === 0);
        const second = await ask(round % 2 !== 0);
        if (round > 0) rounds.push(round % 2 === 0 ? { scopedMs: first, plainMs: second } : { scopedMs: second, plainMs: first });
      }
      lines.push({
        figure: `a user’s ${figure}`,
        measured: `${shown(median(rounds.map(({ scopedMs }) => scopedMs)))} ms`,
        floor: `everything ${shown(median(rounds.map(({ plainMs }) => plainMs)))} ms`,
        value: median(rounds.map(({ scopedMs, plainMs }) => scopedMs / plainMs)),
        unit: 'times',
        bar: atMost(timesMax),
      });
    }
    return lines;
  },
};
