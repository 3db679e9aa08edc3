import { atMost, shown, type Line } from './harness/line.ts';
import type { LoadResult, Requests } from './harness/load.ts';
import { median } from './harness/statistics.ts';
import type { Bench, Workspace } from './harness/workspace.ts';
import { narrowFilters, wideFilters, type FilterKind } from './records.ts';

const RECORDS = 100_000;
const FEW_RECORDS = 1_000;
const PAGE_SIZE = 50;
const REQUESTS_A_ROUND = 400;
const ROUNDS = 9;
/** Different filters of one kind, so that no answer is merely repeated. */
const VARIANTS = 40;

/** One thing that is asked for in every round. */
interface Subject {
  readonly port: number;
  readonly requests: Requests;
}

export const queries: Bench = {
  name: 'queries',
  about: 'latency of pages of 50 by index, against GET by id, and whether it grows with the catalog',
  async run(workspace) {
    const { port } = await workspace.startService(await workspace.filledFolder(RECORDS));
    const { port: fewPort } = await workspace.startService(await workspace.filledFolder(FEW_RECORDS));
    const read: Subject = { port, requests: { kind: 'read', records: RECORDS, seed: 1 } };
    const narrow = narrowFilters.map((kind) => pagesOf(port, kind));
    const wide = wideFilters.map((kind) => ({ many: pagesOf(port, kind), few: pagesOf(fewPort, kind) }));
    const measured = await measure(workspace, [read, ...narrow, ...wide.flatMap(({ many, few }) => [many, few])]);

    const rounds = (subject: Subject): readonly LoadResult[] => measured.get(subject) ?? [];
    const ratios = (subject: Subject, floor: Subject, pick: (result: LoadResult) => number, pickFloor = pick): number =>
      median(rounds(subject).map((result, round) => pick(result) / pickFloor(rounds(floor)[round] ?? result)));
    const milliseconds = (subject: Subject, pick: (result: LoadResult) => number): string => `${shown(median(rounds(subject).map(pick)))} ms`;
    const p50 = (result: LoadResult): number => result.p50Ms;
    const p99 = (result: LoadResult): number => result.p99Ms;

    const lines: Line[] = [];
    for (const [index, subject] of narrow.entries()) {
      const name = narrowFilters[index]?.name ?? '';
      const floor = `GET by id, p50 ${milliseconds(read, p50)}`;
      lines.push(
        { figure: `${name}, 1 % match: p50`, measured: milliseconds(subject, p50), floor, value: ratios(subject, read, p50), unit: 'times', bar: atMost(4) },
        { figure: `${name}, 1 % match: p99`, measured: milliseconds(subject, p99), floor, value: ratios(subject, read, p99, p50), unit: 'times', bar: atMost(10) },
      );
    }
    for (const [index, { many, few }] of wide.entries()) {
      lines.push({
        figure: `${wideFilters[index]?.name ?? ''}: 100,000 against 1,000 records, p50`,
        measured: milliseconds(many, p50),
        floor: `of 1,000 ${milliseconds(few, p50)}`,
        value: ratios(many, few, p50),
        unit: 'times',
        bar: atMost(1.5),
      });
    }
    return lines;
  },
};

function pagesOf(port: number, kind: FilterKind): Subject {
  const filters = Array.from({ length: VARIANTS }, (_, index) => kind.filterAt(index));
  return { port, requests: { kind: 'find', path: `/container_registries?limit=${PAGE_SIZE}`, filters } };
}

/** Asks for every subject in turn, round after round, with one client that is always the same. The first round warms up. */
async function measure(workspace: Workspace, subjects: readonly Subject[]): Promise<Map<Subject, LoadResult[]>> {
  const load = workspace.startLoadGenerator();
  const results = new Map<Subject, LoadResult[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const subject of subjects) {
      const result = await load.ask({ ...subject, connections: 1, until: { answers: REQUESTS_A_ROUND }, expectedStatus: 200 });
      if (round > 0) results.get(subject)?.push(result);
    }
  }
  return results;
}
