import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient, type Collection, type MongoClientOptions, type TopologyDescriptionChangedEvent } from 'mongodb';
import { StartError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import type { CatalogDocument } from './document.ts';
import { isOutOfTime, storeErrorOf, storeUnavailable } from './errors.ts';

/** Where the adapter says what the operator should know. The service's log fits. */
export interface StoreLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly database: string;
  readonly collection: string;
  readonly log: StoreLog;
  /** Runs in the background once the server was found for the first time, and again later when the server went away meanwhile. */
  prepare(collection: Collection<CatalogDocument>): Promise<void>;
}

/**
 * The way to one collection. It is opened at once and connects in the background, for as long as it takes; work
 * meanwhile fails soon with `STORE_UNAVAILABLE`, and succeeds again as soon as the server is back.
 */
export interface Connection {
  /**
   * Runs short work: its answer, or `STORE_UNAVAILABLE` within `mongoAnswerTimeoutMs`. A write that was given up on its
   * way may still reach the server; it was never acknowledged to anybody.
   */
  run<T>(work: (collection: Collection<CatalogDocument>) => Promise<T>): Promise<T>;
  /** The collection, once there is a connection. @throws {AppError} `STORE_UNAVAILABLE` */
  collection(): Promise<Collection<CatalogDocument>>;
  /**
   * Waits for work that may take long on a server that is well: as long as the server answers pings meanwhile.
   * @throws {AppError} `STORE_UNAVAILABLE`
   */
  whileAlive<T>(work: Promise<T>): Promise<T>;
  ping(): Promise<void>;
  /** Lets work under way finish, which its time limit bounds, and refuses any other. */
  close(): Promise<void>;
}

/** Pause between attempts to reach a server for the first time. */
const RETRY_PAUSE_MS = 300;

/** The driver's own time limits. Its `timeoutMS` has no effect in this version, so `run` keeps the time itself. */
const clientOptions: MongoClientOptions = {
  appName: 'portolan',
  // Journalled on a majority: acknowledged means that neither a crash nor an election takes it back.
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: limits.mongoSelectionTimeoutMs },
  // Whatever the URL says: from a secondary, a client might not see what it has just written.
  readPreference: 'primary',
  retryWrites: true,
  retryReads: true,
  serverSelectionTimeoutMS: limits.mongoSelectionTimeoutMs,
  connectTimeoutMS: limits.mongoSelectionTimeoutMs,
  waitQueueTimeoutMS: limits.mongoSelectionTimeoutMs,
  // Sockets on which a given-up call waits are closed at last; a scan's batches must fit in.
  socketTimeoutMS: limits.scanDeadlineMs + limits.mongoAnswerTimeoutMs,
  heartbeatFrequencyMS: limits.mongoHeartbeatMs,
};

/** @throws {StartError} when the URL cannot be understood; that the server is away is no error */
export function openConnection(options: ConnectionOptions): Connection {
  const client = createClient(options.url);
  const collection = client.db(options.database).collection<CatalogDocument>(options.collection);
  const closing = new AbortController();
  reportChanges(client, options.log);
  const background = connectInBackground(client, options.log, closing.signal, () => options.prepare(collection));

  const underWay = new Set<Promise<unknown>>();

  const runWithin = async <T>(timeoutMs: number, work: (collection: Collection<CatalogDocument>) => Promise<T>): Promise<T> => {
    if (closing.signal.aborted) throw storeUnavailable(new Error('the store is closed'));
    const answer = within(timeoutMs, async (isGivenUp) => {
      await background.connected;
      // Nobody waits for it any more, and a write that its caller was told has failed must not happen later.
      if (isGivenUp()) throw storeUnavailable(new Error('the connection came too late'));
      return work(collection);
    });
    underWay.add(answer);
    return answer.finally(() => underWay.delete(answer));
  };
  const pingWithin = async (timeoutMs: number): Promise<void> => {
    await runWithin(timeoutMs, () => client.db(options.database).command({ ping: 1 }));
  };
  return {
    run: (work) => runWithin(limits.mongoAnswerTimeoutMs, work),
    collection: () => runWithin(limits.mongoAnswerTimeoutMs, async () => collection),
    whileAlive: (work) => whileAlive(work, () => pingWithin(limits.mongoAnswerTimeoutMs - limits.mongoPatienceMs)),
    ping: () => pingWithin(limits.mongoAnswerTimeoutMs),
    async close() {
      closing.abort();
      await Promise.allSettled(underWay);
      // A server that hangs must not hold up the end of the service: what it was told is told.
      await within(limits.mongoAnswerTimeoutMs, () => client.close()).catch(() => undefined);
      await background.ended;
    },
  };
}

