/** What becomes of calls while MongoDB is away, and afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError, StartError } from '../../src/core/errors.ts';
import { parseFilter } from '../../src/query/filter.ts';
import { openMongoStore } from '../../src/store/mongodb/open.ts';
import type { Completion, Store } from '../../src/store/health-port.ts';
import { rememberingLog, until } from '../support/mongo/stores.ts';
import { describeWithPeer, startMongoPeer, type MongoPeer } from '../support/peers.ts';
import { auditEntry, chainIn, newEntry, readAudit } from './access-fixture.ts';
import { codeOf, findIds, newRecord } from './store-fixture.ts';

async function gather<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}

const KEY = { id: 'a', vantage: 'v' };
const COMPLETION: Completion = {
  claim: { ...KEY, token: 'none' },
  next: { dueAtMs: 1, staleAtMs: null, intervalMs: 1, state: '', tail: new Uint8Array(), totals: new Uint8Array() },
  verdict: { status: 'up', cause: 'ok', since: '2026-01-01T00:00:00.000Z' },
  event: { atMs: 1, from: 'unknown', to: 'up', cause: 'ok', evidence: '[]' },
  closedHours: [],
};

/** Every kind of call, by name. */
const calls: readonly (readonly [string, (store: Store) => Promise<unknown>])[] = [
  ['get', (store) => store.get('a')],
  ['insert', (store) => store.insert(newRecord('b'))],
  ['replace', (store) => store.replace({ ...newRecord('a'), expectedRevision: 1 })],
  ['delete', (store) => store.delete('a')],
  ['find', (store) => findIds(store, {})],
  ['count', (store) => store.count(parseFilter({}), null, AbortSignal.timeout(30_000))],
  ['readAllText', (store) => gather(store.readAllText(null, AbortSignal.timeout(30_000)))],
  ['ping', (store) => store.ping()],
  ['enrol', ({ health }) => health.enrol({ vantage: 'v', afterId: null, limit: 10, dueFromMs: 1, dueUntilMs: 2 })],
  ['touch', ({ health }) => health.touch('a', ['v'])],
  ['forget', ({ health }) => health.forget('b')],
  ['claim', ({ health }) => health.claim({ vantage: 'v', nowMs: 2, leaseMs: 1, limit: 1 })],
  ['claimOne', ({ health }) => health.claimOne(KEY, 2, 1)],
  ['claimStale', ({ health }) => health.claimStale({ nowMs: 2, leaseMs: 1, limit: 1 })],
  ['complete', ({ health }) => health.complete([COMPLETION])],
  ['release', ({ health }) => health.release([COMPLETION.claim])],
  ['announce', ({ health }) => health.announce('v', 2)],
  ['vantages', ({ health }) => health.vantages(1)],
  ['dropVantages', ({ health }) => health.dropVantages(1, 2, 1)],
  ['watchesOf', ({ health }) => health.watchesOf(['a'])],
  ['mend', ({ health }) => health.mend('default', 1, 1)],
  ['probesPerS', ({ health }) => health.probesPerS('v')],
  ['hours', ({ health }) => health.hours(KEY, 1, 2)],
  ['days', ({ health }) => health.days(KEY, 1, 2)],
  ['events', ({ health }) => health.events('a', { beforeMs: 2, limit: 1 })],
  ['prune', ({ health }) => health.prune({ hour: 1, day: 1, eventMs: 1 }, 1)],
  ['insert, told of', (store) => store.insert(newRecord('told'), auditEntry())],
  ['entries.get', ({ entries }) => entries.get('user', 'a')],
  ['entries.list', ({ entries }) => entries.list('user', { afterKey: null, limit: 1 })],
  ['entries.ofOwners', ({ entries }) => entries.ofOwners('token', ['a'])],
  ['entries.put', ({ entries }) => entries.put(newEntry('b'))],
  ['entries.put, told of', ({ entries }) => entries.put(newEntry('told'), auditEntry())],
  ['entries.delete', ({ entries }) => entries.delete('token', 'b')],
  ['entries.deleteOwned', ({ entries }) => entries.deleteOwned('token', 'b')],
  ['entries.prune', ({ entries }) => entries.prune(1, 1)],
  ['audit.append', ({ audit }) => audit.append([auditEntry({ target: 'while away' })])],
  ['audit.read', ({ audit }) => readAudit(audit, { user: 'ann', action: 'record', fromMs: 1, toMs: 2 })],
  ['audit.prune', ({ audit }) => audit.prune(1, 1)],
];

/** Each call fails as it should, and in time; all at once, because each takes nearly its two seconds. */
async function expectAllUnavailable(store: Store): Promise<void> {
  const outcomes = await Promise.all(
    calls.map(async ([name, call]) => {
      const startMs = performance.now();
      const code = await codeOf(call(store));
      return { name, code, inTime: performance.now() - startMs < 2_500 };
    }),
  );
  expect(outcomes).toEqual(calls.map(([name]) => ({ name, code: 'STORE_UNAVAILABLE', inTime: true })));
}

