import { atMost, shown, type Line } from './harness/line.ts';
import type { LoadResult, Requests } from './harness/load.ts';
import { median } from './harness/statistics.ts';
import type { Bench, Workspace } from './harness/workspace.ts';
import { narrowFilters, wideFilters, type FilterKind } from './records.ts';

const RECORDS = 100_000;
const FEW_RECORDS = 1_000;
const PAGE_SIZE = 50;
/** A page that has less in it was not found as it should have been. */
const PAGE_BYTES_MIN = 40_000;
const REQUESTS_A_ROUND = 400;
const ROUNDS = 9;
/** Different filters of one kind, so that no answer is merely repeated. */
const VARIANTS = 40;

/** One thing that is asked for in every round, and what came of it. */
interface Subject {
  readonly port: number;
  readonly requests: Requests;
  readonly rounds: LoadResult[];
}

type Figure = (result: LoadResult) => number;

const p50: Figure = ({ p50Ms }) => p50Ms;
const p99: Figure = ({ p99Ms }) => p99Ms;

export const queries: Bench = {
  name: 'queries',
  about: 'latency of pages of 50 by index, against GET by id, and whether it grows with the catalog',
  async run(workspace) {
    const { port } = await workspace.startService(await workspace.filledFolder(RECORDS));
    const { port: fewPort } = await workspace.startService(await workspace.filledFolder(FEW_RECORDS));
    const read: Subject = { port, requests: { kind: 'read', records: RECORDS, seed: 1 }, rounds: [] };
    const narrow = narrowFilters.map((kind) => ({ name: kind.name, subject: pagesOf(port, kind) }));
    const wide = wideFilters.map((kind) => ({ name: kind.name, many: pagesOf(port, kind), few: pagesOf(fewPort, kind) }));
    await measure(workspace, [read, ...narrow.map(({ subject }) => subject), ...wide.flatMap(({ many, few }) => [many, few])]);
    return [
      ...narrow.flatMap(({ name, subject }) => [
        compare({ figure: `${name}, 1 % match: p50`, subject, floor: read, floorName: 'GET by id', pick: p50, timesMax: 4 }),
        compare({ figure: `${name}, 1 % match: p99`, subject, floor: read, floorName: 'GET by id', pick: p99, timesMax: 10 }),
      ]),
      ...wide.map(({ name, many, few }) =>
        compare({ figure: `${name}: 100,000 records, p50`, subject: many, floor: few, floorName: '1,000 records', pick: p50, timesMax: 1.5 }),
      ),
    ];
  },
};

function pagesOf(port: number, kind: FilterKind): Subject {
  const filters = Array.from({ length: VARIANTS }, (_, index) => kind.filterAt(index));
  return { port, requests: { kind: 'find', path: `/container_registries?limit=${PAGE_SIZE}`, filters }, rounds: [] };
}

/** Asks for every subject in turn, round after round, with one client that is always the same. The first round warms up. */
async function measure(workspace: Workspace, subjects: readonly Subject[]): Promise<void> {
  const load = workspace.startLoadGenerator();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { port, requests, rounds } of subjects) {
      const result = await load.ask({ port, requests, connections: 1, until: { answers: REQUESTS_A_ROUND }, expectedStatus: 200 });
      if (requests.kind === 'find' && result.bodyBytes / result.answers < PAGE_BYTES_MIN) throw new Error(`Pages are not full: ${JSON.stringify(requests.filters[0])}`);
      if (round > 0) rounds.push(result);
    }
  }
}

interface Comparison {
  readonly figure: string;
  readonly subject: Subject;
  readonly floor: Subject;
  readonly floorName: string;
  readonly pick: Figure;
  readonly timesMax: number;
}

function compare({ figure, subject, floor, floorName, pick, timesMax }: Comparison): Line {
  const milliseconds = ({ rounds }: Subject): string => `${shown(median(rounds.map(pick)))} ms`;
  const ratios = subject.rounds.map((result, round) => pick(result) / pick(floor.rounds[round] ?? result));
  return { figure, measured: milliseconds(subject), floor: `${floorName} ${milliseconds(floor)}`, value: median(ratios), unit: 'times', bar: atMost(timesMax) };
}
