import { setTimeout as delay } from 'node:timers/promises';
import type { TextOrder, TextRead } from './floors/read-texts.ts';
import { atLeast, atMost, shown } from './harness/line.ts';
import { peakResidentMb, residentMb } from './harness/process-figures.ts';
import { median } from './harness/statistics.ts';
import { readWhole, type WholeRequest } from './harness/whole-answer.ts';
import type { Bench } from './harness/workspace.ts';

const RECORDS = 100_000;
const ROUNDS = 7;
const SETTLE_MS = 2_000;

/** With `meta` on each line, as an export has it unless told otherwise. */
const EXPORT: WholeRequest = {
  text: 'GET /container_registries/export HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n',
  end: /\}\n\r\n0\r\n\r\n$/,
};

export const exporting: Bench = {
  name: 'export',
  about: 'all records as lines with meta: speed against reading the stored text with bare SQLite, and memory',
  async run(workspace) {
    const dataDir = await workspace.filledFolder(RECORDS);
    const { pid, port } = await workspace.startService(dataDir);
    const floor = workspace.startHelper<TextOrder, TextRead>('floors/read-texts.ts');
    await delay(SETTLE_MS);
    const idleMb = residentMb(pid);

    const rounds: { exportMs: number; readMs: number; peakMb: number }[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const read = await floor.ask({ dataDir });
      let exportMs = 0;
      const peakMb = await peakResidentMb(pid, async () => (exportMs = await readWhole(port, EXPORT, read.bytes)));
      rounds.push({ exportMs, readMs: read.elapsedMs, peakMb });
    }
    // Memory counts from the first answer on; speed once everything is compiled.
    const warm = rounds.slice(1);
    const peakMb = Math.max(...rounds.map((round) => round.peakMb));
    const perS = (milliseconds: number): number => (RECORDS * 1000) / milliseconds;
    return [
      {
        figure: 'export of 100,000 records: speed',
        measured: `${shown(median(warm.map(({ exportMs }) => perS(exportMs))))} records/s`,
        floor: `bare SQLite read ${shown(median(warm.map(({ readMs }) => perS(readMs))))} records/s`,
        value: median(warm.map(({ exportMs, readMs }) => readMs / exportMs)),
        unit: 'times',
        bar: atLeast(0.5),
      },
      { figure: 'export of 100,000 records: memory above idle', measured: `peak ${shown(peakMb)} MB`, floor: `idle ${shown(idleMb)} MB`, value: peakMb - idleMb, unit: 'MB', bar: atMost(64) },
    ];
  },
};
