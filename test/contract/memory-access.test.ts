/** The doubles of tests keep the contract, too, or tests with them would prove nothing. */
import { createMemoryAudit, createMemoryEntries } from '../support/memory-access.ts';
import type { AccessFixture } from './access-fixture.ts';
import { describeAuditStore } from './audit-store.ts';
import { describeEntryStore } from './entry-store.ts';

const makeFixture = async (): Promise<AccessFixture> => {
  const audit = createMemoryAudit();
  const entries = createMemoryEntries(audit);
  return { open: async () => ({ audit, entries, close: async () => undefined }), dispose: async () => undefined };
};

describeEntryStore('in memory', makeFixture);
describeAuditStore('in memory', makeFixture);
