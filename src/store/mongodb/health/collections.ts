/** The collections of health, beside that of the records. */
import type { Binary, Collection } from 'mongodb';
import type { Verdict } from '../../../core/health-summary.ts';
import type { StoreLog } from '../connection.ts';
import type { CatalogDocument } from '../document.ts';
import { ensureIndexes, type IndexPlan } from '../indexes.ts';
import type { WatchDocument } from './watch-document.ts';

export interface EventDocument {
  /** The claim that it came of: written twice, it is still one. */
  readonly _id: string;
  readonly id: string;
  readonly vantage: string;
  readonly at: number;
  readonly from: Verdict;
  readonly to: Verdict;
  readonly cause: string;
  readonly evidence: string;
}

export interface HourDocument {
  /** `pastKeyOf` the hour */
  readonly _id: string;
  readonly hour: number;
  readonly results: Binary;
}

export interface DayDocument {
  /** `pastKeyOf` the day */
  readonly _id: string;
  readonly day: number;
  /** By the hour of the day, 0 to 23: written twice, an hour still counts once. */
  readonly figures: Readonly<Record<string, Binary>>;
}

export interface VantageDocument {
  /** The vantage's name */
  readonly _id: string;
  readonly seen: number;
}

export interface HealthCollections {
  readonly records: Collection<CatalogDocument>;
  readonly watches: Collection<WatchDocument>;
  readonly events: Collection<EventDocument>;
  readonly hours: Collection<HourDocument>;
  readonly days: Collection<DayDocument>;
  readonly vantages: Collection<VantageDocument>;
}

/** Their names in the database of the records. */
export const HEALTH_COLLECTIONS = {
  watches: 'portolan_watches',
  events: 'portolan_events',
  hours: 'portolan_hours',
  days: 'portolan_days',
  vantages: 'portolan_vantages',
} as const;

export function healthCollectionsOf(records: Collection<CatalogDocument>): HealthCollections {
  const { db } = records;
  return {
    records,
    watches: db.collection(HEALTH_COLLECTIONS.watches),
    events: db.collection(HEALTH_COLLECTIONS.events),
    hours: db.collection(HEALTH_COLLECTIONS.hours),
    days: db.collection(HEALTH_COLLECTIONS.days),
    vantages: db.collection(HEALTH_COLLECTIONS.vantages),
  };
}

/** The interval beside the due time lets the load be told from the index alone. */
const WATCH_INDEXES: readonly IndexPlan[] = [
  { name: 'portolan_due', keys: { vantage: 1, due: 1, interval: 1 } },
  { name: 'portolan_stale', keys: { stale: 1 } },
  { name: 'portolan_id', keys: { id: 1, vantage: 1 } },
];
const EVENT_INDEXES: readonly IndexPlan[] = [
  { name: 'portolan_id', keys: { id: 1, at: -1, vantage: -1 } },
  { name: 'portolan_at', keys: { at: 1 } },
];

/** @throws {AppError} `STORE_UNAVAILABLE` */
export async function ensureHealthIndexes({ watches, events, hours, days }: HealthCollections, log: StoreLog): Promise<void> {
  await ensureIndexes(watches, WATCH_INDEXES, log);
  await ensureIndexes(events, EVENT_INDEXES, log);
  await ensureIndexes(hours, [{ name: 'portolan_hour', keys: { hour: 1 } }], log);
  await ensureIndexes(days, [{ name: 'portolan_day', keys: { day: 1 } }], log);
}
