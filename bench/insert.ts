import type { InsertOrder } from './floors/insert-records.ts';
import { atLeast, shown } from './harness/line.ts';
import { median } from './harness/statistics.ts';
import type { Bench } from './harness/workspace.ts';

const RECORDS = 100_000;
const CLIENTS = 16;
const INSERTS_A_ROUND = 3_000;
const ROUNDS = 6;

export const insert: Bench = {
  name: 'insert',
  about: 'POST /container_registry by 16 clients against bare SQLite inserts, both into a store of 100,000 records',
  async run(workspace) {
    const filled = await workspace.filledFolder(RECORDS);
    const { port } = await workspace.startService(await workspace.copyOf(filled));
    const floorDir = await workspace.copyOf(filled);
    const floor = workspace.startHelper<InsertOrder, number>('floors/insert-records.ts');
    const load = workspace.startLoadGenerator();

    const rounds: { servicePerS: number; floorPerS: number }[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const firstIndex = RECORDS + round * INSERTS_A_ROUND;
      const requests = { kind: 'create', firstIndex } as const;
      const service = await load.ask({ port, connections: CLIENTS, requests, until: { answers: INSERTS_A_ROUND }, expectedStatus: 201 });
      const floorMs = await floor.ask({ dataDir: floorDir, firstIndex, records: INSERTS_A_ROUND });
      // The first round compiles and warms up, and does not count.
      if (round > 0) rounds.push({ servicePerS: (INSERTS_A_ROUND * 1000) / service.elapsedMs, floorPerS: (INSERTS_A_ROUND * 1000) / floorMs });
    }
    return [
      {
        figure: 'POST /container_registry by 16 clients',
        measured: `${shown(median(rounds.map((round) => round.servicePerS)))} a second`,
        floor: `bare SQLite, single commits ${shown(median(rounds.map((round) => round.floorPerS)))} a second`,
        value: median(rounds.map((round) => round.servicePerS / round.floorPerS)),
        unit: 'times',
        bar: atLeast(0.4),
      },
    ];
  },
};
