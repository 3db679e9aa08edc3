import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pipeline } from 'node:stream/promises';
import { atMost, shown } from './harness/line.ts';
import type { LoadResult } from './harness/load.ts';
import { median } from './harness/statistics.ts';
import type { Bench } from './harness/workspace.ts';

const RECORDS = 100_000;
const CLIENTS = 16;
const ROUNDS = 3;
/** Far more than clients create in one round. */
const IDS_A_ROUND = 100_000;

export const backup: Bench = {
  name: 'backup',
  about: 'a backup of 100,000 records while 16 clients write: their waiting, and whether it is of one moment',
  async run(workspace) {
    const { port } = await workspace.startService(await workspace.copyOf(await workspace.filledFolder(RECORDS)));
    const load = workspace.startLoadGenerator();
    const file = join(workspace.folder, 'backup.db');
    const write = (round: number, elapsedMs: number): Promise<LoadResult> =>
      load.ask({ port, connections: CLIENTS, requests: { kind: 'create', firstIndex: RECORDS + round * IDS_A_ROUND }, until: { elapsedMs }, expectedStatus: 201 });

    // The first tells how long it takes, so that the clients of the next write for as long and no longer.
    let durationMs = await backUp(port, file);
    const alone = await write(0, durationMs);
    const rounds: { during: LoadResult; durationMs: number; torn: number }[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const [during, takenMs] = await Promise.all([write(round, durationMs), backUp(port, file)]);
      rounds.push({ during, durationMs: takenMs, torn: tornIn(file) });
      durationMs = takenMs;
    }
    const p99Ms = Math.max(...rounds.map(({ during }) => during.p99Ms));
    const writesPerS = median(rounds.map(({ during }) => (during.answers * 1000) / during.elapsedMs));
    return [
      {
        figure: 'backup of 100,000 records while 16 clients write: p99 of their requests',
        measured: `${shown(p99Ms)} ms, ${shown(writesPerS)} a second; the backup takes ${shown(median(rounds.map((round) => round.durationMs)) / 1000)} s`,
        floor: `without a backup ${shown(alone.p99Ms)} ms, ${shown((alone.answers * 1000) / alone.elapsedMs)} a second`,
        value: p99Ms,
        unit: 'ms',
        bar: atMost(100),
      },
      {
        figure: 'the same: records and entries of the audit that are there without each other',
        measured: String(Math.max(...rounds.map(({ torn }) => torn))),
        floor: '-',
        value: Math.max(...rounds.map(({ torn }) => torn)),
        unit: 'times',
        bar: atMost(0),
      },
    ];
  },
};

/** @returns how long it took until the file was there */
async function backUp(port: number, file: string): Promise<number> {
  const startedMs = performance.now();
  const asking = request({ host: '127.0.0.1', port, method: 'POST', path: '/api/v1/backup' }).end();
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  if (answer.statusCode !== 200) throw new Error(`The backup was answered with ${String(answer.statusCode)}.`);
  await pipeline(answer, createWriteStream(file));
  return performance.now() - startedMs;
}

/** A record and what tells of it are written together, so a file of one moment holds both or neither. */
function tornIn(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  const created = "SELECT record FROM audit WHERE action = 'record:create'";
  const filled = `SELECT count(*) AS n FROM records WHERE id NOT IN (${created})`;
  const lost = `SELECT count(*) AS n FROM (${created}) WHERE record NOT IN (SELECT id FROM records)`;
  const countOf = (sql: string): number => Number(db.prepare(sql).get()?.['n']);
  try {
    return Math.abs(countOf(filled) - RECORDS) + countOf(lost);
  } finally {
    db.close();
  }
}
