import { setTimeout as delay } from 'node:timers/promises';
import { atLeast, atMost, shown } from './harness/line.ts';
import { peakResidentMb, residentMb } from './harness/process-figures.ts';
import { median } from './harness/statistics.ts';
import { readWhole, type WholeRequest } from './harness/whole-answer.ts';
import type { Bench } from './harness/workspace.ts';
import type { TextOrder, TextRead } from './floors/read-texts.ts';

const RECORDS = 100_000;
const ROUNDS = 7;
const SETTLE_MS = 2_000;

export const stream: Bench = {
  name: 'stream',
  about: 'the whole catalog in one answer: speed against reading the stored text with bare SQLite, and memory',
  async run(workspace) {
    const dataDir = await workspace.filledFolder(RECORDS);
    const { pid, port } = await workspace.startService(dataDir);
    const floor = workspace.startHelper<TextOrder, TextRead>('floors/read-texts.ts');
    await delay(SETTLE_MS);
    const idleMb = residentMb(pid);

    const rounds: { streamedMbPerS: number; readMbPerS: number; peakMb: number }[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const read = await floor.ask({ dataDir });
      let elapsedMs = 0;
      const peakMb = await peakResidentMb(pid, async () => (elapsedMs = await readWhole(port, WHOLE, read.bytes)));
      const perS = (milliseconds: number): number => read.bytes / 2 ** 20 / (milliseconds / 1000);
      // Memory counts from the first answer on; speed once everything is compiled.
      rounds.push({ streamedMbPerS: perS(elapsedMs), readMbPerS: perS(read.elapsedMs), peakMb });
    }
    const warm = rounds.slice(1);
    const peakMb = Math.max(...rounds.map((round) => round.peakMb));
    return [
      {
        figure: 'whole catalog streamed: speed',
        measured: `${shown(median(warm.map((round) => round.streamedMbPerS)))} MB/s`,
        floor: `bare SQLite read ${shown(median(warm.map((round) => round.readMbPerS)))} MB/s`,
        value: median(warm.map((round) => round.streamedMbPerS / round.readMbPerS)),
        unit: 'times',
        bar: atLeast(0.5),
      },
      {
        figure: 'whole catalog streamed: memory above idle',
        measured: `peak ${shown(peakMb)} MB`,
        floor: `idle ${shown(idleMb)} MB`,
        value: peakMb - idleMb,
        unit: 'MB',
        bar: atMost(64),
      },
    ];
  },
};

const WHOLE: WholeRequest = {
  text: 'POST /container_registries HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}',
  end: /\]\}\r\n0\r\n\r\n$/,
};
