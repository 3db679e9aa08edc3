import type { Helper } from './harness/helper.ts';
import { callJson } from './harness/json-calls.ts';
import { atMost, shown, type Line } from './harness/line.ts';
import type { Load, LoadResult } from './harness/load.ts';
import { cpuMs } from './harness/process-figures.ts';
import type { Service } from './harness/service.ts';
import { median } from './harness/statistics.ts';
import type { Bench } from './harness/workspace.ts';

const RECORDS = 10_000;
const CLIENTS = 16;
const REQUESTS_A_ROUND = 20_000;
const ROUNDS = 7;
const PASSWORD = 'correct horse battery';

interface Asker {
  readonly service: Service;
  readonly authorization?: string;
}

type Round = Readonly<Record<'nobody' | 'token' | 'session', number>>;

export const authentication: Bench = {
  name: 'authentication',
  about: 'processor time of GET /container_registry/:id with a token, and with a session, against a service that asks for neither',
  async run(workspace) {
    const folder = await workspace.filledFolder(RECORDS);
    const open = await workspace.startService(await workspace.copyOf(folder));
    const closed = await workspace.startService(await workspace.copyOf(folder), { AUTH: 'on', ADMIN_PASSWORD: PASSWORD });
    const session = await logIn(closed.port);
    const token = await makeToken(closed.port, session);
    const load = workspace.startLoadGenerator();
    const rounds: Round[] = [];
    // The first round compiles and warms up, and does not count.
    for (let round = 0; round <= ROUNDS; round++) {
      const measured = {
        nobody: await cpuMicrosecondsEach(load, { service: open }, round),
        token: await cpuMicrosecondsEach(load, { service: closed, authorization: token }, round),
        session: await cpuMicrosecondsEach(load, { service: closed, authorization: session }, round),
      };
      if (round > 0) rounds.push(measured);
    }
    return [lineOf('GET by id with an API token: processor time', rounds, 'token'), lineOf('GET by id with a session: processor time', rounds, 'session')];
  },
};

async function logIn(port: number): Promise<string> {
  const { access_token } = (await callJson(port, 'POST', '/api/v1/auth/login', { username: 'admin', password: PASSWORD })) as { access_token: string };
  return `Bearer ${access_token}`;
}

async function makeToken(port: number, session: string): Promise<string> {
  const { token } = (await callJson(port, 'POST', '/api/v1/tokens', { name: 'bench', scopes: ['*'] }, session)) as { token: string };
  return `Bearer ${token}`;
}

async function cpuMicrosecondsEach(load: Helper<Load, LoadResult>, { service: { pid, port }, authorization }: Asker, seed: number): Promise<number> {
  const beforeMs = cpuMs(pid);
  const requests = { kind: 'read', records: RECORDS, seed, ...(authorization === undefined ? {} : { authorization }) } as const;
  const { answers } = await load.ask({ port, connections: CLIENTS, requests, until: { answers: REQUESTS_A_ROUND }, expectedStatus: 200 });
  return ((cpuMs(pid) - beforeMs) * 1000) / answers;
}

function lineOf(figure: string, rounds: readonly Round[], asked: 'token' | 'session'): Line {
  return {
    figure,
    measured: `${shown(median(rounds.map((round) => round[asked])))} µs`,
    floor: `without a login ${shown(median(rounds.map(({ nobody }) => nobody)))} µs`,
    value: median(rounds.map((round) => round[asked] / round.nobody)),
    unit: 'times',
    bar: atMost(1.15),
  };
}