const isBack = (store: Store): Promise<boolean> => store.ping().then(() => true, () => false);

describeWithPeer('mongo-java-server', 'MongoDB being away', () => {
  let server: MongoPeer;
  let store: Store;
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'portolan-mongo-'));
    server = await startMongoPeer({ file: join(dataDir, 'data.mv') });
  });
  afterEach(async () => {
    await store.close();
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const open = async (): Promise<ReturnType<typeof rememberingLog>> => {
    const log = rememberingLog();
    store = await openMongoStore({ url: server.url, log });
    return log;
  };
  const startAgain = async (): Promise<void> => {
    server = await startMongoPeer({ port: server.port, file: join(dataDir, 'data.mv') });
  };

  it('abuse 33: absent at the start: every call fails within two seconds, and works once the server is there', async () => {
    await server.stop();
    const log = await open();
    await expectAllUnavailable(store);
    expect(log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual(['MongoDB cannot be reached yet; trying on']);
    await startAgain();
    await until(() => isBack(store));
    expect(await store.insert(newRecord('a'))).toBe('inserted');
    expect(await findIds(store, {})).toEqual(['a']);
    await until(() => log.lines.some(({ message }) => message.includes('were checked')));
  }, 60_000);

  it('abuse 33: lost while running: every call fails within two seconds, and works once the server is back, with all data', async () => {
    const log = await open();
    await until(() => isBack(store));
    expect(await store.insert(newRecord('a'), auditEntry({ target: 'before' }))).toBe('inserted');
    await server.stop();
    await expectAllUnavailable(store);
    await startAgain();
    await until(() => isBack(store));
    expect(await findIds(store, {})).toEqual(['a']);
    await store.audit.append([auditEntry({ target: 'afterwards' })]);
    // What was appended while MongoDB was away was not acknowledged, but may have joined by now.
    const chain = await chainIn(store.audit);
    expect(chain).toContain(JSON.stringify(auditEntry({ target: 'before' })));
    expect(chain.at(-1)).toBe(JSON.stringify(auditEntry({ target: 'afterwards' })));
    const messages = log.lines.map(({ message }) => message).filter((message) => message.startsWith('MongoDB'));
    expect(messages).toEqual(['MongoDB is connected', 'MongoDB was lost; calls answer 503 until it is back', 'MongoDB is connected']);
  }, 60_000);

  it('abuse 33: hanging: every call fails within two seconds, and works once the server goes on', async () => {
    await open();
    await until(() => isBack(store));
    expect(await store.insert(newRecord('a'))).toBe('inserted');
    server.process.signal('SIGSTOP');
    await expectAllUnavailable(store);
    server.process.signal('SIGCONT');
    await until(() => isBack(store));
    // Of the record that was being written meanwhile nothing is certain; the next one is.
    expect(await store.insert(newRecord('c'))).toBe('inserted');
    expect((await store.get('c'))?.id).toBe('c');
    await store.audit.append([auditEntry({ target: 'afterwards' })]);
    const chain = await chainIn(store.audit);
    expect(chain.filter((text) => text.includes('while away')).length).toBeLessThanOrEqual(1);
    expect(chain).toContain(JSON.stringify(auditEntry({ target: 'afterwards' })));
  }, 60_000);

  it('lost in the middle of an answer that streams: the answer breaks off with an error', async () => {
    await open();
    await until(() => isBack(store));
    for (let number = 0; number < 450; number++) await store.insert(newRecord(`r-${number}`));
    const stream = store.readAllText(null, AbortSignal.timeout(30_000))[Symbol.asyncIterator]();
    expect((await stream.next()).done).toBe(false);
    await server.stop();
    const rest = async (): Promise<void> => {
      while ((await stream.next()).done !== true);
    };
    expect(await codeOf(rest())).toBe('STORE_UNAVAILABLE');
  }, 60_000);

  it('says when to come back', async () => {
    await server.stop();
    await open();
    const error: unknown = await store.get('a').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).retryAfterS).toBe(1);
  });
});

describe('a MONGO_URL that cannot be understood', () => {
  it.each(['mongodb://', 'mongodb://user:secret%zz@host', 'mongodb://host:99999', 'mongodb://user:secret@host/?nosuchoption=1', 'http://host'])(
    'is refused in a sentence that quotes no password: %s',
    async (url) => {
      const error: unknown = await openMongoStore({ url, log: rememberingLog() }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(StartError);
      expect((error as Error).message).toMatch(/^MONGO_URL cannot be understood\./);
      expect((error as Error).message).not.toMatch(/secret/);
    },
  );
});
