/** The write-ahead log of the embedded store is kept short by a thread of its own. */
import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { limits } from '../../src/core/limits.ts';
import { createCheckpoints, type Checkpoints } from '../../src/store/sqlite/checkpoint/checkpoints.ts';
import { createCheckpointThread, type CheckpointThread } from '../../src/store/sqlite/checkpoint/thread.ts';
import { connect, type Connection } from '../../src/store/sqlite/connection.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { PAGE_BYTES } from '../../src/store/sqlite/schema.ts';
import { setWritePragmas } from '../../src/store/sqlite/store-file.ts';
import { rememberingLog } from '../support/remembering-log.ts';
import { count, newRecord } from './store-fixture.ts';

/** Pages of one change below. */
const PAGES_A_CHANGE = 250;
const CHANGES_TO_MAX = Math.ceil(limits.walCheckpointPages / PAGES_A_CHANGE) + 1;

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portolan-checkpoints-'));
  file = join(folder, 'some.db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('checkpoints', () => {
  let connection: Connection;
  let thread: CheckpointThread;
  let runs: number;
  let loans: number;
  beforeEach(() => {
    new DatabaseSync(file).close();
    connection = connect(file, { readOnly: false, cacheKib: 1_024 });
    connection.db.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
    setWritePragmas(connection.db);
    connection.db.exec('CREATE TABLE pages (bytes)');
    thread = createCheckpointThread(file);
    runs = 0;
    loans = 0;
  });
  afterEach(async () => {
    await thread.close();
    connection.close();
  });

  const log = rememberingLog();
  const checkpointsBy = (run: () => Promise<void>): Checkpoints =>
    createCheckpoints({
      connection,
      log,
      thread: {
        run() {
          runs++;
          return run();
        },
      },
      lend(work) {
        loans++;
        return work();
      },
    });
  const change = (checkpoints: Checkpoints): void => {
    connection.run(`INSERT INTO pages VALUES (zeroblob(${PAGES_A_CHANGE * PAGE_BYTES}))`);
    checkpoints.committed();
  };
  const waiting = (): number => {
    const [, inLog, inFile] = connection.first('PRAGMA wal_checkpoint(NOOP)') ?? [];
    return Number(inLog) - Number(inFile);
  };

  it('are made once enough pages are in the log, the last of it while nobody else writes, and the log begins anew', async () => {
    const checkpoints = checkpointsBy(() => thread.run());
    for (let n = 0; n < CHANGES_TO_MAX - 2; n++) change(checkpoints);
    expect(runs).toBe(0);
    for (let n = 0; n < 2; n++) change(checkpoints);
    // Meanwhile somebody else goes on.
    change(checkpoints);
    await checkpoints.settled();
    expect([runs, loans, waiting()]).toEqual([2, 1, 0]);
    const bytes = statSync(`${file}-wal`).size;
    change(checkpoints);
    expect([waiting() < 2 * PAGES_A_CHANGE, statSync(`${file}-wal`).size]).toEqual([true, bytes]);
  });

  it('are not tried after every change while somebody reads from the log for long, and are made up for then', async () => {
    const checkpoints = checkpointsBy(() => thread.run());
    const reader = connect(file, { readOnly: true, cacheKib: 64 });
    reader.db.exec('BEGIN');
    reader.all('SELECT count(*) FROM pages');
    for (let n = 0; n < 2 * CHANGES_TO_MAX; n++) {
      change(checkpoints);
      await checkpoints.settled();
    }
    expect(runs).toBeGreaterThan(0);
    // Two or three for each time that the log has grown by as much as starts one.
    expect(runs).toBeLessThanOrEqual(6);
    expect(waiting()).toBeGreaterThan(limits.walCheckpointPages);
    reader.close();
    for (let n = 0; n < CHANGES_TO_MAX; n++) {
      change(checkpoints);
      await checkpoints.settled();
    }
    expect(waiting()).toBeLessThan(limits.walCheckpointPages);
  });

  it('are made by whoever commits when the thread cannot, and the log says so', async () => {
    const checkpoints = checkpointsBy(() => Promise.reject(new Error('out of threads')));
    for (let n = 0; n < 3 * CHANGES_TO_MAX; n++) {
      change(checkpoints);
      await checkpoints.settled();
    }
    expect(runs).toBe(1);
    expect(waiting()).toBeLessThan(limits.walCheckpointPages);
    expect(log.lines.filter(({ message }) => message.startsWith('Checkpoints cannot be made'))).toHaveLength(1);
  });

  it('fail when the thread cannot open the file', async () => {
    const lost = createCheckpointThread(join(folder, 'nowhere/some.db'));
    await expect(lost.run()).rejects.toThrow('unable to open');
    await lost.close();
  });
});

describe('the store', () => {
  it('keeps its log short while many write', async () => {
    const store = await openSqliteStore({ dataDir: folder, log: { info: () => undefined, warn: () => undefined } });
    const text = 'x'.repeat(20_000);
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 60 }, (_unused, n) => store.insert(newRecord(`r${round}-${n}`, { container_registry_metadata: { text } }))));
    }
    // 1,200 records of four pages and more are several times as much as starts a checkpoint.
    expect(statSync(join(folder, 'portolan.db-wal')).size).toBeLessThan(3 * limits.walCheckpointPages * PAGE_BYTES);
    expect(await count(store, {})).toBe(1_200);
    await store.close();
  });
});
