import { setTimeout as delay } from 'node:timers/promises';
import type { BulkOrder } from './floors/insert-many.ts';
import type { ImportOrder } from './harness/import-process.ts';
import { atLeast, atMost, shown } from './harness/line.ts';
import { peakResidentMb, residentMb } from './harness/process-figures.ts';
import { median } from './harness/statistics.ts';
import type { Bench } from './harness/workspace.ts';

/** Together with the first round 100,000 lines, into a store that was empty. */
const LINES_A_ROUND = 20_000;
const ROUNDS = 4;
const SETTLE_MS = 2_000;

export const importing: Bench = {
  name: 'import',
  about: 'import of 100,000 lines: speed against bare SQLite inserts in large transactions with the same index, and memory',
  async run(workspace) {
    const { pid, port } = await workspace.startService(await workspace.filledFolder(0));
    const floorDir = await workspace.copyOf(await workspace.filledFolder(0));
    const floor = workspace.startHelper<BulkOrder, number>('floors/insert-many.ts');
    const client = workspace.startHelper<ImportOrder, number>('harness/import-process.ts');
    await delay(SETTLE_MS);
    const idleMb = residentMb(pid);

    const rounds: { importMs: number; floorMs: number; peakMb: number }[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const lines = { firstIndex: round * LINES_A_ROUND, records: LINES_A_ROUND };
      let importMs = 0;
      const peakMb = await peakResidentMb(pid, async () => (importMs = await client.ask({ port, ...lines })));
      rounds.push({ importMs, floorMs: await floor.ask({ dataDir: floorDir, ...lines }), peakMb });
    }
    // Memory counts from the first line on; speed once everything is compiled.
    const warm = rounds.slice(1);
    const peakMb = Math.max(...rounds.map((round) => round.peakMb));
    const perS = (milliseconds: number): number => (LINES_A_ROUND * 1000) / milliseconds;
    return [
      {
        figure: 'import of 100,000 lines: speed',
        measured: `${shown(median(warm.map(({ importMs }) => perS(importMs))))} records/s`,
        floor: `bare SQLite, 1,000 a commit ${shown(median(warm.map(({ floorMs }) => perS(floorMs))))} records/s`,
        value: median(warm.map(({ importMs, floorMs }) => floorMs / importMs)),
        unit: 'times',
        bar: atLeast(0.6),
      },
      { figure: 'import of 100,000 lines: memory above idle', measured: `peak ${shown(peakMb)} MB`, floor: `idle ${shown(idleMb)} MB`, value: peakMb - idleMb, unit: 'MB', bar: atMost(64) },
    ];
  },
};