function createClient(url: string): MongoClient {
  try {
    return new MongoClient(url, clientOptions);
  } catch (error) {
    // The driver quotes the URL in some of its messages, and with it the password.
    const reason = error instanceof Error && !/@|:\/\//.test(error.message) ? ` ${error.message}.` : '';
    throw new StartError(`MONGO_URL cannot be understood.${reason} Check it; special characters in the user name and password must be percent-encoded.`);
  }
}

/** Says that the server was lost, that it is back, or that it will not do. */
function reportChanges(client: MongoClient, log: StoreLog): void {
  const canWrite = ({ servers }: TopologyDescriptionChangedEvent['newDescription']): boolean =>
    [...servers.values()].some((server) => server.isWritable);
  // Emitted for servers that the driver is too new or too old for; without a listener it would end the process.
  client.on('error', (error) => log.warn('MongoDB cannot be used', { reason: error.message }));
  client.on('topologyDescriptionChanged', ({ previousDescription, newDescription }) => {
    const before = canWrite(previousDescription);
    const now = canWrite(newDescription);
    if (!before && now) log.info('MongoDB is connected');
    if (before && !now) log.warn('MongoDB was lost; calls answer 503 until it is back', { reason: newDescription.error?.message });
  });
}

interface Background {
  /** Resolves at the first connection, never rejects. */
  readonly connected: Promise<void>;
  readonly ended: Promise<void>;
}

/** The driver finds a lost server again by itself, but gives up on one that was never there: that is asked for until it comes. */
function connectInBackground(client: MongoClient, log: StoreLog, closing: AbortSignal, prepare: () => Promise<void>): Background {
  const connected = Promise.withResolvers<undefined>();
  const steps = async (): Promise<void> => {
    const isReached = await untilDone(() => client.connect(), closing, (reason) => log.warn('MongoDB cannot be reached yet; trying on', { reason }));
    if (!isReached) return;
    connected.resolve(undefined);
    await untilDone(prepare, closing, (reason) => log.warn('The indexes in MongoDB cannot be checked yet; trying on', { reason }));
  };
  return { connected: connected.promise, ended: steps() };
}

/** Tries until it succeeds; says each new reason why it did not. `false` when `closing` ended it. */
async function untilDone(attempt: () => Promise<unknown>, closing: AbortSignal, report: (reason: string) => void): Promise<boolean> {
  let lastReason = '';
  const isClosing = (): boolean => closing.aborted;
  while (!isClosing()) {
    try {
      await attempt();
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!isClosing() && reason !== lastReason) report(reason);
      lastReason = reason;
    }
    await delay(RETRY_PAUSE_MS, undefined, { signal: closing }).catch(() => undefined);
  }
  return false;
}

async function within<T>(timeoutMs: number, work: (isGivenUp: () => boolean) => Promise<T>): Promise<T> {
  const timer = Promise.withResolvers<never>();
  let givenUp = false;
  const handle = setTimeout(() => {
    givenUp = true;
    timer.reject(storeUnavailable(new Error(`no answer within ${timeoutMs} ms`)));
  }, timeoutMs);
  try {
    return await Promise.race([work(() => givenUp), timer.promise]);
  } catch (error) {
    throw isOutOfTime(error) ? storeUnavailable(error) : storeErrorOf(error);
  } finally {
    clearTimeout(handle);
  }
}

async function whileAlive<T>(work: Promise<T>, ping: () => Promise<void>): Promise<T> {
  const outcome = work.then((value) => ({ value }));
  // When a ping fails first, nobody waits for the outcome any more.
  outcome.catch(() => undefined);
  try {
    for (;;) {
      const timer = new AbortController();
      const late = delay(limits.mongoPatienceMs, null, { signal: timer.signal }).catch(() => null);
      const settled = await Promise.race([outcome, late]).finally(() => timer.abort());
      if (settled !== null) return settled.value;
      await ping();
    }
  } catch (error) {
    throw storeErrorOf(error);
  }
}
