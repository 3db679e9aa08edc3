/** Entries and the audit on MongoDB: the suites that every store passes, and what only MongoDB brings. */
import { limits } from '../../src/core/limits.ts';
import type { Store } from '../../src/store/health-port.ts';
import { openMongoStore } from '../../src/store/mongodb/open.ts';
import { useDatabaseServer, type DatabaseFixture } from '../support/mongo/database-server.ts';
import { describeWithMongo } from '../support/peers.ts';
import { auditEntry, chainIn, entryIn, newEntry, readAudit } from './access-fixture.ts';
import { describeAuditStore } from './audit-store.ts';
import { describeEntryStore } from './entry-store.ts';
import { describeRecordAudit } from './record-audit.ts';

const quiet = { info: () => undefined, warn: () => undefined };

describeWithMongo('over MongoDB’s wire protocol', () => {
  const server = useDatabaseServer();

  describeEntryStore('mongodb', () => server.makeFixture());
  describeAuditStore('mongodb', () => server.makeFixture());
  describeRecordAudit('mongodb', () => server.makeFixture());

  describe('several processes', () => {
    let fixture: DatabaseFixture;
    let stores: Store[];
    beforeEach(async () => {
      fixture = await server.makeFixture();
      stores = await Promise.all([1, 2, 3].map(() => fixture.open()));
    });
    afterEach(async () => {
      await Promise.all(stores.map((store) => store.close()));
      await fixture.dispose();
    });

    it('that append the same at once are each told of', async () => {
      await Promise.all(stores.flatMap(({ audit }) => [audit.append([auditEntry(), auditEntry()]), audit.append([auditEntry()])]));
      expect(await chainIn(stores[0]!.audit)).toHaveLength(9);
    });

    it('that append at once make one chain without gaps, each keeping its order', async () => {
      await Promise.all(
        stores.flatMap(({ audit }, process) =>
          Array.from({ length: 30 }, async (_unused, call) => {
            await audit.append([0, 1].map((part) => auditEntry({ record: `${process}`, target: String(call * 2 + part) })));
          }),
        ),
      );
      expect(await chainIn(stores[0]!.audit)).toHaveLength(180);
      for (const process of ['0', '1', '2']) {
        const targets = (await readAudit(stores[1]!.audit, { record: process })).map((stored) => Number(entryIn(stored).target));
        expect(targets).toEqual(Array.from({ length: 60 }, (_unused, index) => index));
      }
    });

    it('put one entry at once: one gets through, and is told of', async () => {
      const outcomes = await Promise.all(stores.flatMap(({ entries }, process) => [0, 1, 2].map((call) => entries.put(newEntry('k'), auditEntry({ target: `${process}/${call}` })))));
      expect(outcomes.filter((isWritten) => isWritten)).toHaveLength(1);
      expect((await readAudit(stores[2]!.audit)).map((stored) => entryIn(stored).target)).toEqual([`${Math.floor(outcomes.indexOf(true) / 3)}/${outcomes.indexOf(true) % 3}`]);
    });

    it('prune and append at once, and the chain goes on', async () => {
      await stores[0]!.audit.append(Array.from({ length: 50 }, () => auditEntry()));
      await Promise.all(stores.flatMap(({ audit }, process) => [audit.prune(50, 10 + process), audit.append([auditEntry()])]));
      const left = await readAudit(stores[0]!.audit);
      expect(left.length).toBeLessThan(53 - 10);
      expect(left.at(-1)!.seq).toBe(53);
      for (const [index, { seq, previous }] of left.entries()) if (index > 0) expect([seq, previous]).toEqual([left[index - 1]!.seq + 1, left[index - 1]!.hash]);
    });

    it('one that has long been silent goes on from the end, though all that it knows of was pruned', async () => {
      let nowMs = 0;
      const silent = await openMongoStore({ url: server.url, database: fixture.database, log: quiet, clock: { nowMs: () => nowMs, monotonicMs: () => nowMs } });
      try {
        await silent.audit.append([auditEntry()]);
        await stores[0]!.audit.append([auditEntry(), auditEntry(), auditEntry()]);
        await stores[0]!.audit.prune(3, 10);
        nowMs += limits.auditHeadKnownMs;
        await silent.audit.append([auditEntry()]);
        expect((await readAudit(silent.audit)).map(({ seq }) => seq)).toEqual([4, 5]);
      } finally {
        await silent.close();
      }
    });
  });
});
