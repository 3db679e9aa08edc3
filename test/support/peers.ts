/** The foreign programs that tests run against: finding them, starting them, and leaving suites out for want of them. */
import { isPeerThere, peerFolder } from '../../scripts/peers/cache.ts';
import { peers, type PeerName } from '../../scripts/peers/table.ts';
import { startProcess, type RunningProcess } from './child-process.ts';

/** The folder of a peer that `npm run peers` has built, or null. */
export function findPeer(name: PeerName): string | null {
  const peer = peers.find((candidate) => candidate.name === name);
  return peer !== undefined && isPeerThere(peer) ? peerFolder(peer) : null;
}

/** @throws {Error} that says how to get it, when it is missing */
export function requirePeer(name: PeerName): string {
  const folder = findPeer(name);
  if (folder === null) throw new Error(`The peer ${name} is missing. Get it with \`npm run peers -- ${name}\`.`);
  return folder;
}

/**
 * `describe` for suites that need peers. Where one is missing the suite is skipped, and `npm test` says so at its end;
 * with CI=true it fails instead.
 */
export function describeWithPeer(names: PeerName | readonly PeerName[], title: string, body: () => void): void {
  const missing = [names].flat().filter((name) => findPeer(name) === null);
  if (missing.length === 0) describe(title, body);
  else if (process.env['CI'] === 'true') {
    describe(title, () => {
      it(`needs the peer ${missing.join(', ')}`, () => {
        throw new Error(`Get it with \`npm run peers -- ${missing.join(' ')}\`.`);
      });
    });
  } else describe.skip(`${title} [left out: peer ${missing.join(', ')} is missing]`, body);
}

/** `describe` for suites that need any MongoDB server: the one that `TEST_MONGO_URL` names, or the peer. */
export function describeWithMongo(title: string, body: () => void): void {
  if (givenMongoUrl() !== null) describe(title, body);
  else describeWithPeer('mongo-java-server', title, body);
}

function givenMongoUrl(): string | null {
  const url = process.env['TEST_MONGO_URL'];
  return url === undefined || url === '' ? null : url;
}

export interface MongoServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** A MongoDB server for a suite, shared with others when `TEST_MONGO_URL` names one: use a database of your own. */
export async function startMongo(): Promise<MongoServer> {
  const url = givenMongoUrl();
  return url === null ? startMongoPeer() : { url, stop: async () => undefined };
}

export interface MongoPeerOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** H2 file that keeps the data over restarts. Default: memory. */
  readonly file?: string;
}

export interface MongoPeer extends MongoServer {
  readonly port: number;
  readonly process: RunningProcess;
}

/** Starts a mongo-java-server of one's own, to stop and halt at will, whatever `TEST_MONGO_URL` says. */
export async function startMongoPeer(options: MongoPeerOptions = {}): Promise<MongoPeer> {
  const folder = requirePeer('mongo-java-server');
  const running = await startProcess({
    program: 'java',
    args: ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', `${folder}/classes:${folder}/lib/*`, 'MongoPeer'].concat(
      String(options.port ?? 0),
      options.file ?? [],
    ),
    ready: /listening (\d+)/,
  });
  const port = Number(running.ready[1]);
  return { url: `mongodb://127.0.0.1:${port}`, port, process: running, stop: () => running.stop() };
}
