/** The collections of entries and of the audit, beside that of the records. */
import type { Collection } from 'mongodb';
import type { StoreLog } from '../connection.ts';
import type { CatalogDocument } from '../document.ts';
import { ensureIndexes, type IndexPlan } from '../indexes.ts';

export interface EntryDocument {
  /** `entryIdOf` kind and key */
  readonly _id: string;
  readonly owner: string | null;
  readonly expires: number | null;
  readonly revision: number;
  readonly text: string;
}

export interface AuditDocument {
  /** The number in the chain: what makes two who append at once take turns. */
  readonly _id: number;
  readonly previous: string;
  readonly hash: string;
  readonly text: string;
  readonly at: number;
  /** `ChainedRow.latestMs` */
  readonly latest: number;
  /** `ChainedRow.lateMs` */
  readonly late: number | null;
  readonly user: string | null;
  readonly record: string | null;
  readonly action: string;
  /** By whom it was put here, of several who had the same to tell. */
  readonly by: string;
}

export interface AccessCollections {
  readonly entries: Collection<EntryDocument>;
  readonly audit: Collection<AuditDocument>;
}

/** Their names in the database of the records. */
export const ACCESS_COLLECTIONS = { entries: 'portolan_entries', audit: 'portolan_audit' } as const;

export function accessCollectionsOf({ db }: Collection<CatalogDocument>): AccessCollections {
  return { entries: db.collection(ACCESS_COLLECTIONS.entries), audit: db.collection(ACCESS_COLLECTIONS.audit) };
}

const ENTRY_INDEXES: readonly IndexPlan[] = [
  { name: 'portolan_owner', keys: { owner: 1, _id: 1 } },
  { name: 'portolan_expires', keys: { expires: 1 } },
];
/** Each ends with the number, in whose order the audit is read. */
const AUDIT_INDEXES: readonly IndexPlan[] = [
  { name: 'portolan_user', keys: { user: 1, _id: 1 } },
  { name: 'portolan_user_action', keys: { user: 1, action: 1, _id: 1 } },
  { name: 'portolan_record', keys: { record: 1, _id: 1 } },
  { name: 'portolan_action', keys: { action: 1, _id: 1 } },
  { name: 'portolan_latest', keys: { latest: 1, _id: 1 } },
  { name: 'portolan_late', keys: { late: 1, _id: 1 } },
];

/** @throws {AppError} `STORE_UNAVAILABLE` */
export async function ensureAccessIndexes({ entries, audit }: AccessCollections, log: StoreLog): Promise<void> {
  await ensureIndexes(entries, ENTRY_INDEXES, log);
  await ensureIndexes(audit, AUDIT_INDEXES, log);
}
