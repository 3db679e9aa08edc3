/** How entries come into the audit once each, whatever becomes of calls on the way. */
import { MongoServerError, type Collection } from 'mongodb';
import { AppError } from '../../../src/core/errors.ts';
import { limits } from '../../../src/core/limits.ts';
import { createAuditAppender, type AuditAppender } from '../../../src/store/mongodb/access/audit-appender.ts';
import type { AuditDocument } from '../../../src/store/mongodb/access/collections.ts';
import type { Connection } from '../../../src/store/mongodb/connection.ts';
import type { CatalogDocument } from '../../../src/store/mongodb/document.ts';
import { auditEntry } from '../../contract/access-fixture.ts';
import { rememberingLog } from '../../support/remembering-log.ts';

const unavailable = (): AppError => new AppError('STORE_UNAVAILABLE', 'away');

/** What becomes of one insertion: it goes well, never arrives, arrives without an answer or in part, or arrives after it was given up. */
type Fate = 'well' | 'lost' | 'unanswered' | 'cut off' | 'late' | 'refused';

function createServer(): { readonly documents: Map<number, AuditDocument>; readonly fates: Fate[]; readonly connection: Connection; deliverLate(): void; insertions(): number } {
  const documents = new Map<number, AuditDocument>();
  const fates: Fate[] = [];
  let late: (() => void)[] = [];
  let insertions = 0;
  const putAll = (all: readonly AuditDocument[]): void => {
    for (const document of all) {
      if (documents.has(document._id)) throw new MongoServerError({ message: 'E11000', code: 11_000 });
      documents.set(document._id, document);
    }
  };
  const insertMany = async (all: readonly AuditDocument[]): Promise<void> => {
    insertions++;
    switch (fates.shift() ?? 'well') {
      case 'well':
        { putAll(all); return; }
      case 'lost':
        throw unavailable();
      case 'unanswered':
        putAll(all);
        throw unavailable();
      case 'cut off':
        putAll(all.slice(0, 1));
        throw unavailable();
      case 'refused':
        throw new Error('too large');
      case 'late':
        late.push(() => putAll(all));
        throw unavailable();
    }
  };
  const audit = {
    insertMany,
    findOne: async () => documents.get(Math.max(...documents.keys())) ?? null,
    find: ({ _id, by }: { _id: { $in: readonly number[] }; by: string }) => ({
      toArray: async () => [...documents.values()].filter((document) => _id.$in.includes(document._id) && document.by === by),
    }),
  };
  const records = { db: { collection: () => audit } } as unknown as Collection<CatalogDocument>;
  const connection = { run: <T>(work: (collection: Collection<CatalogDocument>) => Promise<T>) => work(records) } as Connection;
  return {
    documents,
    fates,
    connection,
    insertions: () => insertions,
    deliverLate() {
      for (const deliver of late) {
        try {
          deliver();
        } catch {
          // Refused by the server; nobody is there to be told.
        }
      }
      late = [];
    },
  };
}

describe('appending to the audit over MongoDB', () => {
  let server: ReturnType<typeof createServer>;
  let log: ReturnType<typeof rememberingLog>;
  let appender: AuditAppender;
  beforeEach(() => {
    server = createServer();
    log = rememberingLog();
    appender = createAuditAppender(server.connection, { nowMs: () => 0, monotonicMs: () => 0 }, log);
  });
  afterEach(() => appender.close());

  const entries = (...targets: string[]): ReturnType<typeof auditEntry>[] => targets.map((target) => auditEntry({ target }));
  const targets = (): string[] =>
    [...server.documents.values()].sort((a, b) => a._id - b._id).map(({ text }) => (JSON.parse(text) as { target: string }).target);

  it.each<Fate>(['lost', 'unanswered', 'cut off', 'late'])('an insertion that is %s is tried again, and each entry is there once', async (fate) => {
    await appender.append(entries('a'));
    server.fates.push(fate);
    await appender.append(entries('b', 'c'));
    server.deliverLate();
    await appender.append(entries('d'));
    expect(targets()).toEqual(['a', 'b', 'c', 'd']);
    expect([...server.documents.keys()].sort()).toEqual([1, 2, 3, 4]);
    expect(log.lines).toEqual([]);
  });

  it('an insertion that arrives late finds its place taken by somebody else', async () => {
    server.fates.push('late');
    const appended = appender.append(entries('b', 'c'));
    const other = createAuditAppender(server.connection, { nowMs: () => 0, monotonicMs: () => 0 }, log);
    await other.append(entries('a'));
    server.deliverLate();
    await appended;
    expect(targets()).toEqual(['a', 'b', 'c']);
    await other.close();
  });

  it('those that come while one insertion is under way go together in the next', async () => {
    await Promise.all(Array.from({ length: 50 }, (_unused, index) => appender.append(entries(String(index)))));
    expect(targets()).toHaveLength(50);
    expect(server.insertions()).toBe(2);
  });

  it('a change is told of when it took effect, even if nobody waits for it any more', async () => {
    server.fates.push('lost');
    expect(await appender.runAudited(async () => true, (isDone) => isDone, entries('a')[0])).toBe(true);
    expect(await appender.runAudited(async () => false, (isDone) => isDone, entries('b')[0])).toBe(false);
    await expect(appender.runAudited(async () => { throw unavailable(); }, () => true, entries('c')[0])).rejects.toThrow('away');
    expect(targets()).toEqual(['a']);
  });

  it('entries that the server refuses are told of in the log, and those after them are written', async () => {
    server.fates.push('refused');
    await expect(appender.append(entries('a'))).rejects.toThrow('too large');
    await appender.append(entries('b'));
    expect(targets()).toEqual(['b']);
    expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual(['warn Entries of the audit could not be written and are lost']);
  });

  it('no change is made that could not be told of', async () => {
    server.fates.push(...Array.from({ length: 100 }, (): Fate => 'lost'));
    const waiting = Array.from({ length: limits.auditWaitingMax + 1 }, () => appender.append(entries('x')).catch(() => undefined));
    let isChanged = false;
    const change = async (): Promise<boolean> => (isChanged = true);
    await expect(appender.runAudited(change, () => true, entries('a')[0])).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(isChanged).toBe(false);
    await appender.close();
    await Promise.all(waiting);
  });

  it('when it is closed what is left is tried once more, and told of if that fails', async () => {
    server.fates.push('lost', 'lost');
    const outcome = appender.append(entries('a')).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await appender.close();
    expect(await outcome).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { entries: 1 } }]);
  });
});
