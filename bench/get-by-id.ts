import { get, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { FixedAnswer } from './floors/http-server.ts';
import type { Helper } from './harness/helper.ts';
import { atMost, shown } from './harness/line.ts';
import type { Load, LoadResult } from './harness/load.ts';
import { cpuMs } from './harness/process-figures.ts';
import { median } from './harness/statistics.ts';
import type { Bench } from './harness/workspace.ts';
import { idAt } from './records.ts';

const RECORDS = 100_000;
const CLIENTS = 16;
const REQUESTS_A_ROUND = 20_000;
const ROUNDS = 7;

export const getById: Bench = {
  name: 'get-by-id',
  about: 'processor time of GET /container_registry/:id, protections, log and metrics on, against bare node:http',
  async run(workspace) {
    const service = await workspace.startService(await workspace.filledFolder(RECORDS));
    const answer = await captureAnswer(service.port);
    const floor = workspace.startHelper<FixedAnswer, number>('floors/http-server.ts');
    const floorPort = await floor.ask(answer);
    refuseDifference(answer, await captureAnswer(floorPort));

    const load = workspace.startLoadGenerator();
    const rounds: { service: number; floor: number }[] = [];
    // The first round compiles and warms up, and does not count.
    for (let round = 0; round <= ROUNDS; round++) {
      const measured = {
        service: await cpuMicrosecondsEach(load, service, round),
        floor: await cpuMicrosecondsEach(load, { pid: floor.pid, port: floorPort }, round),
      };
      if (round > 0) rounds.push(measured);
    }
    return [
      {
        figure: 'GET by id: processor time of a request',
        measured: `${shown(median(rounds.map((round) => round.service)))} µs`,
        floor: `bare node:http ${shown(median(rounds.map((round) => round.floor)))} µs`,
        value: median(rounds.map((round) => round.service / round.floor)),
        unit: 'times',
        bar: atMost(3),
      },
    ];
  },
};

async function cpuMicrosecondsEach(load: Helper<Load, LoadResult>, { pid, port }: { pid: number; port: number }, seed: number): Promise<number> {
  const beforeMs = cpuMs(pid);
  const requests = { kind: 'read', records: RECORDS, seed } as const;
  const { answers } = await load.ask({ port, connections: CLIENTS, requests, until: { answers: REQUESTS_A_ROUND }, expectedStatus: 200 });
  return ((cpuMs(pid) - beforeMs) * 1000) / answers;
}

/** Headers that Node adds by itself to every answer of a server. */
const ADDED_BY_NODE = new Set(['date', 'connection', 'keep-alive']);

async function captureAnswer(port: number): Promise<FixedAnswer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: `/container_registry/${idAt(0)}`, agent: false }, resolve).once('error', reject);
  });
  const { rawHeaders } = response;
  const names = rawHeaders.filter((_, position) => position % 2 === 0);
  const headers = names.flatMap((name, index) => (ADDED_BY_NODE.has(name.toLowerCase()) ? [] : [name, rawHeaders[2 * index + 1] ?? '']));
  return { headers, body: (await buffer(response)).toString('utf8') };
}

function refuseDifference(service: FixedAnswer, floor: FixedAnswer): void {
  if (JSON.stringify(service) !== JSON.stringify(floor)) throw new Error('The floor does not send what the service sends.');
}
