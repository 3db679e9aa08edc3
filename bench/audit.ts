import type { AuditedFigures, AuditedOrder } from './harness/audited-process.ts';
import { atMost, shown, type Line } from './harness/line.ts';
import { median } from './harness/statistics.ts';
import type { Bench } from './harness/workspace.ts';

const RECORDS = 100_000;
const CLIENTS = 16;
const INSERTS_A_ROUND = 1_000;
const ROUNDS = 16;

interface Round {
  readonly told: AuditedFigures;
  readonly untold: AuditedFigures;
}

export const audit: Bench = {
  name: 'audit',
  about: 'what the audit adds to a write: inserts into the store by 16 at once with an entry each, against those without',
  async run(workspace) {
    const filled = await workspace.filledFolder(RECORDS);
    const folders = { told: await workspace.copyOf(filled), untold: await workspace.copyOf(filled) };
    const helper = workspace.startHelper<AuditedOrder, AuditedFigures>('harness/audited-process.ts');

    const rounds: Round[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const order = { firstIndex: RECORDS + round * INSERTS_A_ROUND, records: INSERTS_A_ROUND, clients: CLIENTS };
      const untold = await helper.ask({ ...order, isAudited: false, dataDir: folders.untold });
      const told = await helper.ask({ ...order, isAudited: true, dataDir: folders.told });
      // The first round compiles and warms up, and does not count.
      if (round > 0) rounds.push({ told, untold });
    }
    return [line('time', rounds, ({ elapsedMs }) => elapsedMs), line('CPU', rounds, ({ cpuMs }) => cpuMs)];
  },
};

function line(what: string, rounds: readonly Round[], figureOf: (figures: AuditedFigures) => number): Line {
  const microsecondsEach = (side: keyof Round): string => `${shown((1_000 * median(rounds.map((round) => figureOf(round[side])))) / INSERTS_A_ROUND)} µs each`;
  return {
    figure: `insert of a record with an entry in the audit, by 16 at once: ${what}`,
    measured: microsecondsEach('told'),
    floor: `without ${microsecondsEach('untold')}`,
    value: median(rounds.map(({ told, untold }) => figureOf(told) / figureOf(untold))),
    unit: 'times',
    bar: atMost(1.2),
  };
}
